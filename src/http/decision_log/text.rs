//! Texts that go through the queue.

/// A text that lies in place if it is short, as ids and names are: memory that one thread takes and another gives back
/// costs more than copying it.
#[derive(Debug)]
pub(crate) enum Text {
    Short(u8, [u8; Text::MOST]),
    Long(Box<str>),
}

impl Text {
    const MOST: usize = 47;

    /// Two texts, one after the other.
    pub(crate) fn of(first: &str, second: &str) -> Self {
        let length = first.len() + second.len();
        let mut text = [0; Self::MOST];
        let halves = text
            .get_mut(..length)
            .map(|text| text.split_at_mut(first.len()));
        match (halves, u8::try_from(length)) {
            (Some((one, other)), Ok(length)) => {
                one.copy_from_slice(first.as_bytes());
                other.copy_from_slice(second.as_bytes());
                Self::Short(length, text)
            }
            _ => Self::Long([first, second].concat().into()),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Short(length, text) => {
                let text = text.get(..usize::from(*length)).unwrap_or_default();
                std::str::from_utf8(text).unwrap_or_default()
            }
            Self::Long(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn a_text_of_any_length_is_kept_whole() {
        for length in [0, 1, 46, 47, 48, 300] {
            for first in [0, length / 2, length] {
                let (one, other) = ("å".repeat(first), "b".repeat(length - first));
                assert_eq!(Text::of(&one, &other).as_str(), [one, other].concat());
            }
        }
    }
}
