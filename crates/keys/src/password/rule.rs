//! What a new password must be.

use super::{MAX_BYTES, Password};
use zxcvbn::matching::patterns::MatchPattern;
use zxcvbn::zxcvbn;

/// Estimated guesses below which a password is refused. A listed common password takes at most its rank
/// (about 30,000) times the ways to vary its case and letters.
const FEWEST_GUESSES: u64 = 100_000;

/// How many characters the estimator looks at at once: its work grows with their square.
const WINDOW: usize = 40;

/// The letters for which several signs stand in "l33t" spelling. The estimator tries every choice of one sign
/// per letter that occurs, so a text with all of these signs costs 576 times what a plain one does.
const SIGNS: [&[char]; 7] = [
    &['4', '@'],
    &['(', '{', '[', '<'],
    &['6', '9'],
    &['1', '!', '|'],
    &['1', '|', '7'],
    &['$', '5'],
    &['+', '7'],
];

/// Beyond this many choices only this many characters are looked at, so that no text takes longer than its hash.
const MANY_CHOICES: usize = 6;
const NARROW_WINDOW: usize = 12;

/// Why a new password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    /// Fewer code points than the rule asks for.
    #[error("the password must have at least {min} characters")]
    TooShort {
        /// The smallest number of code points.
        min: usize,
    },
    /// More than [`MAX_BYTES`] bytes.
    #[error("the password must have at most {MAX_BYTES} bytes")]
    TooLong,
    /// It contains U+0000, which other systems take for the end of a text.
    #[error("the password must not contain the character U+0000")]
    ContainsNul,
    /// It is one of the passwords that everybody tries first.
    #[error("the password is one of the most common ones")]
    Common,
    /// It is not listed, but made of so little that it is guessed as quickly; or of the user's own address.
    #[error("the password is too easy to guess")]
    Guessable,
    /// The project asks for an upper-case letter, a lower-case letter and a digit.
    #[error("the password must contain an upper-case letter, a lower-case letter and a digit")]
    NeedsUpperLowerDigit,
}

/// The rule of a project for new passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The smallest number of code points of the normal form.
    pub min_length: usize,
    /// Whether an upper-case letter, a lower-case letter and a digit are required; off unless an API's
    /// contract says so, because such rules make passwords worse (NIST SP 800-63B §3.1.1.2).
    pub upper_lower_digit: bool,
    /// Whether common and quickly guessed passwords are refused.
    pub blocklist: bool,
}

impl Default for Rule {
    /// Eight code points, no composition, common ones refused.
    fn default() -> Self {
        Self {
            min_length: 8,
            upper_lower_digit: false,
            blocklist: true,
        }
    }
}

impl Rule {
    /// Admits a new password. `context` names what an attacker would try first: the local part of the user's
    /// address, their name, the project's name.
    pub fn admit(&self, typed: &str, context: &[&str]) -> Result<Password, Weak> {
        let password = Password::read(typed)?;
        if password.normal.chars().count() < self.min_length {
            return Err(Weak::TooShort { min: self.min_length });
        }
        if self.upper_lower_digit && !mixed(&password.normal) {
            return Err(Weak::NeedsUpperLowerDigit);
        }
        if self.blocklist {
            guess(&password.normal, context)?;
        }
        Ok(password)
    }
}

fn mixed(text: &str) -> bool {
    text.chars().any(char::is_uppercase)
        && text.chars().any(char::is_lowercase)
        && text.chars().any(char::is_numeric)
}

/// Refuses what is guessed quickly. Of a long password the first and the last characters are looked at, and the
/// better of them counts, since the whole takes at least as many guesses as each of its parts.
fn guess(text: &str, context: &[&str]) -> Result<(), Weak> {
    let context: Vec<&str> = context
        .iter()
        .copied()
        .filter(|word| (3..=WINDOW).contains(&word.len()))
        .collect();
    let window = window(text);
    let starts: Vec<usize> = text.char_indices().map(|(start, _)| start).collect();
    let Some(head) = starts.get(window).and_then(|end| text.get(..*end)) else {
        return judge(text, &context);
    };
    let tail = starts
        .len()
        .checked_sub(window)
        .and_then(|first| text.get(*starts.get(first)?..))
        .unwrap_or(text);
    judge(head, &context)
        .or_else(|_| judge(tail, &context))
        .map_err(|_| Weak::Guessable)
}

