//! `traceparent`, as W3C Trace Context writes it (level 1, section 3.2).

/// Trace id and parent id of a caller, `<32 digits>-<16 digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceParent(
    // INVARIANT: lower-case hexadecimal digits, neither id all zeros, a dash between.
    [u8; 49],
);

impl TraceParent {
    /// What a header says; nothing if it is not exactly of the form, which the specification wants ignored.
    pub(crate) fn parse(header: &[u8]) -> Option<Self> {
        let (version, rest) = digits::<2>(header)?;
        let (trace, rest) = digits::<32>(rest.strip_prefix(b"-")?)?;
        let (parent, rest) = digits::<16>(rest.strip_prefix(b"-")?)?;
        let (_flags, rest) = digits::<2>(rest.strip_prefix(b"-")?)?;
        let is_whole = match &version {
            b"ff" => false,
            b"00" => rest.is_empty(),
            // A later version may say more, after a dash.
            _ => rest.is_empty() || rest.starts_with(b"-"),
        };
        let is_some = |id: &[u8]| id.iter().any(|digit| *digit != b'0');
        let mut text = [b'-'; 49];
        let ids = trace.iter().chain(b"-").chain(&parent);
        for (place, digit) in text.iter_mut().zip(ids) {
            *place = *digit;
        }
        (is_whole && is_some(&trace) && is_some(&parent)).then_some(Self(text))
    }

    /// The ids as text.
    pub(super) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

fn digits<const N: usize>(text: &[u8]) -> Option<([u8; N], &[u8])> {
    let (digits, rest) = text.split_first_chunk::<N>()?;
    let are_hex = digits
        .iter()
        .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
    are_hex.then_some((*digits, rest))
}

#[cfg(test)]
mod tests {
    use super::TraceParent;

    #[test]
    fn only_what_the_specification_allows_is_taken() {
        let (trace, parent) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7");
        let shown =
            |header: &str| TraceParent::parse(header.as_bytes()).map(|id| id.as_str().to_owned());
        let wanted = Some(format!("{trace}-{parent}"));
        for good in [
            format!("00-{trace}-{parent}-01"),
            format!("cc-{trace}-{parent}-01"),
            format!("cc-{trace}-{parent}-01-more"),
        ] {
            assert_eq!(shown(&good), wanted, "{good}");
        }
        let zeros = "0".repeat(32);
        for bad in [
            String::new(),
            format!("00-{trace}-{parent}"),
            format!("00-{trace}-{parent}-1"),
            format!("00-{trace}-{parent}-01-more"),
            format!("00-{trace}-{parent}-01 "),
            format!("cc-{trace}-{parent}-01.more"),
            format!("ff-{trace}-{parent}-01"),
            format!("00-{}-{parent}-01", trace.to_uppercase()),
            format!("00-{zeros}-{parent}-01"),
            format!("00-{trace}-{}-01", &zeros[..16]),
            format!("00_{trace}-{parent}-01"),
        ] {
            assert_eq!(shown(&bad), None, "{bad}");
        }
    }
}
