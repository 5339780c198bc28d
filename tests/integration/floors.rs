//! Reads `src/` as the compiler does and holds what the design says of it: which module may name which, where each outside
//! crate lives, who prints, how long a file gets. Each rule is tried on snippets that break it, too.

mod house;
mod names;
mod rules;
mod snippets;
mod source;

use rules::Rule;
use source::findings_in_src;

/// Fails with every place that breaks `rule`, each with its mend.
#[track_caller]
fn holds(rule: Rule) {
    let found: Vec<String> = findings_in_src()
        .into_iter()
        .filter(|finding| finding.rule == rule)
        .map(|finding| finding.to_string())
        .collect();
    assert!(
        found.is_empty(),
        "{} places break this rule:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn every_file_in_src_can_be_read_and_hides_nothing() {
    holds(Rule::InSight);
}

#[test]
fn a_floor_names_only_floors_beneath_it() {
    holds(Rule::Beneath);
}

#[test]
fn each_outside_crate_has_one_home() {
    holds(Rule::OneHome);
}

#[test]
fn only_the_binary_prints() {
    holds(Rule::Prints);
}

#[test]
fn globs_are_only_in_tests() {
    holds(Rule::ByName);
}

#[test]
fn the_crate_root_lists_its_exports_by_name() {
    holds(Rule::Root);
}

#[test]
fn no_file_is_longer_than_a_subject() {
    holds(Rule::Length);
}
