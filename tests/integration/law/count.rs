//! What was asked and how it was decided, counted, so that a generator that stops making something is noticed.

use std::collections::BTreeMap;

use fullmakt::cedar::{AskedAs, Compiled};
use fullmakt::model::time::Within;

use super::official::{Official, Said};

/// How often something was seen, by its name.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<String, usize>);

impl Counts {
    pub(crate) fn add(&mut self, what: impl Into<String>, many: usize) {
        *self.0.entry(what.into()).or_default() += many;
    }

    pub(crate) fn of(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or_default()
    }
}

impl std::fmt::Display for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (what, many) in &self.0 {
            writeln!(f, "{many:>8}  {what}")?;
        }
        Ok(())
    }
}

/// How the policies of a folder are asked, by their ids.
pub(crate) struct Kinds(BTreeMap<String, AskedAs>);

impl Kinds {
    pub(crate) fn of(compiled: &Compiled) -> Self {
        let all = compiled
            .policies()
            .map(|(idx, info)| (info.id.to_string(), compiled.asked_as(idx)));
        Self(all.collect())
    }

    fn kind(&self, id: &str) -> &'static str {
        if id.starts_with("core/single-right/") {
            return "single right";
        }
        match (id, self.0[id]) {
            ("core/in-force", _) => "absent mandate",
            (_, AskedAs::Known) => "window",
            (_, AskedAs::OnceAClass) => "class",
            (_, AskedAs::OnceAContext) => "context",
            (_, AskedAs::ForEachMandate) => "further",
        }
    }
}

impl Counts {
    /// Counts the forms of the policies that were put in force.
    pub(crate) fn policies(&mut self, official: &Official, kinds: &Kinds) {
        for (id, forms) in &official.forms {
            if !id.starts_with("core/") {
                let kind = kinds.kind(id);
                self.add(format!("policies, {kind}"), 1);
                for form in forms {
                    self.add(format!("policies, {kind}: {form}"), 1);
                    self.add(format!("policies: {form}"), 1);
                }
            }
        }
    }

    /// Counts one answer of Cedar's.
    pub(crate) fn answer(&mut self, said: &Said, official: &Official, kinds: &Kinds) {
        self.add("asked", 1);
        self.add(if said.permits() { "permits" } else { "denials" }, 1);
        match said.within {
            Some(Within::NotYet) => self.add("before a window", 1),
            Some(Within::Over) => self.add("after a window", 1),
            Some(Within::Now) if said.permits() => self.add("permits inside a window", 1),
            Some(Within::Now) | None => {}
        }
        let mut decided: Vec<_> = said.reasons.iter().map(|id| kinds.kind(id)).collect();
        decided.sort_unstable();
        decided.dedup();
        if let [kind] = decided[..] {
            let outcome = if said.allows { "permits" } else { "denials" };
            self.add(format!("{outcome} by {kind} alone"), 1);
        }
        for id in &said.erring_permits {
            self.add(format!("erring permits, {}", kinds.kind(id)), 1);
        }
        for id in &said.erring_forbids {
            let alone = if said.allows {
                "denying alone"
            } else {
                "beside others"
            };
            self.add(format!("erring forbids {alone}, {}", kinds.kind(id)), 1);
        }
        let all = [&said.reasons, &said.erring_permits, &said.erring_forbids];
        for id in all.into_iter().flatten() {
            let kind = kinds.kind(id);
            for form in official.forms.get(id).into_iter().flatten() {
                self.add(format!("{kind}: {form}"), 1);
            }
        }
    }
}
