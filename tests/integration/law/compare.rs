//! Acting a plan out on a living engine, and comparing every answer with Cedar's.

use cedar_policy::Schema;
use fullmakt::cedar::{EntityName, PlainQuestion};
use fullmakt::engine::{ExportScope, OpenEngineError, PutPoliciesError, Snapshot, check_policies};
use fullmakt::model::finding::Severity;
use fullmakt::model::mandate::mandate_id;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::question::Decision;
use fullmakt::model::reason::Code;
use tempfile::TempDir;

use super::count::{Counts, Kinds};
use super::official::{Official, Said};
use super::plan::{Part, Plan};
use super::questions::Asking;
use super::words;
use crate::deeds::{PACKAGES, RESOURCES, act_out, beginning};
use crate::world::{World, operator, right, system_draft, vendor};

/// One question in so many is explained too.
const EXPLAINED: usize = 4;
/// Of each part, so many answers are asked for again from their own snapshot at the end.
const HELD: usize = 8;

/// A snapshot from before later changes, and what it answered then.
type Held = (Snapshot, Vec<(Asking, Decision)>);

/// Acts a plan out; an error says where the engine and Cedar part.
pub(crate) fn compare(
    beginning: &Beginning,
    plan: &Plan,
    counts: &mut Counts,
) -> Result<(), String> {
    let Some(first) = plan.parts.first().and_then(|part| part.policies.as_ref()) else {
        return Ok(());
    };
    let (mut world, refused) =
        first.put(
            |folder| match World::on_a_copy_of(&beginning.store, folder) {
                Ok(world) => Ok(world),
                Err(OpenEngineError::Policies(findings)) => Err(findings),
                Err(other) => panic!("{other}"),
            },
        );
    let mut story = Story {
        schema: &beginning.schema,
        kinds: Kinds::of(world.engine.snapshot().policies()),
        counts,
        held: Vec::new(),
    };
    story.wrote(first.policies.len(), refused);
    for (place, part) in plan.parts.iter().enumerate() {
        if place > 0 {
            world = story.change(world, part)?;
        }
        for deed in &part.deeds {
            act_out(&world, deed);
        }
        story.ask(&world, part).map_err(|parted| {
            format!(
                "{parted}\nin part {place} of {plan:#?}\nunder {}",
                export(&world)
            )
        })?;
    }
    story.held_still()
}

fn export(world: &World) -> String {
    world.engine.snapshot().export(ExportScope::Whole).policies
}

/// A closed store in which the deeds are done that every world begins with, and the schema of their policies.
pub(crate) struct Beginning {
    store: TempDir,
    schema: Schema,
}

impl Beginning {
    pub(crate) fn new() -> Self {
        let world = World::new();
        let rights = RESOURCES[..3].iter();
        let rights = rights.map(|resource| right(resource, &["read", "write"]));
        let draft = system_draft(&PACKAGES, rights.collect());
        let registered = world.engine.register_system(&world.call(vendor()), draft);
        registered.unwrap();
        for deed in beginning() {
            act_out(&world, &deed);
        }
        Self {
            store: world.closed(),
            schema: Schema::from_cedarschema_str(&words::schema()).unwrap().0,
        }
    }
}

struct Story<'a> {
    schema: &'a Schema,
    kinds: Kinds,
    counts: &'a mut Counts,
    held: Vec<Held>,
}

