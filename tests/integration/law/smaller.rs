//! Making a plan that fails smaller for as long as it fails, so that what is told is what matters.

use super::plan::Plan;

/// The smallest plan found that still fails, and what it fails with.
pub(crate) fn smallest(
    mut plan: Plan,
    mut told: String,
    fails: &mut dyn FnMut(&Plan) -> Option<String>,
) -> (Plan, String) {
    loop {
        let before = size(&plan);
        for cut in cuts(&plan) {
            if let Some(again) = fails(&cut)
                && size(&cut) < size(&plan)
            {
                (plan, told) = (cut, again);
                break;
            }
        }
        if size(&plan) == before {
            return (plan, told);
        }
    }
}

fn size(plan: &Plan) -> usize {
    let parts = plan.parts.iter().map(|part| {
        let policies = part
            .policies
            .as_ref()
            .map_or(0, |written| 1 + written.policies.len());
        1 + usize::from(part.reopens) + policies + part.deeds.len() + part.askings.len()
    });
    parts.sum()
}

/// The plan without a half or one of something, larger cuts first.
fn cuts(plan: &Plan) -> Vec<Plan> {
    let mut found = Vec::new();
    let mut cut = |change: &dyn Fn(&mut Plan)| {
        let mut smaller = plan.clone();
        change(&mut smaller);
        found.push(smaller);
    };
    for place in 1..plan.parts.len() {
        cut(&|plan| plan.parts.truncate(place));
    }
    for place in 0..plan.parts.len() {
        if place > 0 {
            cut(&|plan| drop(plan.parts.remove(place)));
            cut(&|plan| plan.parts[place].policies = None);
        }
        cut(&|plan| plan.parts[place].reopens = false);
        let part = &plan.parts[place];
        for (from, to) in spans(part.askings.len()) {
            cut(&|plan| drop(plan.parts[place].askings.drain(from..to)));
        }
        for (from, to) in spans(part.deeds.len()) {
            cut(&|plan| drop(plan.parts[place].deeds.drain(from..to)));
        }
        let policies = part
            .policies
            .as_ref()
            .map_or(0, |written| written.policies.len());
        for (from, to) in spans(policies) {
            cut(&|plan| {
                if let Some(written) = &mut plan.parts[place].policies {
                    written.policies.drain(from..to);
                }
            });
        }
    }
    found
}

/// The halves of a list, its quarters, … down to each of it.
fn spans(len: usize) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut long = len.div_ceil(2);
    while long > 0 {
        found.extend(
            (0..len)
                .step_by(long)
                .map(|from| (from, (from + long).min(len))),
        );
        long = if long == 1 { 0 } else { long.div_ceil(2) };
    }
    found
}
