//! The value of a header, put together without the machinery of formatting: every answer has some.

use http::HeaderValue;

/// The longest value that is put together here, in bytes.
const LONGEST: usize = 128;

/// Where a value is written before it is allocated, once and in its size.
pub(crate) struct HeaderText {
    bytes: [u8; LONGEST],
    length: usize,
    fits: bool,
}

impl HeaderText {
    pub(crate) const fn new() -> Self {
        Self {
            bytes: [0; LONGEST],
            length: 0,
            fits: true,
        }
    }

    /// Followed by this text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        let end = self.length + text.len();
        match self.bytes.get_mut(self.length..end) {
            Some(place) => {
                place.copy_from_slice(text.as_bytes());
                self.length = end;
            }
            None => self.fits = false,
        }
        self
    }

    /// Followed by this number in decimal digits.
    pub(crate) fn number(&mut self, number: impl itoa::Integer) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    /// The value; nothing when it is too long or no header can have it.
    pub(crate) fn value(&self) -> Option<HeaderValue> {
        let written = self.bytes.get(..self.length).filter(|_| self.fits)?;
        HeaderValue::from_bytes(written).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_piece_by_piece_and_never_cut() {
        let mut text = HeaderText::new();
        text.text("limit=").number(10_u32).text(", w=").number(u64::MAX);
        assert_eq!(text.value().unwrap(), "limit=10, w=18446744073709551615");
        let long = "a".repeat(LONGEST);
        assert_eq!(HeaderText::new().text(&long).value().unwrap(), long.as_str());
        assert_eq!(HeaderText::new().text(&long).text("b").value(), None);
        assert_eq!(HeaderText::new().text("a\n").value(), None);
    }
}
