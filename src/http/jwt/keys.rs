//! The keys of an issuer: kept, fetched again now and then and when an unknown one is named, and used while the issuer is
//! down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey, Header};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, watch};
use tokio::time::timeout;

use super::super::edge_metrics::EdgeMetrics;
use super::fetch::fetch;
use super::{Issuer, JwtError};

/// How soon after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(10);
/// How long a caller waits for keys to be fetched.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many callers may wait for keys at once: nobody knows yet who they are, so they take no room from those who are known.
const WAITING: usize = 64;

#[derive(Debug)]
struct Key {
    id: Option<String>,
    algorithm: Option<String>,
    key: DecodingKey,
}

#[derive(Debug, Clone, Default)]
struct KeySet {
    keys: Arc<[Key]>,
    fetched: Option<Instant>,
    tried: Option<Instant>,
}

/// The keys of one issuer, as they are now.
#[derive(Debug)]
pub(super) struct Keys {
    now: watch::Sender<KeySet>,
    asked: Notify,
    waiting: Semaphore,
}

impl Keys {
    pub(super) fn new() -> Self {
        Self {
            now: watch::Sender::new(KeySet::default()),
            asked: Notify::new(),
            waiting: Semaphore::new(WAITING),
        }
    }

    /// Fetches for as long as it is polled. What cannot be fetched leaves what was.
    pub(super) async fn follow(&self, issuer: &Issuer, metrics: &EdgeMetrics) {
        loop {
            let read = fetch(&issuer.keys)
                .await
                .and_then(|document| read(&document));
            metrics.issuer_keys_read(read.is_ok());
            let wait = if read.is_ok() {
                issuer.refresh
            } else {
                RETRY.min(issuer.refresh)
            };
            if let Err(error) = &read {
                tracing::warn!(
                    issuer = issuer.issuer,
                    error,
                    "the keys of an issuer cannot be fetched; those that are known serve on"
                );
            }
            self.now.send_modify(|set| {
                let now = Instant::now();
                set.tried = Some(now);
                if let Ok(keys) = read {
                    set.keys = keys;
                    set.fetched = Some(now);
                }
            });
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.sought(issuer) => {}
            }
        }
    }

    /// Until somebody seeks a key that a fetch may bring. What was asked during the last fetch was answered by it.
    async fn sought(&self, issuer: &Issuer) {
        loop {
            self.asked.notified().await;
            if !self.now.borrow().is_recent(issuer) {
                return;
            }
        }
    }

    /// The key that a token names. One that is not known is sought at the issuer, but not more often than the issuer's gap.
    pub(super) async fn find(
        &self,
        issuer: &Issuer,
        header: &Header,
    ) -> Result<DecodingKey, JwtError> {
        let mut changes = self.now.subscribe();
        let set = changes.borrow_and_update().clone();
        let found = set.find(issuer, header);
        if found.is_ok() || set.is_recent(issuer) {
            return found;
        }
        let Ok(_waiting) = self.waiting.try_acquire() else {
            return found;
        };
        self.asked.notify_one();
        if timeout(PATIENCE, changes.changed()).await.is_err() {
            return found;
        }
        let set = changes.borrow().clone();
        set.find(issuer, header)
    }
}

impl KeySet {
    /// Whether the issuer was asked so lately that it is not asked again.
    fn is_recent(&self, issuer: &Issuer) -> bool {
        self.tried.is_some_and(|tried| tried.elapsed() < issuer.gap)
    }

    fn find(&self, issuer: &Issuer, header: &Header) -> Result<DecodingKey, JwtError> {
        if self
            .fetched
            .is_none_or(|fetched| fetched.elapsed() > issuer.refresh + issuer.stale)
        {
            return Err(JwtError::NoKeys);
        }
        let mut fitting = self.keys.iter().filter(|key| key.fits(header));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key.key.clone()),
            _ => Err(JwtError::UnknownKey),
        }
    }
}

impl Key {
    fn fits(&self, header: &Header) -> bool {
        let named = |algorithm: &String| *algorithm == name(header.alg);
        (header.kid.is_none() || header.kid == self.id)
            && self.algorithm.as_ref().is_none_or(named)
            && self.key.family() == header.alg.family()
    }
}

fn name(algorithm: Algorithm) -> String {
    format!("{algorithm:?}")
}

/// The keys that sign, of a JSON Web Key Set; those of another kind are passed over.
fn read(document: &[u8]) -> Result<Arc<[Key]>, String> {
    let document: Value =
        serde_json::from_slice(document).map_err(|error| format!("not JSON: {error}"))?;
    let keys = document.get("keys").and_then(Value::as_array);
    let keys = keys.ok_or("no `keys` in the document")?;
    let keys: Arc<[Key]> = keys.iter().filter_map(key).collect();
    if keys.is_empty() {
        Err("no key in it that signs".to_owned())
    } else {
        Ok(keys)
    }
}

fn key(value: &Value) -> Option<Key> {
    let text = |name| value.get(name).and_then(Value::as_str).map(str::to_owned);
    if text("use").is_some_and(|for_what| for_what != "sig") {
        return None;
    }
    let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
    if matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_)) {
        return None;
    }
    Some(Key {
        id: text("kid"),
        algorithm: text("alg"),
        key: DecodingKey::from_jwk(&jwk).ok()?,
    })
}
