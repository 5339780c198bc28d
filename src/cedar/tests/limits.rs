//! Depth: what is read is read on a small stack, and what is not is refused before Cedar sees it.

use super::{compiled, edited, folder, standard};
use crate::cedar::limits::{MOST_NESTED, MOST_OPERATORS, MOST_TYPES};
use crate::cedar::{Compiled, ExportWorld};
use crate::model::policy::PolicyFolder;
use crate::model::question::Asked;
use crate::model::time::Timestamp;

/// What a thread of the program has; half of it was used up once on a busy machine.
const SMALL_STACK: usize = 2 << 20;

/// Compiles a folder, asks a question under it and drops it, on a small stack. A stack that is used up ends the test run.
fn told_on_a_small_stack(folder: PolicyFolder) -> Vec<String> {
    let work = move || match Compiled::compile(&folder) {
        Err(wrong) => wrong.iter().map(ToString::to_string).collect(),
        Ok(compiled) => {
            let read = super::read(&compiled);
            let mandate = standard(1, &["lonn"], &[]);
            let asked = compiled
                .check_asked(Some(read), &Asked::at_level(3))
                .unwrap();
            let resource = super::TAX.parse().unwrap();
            let now = Timestamp::from_millis(0);
            compiled.ask_class(&mandate.packages, read, super::slot(&compiled, super::TAX));
            let tax = super::slot(&compiled, super::TAX);
            compiled.ask_context(&mandate.packages, read, tax, asked.asked(), now);
            compiled.ask_further(&mandate, read, &resource, &asked, now, &super::nobody);
            compiled.export(&ExportWorld::default());
            Vec::new()
        }
    };
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
    thread.spawn(work).unwrap().join().unwrap()
}

/// A policy with this condition; it looks further, or it does not.
fn when(condition: &str, further: bool) -> String {
    let guard = if further {
        "principal has via"
    } else {
        "resource has owner"
    };
    format!("permit (principal, action, resource)\nwhen {{ {guard} }}\nwhen {{ {condition} }};")
}

#[test]
fn the_deepest_brackets_that_are_read_are_read_on_a_small_stack() {
    // One pair of brackets is the condition's own.
    for (open, inner, close) in [
        ("(", "true", ")"),
        ("(!", "true", ")"),
        ("(if true then true else ", "true", ")"),
        ("true && (", "true", ")"),
    ] {
        let nested = |n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
        for further in [true, false] {
            let told = told_on_a_small_stack(folder(&when(&nested(MOST_NESTED - 1), further)));
            assert_eq!(told, Vec::<String>::new(), "{open}");
            let told = told_on_a_small_stack(folder(&when(&nested(MOST_NESTED), further)));
            assert_eq!(told.len(), 1);
            assert!(
                told[0].ends_with(": brackets lie more than 50 deep (too-deep)"),
                "{told:?}"
            );
        }
    }
    let sets = |n: usize| {
        format!(
            "{}1{} == {}1{}",
            "[".repeat(n),
            "]".repeat(n),
            "[".repeat(n),
            "]".repeat(n)
        )
    };
    assert_eq!(
        told_on_a_small_stack(folder(&when(&sets(MOST_NESTED - 1), true))),
        Vec::<String>::new()
    );
    let records = |n: usize| {
        format!(
            "{}1{} == {}1{}",
            "{a: ".repeat(n),
            "}".repeat(n),
            "{a: ".repeat(n),
            "}".repeat(n)
        )
    };
    assert_eq!(
        told_on_a_small_stack(folder(&when(&records(MOST_NESTED - 1), true))),
        Vec::<String>::new()
    );
}

