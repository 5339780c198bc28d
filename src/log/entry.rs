//! Lines as they are written.

use std::io::Write;

use crate::model::id::{Revision, SystemUserId};
use crate::model::time::Timestamp;

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Questions and their answers.
    Decision,
    /// A reverse question.
    Search,
    /// A request that was refused, or failed.
    Error,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Search => "search",
            Self::Error => "error",
        }
    }
}

/// What every line says of its request, or of all of them.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// What it is about.
    pub kind: Kind,
    /// The instant of all its answers.
    pub at: Timestamp,
    /// What was called: `evaluation`.
    pub api: &'a str,
    /// Who called, if anybody known did.
    pub caller: Option<&'a str>,
    /// The request, if the line is of one alone.
    pub request: Option<Request<'a>>,
    /// The revision of all its answers.
    pub revision: Revision,
    /// The first digits of the hash of the policy folder that was in force.
    pub policies: &'a str,
}

/// Which request asked.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Its id.
    pub id: &'a str,
    /// Trace id and parent id, `<32 digits>-<16 digits>`.
    pub trace: Option<&'a str>,
}

/// Questions that differ in their client alone.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Who acts.
    pub system_user: SystemUserId,
    /// What it wants to do.
    pub action: &'a str,
    /// On what.
    pub resource: &'a str,
    /// Each client's organisation number, and [`Run::PERMIT`] added where the answer was a permit.
    pub answers: &'a [u32],
}

impl Run<'_> {
    /// Above every organisation number.
    pub const PERMIT: u32 = 1 << 31;
}

/// A line in the making, for [`SegmentLog::append`](super::SegmentLog::append). Its buffer serves line after line.
#[derive(Debug, Default)]
pub struct Line(Vec<u8>, Clock);

/// The instant that was written last, as text: the next line often has the same.
#[derive(Debug, Default)]
struct Clock(Option<Timestamp>, String);

impl Clock {
    fn text(&mut self, at: Timestamp) -> &str {
        if self.0 != Some(at) {
            (self.0, self.1) = (Some(at), at.to_string());
        }
        &self.1
    }
}

