//! Budgets per client address.

mod ledger;
mod turns;
mod window;

use crate::client::Client;
use ledger::{Key, Ledger};
use std::net::IpAddr;
use std::time::Duration;
use vestibule_model::Entropy;
use window::Standing;

pub(crate) use turns::Turns;
pub use window::Rate;

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

/// The budgets of one client address.
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

/// Groups of IPv6 addresses by the bits that they share, and how many times a single budget each group has.
/// A /64 is what one subscriber has at least; many have a /56 or a /48.
const V6_TIERS: [(u32, u32); 3] = [(64, 1), (56, 4), (48, 16)];

/// An IPv4 address stands alone: whole networks share one behind a carrier's translation already.
const V4_TIERS: [(u32, u32); 1] = [(64, 1)];

/// How many times a single budget is left to everybody behind a trusted proxy that does not say whom it speaks
/// for: enough that its users can still sign in, and not without end.
const UNNAMED: u32 = 100;

/// The number that conflicts go by beside the budgets.
const CONFLICTS: u8 = Budget::Default as u8 + 1;

/// Where a client stands, as shown to it: the tightest of what applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) standing: Standing,
    /// Whether the request is refused.
    pub(crate) refused: bool,
}

/// Counts every client's requests.
pub(crate) struct Limits {
    rates: Rates,
    ledger: Ledger,
}

impl Limits {
    pub(crate) fn new(rates: Rates, entropy: &dyn Entropy) -> Self {
        Self {
            rates,
            ledger: Ledger::new(entropy),
        }
    }

    /// Counts a request; `now` is monotonic time.
    pub(crate) fn take(&self, budget: Budget, client: Client, now: Duration) -> Shown {
        let rate = match budget {
            Budget::SignIn => self.rates.sign_in,
            Budget::SignUp => self.rates.sign_up,
            Budget::Mail => self.rates.mail,
            Budget::Refresh | Budget::Keys | Budget::Default => self.rates.default,
        };
        self.take_tiers(budget as u8, rate, client, now)
    }

    /// Whether the client may be told of another conflict; where it stands if not.
    pub(crate) fn room_for_conflict(&self, client: Client, now: Duration) -> Result<(), Shown> {
        let shown = self.count_conflict(client, now);
        if shown.refused {
            return Err(shown);
        }
        tiers(CONFLICTS, client.address).for_each(|(key, _)| self.ledger.give_back(key));
        Ok(())
    }

    /// Counts a conflict that the client is told of.
    pub(crate) fn count_conflict(&self, client: Client, now: Duration) -> Shown {
        self.take_tiers(CONFLICTS, self.rates.conflicts, client, now)
    }

    /// Counts in every tier or, when one refuses, in none.
    fn take_tiers(&self, budget: u8, rate: Rate, client: Client, now: Duration) -> Shown {
        let rate = rate.times(if client.unnamed { UNNAMED } else { 1 });
        let (mut tightest, client) = (None::<Standing>, client.address);
        for (key, factor) in tiers(budget, client) {
            match self.ledger.take(key, rate.times(factor), now) {
                Ok(standing) => {
                    let tighter = tightest.is_none_or(|so_far| standing.remaining < so_far.remaining);
                    tightest = if tighter { Some(standing) } else { tightest };
                }
                Err(standing) => {
                    tiers(budget, client)
                        .take_while(|(before, _)| *before != key)
                        .for_each(|(before, _)| {
                            self.ledger.give_back(before);
                        });
                    return Shown {
                        standing,
                        refused: true,
                    };
                }
            }
        }
        let standing = tightest.unwrap_or(Standing {
            rate,
            remaining: rate.requests,
            reset: rate.window,
        });
        Shown {
            standing,
            refused: false,
        }
    }
}

