//! What vendors, administrators and operators do, through the daemon's `/v1`.
#![allow(
    clippy::indexing_slicing,
    reason = "a JSON value has null where it has nothing, and never panics"
)]

use std::process::ExitCode;

use serde_json::{Value, json};

use super::args::Daemon;
use super::args_admin::{
    Client, Party, Relation, Request, RequestText, System, SystemText, SystemUser,
};
use super::daemon::{all, call, escaped};
use super::output::{card, say, short, table};
use super::{Failure, NO, Outcome};

/// How many clients go in one call, so that its body is well below what a daemon takes as it comes.
const MOST_IN_BATCH: usize = 10_000;

/// Prints an answer: as it came, or one member a line.
fn show(at: &Daemon, answer: &Value) -> Outcome {
    if at.json {
        say(&answer.to_string());
    } else {
        card(answer);
    }
    Ok(ExitCode::SUCCESS)
}

/// Prints a list: as it came, or in columns.
fn list(at: &Daemon, path: &str, columns: &[&str]) -> Outcome {
    let items = all(at, path)?;
    if at.json {
        say(&json!({ "items": items, "next": "" }).to_string());
    } else if items.is_empty() {
        say("none");
    } else {
        table(columns, &items);
    }
    Ok(ExitCode::SUCCESS)
}

fn done(at: &Daemon, method: &str, path: &str, body: Option<&Value>) -> Outcome {
    show(at, &call(at, method, path, body)?)
}

/// A single right as it is typed: RESOURCE:ACTION[,ACTION].
fn right(text: &String) -> Result<Value, Failure> {
    let Some((resource, actions)) = text
        .rsplit_once(':')
        .filter(|(resource, actions)| !resource.is_empty() && !actions.is_empty())
    else {
        return Err(
            Failure::new(format!("right `{text}` is not RESOURCE:ACTION[,ACTION]"))
                .help("for example: --right ske-krav-og-betalinger:read"),
        );
    };
    Ok(json!({ "resource": resource, "actions": actions.split(',').collect::<Vec<_>>() }))
}

fn rights(texts: &[String]) -> Result<Vec<Value>, Failure> {
    texts.iter().map(right).collect()
}

fn system_text(text: &SystemText) -> Result<Value, Failure> {
    Ok(json!({
        "id": text.id,
        "name": { "nb": text.nb, "en": text.en.as_ref().unwrap_or(&text.nb) },
        "packages": text.packages,
        "rights": rights(&text.rights)?,
        "redirectUrls": text.redirect_urls,
    }))
}

pub(crate) fn system(at: &Daemon, command: System) -> Outcome {
    match command {
        System::Register(text) => done(at, "POST", "/v1/systems", Some(&system_text(&text)?)),
        System::Change(text) => done(
            at,
            "PUT",
            &format!("/v1/systems/{}", escaped(&text.id)),
            Some(&system_text(&text)?),
        ),
        System::Delete { id } => done(at, "DELETE", &format!("/v1/systems/{}", escaped(&id)), None),
        System::List => list(at, "/v1/systems", &["id", "name", "packages", "deleted"]),
        System::Show { id } => done(at, "GET", &format!("/v1/systems/{}", escaped(&id)), None),
    }
}

fn request_text(text: &RequestText) -> Result<Value, Failure> {
    Ok(json!({
        "system": text.system,
        "firm": text.firm,
        "kind": text.kind,
        "packages": text.packages,
        "rights": rights(&text.rights)?,
        "externalRef": text.external_ref,
        "redirectUrl": text.redirect_url,
        "title": text.title,
    }))
}

pub(crate) fn request(at: &Daemon, command: Request) -> Outcome {
    let of = |id: &str| format!("/v1/requests/{}", escaped(id));
    match command {
        Request::Create(text) => done(at, "POST", "/v1/requests", Some(&request_text(&text)?)),
        Request::Show { id } => done(at, "GET", &of(&id), None),
        Request::List => list(
            at,
            "/v1/requests",
            &["id", "status", "system", "firm", "kind", "packages"],
        ),
        Request::Withdraw { id } => done(at, "DELETE", &of(&id), None),
        Request::Escalate { id } => done(at, "POST", &format!("{}/escalate", of(&id)), None),
        Request::Approve { id } => done(at, "POST", &format!("{}/approve", of(&id)), None),
        Request::Reject { id } => done(at, "POST", &format!("{}/reject", of(&id)), None),
    }
}

pub(crate) fn system_user(at: &Daemon, command: SystemUser) -> Outcome {
    let of = |id: &str| format!("/v1/system-users/{}", escaped(id));
    match command {
        SystemUser::List => list(
            at,
            "/v1/system-users",
            &["id", "kind", "owner", "system", "packages", "clients"],
        ),
        SystemUser::Show { id } => done(at, "GET", &of(&id), None),
        SystemUser::Delete { id } => done(at, "DELETE", &of(&id), None),
    }
}