/// How many characters of this text to look at at once.
fn window(text: &str) -> usize {
    let present = |signs: &[char]| signs.iter().filter(|sign| text.contains(**sign)).count().max(1);
    let choices: usize = SIGNS.iter().map(|signs| present(signs)).product();
    if choices > MANY_CHOICES {
        NARROW_WINDOW
    } else {
        WINDOW
    }
}

fn judge(text: &str, context: &[&str]) -> Result<(), Weak> {
    let estimate = zxcvbn(text, context);
    if estimate.guesses() >= FEWEST_GUESSES {
        return Ok(());
    }
    match estimate.sequence() {
        [whole] if matches!(whole.pattern, MatchPattern::Dictionary(_)) => Err(Weak::Common),
        _ => Err(Weak::Guessable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(text: &str) -> Result<(), Weak> {
        Rule::default().admit(text, &[]).map(|_| ())
    }

    #[test]
    fn passwords_of_the_published_examples_are_admitted() {
        for text in [
            "SecureP@ss123",
            "securepassword",
            "newSecurePassword123",
            "StrongP@ss123",
            "EvenStronger@456",
            "correct horse battery staple",
            "  ünïcödé  ",
            "😀🐎🔋📎🌍🎲🧀🪁",
        ] {
            assert_eq!(verdict(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn length_is_counted_in_code_points_of_the_normal_form() {
        assert_eq!(verdict("xK4#qLp"), Err(Weak::TooShort { min: 8 }));
        assert_eq!(verdict("xK4#qLp9"), Ok(()));
        assert_eq!(verdict("e\u{301}xK4#qL"), Err(Weak::TooShort { min: 8 }));
        let fifteen = Rule {
            min_length: 15,
            ..Rule::default()
        };
        assert_eq!(
            fifteen.admit("xK4#qLp9xZ&w2m", &[]).unwrap_err(),
            Weak::TooShort { min: 15 }
        );
        assert!(fifteen.admit("xK4#qLp9xZ&w2m7", &[]).is_ok());
        for length in [64, 128, 256, 1_024] {
            assert_eq!(verdict(&"xK4#qLp9".repeat(128)[..length]), Ok(()), "{length}");
        }
        assert_eq!(verdict(&"x".repeat(1_025)), Err(Weak::TooLong));
        assert_eq!(verdict("xK4#\0qLp9"), Err(Weak::ContainsNul));
    }

    #[test]
    fn composition_is_asked_for_only_where_the_rule_says_so() {
        let mixed = Rule {
            upper_lower_digit: true,
            ..Rule::default()
        };
        for text in [
            "securepassword",
            "SECUREPASSWORD1",
            "securepassword1",
            "SecurePassword",
        ] {
            assert_eq!(
                mixed.admit(text, &[]).unwrap_err(),
                Weak::NeedsUpperLowerDigit,
                "{text}"
            );
        }
        assert!(mixed.admit("newSecurePassword123", &[]).is_ok());
    }

    #[test]
    fn what_everybody_tries_first_is_refused_unless_the_list_is_off() {
        for text in [
            "password",
            "Password1",
            "P@ssw0rd",
            "12345678",
            "qwertyuiop",
            "iloveyou",
            "letmein1",
            "aaaaaaaaaaaa",
            "abcdefgh",
        ] {
            assert!(
                matches!(verdict(text), Err(Weak::Common | Weak::Guessable)),
                "{text}"
            );
            assert!(
                Rule {
                    blocklist: false,
                    ..Rule::default()
                }
                .admit(text, &[])
                .is_ok(),
                "{text}"
            );
        }
        assert_eq!(verdict("password"), Err(Weak::Common));
    }

    #[test]
    fn the_users_own_address_and_the_project_are_guessed_first() {
        assert_eq!(verdict("ada.lovelace.1815"), Ok(()));
        assert!(Rule::default().admit("ada.lovelace", &["ada.lovelace"]).is_err());
        assert!(Rule::default().admit("Vestibule", &["ada", "vestibule"]).is_err());
    }

    #[test]
    fn a_weak_beginning_does_not_condemn_a_long_password() {
        let long = format!("{}xK4#qLp9vTz!", "a".repeat(100));
        assert_eq!(verdict(&long), Ok(()));
        assert_eq!(verdict(&"a".repeat(200)), Err(Weak::Guessable));
    }

    #[test]
    fn the_more_spellings_there_are_to_try_the_less_is_looked_at() {
        assert_eq!(window("correct horse battery staple 0123456789"), WINDOW);
        assert_eq!(window("4@({[<691!|7$5+7"), NARROW_WINDOW);
        assert_eq!(verdict("4@({[<691!|7$5+7"), Ok(()));
    }
}