impl Story<'_> {
    fn wrote(&mut self, policies: usize, refused: usize) {
        self.counts.add("policies", policies);
        self.counts.add("policies that do not validate", refused);
    }

    /// Other policies, or the same engine opened again, or both.
    fn change(&mut self, mut world: World, part: &Part) -> Result<World, String> {
        if part.reopens {
            self.held_still()?;
            self.counts.add("reopenings", 1);
        }
        let Some(written) = &part.policies else {
            return Ok(if part.reopens {
                world.reopened()
            } else {
                world
            });
        };
        if part.reopens {
            let checked = |folder: PolicyFolder| {
                let mut findings = check_policies(&folder);
                findings.retain(|finding| finding.severity() == Severity::Error);
                if findings.is_empty() {
                    Ok(folder)
                } else {
                    Err(findings)
                }
            };
            let (folder, refused) = written.put(checked);
            self.wrote(written.policies.len(), refused);
            world = world.reopened_under(folder);
        } else {
            let ((), refused) = written.put(|folder| {
                let put = world
                    .engine
                    .put_policies(&world.call(operator()), folder.clone());
                match put {
                    Ok(_) => world.folder = folder,
                    Err(PutPoliciesError::Policies(findings)) => return Err(findings),
                    Err(other) => panic!("{other}"),
                }
                Ok(())
            });
            self.wrote(written.policies.len(), refused);
            self.counts.add("policies put in force in mid-stream", 1);
        }
        self.kinds = Kinds::of(world.engine.snapshot().policies());
        Ok(world)
    }

    fn ask(&mut self, world: &World, part: &Part) -> Result<(), String> {
        let snapshot = world.engine.snapshot();
        let official = Official::read(&snapshot.export(ExportScope::Whole), self.schema);
        if part.policies.is_some() {
            self.counts.policies(&official, &self.kinds);
        }
        let mut held = Vec::new();
        for (place, asking) in part.askings.iter().enumerate() {
            let said = official.ask(asking);
            self.counts.answer(&said, &official, &self.kinds);
            let ours = snapshot.decide(&asking.question(), asking.now);
            let parted = |what: &str| format!("{what}: {ours:?} and {said:?}\nof {asking:?}");
            if ours.permit != said.permits() {
                return Err(parted("the answers differ"));
            }
            if ours.permit && ours.obligations != said.obligations {
                return Err(parted("the obligations differ"));
            }
            if ours.revision != snapshot.revision() {
                return Err(parted("the revision is another's"));
            }
            in_cedars_form(&snapshot, asking, &said).map_err(|what| parted(&what))?;
            if place % EXPLAINED == 0 {
                explained(&snapshot, asking, ours, &said).map_err(|what| parted(&what))?;
            }
            if place < HELD {
                held.push((asking.clone(), ours));
            }
        }
        self.held.push((snapshot, held));
        Ok(())
    }

    /// What was answered from each snapshot is answered by it still.
    fn held_still(&mut self) -> Result<(), String> {
        for (snapshot, answers) in self.held.drain(..) {
            for (asking, before) in answers {
                let now = snapshot.decide(&asking.question(), asking.now);
                if now != before {
                    return Err(format!(
                        "a snapshot answered {before:?} and later {now:?} to {asking:?}"
                    ));
                }
                self.counts.add("asked again of an older snapshot", 1);
            }
        }
        Ok(())
    }
}

/// A question in Cedar's own form is answered as Cedar answers it, with Cedar's reasons.
fn in_cedars_form(snapshot: &Snapshot, asking: &Asking, said: &Said) -> Result<(), String> {
    let name = |of: &str, id: &str| EntityName {
        of: of.to_owned(),
        id: id.to_owned(),
    };
    let question = asking.question();
    let mut context = question.asked.members.clone();
    if let Some(level) = asking.level {
        context.insert("authenticationLevel".to_owned(), level.into());
    }
    let plain = PlainQuestion {
        principal: name(
            "Mandate",
            &mandate_id(question.system_user, question.client),
        ),
        action: name("Action", asking.action),
        resource: name("Resource", asking.resource),
        context,
        ..PlainQuestion::default()
    };
    let answer = snapshot.authorize(&plain, asking.now);
    let answer = answer.map_err(|error| error.to_string())?;
    if answer.permit != said.permits() {
        return Err(format!("in Cedar's form it is {answer:?}"));
    }
    if answer.permit && answer.obligations != said.obligations {
        return Err(format!("in Cedar's form the obligations are {answer:?}"));
    }
    let mut theirs: Vec<_> = said.reasons.iter().map(|id| template(id)).collect();
    let mut ours: Vec<_> = answer.reasons.iter().map(ToString::to_string).collect();
    theirs.sort_unstable();
    ours.sort_unstable();
    // Where only an erring forbid denies, Cedar still names the permits that it would go by.
    if (answer.permit || !said.allows) && ours != theirs {
        return Err(format!("in Cedar's form the reasons are {ours:?}"));
    }
    let erring = answer
        .errors
        .iter()
        .filter_map(|(policy, _)| policy.as_deref());
    let mut erring: Vec<_> = erring.collect();
    let mut expected: Vec<_> = [&said.erring_permits[..], &said.erring_forbids[..]].concat();
    erring.sort_unstable();
    expected.sort_unstable();
    if erring != expected {
        return Err(format!("in Cedar's form these err: {erring:?}"));
    }
    Ok(())
}

/// A single right is exported under its link's id, and told of by its template's.
fn template(id: &str) -> String {
    match id.strip_prefix("core/single-right/") {
        Some(link) => format!("core/single-right/{}", link.split('/').next().unwrap()),
        None => id.to_owned(),
    }
}

/// The explanation agrees with the decision, and a permit's with Cedar's reasons.
fn explained(
    snapshot: &Snapshot,
    asking: &Asking,
    decision: Decision,
    said: &Said,
) -> Result<(), String> {
    let explained = snapshot.explain(&asking.question(), asking.now);
    let explained = explained.map_err(|error| error.to_string())?;
    if explained.decision != decision {
        return Err(format!("the explanation decides {:?}", explained.decision));
    }
    let explanation = explained.explanation;
    if (explanation.code == Code::Permit) != decision.permit {
        return Err(format!("the code is {:?}", explanation.code));
    }
    if decision.permit {
        let mut theirs: Vec<_> = said.reasons.iter().map(|id| template(id)).collect();
        let mut ours = explanation.policies;
        theirs.sort_unstable();
        ours.sort_unstable();
        if ours != theirs {
            return Err(format!("the policies are {ours:?}"));
        }
    }
    Ok(())
}
