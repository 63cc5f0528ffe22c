//! Which bytes a text is written with, looked up.

/// Letters, digits and some signs of ASCII.
pub(crate) struct ByteTable([bool; 256]);

impl ByteTable {
    /// Letters, digits and these signs. For constants: the compiler computes it.
    #[expect(
        clippy::indexing_slicing,
        reason = "a constant is computed by the compiler, which would say so"
    )]
    pub(crate) const fn alphanumerics_and(signs: &[u8]) -> Self {
        let (mut table, mut byte) = ([false; 256], 0_u8);
        while byte < 128 {
            table[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let mut sign = 0;
        while sign < signs.len() {
            table[signs[sign] as usize] = true;
            sign += 1;
        }
        Self(table)
    }

    pub(crate) fn has(&self, byte: u8) -> bool {
        self.0.get(usize::from(byte)) == Some(&true)
    }
}
