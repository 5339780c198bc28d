//! Evaluations as they come in, made questions.

use serde_json::{Map, Value};

use crate::model::id::{ActionName, IdError, OrgNo, ResourceId, SystemUserId};
use crate::model::question::{Asked, Question};

use super::super::json::{self, Fields};
use super::super::problem::{Problem, none_wrong};

/// The type of a subject that is a system user.
pub(crate) const SYSTEM_USER: &str = "systemuser";

/// One evaluation, read; what its context means depends on the policies that it is asked of.
pub(super) struct Evaluation {
    system_user: SystemUserId,
    pub(super) action: ActionName,
    pub(super) resource: ResourceId,
    client: OrgNo,
    pub(super) context: Map<String, Value>,
    /// The subject's id, if it is of a kind that nobody is: a well-formed unknown, whom the question does not name.
    pub(super) stranger: Option<String>,
    pub(super) explain: bool,
}

impl Evaluation {
    /// Whether the subject is one of these.
    pub(super) fn is_about(&self, users: &[SystemUserId]) -> bool {
        self.stranger.is_none() && users.contains(&self.system_user)
    }

    /// The question, with its context as it was understood.
    pub(super) fn question(&self, asked: Asked) -> Question {
        Question {
            system_user: self.system_user,
            action: self.action.clone(),
            resource: self.resource.clone(),
            client: self.client,
            asked,
        }
    }
}

/// What an evaluation asks, or all that is wrong with it.
pub(super) fn read(members: Map<String, Value>) -> Result<Evaluation, Problem> {
    let mut errors = Vec::new();
    let mut fields = Fields::new(members, "", &mut errors);
    let (mut subject_type, mut system_user_text) = (None, None);
    if let Some(mut subject) = fields.object("subject") {
        subject_type = subject.text("type");
        system_user_text = subject.text("id");
        properties(&mut subject);
    }
    let (mut system_user, mut stranger) = (None, None);
    match (subject_type.as_deref(), system_user_text) {
        (Some(SYSTEM_USER), Some(text)) => match text.parse() {
            Ok(id) => system_user = Some(id),
            Err(error) => fields.wrong("subject/id", IdError::to_string(&error)),
        },
        (Some(_), Some(text)) => {
            system_user = Some(SystemUserId(uuid::Uuid::nil()));
            stranger = Some(text);
        }
        (None, _) | (_, None) => {}
    }
    let action = action(&mut fields);
    let (mut resource, mut client) = (None, None);
    if let Some(mut object) = fields.object("resource") {
        resource = object.parse::<ResourceId>("type");
        client = object.parse::<OrgNo>("id");
        properties(&mut object);
    }
    let context = context(&mut fields);
    // Slashes in a name are escaped in a pointer; `subject/id` is a path of two.
    for error in &mut errors {
        error.pointer = error.pointer.replace("~1", "/");
    }
    none_wrong(errors)?;
    let (Some(system_user), Some(action), Some(resource), Some(client), Some(mut context)) =
        (system_user, action, resource, client, context)
    else {
        return Err(Problem::malformed("the question is incomplete"));
    };
    let explain = take_explain(&mut context)?;
    Ok(Evaluation {
        system_user,
        action,
        resource,
        client,
        context,
        stranger,
        explain,
    })
}

/// Whether a context asks for reasons. No policy sees that member.
pub(super) fn take_explain(context: &mut Map<String, Value>) -> Result<bool, Problem> {
    match context.remove("explain") {
        None => Ok(false),
        Some(Value::Bool(explain)) => Ok(explain),
        Some(other) => {
            let detail = format!(
                "`explain` is {}; it has to be a boolean",
                json::kind(&other)
            );
            Err(Problem::of_field("/context/explain", detail))
        }
    }
}

/// The action, by its name.
pub(super) fn action(fields: &mut Fields<'_>) -> Option<ActionName> {
    let mut action = fields.object("action")?;
    properties(&mut action);
    action.parse("name")
}

/// The context; an absent one is empty.
pub(super) fn context(fields: &mut Fields<'_>) -> Option<Map<String, Value>> {
    match fields.raw("context") {
        None => Some(Map::new()),
        Some(Value::Object(context)) => Some(context),
        Some(other) => {
            let detail = format!(
                "`context` is {}; it has to be an object",
                json::kind(&other)
            );
            fields.wrong("context", detail);
            None
        }
    }
}

/// That `properties`, which no decision about a mandate looks at, are an object where they are sent.
pub(super) fn properties(fields: &mut Fields<'_>) {
    match fields.raw("properties") {
        None | Some(Value::Null | Value::Object(_)) => {}
        Some(other) => {
            let detail = format!(
                "`properties` is {}; it has to be an object",
                json::kind(&other)
            );
            fields.wrong("properties", detail);
        }
    }
}
