//! Test results as `JUnit` XML, for build servers.

use std::fmt::Write;

use super::run::{Got, Outcome, Ran};
use crate::model::reason::Code;

/// Every file as a test suite.
pub fn junit(ran: &[Ran]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for file in ran {
        let name = escaped(&file.file);
        match &file.outcomes {
            Ok(outcomes) => {
                let (tests, failures) = (outcomes.len(), file.failures().count());
                let _ = writeln!(
                    xml,
                    "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">"
                );
                for outcome in outcomes {
                    xml.push_str(&case(&name, outcome));
                }
            }
            Err(error) => {
                let _ = writeln!(
                    xml,
                    "  <testsuite name=\"{name}\" tests=\"1\" failures=\"0\" errors=\"1\">\n    <testcase classname=\"{name}\" name=\"the file is run\">\n      <error message=\"{}\"/>\n    </testcase>",
                    escaped(&error.to_string())
                );
            }
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn case(file: &str, outcome: &Outcome) -> String {
    let case = &outcome.case;
    let name = case.name.as_deref().map(|name| format!("{name}: "));
    let name = escaped(&format!(
        "{}{} (line {})",
        name.unwrap_or_default(),
        case.said,
        case.line
    ));
    if outcome.is_expected() {
        return format!("    <testcase classname=\"{file}\" name=\"{name}\"/>\n");
    }
    let got = match &outcome.got {
        Got::Answer(answer) => format!(
            "{}: {}",
            answer.explanation.code, answer.explanation.reason.en
        ),
        Got::Own(answer) if answer.permit => Code::Permit.to_string(),
        Got::Own(_) => "deny".to_owned(),
        Got::Nothing(why) => why.clone(),
    };
    let code = case.expected.code;
    let expected = code.map_or_else(|| "deny".to_owned(), |code| code.to_string());
    let message = escaped(&format!("expected {expected}, got {got}"));
    format!(
        "    <testcase classname=\"{file}\" name=\"{name}\">\n      <failure message=\"{message}\"/>\n    </testcase>\n"
    )
}

/// A text inside an attribute or an element, without what XML cannot have.
pub(super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' => safe.push_str("&#10;"),
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}