pub(crate) fn client(at: &Daemon, command: Client) -> Outcome {
    let of = |id: &str| format!("/v1/system-users/{}/clients", escaped(id));
    match command {
        Client::List { system_user } => list(
            at,
            &of(&system_user),
            &["client", "name", "form", "roles", "from", "until", "lost"],
        ),
        Client::Available { system_user } => list(
            at,
            &format!("{}/available", of(&system_user)),
            &["client", "name", "form", "roles"],
        ),
        Client::Add {
            system_user,
            clients,
            all: add_all,
            from,
            until,
        } => {
            let of = of(&system_user);
            let windowed = from.is_some() || until.is_some();
            match clients.as_slice() {
                [] if add_all && !windowed => add_available(at, &of),
                [] if !add_all => Err(Failure::new("no client is named")
                    .help("name organisation numbers, or say `--all`")),
                [one] => {
                    let window = windowed.then(|| json!({ "from": from, "until": until }));
                    done(
                        at,
                        "PUT",
                        &format!("{of}/{}", escaped(one)),
                        window.as_ref(),
                    )
                }
                _ if windowed => Err(Failure::new("`--from` and `--until` go with one client")
                    .help("add the clients one by one")),
                many => batch(at, &of, "add", many),
            }
        }
        Client::Remove {
            system_user,
            clients,
        } => match clients.as_slice() {
            [one] => done(
                at,
                "DELETE",
                &format!("{}/{}", of(&system_user), escaped(one)),
                None,
            ),
            many => batch(at, &of(&system_user), "remove", many),
        },
    }
}

fn add_available(at: &Daemon, of: &str) -> Outcome {
    let offered = all(at, &format!("{of}/available"))?;
    if offered.is_empty() {
        say("none can be added");
        return Ok(ExitCode::SUCCESS);
    }
    let clients: Vec<_> = offered
        .iter()
        .map(|client| short(&client["client"]))
        .collect();
    batch(at, of, "add", &clients)
}

/// Many clients, as many in a call as the daemon takes. Exit code 1 if one of them was refused.
fn batch(at: &Daemon, of: &str, what: &str, clients: &[String]) -> Outcome {
    let mut is_refused = false;
    for clients in clients.chunks(MOST_IN_BATCH) {
        let body = json!({ what: clients });
        let answer = call(at, "POST", &format!("{of}/batch"), Some(&body))?;
        let results = answer["results"].as_array().cloned().unwrap_or_default();
        if at.json {
            say(&answer.to_string());
        } else {
            table(&["client", "result", "detail"], &results);
            say(&format!("revision {}", short(&answer["revision"])));
        }
        is_refused |= results.iter().any(|line| line["result"] == "refused");
    }
    Ok(if is_refused {
        ExitCode::from(NO)
    } else {
        ExitCode::SUCCESS
    })
}

pub(crate) fn relation(at: &Daemon, command: Relation) -> Outcome {
    let of = |client: &str, firm: &str, role: &str| {
        format!(
            "/v1/relations/{}/{}/{}",
            escaped(client),
            escaped(firm),
            escaped(role)
        )
    };
    match command {
        Relation::Put {
            client,
            firm,
            role,
            packages,
        } => {
            let body = (!packages.is_empty()).then(|| json!({ "packages": packages }));
            done(at, "PUT", &of(&client, &firm, &role), body.as_ref())
        }
        Relation::End { client, firm, role } => {
            done(at, "DELETE", &of(&client, &firm, &role), None)
        }
        Relation::Show { client, firm, role } => done(at, "GET", &of(&client, &firm, &role), None),
    }
}

pub(crate) fn party(at: &Daemon, command: Party) -> Outcome {
    match command {
        Party::Put { org, name, form } => done(
            at,
            "PUT",
            &format!("/v1/parties/{}", escaped(&org)),
            Some(&json!({ "name": name, "form": form })),
        ),
        Party::Show { org } => done(at, "GET", &format!("/v1/parties/{}", escaped(&org)), None),
    }
}

pub(crate) fn changes(at: &Daemon, after: u64) -> Outcome {
    let mut after = after.to_string();
    let mut items = Vec::new();
    loop {
        let page = call(
            at,
            "GET",
            &format!("/v1/changes?limit=1000&after={after}"),
            None,
        )?;
        items.extend(page["items"].as_array().cloned().unwrap_or_default());
        let next = short(&page["next"]);
        if next.is_empty() {
            break;
        }
        after = next;
    }
    if at.json {
        say(&json!({ "items": items, "next": "" }).to_string());
    } else {
        table(&["revision", "at", "kind", "by"], &items);
    }
    Ok(ExitCode::SUCCESS)
}
