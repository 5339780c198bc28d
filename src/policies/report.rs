//! Findings as people and programs read them: text with the line and a caret, JSON, SARIF.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::model::finding::{Finding, FindingCode, Severity};
use crate::model::policy::PolicyFolder;

/// What was found in a folder, to be shown.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// The folder, by the path that people know it by.
    pub root: &'a str,
    /// Its files, to quote lines from.
    pub folder: &'a PolicyFolder,
    /// In the order in which they are shown.
    pub findings: &'a [Finding],
}

/// Colours of a terminal, or none.
struct Paint(bool);

impl Paint {
    fn wrap(&self, code: &str, text: &str) -> String {
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn severity(&self, severity: Severity, text: &str) -> String {
        match severity {
            Severity::Error => self.wrap("1;31", text),
            Severity::Warning => self.wrap("1;33", text),
        }
    }
}

impl Report<'_> {
    fn count(&self, severity: Severity) -> usize {
        let of = self.findings.iter();
        of.filter(|finding| finding.severity() == severity).count()
    }

    /// How many findings keep the folder from being put in force.
    pub fn errors(&self) -> usize {
        self.count(Severity::Error)
    }

    /// How many findings are odd, but not wrong.
    pub fn warnings(&self) -> usize {
        self.count(Severity::Warning)
    }

    fn path(&self, finding: &Finding) -> String {
        format!("{}/{}", self.root.trim_end_matches('/'), finding.file)
    }

    /// The line that a finding is about.
    fn line(&self, finding: &Finding) -> Option<&str> {
        let (line, _) = finding.at?;
        self.folder.text(&finding.file)?.lines().nth(line - 1)
    }

    /// For people: each finding with its place, the line with a caret, and the mend; then how many there are.
    pub fn text(&self, colours: bool) -> String {
        let paint = Paint(colours);
        let mut text = String::new();
        for finding in self.findings {
            text.push_str(&self.one(finding, &paint));
        }
        let files = self.folder.files().len();
        let total = match (self.errors(), self.warnings()) {
            (0, 0) => "no findings".to_owned(),
            (0, warnings) => counted(warnings, "warning"),
            (errors, 0) => counted(errors, "error"),
            (errors, warnings) => {
                format!(
                    "{}, {}",
                    counted(errors, "error"),
                    counted(warnings, "warning")
                )
            }
        };
        let _ = writeln!(text, "{}, {total}", counted(files, "file"));
        text
    }

    fn one(&self, finding: &Finding, paint: &Paint) -> String {
        let severity = finding.severity();
        let name = format!("{}[{}]", severity.as_str(), finding.code);
        let name = paint.severity(severity, &name);
        let place = match finding.at {
            Some((line, column)) => format!("{}:{line}:{column}", self.path(finding)),
            None => self.path(finding),
        };
        let place = paint.wrap("1", &place);
        let mut text = format!("{place}: {name}: {}\n", finding.message);
        if let (Some((number, column)), Some(line)) = (finding.at, self.line(finding)) {
            let number = number.to_string();
            let gutter = " ".repeat(number.len());
            let caret = paint.severity(severity, &"^".repeat(width(line, column)));
            let before: String = line.chars().take(column - 1).map(blank).collect();
            let _ = writeln!(text, "  {number} | {line}\n  {gutter} | {before}{caret}");
        }
        let _ = writeln!(text, "  {}: {}\n", paint.wrap("1;32", "help"), finding.help);
        text
    }

    /// For programs: one object with the counts and all findings.
    pub fn json(&self) -> Value {
        let findings = self.findings.iter().map(|finding| {
            json!({
                "file": self.path(finding),
                "line": finding.at.map(|(line, _)| line),
                "column": finding.at.map(|(_, column)| column),
                "severity": finding.severity(),
                "code": finding.code.as_str(),
                "message": finding.message,
                "help": finding.help,
                "source": self.line(finding),
            })
        });
        json!({
            "files": self.folder.files().len(),
            "errors": self.errors(),
            "warnings": self.warnings(),
            "findings": findings.collect::<Vec<_>>(),
        })
    }

    /// For code hosts: a SARIF 2.1.0 log of one run. Columns are counted in characters, as everywhere here.
    pub fn sarif(&self) -> Value {
        let rules = FindingCode::ALL.iter().map(|code| {
            json!({
                "id": code.as_str(),
                "shortDescription": { "text": code.about() },
                "defaultConfiguration": { "level": code.severity().as_str() },
            })
        });
        let results = self.findings.iter().map(|finding| {
            let mut place = json!({ "artifactLocation": { "uri": as_uri(&self.path(finding)) } });
            if let (Some((line, column)), Some(place)) = (finding.at, place.as_object_mut()) {
                place.insert(
                    "region".to_owned(),
                    json!({ "startLine": line, "startColumn": column }),
                );
            }
            json!({
                "ruleId": finding.code.as_str(),
                "ruleIndex": FindingCode::ALL.iter().position(|code| *code == finding.code),
                "level": finding.severity().as_str(),
                "message": { "text": format!("{}\nhelp: {}", finding.message, finding.help) },
                "locations": [{ "physicalLocation": place }],
            })
        });
        json!({
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
            "version": "2.1.0",
            "runs": [{
                "tool": { "driver": {
                    "name": "fullmakt",
                    "version": env!("CARGO_PKG_VERSION"),
                    "informationUri": env!("CARGO_PKG_REPOSITORY"),
                    "rules": rules.collect::<Vec<_>>(),
                } },
                "columnKind": "unicodeCodePoints",
                "results": results.collect::<Vec<_>>(),
            }],
        })
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// A path as a reference that a URI may have.
fn as_uri(path: &str) -> String {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    let one = |byte: u8| {
        if safe(byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    path.bytes().map(one).collect()
}

/// What stands under a character before the caret: a tab stays one, so that both lines are as wide.
fn blank(of: char) -> char {
    if of == '\t' { '\t' } else { ' ' }
}

/// How many characters a caret underlines: a name with its quoted id, a text in quotes, or one character.
fn width(line: &str, column: usize) -> usize {
    let rest: Vec<char> = line.chars().skip(column - 1).collect();
    let word = rest
        .iter()
        .take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | '@'));
    let word = word.count();
    let quoted = rest.get(word..).unwrap_or_default();
    if quoted.first() != Some(&'"') {
        return word.max(1);
    }
    let inner = quoted.iter().skip(1).position(|c| *c == '"');
    word + inner.map_or(1, |inner| inner + 2)
}

#[cfg(test)]
mod tests {
    use super::{as_uri, width};

    #[test]
    fn a_path_with_spaces_is_a_uri_all_the_same() {
        assert_eq!(as_uri("my policies/æ.cedar"), "my%20policies/%C3%A6.cedar");
    }

    #[test]
    fn a_caret_underlines_a_name_with_its_id_or_one_character() {
        let line = "  principal in AccessPackage::\"lonn\", @id(\"æ\") == \"abc";
        for (of, expected) in [
            ("AccessPackage", 21),
            ("principal", 9),
            ("@id", 3),
            ("==", 1),
            ("\"abc", 1),
            ("\"æ", 3),
        ] {
            let column = line.chars().count() - line[line.find(of).unwrap()..].chars().count() + 1;
            assert_eq!(width(line, column), expected, "{of}");
        }
        assert_eq!(width("", 1), 1);
    }
}