#[test]
fn the_longest_chains_that_are_read_are_read_on_a_small_stack() {
    // `has` is an operator of the policy, too.
    for (piece, end) in [
        ("true && ", "true"),
        ("true || ", "true"),
        ("1 + ", "1 == 2"),
        ("2 - ", "1 == 2"),
        ("1 * ", "1 == 2"),
        ("if true then true else ", "true"),
        ("if if true then true else true then true else ", "true"),
    ] {
        let own: usize = 1 + usize::from(end.contains('='));
        let each = if piece.starts_with("if if") { 2 } else { 1 };
        let chain = |n: usize| format!("{}{end}", piece.repeat(n));
        for further in [true, false] {
            let told = told_on_a_small_stack(folder(&when(
                &chain((MOST_OPERATORS - own) / each),
                further,
            )));
            assert_eq!(told, Vec::<String>::new(), "{piece}");
            let told = told_on_a_small_stack(folder(&when(
                &chain((MOST_OPERATORS - own) / each + 1),
                further,
            )));
            assert_eq!(told.len(), 1);
            assert!(
                told[0].ends_with(": a policy has more than 400 operators (too-deep)"),
                "{told:?}"
            );
        }
    }
    let has = format!("resource has owner{}", ".a".repeat(MOST_OPERATORS - 2));
    assert!(
        told_on_a_small_stack(folder(&when(&has, true)))
            .iter()
            .all(|told| !told.contains("too-deep"))
    );
    let attributes = format!("resource{} == 1", ".owner".repeat(MOST_OPERATORS - 2));
    assert!(
        told_on_a_small_stack(folder(&when(&attributes, true)))
            .iter()
            .all(|told| !told.contains("too-deep"))
    );
}

#[test]
fn operators_are_counted_anew_in_each_policy_and_not_in_strings_and_comments() {
    let one = "@note(\"a && b ((((\") forbid (principal, action, resource) when { 0 < 1 && 1 > 2 }; // && ((\n";
    let many = one.repeat(MOST_OPERATORS);

    compiled(&folder(&many));
    compiled(&folder(&format!(
        "@a(\"\\\"{}\") permit (principal, action, resource);",
        "(".repeat(100)
    )));
}

#[test]
fn a_schema_is_measured_too() {
    let with = |own: &str| {
        edited(
            &folder(""),
            PolicyFolder::SCHEMA,
            "entity Person;",
            &format!("entity Person;\n{own}"),
        )
    };
    let sets = |n: usize| format!("type Deep = {}Long{};", "Set<".repeat(n), ">".repeat(n));
    assert_eq!(
        told_on_a_small_stack(with(&sets(MOST_NESTED))),
        Vec::<String>::new()
    );
    assert_eq!(
        told_on_a_small_stack(with(&sets(MOST_NESTED + 1))),
        ["schema.cedarschema:10:216: brackets lie more than 50 deep (too-deep)"]
    );
    let records = |n: usize| format!("type Deep = {}Long{};", "{a: ".repeat(n), "}".repeat(n));
    assert_eq!(
        told_on_a_small_stack(with(&records(MOST_NESTED))),
        Vec::<String>::new()
    );

    let chain = |n: usize| -> String {
        let links = (1..n).map(|n| format!("type T{n} = T{};\n", n - 1));
        std::iter::once("type T0 = Long;\n".to_owned())
            .chain(links)
            .collect()
    };
    // The schema has one type of its own.
    assert_eq!(
        told_on_a_small_stack(with(&chain(MOST_TYPES - 1))),
        Vec::<String>::new()
    );
    assert_eq!(
        told_on_a_small_stack(with(&chain(MOST_TYPES))),
        ["schema.cedarschema:1043:1: there are more than 1000 `type` declarations (too-deep)"]
    );
}

#[test]
fn entities_in_entities_in_entities_are_read_on_a_small_stack() {
    let chain: Vec<_> = (0..2000)
        .map(|n| {
            serde_json::json!({
                "uid": {"type": "Organization", "id": format!("group{n}")},
                "attrs": {},
                "parents": [{"type": "Organization", "id": format!("group{}", n + 1)}],
            })
        })
        .collect();
    let whole = folder("");
    let mut entities: Vec<serde_json::Value> =
        serde_json::from_str(whole.text(PolicyFolder::ENTITIES).unwrap()).unwrap();
    entities.extend(chain);
    let text = serde_json::to_string(&entities).unwrap();

    assert_eq!(
        told_on_a_small_stack(super::replaced(&whole, PolicyFolder::ENTITIES, &text)),
        Vec::<String>::new()
    );
}