/// The groups that an address belongs to, narrowest first.
fn tiers(budget: u8, client: IpAddr) -> impl Iterator<Item = (Key, u32)> {
    let (tiers, bits): (&'static [_], u64) = match client.to_canonical() {
        IpAddr::V4(address) => (&V4_TIERS, u64::from(address.to_bits())),
        IpAddr::V6(address) => (&V6_TIERS, (address.to_bits() >> 64) as u64),
    };
    let v4 = u8::from(client.to_canonical().is_ipv4());
    tiers.iter().zip(0_u8..).map(move |((length, factor), tier)| {
        let prefix = bits & (u64::MAX << (u64::BITS - length));
        (
            Key {
                budget,
                tier: tier << 1 | v4,
                prefix,
            },
            *factor,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zero;

    impl Entropy for Zero {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0x5a);
        }
    }

    fn limits() -> Limits {
        Limits::new(Rates::default(), &Zero)
    }

    fn client(address: &str) -> Client {
        Client {
            address: address.parse().unwrap(),
            unnamed: false,
        }
    }

    fn passes(limits: &Limits, address: &str) -> bool {
        !limits
            .take(Budget::SignIn, client(address), Duration::ZERO)
            .refused
    }

    #[test]
    fn l07_users_of_a_proxy_that_names_nobody_do_not_share_one_small_budget() {
        let (limits, proxy) = (
            limits(),
            Client {
                unnamed: true,
                ..client("10.0.0.1")
            },
        );
        let passed = (0..10_000).filter(|_| !limits.take(Budget::SignIn, proxy, Duration::ZERO).refused);
        assert_eq!(passed.count(), 60 * UNNAMED as usize);
    }

    #[test]
    fn l09_an_address_has_one_budget_however_it_is_written() {
        let limits = limits();
        assert!((0..60).all(|_| passes(&limits, "192.0.2.1")));
        assert!(!passes(&limits, "192.0.2.1"));
        assert!(!passes(&limits, "::ffff:192.0.2.1"));
        assert!(passes(&limits, "192.0.2.2"));
        assert!(passes(&limits, "::c000:201"));
    }

    #[test]
    fn l08_a_subscribers_ipv6_network_is_one_client_and_wider_ones_have_more() {
        let of_64 = limits();
        assert!((0..60).all(|host| passes(&of_64, &format!("2001:db8::{host:x}:1"))));
        assert!(!passes(&of_64, "2001:db8::ffff"));
        assert!(passes(&of_64, "2001:db8:0:1::1"));

        let passed = |addresses: &mut dyn Iterator<Item = String>| {
            let limits = limits();
            addresses.filter(|address| passes(&limits, address)).count()
        };
        let networks =
            |count: u32| (0..count).flat_map(|net| (0..60).map(move |_| format!("2001:db8:0:{net:x}::1")));
        assert_eq!(passed(&mut networks(256)), 4 * 60, "a /56");
        let wide = (0..4096).flat_map(|net| (0..4).map(move |_| format!("2001:db8:0:{net:x}0::1")));
        assert_eq!(passed(&mut wide.into_iter()), 16 * 60, "a /48");
    }

    #[test]
    fn a_request_that_a_wider_group_refuses_costs_the_narrow_one_nothing() {
        let limits = limits();
        let addresses = (0..4).flat_map(|net| (0..60).map(move |_| format!("2001:db8:0:{net:x}::1")));
        assert!(addresses.into_iter().all(|address| passes(&limits, &address)));
        assert!(!passes(&limits, "2001:db8:0:9::1"));
        let later = Duration::from_mins(1);
        let shown = limits.take(Budget::SignIn, client("2001:db8:0:9::1"), later);
        assert_eq!((shown.refused, shown.standing.remaining), (false, 59));
    }

    #[test]
    fn e08_conflicts_have_a_budget_of_their_own_that_looking_does_not_spend() {
        let (limits, client) = (limits(), client("192.0.2.1"));
        for _ in 0..5 {
            assert!((0..9).all(|_| limits.room_for_conflict(client, Duration::ZERO).is_ok()));
            limits.count_conflict(client, Duration::ZERO);
        }
        let shown = limits
            .room_for_conflict(client, Duration::from_mins(1))
            .unwrap_err();
        assert_eq!(shown.standing.reset, Duration::from_mins(59));
        assert!(limits.room_for_conflict(client, Duration::from_hours(1)).is_ok());
    }
}
