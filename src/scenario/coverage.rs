//! What the questions of all test files met of the policies: as text, as lcov, as a page.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::junit::escaped;
use crate::cedar::CoveredPolicy;
use crate::model::policy::PolicyFolder;

/// Coverage of a folder.
#[derive(Debug, Clone)]
pub struct CoverageReport {
    policies: Vec<CoveredPolicy>,
    folder: PolicyFolder,
}

/// Something that a test can show, and whether one did.
struct Point<'a> {
    policy: &'a CoveredPolicy,
    line: usize,
    column: Option<usize>,
    hits: u64,
    missed: String,
}

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}table{border-collapse:collapse;width:100%}td{padding:0 .6rem;vertical-align:top}td.n{color:#777;text-align:right;user-select:none;width:1%}pre{margin:0;font:13px/1.5 ui-monospace,monospace;white-space:pre-wrap}.all{background:#e3f4e3}.part{background:#fdeccb}.none{background:#f9d6d5}.why{color:#8a3b00;font-style:italic}";

impl CoverageReport {
    pub(super) fn of(policies: Vec<CoveredPolicy>, folder: PolicyFolder) -> Self {
        Self { policies, folder }
    }

    /// The policies, in the order of files and lines.
    pub fn policies(&self) -> &[CoveredPolicy] {
        &self.policies
    }

    fn points(&self) -> Vec<Point<'_>> {
        self.policies.iter().flat_map(points).collect()
    }

    /// How many points were met, of how many: of each policy that it was satisfied and that it was refused, of each
    /// condition that it was true and that it was false.
    pub fn met(&self) -> (usize, usize) {
        let points = self.points();
        (
            points.iter().filter(|point| point.hits > 0).count(),
            points.len(),
        )
    }

    /// Whether every point was met.
    pub fn is_whole(&self) -> bool {
        let (met, all) = self.met();
        met == all
    }

    /// The share of points that were met, in whole percent: 100 only if all were.
    pub fn percent(&self) -> usize {
        let (met, all) = self.met();
        (met * 100).checked_div(all).unwrap_or(100)
    }

    /// What was missed, a line each: `file:line:column: what`. `root` is the folder's path, for people.
    pub fn missed(&self, root: &str) -> Vec<String> {
        let points = self.points();
        let missed = points.iter().filter(|point| point.hits == 0);
        missed
            .map(|point| {
                let column = point.column.map(|column| format!(":{column}"));
                let (file, line) = (&point.policy.file, point.line);
                format!(
                    "{root}/{file}:{line}{}: {}",
                    column.unwrap_or_default(),
                    point.missed
                )
            })
            .collect()
    }

    /// For people: each file, the total, and what was missed.
    pub fn text(&self, root: &str) -> String {
        let mut text = String::new();
        for (file, policies) in self.files() {
            let points: Vec<_> = policies.iter().copied().flat_map(points).collect();
            let met = points.iter().filter(|point| point.hits > 0).count();
            let _ = writeln!(text, "{root}/{file}: {met} of {}", points.len());
        }
        let (met, all) = self.met();
        let _ = writeln!(text, "coverage: {} % ({met} of {all})", self.percent());
        for missed in self.missed(root) {
            let _ = writeln!(text, "{missed}");
        }
        text
    }

    fn files(&self) -> BTreeMap<&str, Vec<&CoveredPolicy>> {
        let mut files: BTreeMap<&str, Vec<&CoveredPolicy>> = BTreeMap::new();
        for policy in &self.policies {
            files.entry(&policy.file).or_default().push(policy);
        }
        files
    }

    /// For tools: an lcov trace of the `.cedar` files. A policy is a function and a block of its own branches.
    pub fn lcov(&self, root: &str) -> String {
        let mut text = String::new();
        for (file, policies) in self.files() {
            let _ = writeln!(text, "TN:\nSF:{root}/{file}");
            for policy in &policies {
                let looked_at = policy.satisfied + policy.refused;
                let _ = writeln!(
                    text,
                    "FN:{},{}\nFNDA:{looked_at},{}",
                    policy.line, policy.id, policy.id
                );
            }
            let called = policies
                .iter()
                .filter(|policy| policy.satisfied + policy.refused > 0);
            let _ = writeln!(text, "FNF:{}\nFNH:{}", policies.len(), called.count());
            let (mut branches, mut taken) = (0, 0);
            let mut lines: BTreeMap<usize, u64> = BTreeMap::new();
            for (block, policy) in policies.iter().enumerate() {
                for (branch, point) in points(policy).iter().enumerate() {
                    let _ = writeln!(text, "BRDA:{},{block},{branch},{}", point.line, point.hits);
                    branches += 1;
                    taken += usize::from(point.hits > 0);
                }
                *lines.entry(policy.line).or_default() += policy.satisfied + policy.refused;
                for condition in &policy.conditions {
                    *lines.entry(condition.line).or_default() += condition.yes + condition.no;
                }
            }
            let _ = writeln!(text, "BRF:{branches}\nBRH:{taken}");
            for (line, hits) in &lines {
                let _ = writeln!(text, "DA:{line},{hits}");
            }
            let hit = lines.values().filter(|hits| **hits > 0).count();
            let _ = writeln!(text, "LF:{}\nLH:{hit}\nend_of_record", lines.len());
        }
        text
    }

    /// For a browser: one page, with nothing to load.
    pub fn html(&self, root: &str) -> String {
        let (met, all) = self.met();
        let mut page = format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Policy coverage</title>\n<style>{STYLE}</style>\n<h1>Policy coverage: {} %</h1>\n<p>{met} of {all}: each policy satisfied and refused, each condition true and false.</p>\n",
            self.percent()
        );
        for (file, policies) in self.files() {
            let points: Vec<_> = policies.iter().copied().flat_map(points).collect();
            let met = points.iter().filter(|point| point.hits > 0).count();
            let _ = writeln!(
                page,
                "<h2>{}</h2>\n<p>{met} of {}</p>\n<table>",
                escaped(&format!("{root}/{file}")),
                points.len()
            );
            let text = self.folder.text(file).unwrap_or_default();
            for (number, line) in (1..).zip(text.lines()) {
                push_line(&mut page, number, line, &points);
            }
            page.push_str("</table>\n");
        }
        page.push_str("</html>\n");
        page
    }
}

