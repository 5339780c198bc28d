//! Policy tests from data files: the shipped ones, run and covered; broken ones, told of; failing ones, found.

use std::path::Path;

use fullmakt::model::policy::{PolicyFile, PolicyFolder};
use fullmakt::policies;
use fullmakt::scenario::{CoverageReport, Got, Ran, RunError, Suite, junit, run};

use crate::world::policies_with;

fn file(path: &str, text: &str) -> PolicyFile {
    PolicyFile {
        path: path.into(),
        text: text.into(),
    }
}

fn run_all(folder: &PolicyFolder, tests: &[PolicyFile]) -> (Vec<Ran>, Option<CoverageReport>) {
    let scratch = tempfile::tempdir().unwrap();
    let done = run(folder, tests, scratch.path(), &|_| true);
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
    done
}

fn run_one(folder: &PolicyFolder, text: &str) -> (Ran, Option<CoverageReport>) {
    let (mut ran, coverage) = run_all(folder, &[file("own.toml", text)]);
    (ran.remove(0), coverage)
}

/// Why each case that was not as expected was not.
fn failures(ran: &Ran) -> Vec<String> {
    if let Err(error) = &ran.outcomes {
        return vec![error.to_string()];
    }
    let told = ran.failures().map(|failure| {
        let got = match &failure.got {
            Got::Answer(got) => got.explanation.code.to_string(),
            Got::Own(got) => if got.permit { "permit" } else { "deny" }.to_owned(),
            Got::Nothing(why) => why.clone(),
        };
        let (case, expected) = (&failure.case, failure.case.expected.code);
        let expected = expected.map_or_else(|| "deny".to_owned(), |code| code.to_string());
        format!(
            "{}:{}: {}: expected {expected}, got {got}",
            ran.file, case.line, case.said
        )
    });
    told.collect()
}

#[test]
fn the_shipped_policies_answer_as_their_tests_say_and_every_branch_is_taken() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let tests = policies::read_tests(&root).unwrap();
    assert!(tests.len() >= 3);

    let (ran, coverage) = run_all(policies::shipped(), &tests);

    let wrong: Vec<_> = ran.iter().flat_map(failures).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let cases: usize = ran
        .iter()
        .map(|file| file.outcomes.as_ref().unwrap().len())
        .sum();
    assert!(cases >= 100, "{cases}");
    let coverage = coverage.unwrap();
    assert_eq!(coverage.missed("policies"), Vec::<String>::new());
    assert!(coverage.is_whole() && coverage.percent() == 100);
}

#[test]
fn the_examples_answer_as_their_tests_say_and_every_branch_is_taken() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/examples");
    let mut seen = 0;
    for example in std::fs::read_dir(examples).unwrap() {
        let root = example.unwrap().path();
        let folder = policies::read(&root).unwrap();
        let (ran, coverage) = run_all(&folder, &policies::read_tests(&root).unwrap());
        let wrong: Vec<_> = ran.iter().flat_map(failures).collect();
        assert!(
            wrong.is_empty(),
            "{}: {}",
            root.display(),
            wrong.join(
                "
"
            )
        );
        let missed = coverage.unwrap().missed("");
        assert_eq!(missed, Vec::<String>::new(), "{}", root.display());
        seen += 1;
    }
    assert_eq!(seen, 4);
}

/// Own types beside the delegations', and a policy about them that obliges.
const OWN_TYPES: &str = "
entity Staff = { level: Long };
entity Report = { secret?: Bool };
action open appliesTo { principal: [Staff], resource: [Report], context: { now: datetime } };
";
const OWN_POLICY: &str = r#"@id("own/open")
@minimum_authentication_level("3")
permit (principal is Staff, action == Action::"open", resource is Report)
when { context.now < datetime("2026-06-01") };
@id("own/secret")
forbid (principal is Staff, action == Action::"open", resource is Report)
when { resource has secret && resource.secret && principal.level < 4 };
"#;

fn with_own_types() -> PolicyFolder {
    let shipped = policies::shipped();
    let schema = shipped.text("schema.cedarschema").unwrap();
    policies_with(&[
        ("schema.cedarschema", &format!("{schema}{OWN_TYPES}")),
        ("resources/own.cedar", OWN_POLICY),
    ])
}

