//! E-mail addresses in their one canonical form.

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use std::fmt;

/// Longest address that is accepted, in bytes (RFC 5321 §4.5.3.1.3 less the angle brackets).
const MAX_LENGTH: usize = 254;
/// Longest local part, in bytes (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;

/// A canonical e-mail address: trimmed, local part lower-cased in ASCII, domain in lower-case ASCII (IDNA).
///
/// Dots and plus tags stay: no provider's folding is imitated. Two spellings of one mailbox that differ in
/// case or in the Unicode or punycode form of the domain are one value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// A text that is not an e-mail address we accept; says why, for the developer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnEmail {
    /// There is not exactly one `@` with something before it.
    #[error("must be an address of the form name@example.com")]
    Form,
    /// Longer than 254 bytes, or its local part longer than 64.
    #[error("must be at most 254 characters long, and at most 64 before the @")]
    Length,
    /// The local part has a character outside RFC 5322's `dot-atom`, or is quoted.
    #[error("has a character before the @ that is not allowed")]
    Local,
    /// The domain is not a DNS name of at least two labels.
    #[error("must have a domain name after the @")]
    Domain,
}

impl Email {
    /// Brings `typed` into canonical form, or says why it is no address.
    pub fn parse(typed: &str) -> Result<Self, NotAnEmail> {
        let trimmed = typed.trim_matches(|c: char| c.is_ascii_whitespace());
        let (local, domain) = trimmed.split_once('@').ok_or(NotAnEmail::Form)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(NotAnEmail::Form);
        }
        if trimmed.len() > MAX_LENGTH || local.len() > MAX_LOCAL {
            return Err(NotAnEmail::Length);
        }
        let atoms = local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text));
        if !atoms {
            return Err(NotAnEmail::Local);
        }
        let canonical = format!("{}@{}", local.to_ascii_lowercase(), canonical_domain(domain)?);
        if canonical.len() > MAX_LENGTH {
            return Err(NotAnEmail::Length);
        }
        Ok(Self(canonical))
    }

    /// An address that came out of the store, where only canonical ones go in.
    pub const fn from_store(canonical: String) -> Self {
        Self(canonical)
    }

    /// The canonical form: as stored, shown, mailed to and claimed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// RFC 5322 §3.2.3 `atext`.
const fn is_atom_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~')
}

/// The domain by IDNA (UTS 46, non-transitional) in lower-case ASCII.
///
/// A domain that IDNA would change in more than case is refused: full-width letters and dots, zero-width
/// and bidirectional characters, and letters whose lower case is ASCII (the Kelvin sign) all look like a
/// domain that they are not.
fn canonical_domain(domain: &str) -> Result<String, NotAnEmail> {
    let mut lowered = String::with_capacity(domain.len());
    for typed in domain.chars() {
        let start = lowered.len();
        lowered.extend(typed.to_lowercase());
        if !typed.is_ascii()
            && lowered
                .get(start..)
                .is_some_and(|new| new.bytes().any(|byte| byte.is_ascii()))
        {
            return Err(NotAnEmail::Domain);
        }
    }
    let idna = Uts46::new();
    let ascii = idna
        .to_ascii(
            lowered.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::Check,
            DnsLength::Verify,
        )
        .map_err(|_| NotAnEmail::Domain)?;
    let (shown, _) = idna.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::Check);
    let labels_differ = shown != lowered.as_str() && ascii != lowered.as_str();
    let (_, top) = ascii.rsplit_once('.').ok_or(NotAnEmail::Domain)?;
    if labels_differ || top.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(NotAnEmail::Domain);
    }
    Ok(ascii.into_owned())
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    /// Addresses are personal data and stay out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(typed: &str) -> Result<String, NotAnEmail> {
        Email::parse(typed).map(|email| email.0)
    }

    #[test]
    fn r04_case_and_surrounding_space_make_no_other_account() {
        assert_eq!(canonical("  User@Example.COM\t").unwrap(), "user@example.com");
    }

    #[test]
    fn r05_dots_and_plus_tags_make_another_account() {
        assert_eq!(canonical("a+b@x.example").unwrap(), "a+b@x.example");
        assert_eq!(canonical("a.b@x.example").unwrap(), "a.b@x.example");
    }

    #[test]
    fn r06_look_alikes_and_second_at_signs_are_refused() {
        for typed in [
            "a＠x.example",
            "a@x．example",
            "a@x。example",
            "a@evil.com@corp.com",
            "a@\u{200b}x.example",
            "a@x\u{202e}.example",
            "\"a b\"@x.example",
            "\"a\"@x.example",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            "a@ｘ.example",
            "a\u{200b}@x.example",
        ] {
            assert!(canonical(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn r07_letters_outside_ascii_never_fold_into_ascii() {
        for typed in [
            "\u{212a}im@x.example",
            "kim@\u{212a}.example",
            "adm\u{131}n@x.example",
            "stra\u{df}e@x.example",
        ] {
            assert!(canonical(typed).is_err(), "{typed}");
        }
        assert_eq!(canonical("a@straße.example").unwrap(), "a@xn--strae-oqa.example");
    }

    #[test]
    fn r08_a_domain_in_unicode_and_in_punycode_is_one_and_masked_ascii_is_refused() {
        assert_eq!(canonical("a@Bücher.example").unwrap(), "a@xn--bcher-kva.example");
        assert_eq!(
            canonical("a@BÜCHER.example").unwrap(),
            canonical("a@XN--BCHER-KVA.example").unwrap()
        );
        for masked in ["a@xn--example-.com", "a@xn--a.example", "a@xn--.example"] {
            assert!(canonical(masked).is_err(), "{masked}");
        }
    }

    #[test]
    fn r09_overlong_and_broken_addresses_are_refused() {
        let local = "l".repeat(65);
        let domain = format!("{}.example", ["d".repeat(61).as_str(); 4].join("."));
        for typed in [
            "",
            "@",
            "a@",
            "@x.example",
            "a",
            "a@localhost",
            "a@x.example.",
            "a@.x.example",
            "a.@x.example",
            ".a@x.example",
            "a..b@x.example",
            "a(comment)@x.example",
            "a@x.example\r\nBcc: b@y.example",
            "a\u{0}@x.example",
            "a@-x.example",
            "a b@x.example",
            &format!("{local}@x.example"),
            &format!("a@{domain}"),
        ] {
            assert!(canonical(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn what_is_canonical_stays_as_it_is() {
        for typed in ["User+Tag@Bücher.EXAMPLE", "o'brien@x.example"] {
            let once = canonical(typed).unwrap();
            assert_eq!(canonical(&once).unwrap(), once);
        }
    }
}