impl Line {
    /// Begins a line.
    pub fn begin(&mut self, head: &Head<'_>) {
        self.0.clear();
        self.raw(br#"{"kind":""#);
        self.raw(head.kind.name().as_bytes());
        self.raw(br#"","at":""#);
        self.0.extend_from_slice(self.1.text(head.at).as_bytes());
        self.raw(b"\"");
        self.member("api", head.api);
        if let Some(caller) = head.caller {
            self.member("caller", caller);
        }
        if let Some(request) = head.request {
            self.request(&request);
        }
        self.raw(br#","revision":"#);
        self.number(head.revision.0);
        self.member("policies", head.policies);
    }

    /// Begins a line that says how much was not logged.
    pub fn dropped(&mut self, at: Timestamp, requests: u64, decisions: u64) {
        self.0.clear();
        // Writing to memory cannot fail, here and below.
        let _ = write!(
            self.0,
            r#"{{"kind":"dropped","at":"{at}","requests":{requests},"decisions":{decisions}"#
        );
    }

    /// What one request asked and was answered.
    pub fn asked<'a>(&mut self, runs: impl IntoIterator<Item = Run<'a>>) {
        self.raw(br#","asked":["#);
        for (place, run) in runs.into_iter().enumerate() {
            self.raw(if place == 0 { b"" } else { b"," });
            self.run(&run, None);
        }
        self.raw(b"]");
    }

    /// What one of several requests asked and was answered, the first of them or another one; [`Line::last`] ends them.
    pub fn also(&mut self, is_first: bool, request: &Request<'_>, run: &Run<'_>) {
        self.raw(if is_first { br#","asked":["# } else { b"," });
        self.run(run, Some(request));
    }

    /// Ends what several requests asked.
    pub fn last(&mut self) {
        self.raw(b"]");
    }

    fn request(&mut self, request: &Request<'_>) {
        self.member("request", request.id);
        if let Some(trace) = request.trace {
            self.member("trace", trace);
        }
    }

    fn run(&mut self, run: &Run<'_>, request: Option<&Request<'_>>) {
        let mut uuid = [0; 36];
        let user = run.system_user.0.hyphenated().encode_lower(&mut uuid);
        self.raw(br#"{"systemUser":""#);
        self.raw(user.as_bytes());
        self.raw(b"\"");
        self.member("action", run.action);
        self.member("resource", run.resource);
        if let Some(request) = request {
            self.request(request);
        }
        self.raw(br#","clients":["#);
        let from = self.0.len();
        self.0.reserve(run.answers.len() * 11 + 32);
        self.0.resize(from + run.answers.len() * 10, b',');
        let places = self.0.get_mut(from..).unwrap_or_default();
        for (place, answer) in places.chunks_exact_mut(10).zip(run.answers) {
            if let Some(place) = place.first_chunk_mut() {
                *place = nine_digits(answer & !Run::PERMIT);
            }
        }
        if !run.answers.is_empty() {
            self.0.pop();
        }
        self.raw(br#"],"permits":""#);
        let permits = run.answers.iter().map(|answer| answer & Run::PERMIT != 0);
        self.0.extend(permits.map(|permit| b'0' + u8::from(permit)));
        self.raw(br#""}"#);
    }

    /// A member that is a text.
    pub fn member(&mut self, name: &str, value: &str) {
        self.name(name);
        let is_plain = value
            .bytes()
            .all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\');
        if is_plain {
            self.raw(b"\"");
            self.raw(value.as_bytes());
            self.raw(b"\"");
        } else {
            let _ = serde_json::to_writer(&mut self.0, value);
        }
    }

    /// A member that is any value.
    pub fn value(&mut self, name: &str, value: &serde_json::Value) {
        self.name(name);
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// The line, without its last brace.
    pub fn text(&self) -> &[u8] {
        &self.0
    }

    fn name(&mut self, name: &str) {
        self.raw(b",\"");
        self.raw(name.as_bytes());
        self.raw(b"\":");
    }

    fn raw(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn number(&mut self, mut number: u64) {
        let mut digits = [b'0'; 20];
        let mut used = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
            number /= 10;
            used += 1;
            if number == 0 {
                break;
            }
        }
        self.raw(digits.get(20 - used..).unwrap_or_default());
    }
}

/// A number below a thousand million in nine places, with blanks in front where it is shorter.
fn nine_digits(number: u32) -> [u8; 9] {
    let (first, rest) = (number / 100_000_000, u64::from(number % 100_000_000));
    // Eight digits at once, as lanes of one number: first four and four, then two and two, then one and one. The lanes'
    // divisions by 100 and by 10 are multiplications that are exact for what a lane can hold.
    let fours = (rest / 10_000) | ((rest % 10_000) << 32);
    let hundreds = ((fours * 10_486) >> 20) & 0x7f_0000_007f;
    let twos = hundreds | ((fours - hundreds * 100) << 16);
    let tens = ((twos * 103) >> 10) & 0x000f_000f_000f_000f;
    let ones = tens | ((twos - tens * 10) << 8);
    let mut digits = [b'0' + u8::try_from(first % 10).unwrap_or_default(); 9];
    if let Some(eight) = digits.last_chunk_mut() {
        *eight = (ones | 0x3030_3030_3030_3030).to_le_bytes();
    }
    if first == 0 {
        let zeros = digits
            .iter_mut()
            .take(8)
            .take_while(|digit| **digit == b'0');
        zeros.for_each(|zero| *zero = b' ');
    }
    digits
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::nine_digits;

    proptest! {
        #[test]
        fn a_number_is_written_as_the_standard_library_writes_it(
            number in prop_oneof![0..1_000_000_000u32, 0..10_000u32, 999_990_000..1_000_000_000u32],
        ) {
            let written = nine_digits(number);
            prop_assert_eq!(std::str::from_utf8(&written).unwrap(), format!("{number:>9}"));
        }
    }
}