#[test]
fn cases_about_own_types_stand_beside_those_about_mandates() {
    let text = format!(
        r#"{WORLD}["skatt", "", "action-not-opened"],
]
[[table]]
subject_type = "Staff"
subject = ["kari", "ola"]
resource_type = "Report"
action = "open"
columns = ["resource", "subject_properties", "resource_properties", "at", "answer", "minimum_level", "policies"]
rows = [
  ["q1", {{}}, {{}}, "", "permit", 3, ["own/open"]],
  ["q1", {{}}, {{}}, 2026-07-01T00:00:00Z, "deny", "", []],
  ["q1", {{ level = 4 }}, {{ secret = true }}, "", "permit", 3, ["own/open"]],
  ["q1", {{ level = 3 }}, {{ secret = true }}, "", "deny", "", ["own/secret"]],
  ["q1", {{}}, {{ secret = true }}, "", "deny", "", []],
]
"#
    );
    let (ran, _) = run_one(&with_own_types(), &text);
    assert_eq!(failures(&ran), Vec::<String>::new());
    assert_eq!(ran.outcomes.unwrap().len(), 11);
}

#[test]
fn a_case_about_own_types_that_fails_is_told_with_all_that_it_sends() {
    let text = r#"[[case]]
name = "secret"
subject_type = "Staff"
subject = "kari"
subject_properties = { level = 3 }
action = "open"
resource_type = "Report"
resource = "q1"
resource_properties = { secret = true }
answer = "permit"
minimum_level = 3
"#;
    let (ran, _) = run_one(&with_own_types(), text);
    let told = r#"own.toml:1: Staff kari: open on Report q1, subject {"level":3}, resource {"secret":true}: expected permit, got deny"#;
    assert_eq!(failures(&ran), [told]);
    let wrong = text.replace("level = 3 }", "level = \"3\" }");
    let (ran, _) = run_one(&with_own_types(), &wrong);
    let why = "got property `level` is a string; it has to be a whole number";
    assert!(failures(&ran)[0].ends_with(why), "{:?}", failures(&ran));
    for (from, to, told) in [
        (
            "subject = \"kari\"
",
            "",
            "own.toml:1: case 1: `subject` is missing",
        ),
        (
            "answer = \"permit\"",
            "answer = \"client-not-added\"",
            "own.toml:10: case 1: `answer` is `client-not-added`; about own types it is `permit` or `deny`",
        ),
        (
            "answer = \"permit\"",
            "answer = \"deny\"",
            "own.toml:10: case 1: only a permit obliges to a `minimum_level`; take it out, or expect `permit`",
        ),
        (
            "minimum_level = 3",
            "client = \"firm\"",
            "own.toml:11: case 1: `client` is said of mandates, and the case has a `subject`",
        ),
    ] {
        let (ran, _) = run_one(&with_own_types(), &text.replace(from, to));
        assert_eq!(failures(&ran), [told]);
    }
}

/// A permit whose condition has four branches.
const BRANCHES: &str = r#"@id("own/signed-in")
permit (
  principal in AccessPackage::"skattegrunnlag",
  action == Action::"write",
  resource == Resource::"ske-krav-og-betalinger"
)
when
{
  (context has authenticationLevel && context.authenticationLevel >= 4) ||
  (if principal has validUntil then context.now < principal.validUntil else false)
}
unless { resource.owner == Organization::"312001373" };
"#;

const WORLD: &str = r#"
[client]
hage = { relation = "rettighetshaver", packages = ["skattegrunnlag", "lonn"] }

[system_user]
skatt = { packages = ["skattegrunnlag"], clients = ["hage"] }
lonn = { packages = ["lonn"], clients = ["hage"] }
kort = { packages = ["skattegrunnlag"], clients = ["hage"], until = 2026-02-01T00:00:00Z }

