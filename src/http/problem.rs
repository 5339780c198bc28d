//! Problem details, RFC 9457.
#![allow(
    clippy::indexing_slicing,
    reason = "writing to a member of a JSON object makes it"
)]

use hyper::StatusCode;
use serde_json::{Value, json};

/// One field of a body, path or query that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldError {
    /// A JSON pointer into the body; `path:NAME` or `query:NAME` for the others.
    pub(crate) pointer: String,
    /// What is wrong with it, and what mends it.
    pub(crate) detail: String,
}

/// What went wrong with one request.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldError>,
    /// Further members of the problem.
    pub(crate) more: Vec<(&'static str, Value)>,
    /// Headers that go with it.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            more: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A request that is not well-formed.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// A request with wrong fields.
    pub(crate) fn of_fields(errors: Vec<FieldError>) -> Self {
        let first = errors
            .first()
            .map(|error| error.detail.clone())
            .unwrap_or_default();
        let detail = match errors.len() {
            0 | 1 => first,
            more => format!("{first} (and {} more)", more - 1),
        };
        Self {
            errors,
            ..Self::new(StatusCode::BAD_REQUEST, "invalid-field", detail)
        }
    }

    /// One wrong field.
    pub(crate) fn of_field(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::of_fields(vec![FieldError {
            pointer: pointer.into(),
            detail: detail.into(),
        }])
    }

    pub(crate) fn at(mut self, pointer: impl Into<String>) -> Self {
        self.errors.push(FieldError {
            pointer: pointer.into(),
            detail: self.detail.clone(),
        });
        self
    }

    pub(crate) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.more.push((name, value));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body of the problem.
    pub(crate) fn to_json(&self) -> Value {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let mut body = json!({
            "type": format!("urn:fullmakt:problem:{}", self.code),
            "title": title,
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if !self.errors.is_empty() {
            let errors = self
                .errors
                .iter()
                .map(|error| json!({ "pointer": error.pointer, "detail": error.detail }));
            body["errors"] = errors.collect();
        }
        for (name, value) in &self.more {
            body[*name] = value.clone();
        }
        body
    }
}

/// The wrong fields as a problem, if there are any.
pub(crate) fn none_wrong(errors: Vec<FieldError>) -> Result<(), Problem> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Problem::of_fields(errors))
    }
}