fn push_line(page: &mut String, number: usize, line: &str, points: &[Point<'_>]) {
    let here: Vec<_> = points.iter().filter(|point| point.line == number).collect();
    let missed: Vec<_> = here.iter().filter(|point| point.hits == 0).collect();
    let class = match (here.len(), missed.len()) {
        (0, _) => "",
        (_, 0) => " class=\"all\"",
        (all, missed) if all == missed => " class=\"none\"",
        _ => " class=\"part\"",
    };
    let why: Vec<_> = missed.iter().map(|point| escaped(&point.missed)).collect();
    let _ = writeln!(
        page,
        "<tr{class}><td class=\"n\">{number}<td><pre>{}</pre><td class=\"why\">{}",
        escaped(line),
        why.join("<br>")
    );
}

fn points(policy: &CoveredPolicy) -> Vec<Point<'_>> {
    let at = |line, column, hits, missed| Point {
        policy,
        line,
        column,
        hits,
        missed,
    };
    let id = &policy.id;
    let never = if policy.satisfied + policy.refused == 0 {
        format!("policy `{id}` was never looked at: no question is about its action and resource")
    } else {
        format!("policy `{id}` was never satisfied")
    };
    let mut points = vec![at(policy.line, None, policy.satisfied, never)];
    if policy.can_refuse {
        let missed = format!(
            "policy `{id}` was never refused: no question of its action and resource falls outside it"
        );
        points.push(at(policy.line, None, policy.refused, missed));
    }
    for condition in &policy.conditions {
        for (hits, truth) in [(condition.yes, "true"), (condition.no, "false")] {
            let missed = format!("`{}` was never {truth}, in policy `{id}`", condition.text);
            points.push(at(condition.line, Some(condition.column), hits, missed));
        }
    }
    points
}
