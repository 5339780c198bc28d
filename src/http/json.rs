//! JSON from outside: strict, and read field by field with a pointer for everything that is wrong.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::problem::{FieldError, Problem};

/// Reads a JSON object: no duplicate keys, no deeper than this, nothing after it.
pub(crate) fn object(body: &[u8], depth: usize) -> Result<Map<String, Value>, Problem> {
    if body.is_empty() {
        return Err(Problem::malformed(
            "the body is empty; a JSON object is needed",
        ));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    let value = Strict { left: depth }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    match value {
        Ok(Value::Object(members)) => Ok(members),
        Ok(other) => Err(Problem::malformed(format!(
            "the body is {}; a JSON object is needed",
            kind(&other)
        ))),
        Err(error) => Err(Problem::malformed(format!(
            "the body is not JSON as it has to be: {error}"
        ))),
    }
}

/// What a value is, for an error.
pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[derive(Clone, Copy)]
struct Strict {
    left: usize,
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        match self.left.checked_sub(1) {
            Some(left) => Ok(Self { left }),
            None => Err(E::custom("it is nested too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(serde::de::Error::custom(format!(
                    "member `{name}` stands twice in one object"
                )));
            }
            let value = members.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

/// The members of an object, taken one by one; all that is wrong is told together.
pub(crate) struct Fields<'a> {
    members: Map<String, Value>,
    at: String,
    errors: &'a mut Vec<FieldError>,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(
        members: Map<String, Value>,
        at: &str,
        errors: &'a mut Vec<FieldError>,
    ) -> Self {
        Self {
            members,
            at: at.to_owned(),
            errors,
        }
    }

    fn pointer(&self, name: &str) -> String {
        pointer(&self.at, name)
    }

    pub(crate) fn wrong(&mut self, name: &str, detail: impl Into<String>) {
        let pointer = self.pointer(name);
        self.errors.push(FieldError {
            pointer,
            detail: detail.into(),
        });
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        self.members.remove(name)
    }

    /// A text that has to be there.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            None => {
                self.wrong(name, format!("`{name}` is missing; it has to be a string"));
                None
            }
            Some(value) => self.as_text(name, value),
        }
    }

    /// A text that may be absent or null.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<String> {
        match self.take(name) {
            None | Some(Value::Null) => None,
            Some(value) => self.as_text(name, value),
        }
    }

    fn as_text(&mut self, name: &str, value: Value) -> Option<String> {
        if let Value::String(text) = value {
            return Some(text);
        }
        self.wrong(
            name,
            format!("`{name}` is {}; it has to be a string", kind(&value)),
        );
        None
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, name: &str, text: &str) -> Option<T> {
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.wrong(name, error.to_string());
                None
            }
        }
    }

    /// An identity that has to be there.
    pub(crate) fn parse<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Option<T> {
        let text = self.text(name)?;
        self.parsed(name, &text)
    }

    /// An identity that may be absent or null.
    pub(crate) fn parse_optional<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &str,
    ) -> Option<T> {
        let text = self.optional_text(name)?;
        self.parsed(name, &text)
    }

    /// A list that may be absent, each item read by a function of its value and pointer.
    pub(crate) fn list<T>(
        &mut self,
        name: &str,
        mut read: impl FnMut(Value, &str, &mut Vec<FieldError>) -> Option<T>,
    ) -> Vec<T> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(items)) => {
                let at = self.pointer(name);
                let items = items.into_iter().enumerate();
                items
                    .filter_map(|(nth, item)| read(item, &format!("{at}/{nth}"), self.errors))
                    .collect()
            }
            Some(other) => {
                self.wrong(
                    name,
                    format!("`{name}` is {}; it has to be an array", kind(&other)),
                );
                Vec::new()
            }
        }
    }

    /// A list of texts that may be absent.
    pub(crate) fn texts(&mut self, name: &str) -> Vec<String> {
        self.list(name, text_item)
    }

    /// A list of identities that may be absent.
    pub(crate) fn parse_list<T: FromStr<Err: fmt::Display>>(&mut self, name: &str) -> Vec<T> {
        self.list(name, |item, at, errors| {
            let text = text_item(item, at, errors)?;
            text.parse()
                .map_err(|error: T::Err| {
                    errors.push(FieldError {
                        pointer: at.to_owned(),
                        detail: error.to_string(),
                    });
                })
                .ok()
        })
    }

    /// An object that has to be there.
    pub(crate) fn object(&mut self, name: &str) -> Option<Fields<'_>> {
        let at = self.pointer(name);
        match self.take(name) {
            Some(Value::Object(members)) => Some(Fields {
                members,
                at,
                errors: self.errors,
            }),
            None => {
                self.wrong(name, format!("`{name}` is missing; it has to be an object"));
                None
            }
            Some(other) => {
                self.wrong(
                    name,
                    format!("`{name}` is {}; it has to be an object", kind(&other)),
                );
                None
            }
        }
    }

    /// Whether a member is there.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.contains_key(name)
    }

    /// A member as it came.
    pub(crate) fn raw(&mut self, name: &str) -> Option<Value> {
        self.take(name)
    }

    /// That nothing is left: an unknown member is an error that names the nearest known one.
    pub(crate) fn no_more(self, known: &[&str]) {
        for name in self.members.keys() {
            let near = crate::model::system::nearest(name, known.iter().copied());
            let hint = near
                .map(|near| format!("; did you mean `{near}`?"))
                .unwrap_or_default();
            self.errors.push(FieldError {
                pointer: pointer(&self.at, name),
                detail: format!("`{name}` is not known here{hint}"),
            });
        }
    }
}

/// The JSON pointer of a member (RFC 6901, section 3).
/// A JSON pointer to a member beneath another.
pub(crate) fn pointer(at: &str, name: &str) -> String {
    format!("{at}/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn text_item(item: Value, at: &str, errors: &mut Vec<FieldError>) -> Option<String> {
    if let Value::String(text) = item {
        return Some(text);
    }
    errors.push(FieldError {
        pointer: at.to_owned(),
        detail: format!("it is {}; it has to be a string", kind(&item)),
    });
    None
}
