//! Reading evaluations of the usual form as they lie.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// One evaluation, or what a batch says for all of its items.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Item<'a> {
    /// Type and id.
    pub(super) subject: Option<[&'a str; 2]>,
    /// Name.
    pub(super) action: Option<[&'a str; 1]>,
    /// Type and id.
    pub(super) resource: Option<[&'a str; 2]>,
}

#[derive(Debug, Default)]
pub(super) struct Whole<'a> {
    pub(super) defaults: Item<'a>,
    pub(super) items: Vec<Item<'a>>,
}

/// Reads an object with no members but those of an evaluation, and `evaluations` if it is not one's item.
#[derive(Clone, Copy)]
pub(super) struct Usual {
    pub(super) is_item: bool,
}

impl<'de> DeserializeSeed<'de> for Usual {
    type Value = Whole<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Whole<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Usual {
    type Value = Whole<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an evaluation of the usual form")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Whole<'de>, A::Error> {
        let mut whole = Whole::default();
        let mut has_items = false;
        while let Some(name) = members.next_key::<&str>()? {
            let read = &mut whole.defaults;
            match name {
                "subject" if read.subject.is_none() => {
                    read.subject = Some(members.next_value_seed(Texts(["type", "id"]))?);
                }
                "action" if read.action.is_none() => {
                    read.action = Some(members.next_value_seed(Texts(["name"]))?);
                }
                "resource" if read.resource.is_none() => {
                    read.resource = Some(members.next_value_seed(Texts(["type", "id"]))?);
                }
                "evaluations" if !self.is_item && !has_items => {
                    has_items = true;
                    whole.items = members.next_value_seed(Items)?;
                }
                _ => return Err(unusual()),
            }
        }
        Ok(whole)
    }
}

/// Reads an array of evaluations.
struct Items;

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Item<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Item<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of evaluations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut read = Vec::new();
        while let Some(item) = items.next_element_seed(Usual { is_item: true })? {
            read.push(item.defaults);
        }
        Ok(read)
    }
}

/// Reads an object of these members, each there once and a text without escapes, and no others.
struct Texts<const N: usize>([&'static str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Texts<N> {
    type Value = [&'de str; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Texts<N> {
    type Value = [&'de str; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object of {}", self.0.join(" and "))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut read = [None; N];
        while let Some(name) = members.next_key::<&str>()? {
            let place = self.0.iter().position(|known| *known == name);
            match place.and_then(|place| read.get_mut(place)) {
                Some(text @ None) => *text = Some(members.next_value::<&str>()?),
                Some(Some(_)) | None => return Err(unusual()),
            }
        }
        let mut whole = [""; N];
        for (text, read) in whole.iter_mut().zip(read) {
            *text = read.ok_or_else(unusual)?;
        }
        Ok(whole)
    }
}

fn unusual<E: Error>() -> E {
    E::custom("not of the usual form")
}
