//! Listeners, as `fullmakt.toml` has them.

use std::net::SocketAddr;
use std::path::PathBuf;

use fullmakt::http::{Accepts, Listener, TlsFiles};
use fullmakt::model::system::nearest;
use fullmakt::model::table::{Fields, Findings, Located};

use super::config::{address, folder};

const LISTENER_KEYS: [&str; 8] = [
    "address",
    "certificate",
    "key",
    "client_ca",
    "client_crl",
    "clients_required",
    "accepts",
    "plain_http",
];
const CREDENTIALS: [&str; 3] = ["token", "jwt", "certificate"];

/// Every `[[listener]]`. What is wrong with one is a finding each.
pub(super) fn listeners(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Vec<Listener> {
    let tables = fields.tables("listener", found);
    let read = tables
        .into_iter()
        .filter_map(|table| listener(table, found));
    read.collect()
}

fn listener(mut fields: Fields<'_>, found: &mut Findings<'_>) -> Option<Listener> {
    fields.known_only(&LISTENER_KEYS, " of a listener", found);
    let place = fields.place("address");
    if place.is_none() {
        fields.missing("address", found);
    }
    let address = fields.read_as("address", address, found);
    let is_plain_meant = fields.flag("plain_http", found);
    let is_whole = is_whole(&fields, found);
    let tls = tls(&mut fields, found);
    let asks_clients = tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    let accepts = accepts(&mut fields, asks_clients, found);
    let (address, accepts) = (address?, accepts?);
    if !is_whole {
        return None;
    }
    if let (None, Err(error)) = (&tls, plain(address, is_plain_meant)) {
        fields.wrong(place?, format!("`address`: {error}"), found);
    }
    Some(Listener {
        address,
        tls,
        accepts,
    })
}

/// That plain HTTP is on loopback, or meant.
pub(super) fn plain(address: SocketAddr, is_meant: bool) -> Result<(), String> {
    if is_meant || address.ip().is_loopback() {
        return Ok(());
    }
    Err(format!(
        "`{address}` is no loopback address, and tokens would cross the network in the clear; give a `[[listener]]` with \
         `certificate` and `key`, or say `plain_http = true` where a proxy ends TLS"
    ))
}

/// Whether no file of TLS lacks the one that it goes with.
fn is_whole(fields: &Fields<'_>, found: &mut Findings<'_>) -> bool {
    let needs = [
        ("certificate", "key"),
        ("key", "certificate"),
        ("client_ca", "certificate"),
        ("client_crl", "client_ca"),
        ("clients_required", "client_ca"),
    ];
    let mut is_whole = true;
    for (key, needed) in needs {
        if let (Some(byte), None) = (fields.place(key), fields.place(needed)) {
            is_whole = false;
            fields.wrong(byte, format!("`{key}` needs `{needed}` beside it"), found);
        }
    }
    is_whole
}

/// The files of TLS, if it is spoken.
fn tls(fields: &mut Fields<'_>, found: &mut Findings<'_>) -> Option<TlsFiles> {
    let mut file = |key| fields.read_as(key, folder, found);
    let (certificate, key) = (file("certificate"), file("key"));
    let (client_ca, client_crl): (Option<PathBuf>, Option<PathBuf>) =
        (file("client_ca"), file("client_crl"));
    let clients_required = fields.flag("clients_required", found);
    Some(TlsFiles {
        certificate: certificate?,
        key: key?,
        client_ca,
        client_crl,
        clients_required,
    })
}

fn accepts(
    fields: &mut Fields<'_>,
    asks_clients: bool,
    found: &mut Findings<'_>,
) -> Option<Accepts> {
    if fields.place("accepts").is_none() {
        return Some(Accepts::default());
    }
    let Located { byte, value: texts } = fields.texts("accepts", found)?;
    let mut accepts = Accepts {
        tokens: false,
        jwts: false,
        certificates: false,
    };
    if texts.is_empty() {
        fields.wrong(
            byte,
            "`accepts` is an empty list, so nobody could call here",
            found,
        );
    }
    for Located { byte, value } in texts {
        match value.as_str() {
            "token" => accepts.tokens = true,
            "jwt" => accepts.jwts = true,
            "certificate" => accepts.certificates = true,
            other => {
                let near = nearest(other, CREDENTIALS.into_iter()).unwrap_or_default();
                let all = CREDENTIALS.join(", ");
                let message = format!("`accepts` names `{other}`; did you mean `{near}`? ({all})");
                fields.wrong(byte, message, found);
            }
        }
    }
    if accepts.certificates && !asks_clients {
        fields.wrong(
            byte,
            "`accepts` names `certificate`, but without `client_ca` none is asked for",
            found,
        );
    }
    Some(accepts)
}
