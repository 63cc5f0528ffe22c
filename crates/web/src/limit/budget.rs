//! What requests are counted against.

use crate::dialect::Dialect;
use crate::path;
use std::time::Duration;
use vestibule_model::DialectName;
use vestibule_model::budget::Rate;

/// What a route's requests are counted against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Budget {
    /// Passwords and codes that are tried.
    SignIn,
    /// New accounts. Answers that tell of an existing one have a second, much smaller budget.
    SignUp,
    /// Requests that send mail.
    Mail,
    /// Refresh tokens that are tried; counted apart, at the rate of everything else.
    Refresh,
    /// Published keys; counted apart, at the rate of everything else.
    Keys,
    /// Everything else.
    Default,
}

impl Budget {
    /// What it goes by where all nodes count it.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::SignUp => "sign_up",
            Self::Mail => "mail",
            Self::Refresh => "refresh",
            Self::Keys => "keys",
            Self::Default => "default",
        }
    }
}

/// The number that conflicts go by beside the budgets.
pub(super) const CONFLICTS: u8 = Budget::Default as u8 + 1;

/// The number of the first budget that a dialect has for itself.
const FIRST_OWN: u8 = CONFLICTS + 1;

/// The budgets of one client address that dialects share.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// [`Budget::SignIn`].
    pub sign_in: Rate,
    /// [`Budget::SignUp`].
    pub sign_up: Rate,
    /// [`Budget::Mail`].
    pub mail: Rate,
    /// [`Budget::Default`].
    pub default: Rate,
    /// Sign-ups that were told that the account exists.
    pub conflicts: Rate,
}

impl Default for Rates {
    /// `contracts/README.md`, default budgets, and five conflicts an hour.
    fn default() -> Self {
        Self {
            sign_in: Rate::per_minute(60),
            sign_up: Rate::per_minute(60),
            mail: Rate::per_minute(20),
            default: Rate::per_minute(600),
            conflicts: Rate {
                requests: 5,
                window: Duration::from_hours(1),
            },
        }
    }
}

impl Rates {
    pub(super) const fn of(&self, budget: Budget) -> Rate {
        match budget {
            Budget::SignIn => self.sign_in,
            Budget::SignUp => self.sign_up,
            Budget::Mail => self.mail,
            Budget::Refresh | Budget::Keys | Budget::Default => self.default,
        }
    }
}

/// A budget that a dialect has for itself, in place of the shared ones. The shared budget for mail is charged
/// besides, for what it protects is other people's inboxes; so are conflicts at sign-up and failures of an account.
#[derive(Clone, Copy, Debug)]
pub struct OwnBudget {
    /// The paths whose requests it counts, with everything below them; none stands for all of the dialect's.
    pub under: &'static [&'static str],
    /// How many requests of one client.
    pub rate: Rate,
    /// Which bucket it is; the kit numbers them.
    pub(super) number: u8,
    /// Whose it is; the kit knows.
    dialect: DialectName,
}

impl OwnBudget {
    /// A budget of the requests under these paths; none stands for all of the dialect's.
    pub const fn new(under: &'static [&'static str], rate: Rate) -> Self {
        Self {
            under,
            rate,
            number: FIRST_OWN,
            dialect: DialectName::new(""),
        }
    }

    /// What it goes by where all nodes count it.
    pub(super) fn label(&self) -> String {
        let path = self.under.first().copied().unwrap_or_default();
        format!("{}{path}", self.dialect)
    }

    /// Whether it counts requests to this path.
    pub(crate) fn covers(&self, path: &str) -> bool {
        self.under.is_empty() || self.under.iter().any(|prefix| path::is_under(prefix, path))
    }
}

/// Gives each budget a bucket of its own.
pub(crate) fn number(dialects: &mut [Dialect]) {
    let budgets = dialects.iter_mut().flat_map(|dialect| {
        let name = dialect.door.name;
        dialect.own_budgets.iter_mut().map(move |budget| (name, budget))
    });
    for (number, (name, budget)) in (FIRST_OWN..=u8::MAX).zip(budgets) {
        (budget.number, budget.dialect) = (number, name);
    }
}
