//! Callers, as `fullmakt.toml` has them.

use fullmakt::model::caller::{BoundResources, CallerKind, TokenHash};
use fullmakt::model::catalogue::{Catalogue, UnknownPackage};
use fullmakt::model::id::{ActorId, OrgNo};
use fullmakt::model::system::nearest;
use toml::Value;

use super::Failure;
use super::config::{known_only, take_text, take_texts};

const CALLER_KEYS: [&str; 6] = ["id", "sha256", "kind", "resources", "party", "packages"];
const KINDS: [&str; 4] = ["resource-api", "vendor", "person", "operator"];

/// A caller as the file has it.
#[derive(Debug)]
pub(crate) struct CallerText {
    pub(super) id: ActorId,
    pub(super) tokens: Vec<TokenHash>,
    pub(super) kind: KindText,
}

#[derive(Debug)]
pub(super) enum KindText {
    ResourceApi(BoundResources),
    Vendor(OrgNo),
    Person(OrgNo, Vec<String>),
    Operator,
}

impl KindText {
    /// The kind, with packages that the catalogue has.
    pub(super) fn as_caller_kind(
        &self,
        catalogue: &Catalogue,
    ) -> Result<CallerKind, UnknownPackage> {
        Ok(match self {
            Self::ResourceApi(resources) => CallerKind::ResourceApi {
                resources: resources.clone(),
            },
            Self::Vendor(party) => CallerKind::Vendor { party: *party },
            Self::Operator => CallerKind::Operator,
            Self::Person(party, packages) => {
                let known =
                    |package: &String| catalogue.find(package).map(|id| catalogue.code(id).clone());
                CallerKind::Person {
                    party: *party,
                    packages: packages.iter().map(known).collect::<Result<_, _>>()?,
                }
            }
        })
    }
}

/// One `[[caller]]`.
pub(super) fn caller_text(value: Value, file: &str) -> Result<CallerText, Failure> {
    let Value::Table(mut table) = value else {
        return Err(Failure::new(format!("{file}: it has to be a table")));
    };
    known_only(&table, &CALLER_KEYS, file, " of a caller")?;
    let missing = |key: &str| Failure::new(format!("{file}: `{key}` is missing"));
    let parsed = |key: &str, error: &dyn std::fmt::Display| {
        Failure::new(format!("{file}: `{key}`: {error}"))
    };
    let id = take_text(&mut table, "id", file)?.ok_or_else(|| missing("id"))?;
    let id: ActorId = id.parse().map_err(|error| parsed("id", &error))?;
    let hashes = match table.remove("sha256") {
        Some(Value::String(one)) => vec![one],
        Some(other) => {
            table.insert("sha256".to_owned(), other);
            take_texts(&mut table, "sha256", file)?.unwrap_or_default()
        }
        None => {
            return Err(missing("sha256").help("make it with: printf %s \"$TOKEN\" | sha256sum"));
        }
    };
    let tokens = hashes
        .iter()
        .map(|hash| hash.parse::<TokenHash>())
        .collect::<Result<Vec<_>, _>>();
    let tokens = tokens.map_err(|error| Failure::new(format!("{file}: {error}")))?;
    let kind = take_text(&mut table, "kind", file)?.ok_or_else(|| missing("kind"))?;
    let party = take_text(&mut table, "party", file)?;
    let party: Option<OrgNo> = party
        .map(|text| text.parse().map_err(|error| parsed("party", &error)))
        .transpose()?;
    let (packages, resources) = (
        take_texts(&mut table, "packages", file)?,
        take_texts(&mut table, "resources", file)?,
    );
    let out_of_place = |key: &str| {
        Failure::new(format!(
            "{file}: `{key}` does not go with the kind `{kind}`"
        ))
    };
    let given = [
        ("party", party.is_some()),
        ("packages", packages.is_some()),
        ("resources", resources.is_some()),
    ];
    let fitting: &[&str] = match kind.as_str() {
        "resource-api" => &["resources"],
        "vendor" => &["party"],
        "person" => &["party", "packages"],
        "operator" => &[],
        other => {
            let near = nearest(other, KINDS.into_iter()).unwrap_or_default();
            return Err(Failure::new(format!(
                "{file}: `kind` is `{other}`; did you mean `{near}`? ({})",
                KINDS.join(", ")
            )));
        }
    };
    if let Some((key, _)) = given
        .iter()
        .find(|(key, given)| *given && !fitting.contains(key))
    {
        return Err(out_of_place(key));
    }
    let kind = match kind.as_str() {
        "resource-api" => KindText::ResourceApi(bound(
            resources.ok_or_else(|| missing("resources"))?,
            &parsed,
        )?),
        "vendor" => KindText::Vendor(party.ok_or_else(|| missing("party"))?),
        "person" => KindText::Person(
            party.ok_or_else(|| missing("party"))?,
            packages.unwrap_or_default(),
        ),
        _ => KindText::Operator,
    };
    Ok(CallerText { id, tokens, kind })
}

fn bound(
    resources: Vec<String>,
    parsed: &dyn Fn(&str, &dyn std::fmt::Display) -> Failure,
) -> Result<BoundResources, Failure> {
    if resources == ["*"] {
        return Ok(BoundResources::Every);
    }
    let these = resources
        .iter()
        .map(|text| text.parse().map_err(|error| parsed("resources", &error)));
    Ok(BoundResources::These(these.collect::<Result<_, _>>()?))
}
