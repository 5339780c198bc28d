//! Callers, as `fullmakt.toml` has them.

use fullmakt::http::{CallerLimits, KnownCertificate, KnownClaims};
use fullmakt::model::caller::{BoundResources, CallerKind, TokenHash};
use fullmakt::model::catalogue::{Catalogue, UnknownPackage};
use fullmakt::model::id::{ActorId, OrgNo};
use fullmakt::model::system::nearest;
use fullmakt::model::table::{Fields, Findings, Located};

use super::config_known::{certificates, claims, limits};

const CALLER_KEYS: [&str; 10] = [
    "id",
    "sha256",
    "kind",
    "resources",
    "party",
    "packages",
    "certificate",
    "jwt",
    "requests_per_minute",
    "requests_at_once",
];
const KINDS: [&str; 4] = ["resource-api", "vendor", "person", "operator"];

const HASH_HELP: &str = "make it with `printf %s \"$TOKEN\" | sha256sum`";

/// A caller as the file has it.
#[derive(Debug)]
pub(crate) struct CallerText {
    pub(super) id: ActorId,
    pub(super) tokens: Vec<TokenHash>,
    pub(super) tokens_line: usize,
    pub(super) kind: KindText,
    pub(super) certificates: Vec<KnownCertificate>,
    /// With the line of each.
    pub(super) claims: Vec<(usize, KnownClaims)>,
    pub(super) limits: CallerLimits,
}

#[derive(Debug)]
pub(super) enum KindText {
    ResourceApi(BoundResources),
    Vendor(OrgNo),
    /// At which party, and the packages with their lines.
    Person(OrgNo, Vec<(usize, String)>),
    Operator,
}

impl KindText {
    /// The kind, with packages that the catalogue has; or each one that it has not, with its line.
    pub(super) fn as_caller_kind(
        &self,
        catalogue: &Catalogue,
    ) -> Result<CallerKind, Vec<(usize, UnknownPackage)>> {
        Ok(match self {
            Self::ResourceApi(resources) => CallerKind::ResourceApi {
                resources: resources.clone(),
            },
            Self::Vendor(party) => CallerKind::Vendor { party: *party },
            Self::Operator => CallerKind::Operator,
            Self::Person(party, packages) => {
                let (mut known, mut unknown) = (Vec::new(), Vec::new());
                for (line, package) in packages {
                    match catalogue.find(package) {
                        Ok(id) => known.push(catalogue.code(id).clone()),
                        Err(error) => unknown.push((*line, error)),
                    }
                }
                if !unknown.is_empty() {
                    return Err(unknown);
                }
                CallerKind::Person {
                    party: *party,
                    packages: known,
                }
            }
        })
    }
}

/// One `[[caller]]`, and where its id stands. What is wrong with it is a finding each.
pub(super) fn caller_text(
    mut fields: Fields<'_>,
    found: &mut Findings<'_>,
) -> Option<Located<CallerText>> {
    fields.known_only(&CALLER_KEYS, " of a caller", found);
    if fields.place("id").is_none() {
        fields.missing("id", found);
    }
    let id = fields.parsed::<ActorId>("id", found);
    let tokens = tokens(&mut fields, found);
    let kind = kind(&mut fields, found);
    let certificates = certificates(&mut fields, found);
    let claims = claims(&mut fields, found);
    let limits = limits(&mut fields, found);
    let (id, tokens, kind) = (id?, tokens?, kind?);
    Some(Located {
        byte: id.byte,
        value: CallerText {
            id: id.value,
            tokens: tokens.value,
            tokens_line: found.line(tokens.byte),
            kind,
            certificates,
            claims,
            limits,
        },
    })
}

/// The hashes of a caller's tokens: one, or a list of them.
fn tokens(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<Located<Vec<TokenHash>>> {
    let Some(byte) = fields.place("sha256") else {
        let is_known_otherwise = ["certificate", "jwt"]
            .iter()
            .any(|key| fields.place(key).is_some());
        if is_known_otherwise {
            return Some(Located {
                byte: fields.byte,
                value: Vec::new(),
            });
        }
        fields.wrong(
            fields.byte,
            format!("`sha256` is missing; {HASH_HELP}"),
            found,
        );
        return None;
    };
    let hashes = if fields.is_list("sha256") {
        fields.texts("sha256", found)?.value
    } else {
        vec![fields.text("sha256", found)?]
    };
    if hashes.is_empty() {
        let message =
            format!("`sha256` is an empty list, so nobody could be this caller; {HASH_HELP}");
        fields.wrong(byte, message, found);
        return None;
    }
    let mut tokens = Vec::new();
    for Located { byte, value } in &hashes {
        match value.parse::<TokenHash>() {
            Ok(hash) if hash == TokenHash::of("") => {
                let message =
                    format!("`sha256` is the hash of nothing: was $TOKEN empty? {HASH_HELP}");
                fields.wrong(*byte, message, found);
            }
            Ok(hash) => tokens.push(hash),
            Err(error) => fields.wrong(*byte, error, found),
        }
    }
    (tokens.len() == hashes.len()).then_some(Located {
        byte,
        value: tokens,
    })
}

fn kind(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<KindText> {
    if fields.place("kind").is_none() {
        fields.missing("kind", found);
    }
    let kind = fields.text("kind", found)?;
    let needed: &[&str] = match kind.value.as_str() {
        "resource-api" => &["resources"],
        "vendor" | "person" => &["party"],
        "operator" => &[],
        other => {
            let near = nearest(other, KINDS.into_iter()).unwrap_or_default();
            let kinds = KINDS.join(", ");
            let message = format!("`kind` is `{other}`; did you mean `{near}`? ({kinds})");
            fields.wrong(kind.byte, message, found);
            return None;
        }
    };
    for key in ["party", "packages", "resources"] {
        let place = fields.place(key);
        let allowed = needed.contains(&key) || (kind.value == "person" && key == "packages");
        match place {
            None if needed.contains(&key) => fields.missing(key, found),
            Some(byte) if !allowed => {
                let message = format!("`{key}` does not go with the kind `{}`", kind.value);
                fields.wrong(byte, message, found);
            }
            _ => {}
        }
    }
    match kind.value.as_str() {
        "resource-api" => resources(fields, found).map(KindText::ResourceApi),
        "vendor" => Some(KindText::Vendor(fields.parsed("party", found)?.value)),
        "person" => {
            let party = fields.parsed("party", found);
            let packages = fields.texts("packages", found).map(|texts| texts.value);
            let packages = packages.unwrap_or_default().into_iter();
            let lines = packages.map(|package| (found.line(package.byte), package.value));
            let lines = lines.collect();
            Some(KindText::Person(party?.value, lines))
        }
        _ => Some(KindText::Operator),
    }
}

fn resources(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<BoundResources> {
    let Located { byte, value: texts } = fields.texts("resources", found)?;
    if texts.is_empty() {
        let message = "`resources` is an empty list, so this caller could ask nothing; \
            name the resources that it guards, or `[\"*\"]` for every one";
        fields.wrong(byte, message, found);
        return None;
    }
    if texts.iter().any(|text| text.value == "*") {
        if texts.len() > 1 {
            let message = "`resources`: `*` is every resource, and stands alone";
            fields.wrong(byte, message, found);
        }
        return Some(BoundResources::Every);
    }
    let mut these = Vec::new();
    for Located { byte, value } in texts {
        match value.parse() {
            Ok(resource) => these.push(resource),
            Err(error) => fields.wrong(byte, format!("`resources`: {error}"), found),
        }
    }
    Some(BoundResources::These(these))
}