[[table]]
client = "hage"
action = "write"
resource = "ske-krav-og-betalinger"
columns = ["system_user", "level", "answer"]
rows = [
"#;

fn missed_in_own(rows: &str) -> Vec<String> {
    let folder = policies_with(&[("resources/own.cedar", BRANCHES)]);
    let (ran, coverage) = run_one(&folder, &format!("{WORLD}{rows}\n]"));
    assert_eq!(failures(&ran), Vec::<String>::new());
    let missed = coverage.unwrap().missed("policies");
    missed
        .into_iter()
        .filter(|missed| missed.starts_with("policies/resources/own.cedar"))
        .collect()
}

#[test]
fn coverage_finds_a_branch_that_a_test_misses_and_says_which() {
    let whole = [
        r#"["skatt", 4, "permit"],"#,
        r#"["skatt", 3, "authentication-level-too-low"],"#,
        r#"["skatt", "", "authentication-level-too-low"],"#,
        r#"["lonn", 4, "package-not-held"],"#,
        r#"["kort", 3, "permit"],"#,
    ];
    let owner = r#"policies/resources/own.cedar:12:10: `resource.owner == Organization::"312001373"` was never true, in policy `own/signed-in`"#;
    let over = "policies/resources/own.cedar:10:37: `context.now < principal.validUntil` was never false, in policy `own/signed-in`";
    assert_eq!(missed_in_own(&whole.concat()), [over, owner]);

    for (left_out, expected) in [
        (
            0,
            "policies/resources/own.cedar:9:39: `context.authenticationLevel >= 4` was never true, in policy `own/signed-in`",
        ),
        (1, ""),
        (
            2,
            "policies/resources/own.cedar:9:4: `context has authenticationLevel` was never false, in policy `own/signed-in`",
        ),
        (
            4,
            "policies/resources/own.cedar:10:7: `principal has validUntil` was never true, in policy `own/signed-in`",
        ),
    ] {
        let rows = whole.iter().enumerate().filter(|(nth, _)| *nth != left_out);
        let rows: String = rows.map(|(_, row)| *row).collect();
        let missed = missed_in_own(&rows);
        if expected.is_empty() {
            // The window's row asks at the same level.
            assert_eq!(missed, [over, owner]);
        } else {
            assert!(
                missed.contains(&expected.to_owned()),
                "{left_out}: {missed:#?}"
            );
        }
    }
}

#[test]
fn a_policy_that_nobody_asks_about_was_never_looked_at() {
    let missed = missed_in_own("");
    assert!(
        missed.contains(
            &"policies/resources/own.cedar:1: policy `own/signed-in` was never looked at: no question is about its action and resource".to_owned()
        ),
        "{missed:#?}"
    );
    // Two for the policy, and two for each of its six conditions, but for the constant.
    assert_eq!(missed.len(), 2 + 2 * 5, "{missed:#?}");
}

#[test]
fn coverage_is_written_for_tools_and_for_browsers() {
    let folder = policies_with(&[("resources/own.cedar", BRANCHES)]);
    let rows = format!("{WORLD}[\"skatt\", 4, \"permit\"],\n]");
    let coverage = run_one(&folder, &rows).1.unwrap();

    let lcov = coverage.lcov("policies");
    let own = lcov
        .split("end_of_record")
        .find(|record| record.contains("own.cedar"))
        .unwrap();
    for line in [
        "SF:policies/resources/own.cedar",
        "FNDA:1,own/signed-in",
        "DA:1,1",
        "DA:9,2",
        "DA:10,0",
        "BRF:12",
        "BRH:4",
    ] {
        assert!(own.lines().any(|own| own == line), "{line}:\n{own}");
    }
    let page = coverage.html("policies");
    assert!(
        page.contains("<h2>policies/resources/own.cedar</h2>\n<p>4 of 12</p>"),
        "{page}"
    );
    assert!(page.contains("`principal has validUntil` was never true"));
    assert!(!page.contains("http"), "the page loads something");
    assert!(
        coverage
            .text("policies")
            .contains("policies/resources/own.cedar: 4 of 12\n")
    );
}

#[test]
fn what_is_not_as_expected_fails() {
    let case = |answer: &str| {
        format!(
            "{}\n[[case]]\nsystem_user = \"skatt\"\nclient = \"hage\"\naction = \"read\"\nresource = \"ske-krav-og-betalinger\"\n{answer}",
            WORLD.split("[[table]]").next().unwrap()
        )
    };
    let green = |answer: &str| {
        let (ran, _) = run_one(policies::shipped(), &case(answer));
        assert!(ran.outcomes.is_ok(), "{:?}", ran.outcomes);
        ran.is_green()
    };
    let by = "policies = [\"ske-krav-og-betalinger/read-skattegrunnlag\"]";
    assert!(green("answer = \"permit\"\nminimum_level = 3"));
    assert!(green(&format!(
        "answer = \"permit\"\nminimum_level = 3\n{by}"
    )));
    assert!(
        !green("answer = \"permit\""),
        "the obligation was not looked at"
    );
    assert!(!green("answer = \"permit\"\nminimum_level = 2"));
    assert!(!green(
        "answer = \"permit\"\nminimum_level = 3\nminimum_level_org = 3"
    ));
    assert!(
        !green("answer = \"client-not-added\""),
        "the decision was not looked at"
    );
    assert!(!green(
        "answer = \"permit\"\nminimum_level = 3\npolicies = [\"other\"]"
    ));

    let (ran, _) = run_one(policies::shipped(), &case("answer = \"client-not-added\""));
    assert_eq!(
        failures(&ran),
        [
            "own.toml:11: skatt: read on ske-krav-og-betalinger for hage: expected client-not-added, got permit"
        ]
    );
    let xml = junit(&[ran]);
    assert!(
        xml.contains("<testsuite name=\"own.toml\" tests=\"1\" failures=\"1\" errors=\"0\">"),
        "{xml}"
    );
    assert!(
        xml.contains(
            "<failure message=\"expected client-not-added, got permit: The system user may do"
        ),
        "{xml}"
    );
}

#[test]
fn everything_wrong_in_a_file_is_told_with_its_line_field_and_mend() {
    let text = r#"now = "yesterday"
[client]
hage = { relation = "rettighetshavar", form = "ABC", packages = "lonn" }
firm = { }
[system_user]
skatt = { packages = ["skattegrunnlag"], clients = ["hagen"], kind = "agents", packges = [] }
rett = { kind = "standard", rights = ["mva"], clients = ["hage"] }
[[case]]
system_user = "skat"
client = "312002745"
action = "read"
resource = "ske-krav-og-betalinger"
answer = "permitted"
[[table]]
resource = "ske-krav-og-betalinger"
columns = ["system_user", "clinet", "action", "answer"]
rows = [
  ["skatt", "hage", "read"],
  ["skatt", "hage", 3, "permit"],
]
[[case]]
system_user = "skatt"
client = "hage"
action = "read"
resource = "ske-krav-og-betalinger"
answer = "client-not-added"
minimum_level = 3
"#;
    let told = Suite::read("own.toml", text).unwrap_err();
    let expected = [
        "own.toml:1: `now` is `\"yesterday\"`; it has to be an instant as `2026-01-01T12:00:00Z`",
        "own.toml:3: client `hage`: `packages` is `\"lonn\"`; it has to be a list of strings",
        "own.toml:3: client `hage`: `relation` is `rettighetshavar`, which is no role; did you mean `rettighetshaver`?",
        "own.toml:4: client `firm`: the firm itself is there without being named; name the client otherwise",
        "own.toml:6: system_user `skatt`: `clients`: this file has no client `hagen`; did you mean `hage`?",
        "own.toml:6: system_user `skatt`: `kind`: `agents` is neither `agent` nor `standard`",
        "own.toml:6: system_user `skatt`: `packges` is not a key of a system user; did you mean `packages`?",
        "own.toml:7: system_user `rett`: `rights`: `mva` is not of the form `ske-krav-og-betalinger:read`, with a comma between actions",
        "own.toml:7: system_user `rett`: a standard system user acts for the firm alone; take `clients` out, or make it an agent",
        "own.toml:9: case 1: `system_user` is `skat`, which is neither named in this file nor an id; did you mean `skatt`?",
        "own.toml:10: case 1: `client` is `312002745`, which is neither named in this file nor an id",
        "own.toml:13: case 1: `answer` is `permitted`, which is neither `permit` nor a reason; did you mean `permit`?",
        "own.toml:16: table 1: `columns`: `clinet` is nothing that a case says; did you mean `client`?",
        "own.toml:18: table 1: a row has 3 values, and there are 4 columns",
        "own.toml:19: table 1: `action` is `3`; it has to be a string",
        "own.toml:19: table 1: `client` is missing",
        "own.toml:26: case 2: only a permit obliges to a `minimum_level`; take it out, or expect `permit`",
    ];
    let missing: Vec<_> = expected
        .iter()
        .filter(|line| !told.iter().any(|told| told == *line))
        .collect();
    assert!(missing.is_empty(), "not told: {missing:#?}\nof: {told:#?}");
    let broken = Suite::read("own.toml", "[client\n").unwrap_err();
    assert!(
        broken.len() == 1 && broken[0].starts_with("own.toml:1: "),
        "{broken:?}"
    );
}

#[test]
fn a_world_that_could_not_be_is_told_with_its_line_and_why() {
    let text = r#"[client]
bakeri = { relation = "regnskapsforer" }

[system_user]
"Skatt for Ærlig AS" = { packages = ["skattegrunnlag"], clients = ["bakeri"] }
ukjent = { packages = ["skattegrunlag"] }
"#;
    let (ran, _) = run_one(policies::shipped(), text);
    let Err(RunError::World(told)) = ran.outcomes else {
        panic!("the world was made");
    };
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].starts_with(
            "own.toml:5: system_user `Skatt for Ærlig AS`: `bakeri` cannot be added: "
        ),
        "{told:?}"
    );
    assert!(told[0].contains("`skattegrunnlag`"), "{told:?}");
    assert!(
        told[1].starts_with("own.toml:6: system_user `ukjent`: "),
        "{told:?}"
    );
    assert!(
        told[1].contains("did you mean `skattegrunnlag`?"),
        "{told:?}"
    );
}

#[test]
fn a_context_of_the_wrong_type_fails_its_case_and_says_why() {
    let text = format!(
        "{}\n[[case]]\nsystem_user = \"skatt\"\nclient = \"hage\"\naction = \"read\"\nresource = \"ske-krav-og-betalinger\"\nanswer = \"permit\"\ncontext = {{ authenticationLevel = \"high\" }}",
        WORLD.split("[[table]]").next().unwrap()
    );
    let (ran, _) = run_one(policies::shipped(), &text);
    assert!(!ran.is_green());
    assert!(
        failures(&ran)[0].ends_with(
            "got context member `authenticationLevel` is a string; it has to be a whole number"
        ),
        "{:?}",
        failures(&ran)
    );
}
