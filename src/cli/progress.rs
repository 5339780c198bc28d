//! How far something long has come, to standard error: a bar on a terminal, else a line now and then.

use std::io::{self, Read};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::complain;

/// How long there is silence between two lines.
const SILENCE: Duration = Duration::from_secs(5);
/// How often a bar that only waits is drawn anew.
const TICK: Duration = Duration::from_millis(120);

/// What a step is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Lines,
    /// Nothing: it is waited for.
    Nothing,
}

/// One step of something long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) unit: Unit,
    /// How much there is to do, if that is known.
    pub(crate) of: Option<u64>,
}

/// The progress of a command.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    lines: Lines,
    is_over: bool,
}

impl Progress {
    pub(crate) fn begin(step: Step) -> Self {
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        let mut progress = Self {
            bar,
            lines: Lines::begin(step, Instant::now()),
            is_over: false,
        };
        progress.step(step);
        progress
    }

    /// Goes on with another step.
    pub(crate) fn step(&mut self, step: Step) {
        if self.is_over {
            return;
        }
        self.lines.step = step;
        // The looks first: everything after them draws.
        if let Ok(style) = ProgressStyle::with_template(template(step)) {
            self.bar.set_style(style);
        }
        self.bar.set_message(step.name);
        self.bar.reset();
        match step.of {
            Some(of) => self.bar.set_length(of),
            None => self.bar.unset_length(),
        }
        if step.unit == Unit::Nothing {
            self.bar.enable_steady_tick(TICK);
        } else {
            self.bar.disable_steady_tick();
        }
        self.at(0);
    }

    /// So much of the step is done.
    pub(crate) fn at(&mut self, done: u64) {
        if self.is_over {
            return;
        }
        self.bar.set_position(done);
        if self.bar.is_hidden()
            && let Some(line) = self.lines.at(done, Instant::now())
        {
            complain(&[line], None);
        }
    }

    /// Takes the bar away, for good.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn template(step: Step) -> &'static str {
    match (step.unit, step.of) {
        (Unit::Bytes, Some(_)) => "{msg} [{bar:30}] {bytes} of {total_bytes}, {eta} left",
        (Unit::Bytes, None) => "{msg} {spinner} {bytes}",
        (Unit::Lines, Some(_)) => "{msg} [{bar:30}] line {pos} of {len}, {eta} left",
        (Unit::Lines, None) => "{msg} {spinner} line {pos}",
        (Unit::Nothing, _) => "{msg} {spinner} {elapsed}",
    }
}

/// Lines at least [`SILENCE`] apart.
#[derive(Debug)]
struct Lines {
    step: Step,
    told: Instant,
}

impl Lines {
    fn begin(step: Step, now: Instant) -> Self {
        Self { step, told: now }
    }

    fn at(&mut self, done: u64, now: Instant) -> Option<String> {
        if now.saturating_duration_since(self.told) < SILENCE {
            return None;
        }
        self.told = now;
        let Step { name, unit, of } = self.step;
        Some(match (unit, of) {
            (Unit::Bytes, Some(of)) => {
                format!("{name}: {} of {}", HumanBytes(done), HumanBytes(of))
            }
            (Unit::Bytes, None) => format!("{name}: {}", HumanBytes(done)),
            (Unit::Lines, Some(of)) => format!("{name}: line {done} of {of}"),
            (Unit::Lines, None) => format!("{name}: line {done}"),
            (Unit::Nothing, _) => name.to_owned(),
        })
    }
}

/// An input whose bytes are counted while they are read.
pub(crate) struct Counted<'p, R> {
    pub(crate) input: R,
    pub(crate) read: u64,
    pub(crate) progress: &'p mut Progress,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.read += u64::try_from(read).unwrap_or_default();
        self.progress.at(self.read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Lines, SILENCE, Step, Unit};

    #[test]
    fn lines_are_told_no_closer_than_the_silence_between_them() {
        let begin = Instant::now();
        let step = |name, unit, of| Step { name, unit, of };
        let mut lines = Lines::begin(step("reading", Unit::Bytes, Some(2048)), begin);
        let short = Duration::from_millis(1);
        let almost = SILENCE.checked_sub(short).unwrap();
        assert_eq!(lines.at(1, begin), None);
        assert_eq!(lines.at(1, begin + almost), None);
        let told = lines.at(1024, begin + SILENCE);
        assert_eq!(told.as_deref(), Some("reading: 1.00 KiB of 2.00 KiB"));
        assert_eq!(lines.at(2048, begin + SILENCE + short), None);
        lines.step = step("writing", Unit::Lines, Some(30));
        assert_eq!(lines.at(0, begin + SILENCE + almost), None);
        let told = lines.at(20, begin + 2 * SILENCE);
        assert_eq!(told.as_deref(), Some("writing: line 20 of 30"));
        for (unit, expected) in [
            (Unit::Bytes, "sending: 1.00 KiB"),
            (Unit::Lines, "sending: line 1024"),
            (Unit::Nothing, "sending"),
        ] {
            let mut lines = Lines::begin(step("sending", unit, None), begin);
            let told = lines.at(1024, begin + SILENCE);
            assert_eq!(told.as_deref(), Some(expected));
        }
    }
}
