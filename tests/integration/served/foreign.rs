//! A client of `AuthZEN` that is not ours, `authzen-rs`, over TLS, with discovery and pages.

use std::net::SocketAddr;

use authzen_rs::prelude::{
    Action, ActionSearchRequest, AuthZenClient, AuthZenError, EvaluationOptions, EvaluationRequest,
    EvaluationsRequest, EvaluationsSemantic, PageRequest, Resource, ResourceSearchRequest, Subject,
    SubjectSearchRequest,
};

use super::callers::Authority;
use super::{Daemon, configuration, store};

const PDP: &str = "https://pdp.example";

/// A daemon with TLS, known as [`PDP`], that serves the example.
fn served(authority: &Authority, example: &str) -> (Daemon, tempfile::TempDir) {
    authority.issue("server", "/CN=pdp.example", "DNS:pdp.example");
    let (dir, data) = store();
    let file = |name: &str| authority.dir.path().join(name).display().to_string();
    let config = format!(
        "public_url = \"{PDP}\"\n{}[[listener]]\naddress = \"127.0.0.1:0\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
        configuration(),
        file("server.pem"),
        file("server.key"),
    );
    let policies = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("policies/examples")
        .join(example);
    let daemon = Daemon::with(&config, &data, &policies);
    (daemon, dir)
}

/// The client, which finds the decision point's name at the daemon's address and believes the authority alone.
async fn client(
    daemon: &Daemon,
    authority: &Authority,
    token: &str,
) -> Result<AuthZenClient, AuthZenError> {
    // The one process-wide choice of the client's TLS; another test may have made it already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let secure = daemon.secure();
    let address: SocketAddr = secure.trim_start_matches("https://").parse().unwrap();
    let root = std::fs::read(authority.certificate()).unwrap();
    let http = reqwest::Client::builder()
        .add_root_certificate(reqwest::Certificate::from_pem(&root).unwrap())
        .resolve("pdp.example", address)
        .build()
        .unwrap();
    AuthZenClient::builder(PDP)
        .http_client(http)
        .bearer_token(token)
        .discover()
        .build()
        .await
}

fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(test);
}

fn alice() -> Subject {
    Subject::new("user", "alice")
}

fn record(id: &str) -> Resource {
    Resource::new("record", id)
}

#[test]
fn a_foreign_client_discovers_and_evaluates_over_tls() {
    let authority = Authority::new("servers");
    let (daemon, _dir) = served(&authority, "authzen-certification");
    run(async {
        let client = client(&daemon, &authority, "resource-api").await.unwrap();
        let writing =
            |subject, resource| EvaluationRequest::new(subject, Action::new("write"), resource);
        let archived = || record("record-1").with_property("status", "archived");
        let decided = client.evaluate(writing(alice(), record("record-1"))).await;
        assert!(decided.unwrap().allowed());
        let decided = client.evaluate(writing(alice(), archived())).await;
        assert!(!decided.unwrap().allowed());
        let administrator = || Subject::new("user", "carol").with_property("role", "admin");
        for (semantic, expected) in [
            (EvaluationsSemantic::ExecuteAll, vec![true, false, true]),
            (EvaluationsSemantic::DenyOnFirstDeny, vec![true, false]),
            (EvaluationsSemantic::PermitOnFirstPermit, vec![true]),
        ] {
            let batch = EvaluationsRequest::new(vec![
                writing(alice(), record("record-1")),
                writing(alice(), archived()),
                writing(administrator(), archived()),
            ]);
            let batch = batch.with_options(EvaluationOptions::new(semantic));
            let answers = client.evaluations(batch).await.unwrap();
            let decided = answers.evaluations().iter();
            let decided: Vec<_> = decided
                .map(authzen_rs::prelude::Decision::allowed)
                .collect();
            assert_eq!(decided, expected, "{semantic:?}");
        }
    });
}

#[test]
fn a_foreign_client_searches_in_pages() {
    let authority = Authority::new("servers");
    let (daemon, _dir) = served(&authority, "authzen-search");
    run(async {
        let client = client(&daemon, &authority, "resource-api").await.unwrap();
        let page = || PageRequest::new().with_limit(3);
        let deleting = || Action::new("delete");
        let search = ResourceSearchRequest::new(alice(), deleting(), Resource::query("record"));
        let mut pages = client.paginate_resources(search.with_page(page())).unwrap();
        let (mut sizes, mut found) = (Vec::new(), Vec::new());
        while let Some(page) = pages.next_page().await.unwrap() {
            sizes.push(page.results().len());
            found.extend(
                page.results()
                    .iter()
                    .map(|one| one.id().unwrap().to_owned()),
            );
        }
        assert_eq!(found, ["101", "107", "113", "119"]);
        assert_eq!(sizes, [3, 1]);
        let search =
            SubjectSearchRequest::new(Subject::query("user"), Action::new("view"), record("104"));
        let mut pages = client.paginate_subjects(search.with_page(page())).unwrap();
        let mut found = Vec::new();
        while let Some(page) = pages.next_page().await.unwrap() {
            found.extend(
                page.results()
                    .iter()
                    .map(|one| one.id().unwrap().to_owned()),
            );
        }
        assert_eq!(found, ["alice", "dan", "felix"]);
        let search = ActionSearchRequest::new(alice(), record("110"));
        let mut pages = client
            .paginate_actions(search.with_page(PageRequest::new().with_limit(1)))
            .unwrap();
        let mut found = Vec::new();
        while let Some(page) = pages.next_page().await.unwrap() {
            found.extend(
                page.results()
                    .iter()
                    .map(|one| one.name().unwrap().to_owned()),
            );
        }
        assert_eq!(found, ["edit", "view"]);
    });
}

#[test]
fn a_foreign_client_is_refused_without_the_right_token_or_authority() {
    let authority = Authority::new("servers");
    let (daemon, _dir) = served(&authority, "authzen-certification");
    run(async {
        let client = |token| client(&daemon, &authority, token);
        let asking = || EvaluationRequest::new(alice(), Action::new("read"), record("record-1"));
        let answered = client("resource-api")
            .await
            .unwrap()
            .evaluate(asking())
            .await;
        assert!(answered.unwrap().allowed());
        for (token, status) in [("nobody", "401"), ("claims-api", "403")] {
            let refused = client(token).await.unwrap().evaluate(asking()).await;
            let said = format!("{:?}", refused.unwrap_err());
            assert!(said.contains(status), "{said}");
        }
    });
    let other = Authority::new("others");
    run(async {
        let refused = client(&daemon, &other, "resource-api").await;
        let refused = refused.err().map(|error| format!("{error:?}"));
        let said = refused.expect("an authority that did not sign the certificate believes it");
        assert!(said.contains("error sending request"), "{said}");
    });
}
