//! A user's own text in a mail to an address that nobody has confirmed: it could be an advertisement, sent by us.

/// Longest name that is greeted, in characters.
const LONGEST: usize = 60;
/// Most digits in a name; more of them are a telephone number, which mail programs make a link of.
const MOST_DIGITS: usize = 3;

/// The name as it may be greeted with, or `None` when it holds anything that is not part of a name: an address, a
/// telephone number, a sign that no name has.
pub(crate) fn greeted_name(name: &str) -> Option<String> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !name.is_empty()
        && name.chars().count() <= LONGEST
        && name.chars().filter(|c| c.is_numeric()).count() <= MOST_DIGITS
        && name.chars().all(is_of_a_name)
        && name.chars().any(char::is_alphabetic)
        && !resembles_a_domain(&name);
    fits.then_some(name)
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || is_combining(c) || matches!(c, ' ' | '.' | ',' | '\'' | '’' | '-' | '‐' | '·')
}

/// Marks that stand over or under a letter; the joiners that some scripts need are in words of letters only.
const fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{93c}' | '\u{94d}' | '\u{9bc}' | '\u{9cd}' | '\u{e31}'..='\u{e4e}' | '\u{3099}'..='\u{309a}')
}

/// Whether a dot stands before two letters or more, as in `example.com` and unlike in `J.R.R. Tolkien`.
fn resembles_a_domain(name: &str) -> bool {
    name.split('.').skip(1).any(|after| {
        after
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '-')
            .count()
            > 1
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_greeted() {
        for name in [
            "Ada",
            "Ada Lovelace",
            "J.R.R. Tolkien",
            "Seán O’Casey",
            "Jean-Luc",
            "Sammy Davis, Jr.",
            "王小明",
            "Zoë 3rd",
            "नरेन्द्र",
        ] {
            assert_eq!(greeted_name(name).as_deref(), Some(name));
        }
        assert_eq!(greeted_name(" Ada \n Lovelace ").as_deref(), Some("Ada Lovelace"));
    }

    #[test]
    fn what_a_mail_program_would_make_a_link_of_is_left_out() {
        for name in [
            "Win €500 at http://evil",
            "evil.example",
            "Visit www.evil.example now",
            "evil．example",
            "eve@evil.example",
            "Call 0900 123456",
            "javascript:alert(1)",
            "mailto:eve",
            "a/b",
            "<b>Eve</b>",
            "{{7*7}}",
            "\u{202e}evE",
            "Eve\r\nBcc: victim@example.com",
            "",
            " ",
            "...",
        ] {
            assert_eq!(greeted_name(name), None, "{name:?}");
        }
        assert_eq!(greeted_name(&"long ".repeat(20)), None);
    }
}
