//! What is put into the queue for one request.

use hyper::body::Bytes;
use serde_json::{Map, Value};

use crate::log::{Request, Run};
use crate::model::id::{OrgNo, Revision, SystemUserId};
use crate::model::time::Timestamp;

use super::super::exchange::{Exchange, shown_id};
use super::super::problem::Problem;
use super::{Text, TraceParent};

/// First digits of the hash of the policy folder.
type PolicyDigits = [u8; 16];

/// What is kept of the hash of the policy folder.
pub(crate) fn policy_digits(hash: &str) -> PolicyDigits {
    hash.as_bytes().first_chunk().copied().unwrap_or([b'0'; 16])
}

/// One request.
pub(crate) struct Record {
    pub(crate) at: Timestamp,
    pub(crate) api: &'static str,
    /// The caller's place among the callers.
    pub(crate) caller: Option<usize>,
    pub(crate) request: Text,
    pub(crate) trace: Option<TraceParent>,
    pub(crate) revision: Revision,
    pub(crate) policies: PolicyDigits,
    pub(crate) asked: Asked,
}

/// What was asked and answered.
pub(crate) enum Asked {
    /// One question of the usual form.
    One(One),
    /// Questions of the usual form.
    Runs(Runs),
    /// One evaluation that is not of the usual form, or went wrong.
    Json(Box<(Map<String, Value>, Answer)>),
    /// A request whose question and answer are read when they are written.
    Whole(Box<Whole>),
}

/// A request as it came and its answer as it went.
pub(crate) struct Whole {
    pub(crate) is_search: bool,
    pub(crate) query: String,
    pub(crate) body: Bytes,
    pub(crate) answer: Bytes,
    /// The newest revision when it was answered: the answer is of one from the record's to this.
    pub(crate) up_to: Revision,
}

/// How a question that is kept as JSON ended.
pub(crate) enum Answer {
    /// As it was answered, and whether it was a permit.
    Decision(Value, bool),
    /// A refusal or failure: status, code, detail.
    Error(u16, &'static str, String),
}

impl Answer {
    /// What a problem is to the log.
    pub(crate) fn refused(problem: &Problem) -> Self {
        let status = problem.status.as_u16();
        Self::Error(status, problem.code, problem.detail.clone())
    }
}

impl Record {
    pub(super) fn policies(&self) -> &str {
        std::str::from_utf8(&self.policies).unwrap_or_default()
    }

    /// Which request it is of.
    pub(super) fn request(&self) -> Request<'_> {
        Request {
            id: self.request.as_str(),
            trace: self.trace.as_ref().map(TraceParent::as_str),
        }
    }

    /// A record of what one request asked.
    pub(crate) fn new(
        exchange: &Exchange,
        api: &'static str,
        (revision, policy_hash): (Revision, &str),
        asked: Asked,
    ) -> Self {
        Self {
            at: exchange.now,
            api,
            caller: exchange.caller.as_ref().map(|_| exchange.place),
            request: Text::of(&shown_id(&exchange.request_id), ""),
            trace: exchange.trace,
            revision,
            policies: policy_digits(policy_hash),
            asked,
        }
    }

    /// Answers in it.
    pub(crate) fn decisions(&self) -> u64 {
        match &self.asked {
            Asked::Whole(whole) if whole.is_search => 0,
            Asked::Runs(runs) => u64::try_from(runs.answers.len()).unwrap_or(u64::MAX),
            Asked::One(_) | Asked::Whole(_) | Asked::Json(_) => 1,
        }
    }
}

/// One question of the usual form and its answer.
#[derive(Debug)]
pub(crate) struct One {
    user: SystemUserId,
    /// The action's name and the resource's, and where the first ends.
    names: Text,
    middle: usize,
    answer: u32,
}

/// An answer for a client.
fn answer(client: OrgNo, permit: bool) -> u32 {
    client.as_u32() | if permit { Run::PERMIT } else { 0 }
}

impl One {
    /// The question of this user, action, resource and client.
    pub(crate) fn new(
        user: SystemUserId,
        (action, resource): (&str, &str),
        client: OrgNo,
        permit: bool,
    ) -> Self {
        Self {
            user,
            names: Text::of(action, resource),
            middle: action.len(),
            answer: answer(client, permit),
        }
    }

    /// Whether the answer is a permit.
    pub(super) fn is_permit(&self) -> bool {
        self.answer & Run::PERMIT != 0
    }

    /// The question, as the log takes it.
    pub(super) fn run(&self) -> Run<'_> {
        let names = self.names.as_str();
        let (action, resource) = names.split_at_checked(self.middle).unwrap_or_default();
        Run {
            system_user: self.user,
            action,
            resource,
            answers: std::slice::from_ref(&self.answer),
        }
    }
}

/// Questions of the usual form and their answers: three pieces of memory, however many they are.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    names: String,
    runs: Vec<At>,
    answers: Vec<u32>,
}

/// One run: where its names and its answers end.
#[derive(Debug, Clone, Copy)]
struct At {
    user: SystemUserId,
    action: (usize, usize),
    resource: (usize, usize),
    answers: usize,
}

impl Runs {
    pub(crate) fn of(answers: usize) -> Self {
        Self {
            names: String::new(),
            runs: Vec::with_capacity(1),
            answers: Vec::with_capacity(answers),
        }
    }

    /// Begins questions of this user, action and resource.
    pub(crate) fn begin(&mut self, user: SystemUserId, action: &str, resource: &str) {
        let from = self.names.len();
        self.names.push_str(action);
        let middle = self.names.len();
        self.names.push_str(resource);
        self.runs.push(At {
            user,
            action: (from, middle),
            resource: (middle, self.names.len()),
            answers: self.answers.len(),
        });
    }

    /// An answer for a client, in what was begun last.
    #[inline]
    pub(crate) fn add(&mut self, client: OrgNo, permit: bool) {
        self.answers.push(answer(client, permit));
    }

    /// Whether all answers are permits.
    pub(super) fn are_permits(&self) -> bool {
        self.answers.iter().all(|answer| answer & Run::PERMIT != 0)
    }

    /// The runs, as the log takes them.
    pub(super) fn iter(&self) -> impl Iterator<Item = Run<'_>> {
        let ends = self.runs.iter().skip(1).map(|run| run.answers);
        let ends = ends.chain([self.answers.len()]);
        self.runs.iter().zip(ends).map(|(run, end)| Run {
            system_user: run.user,
            action: self
                .names
                .get(run.action.0..run.action.1)
                .unwrap_or_default(),
            resource: self
                .names
                .get(run.resource.0..run.resource.1)
                .unwrap_or_default(),
            answers: self.answers.get(run.answers..end).unwrap_or_default(),
        })
    }
}
