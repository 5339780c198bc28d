//! What is counted before a request has an answer: who was turned away, and how the files of TLS and of issuers are.

use std::sync::atomic::{AtomicI64, AtomicU64};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WhatLabels {
    what: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

/// The counters; a copy counts into the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct EdgeMetrics {
    shed: Family<WhatLabels, Counter<u64, AtomicU64>>,
    limited: Family<WhatLabels, Counter<u64, AtomicU64>>,
    handshakes: Counter<u64, AtomicU64>,
    certificates: Family<OutcomeLabels, Counter<u64, AtomicU64>>,
    issuer_keys: Family<OutcomeLabels, Counter<u64, AtomicU64>>,
    policies: Family<OutcomeLabels, Counter<u64, AtomicU64>>,
    policies_refused: Gauge<i64, AtomicI64>,
}

fn outcome(is_good: bool) -> OutcomeLabels {
    OutcomeLabels {
        outcome: if is_good { "read" } else { "failed" },
    }
}

impl EdgeMetrics {
    pub(crate) fn register(&self, to: &mut Registry) {
        let help = "What was turned away because there was too much, the newest first";
        to.register("pdp_shed", help, self.shed.clone());
        let help = "Requests above a limit of their caller";
        to.register("pdp_limited", help, self.limited.clone());
        let help = "TLS handshakes that failed or took too long";
        to.register("pdp_tls_handshake_failures", help, self.handshakes.clone());
        let help = "Changed files of TLS that were read again";
        to.register("pdp_certificate_reloads", help, self.certificates.clone());
        let help = "Times that the keys of an issuer were fetched";
        to.register("pdp_issuer_key_fetches", help, self.issuer_keys.clone());
        let help = "Changes of the policy folder, by what came of them";
        to.register("pdp_policy_reloads", help, self.policies.clone());
        let help = "Whether the policy folder is refused as it is now: 1 or 0";
        to.register(
            "pdp_policy_folder_refused",
            help,
            self.policies_refused.clone(),
        );
    }

    /// A `connection` or a `request` was turned away.
    pub(crate) fn shed(&self, what: &'static str) {
        self.shed.get_or_create(&WhatLabels { what }).inc();
    }

    /// A caller was above its `rate` or had too many requests at once.
    pub(crate) fn limited(&self, what: &'static str) {
        self.limited.get_or_create(&WhatLabels { what }).inc();
    }

    pub(crate) fn handshake_failed(&self) {
        self.handshakes.inc();
    }

    pub(crate) fn certificates_read(&self, is_good: bool) {
        self.certificates.get_or_create(&outcome(is_good)).inc();
    }

    /// A change of the policy folder came in force, or was refused.
    pub(crate) fn policies_read(&self, is_good: bool) {
        let outcome = if is_good { "in-force" } else { "refused" };
        self.policies
            .get_or_create(&OutcomeLabels { outcome })
            .inc();
    }

    pub(crate) fn policies_refused(&self, are: bool) {
        self.policies_refused.set(i64::from(are));
    }

    pub(crate) fn issuer_keys_read(&self, is_good: bool) {
        self.issuer_keys.get_or_create(&outcome(is_good)).inc();
    }
}
