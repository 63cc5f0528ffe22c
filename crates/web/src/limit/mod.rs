//! Budgets per client address.

mod budget;
mod ledger;
mod shared;
mod turns;

use crate::client::Client;
use budget::CONFLICTS;
use ledger::{Key, Ledger};
use std::net::IpAddr;
use std::time::Duration;
use vestibule_model::Entropy;
use vestibule_model::budget::Standing;

pub(crate) use budget::number;
pub use budget::{Budget, OwnBudget, Rates};
pub(crate) use turns::Turns;
pub use vestibule_model::budget::Rate;

/// Groups of IPv6 addresses by the bits that they share, and how many times a single budget each group has.
/// A /64 is what one subscriber has at least; many have a /56 or a /48.
const V6_TIERS: [(u32, u32); 3] = [(64, 1), (56, 4), (48, 16)];

/// An IPv4 address stands alone: whole networks share one behind a carrier's translation already.
const V4_TIERS: [(u32, u32); 1] = [(64, 1)];

/// How many times a single budget is left to everybody behind a trusted proxy that does not say whom it speaks
/// for: enough that its users can still sign in, and not without end.
const UNNAMED: u32 = 100;

impl Client {
    /// How many times a single budget it has.
    const fn multiple(self) -> u32 {
        if self.unnamed { UNNAMED } else { 1 }
    }
}

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

    /// Counts a request against a shared budget; `now` is monotonic time.
    pub(crate) fn take(&self, budget: Budget, client: Client, now: Duration) -> Shown {
        self.take_tiers(budget as u8, self.rates.of(budget), client, now)
    }

    /// Counts a request against the dialect's own budget, if it has one for it, else against a shared one.
    pub(crate) fn charge(
        &self,
        own: Option<&OwnBudget>,
        budget: Budget,
        client: Client,
        now: Duration,
    ) -> Shown {
        let Some(own) = own else {
            return self.take(budget, client, now);
        };
        let shown = self.take_tiers(own.number, own.rate, client, now);
        if shown.refused || budget != Budget::Mail {
            return shown;
        }
        let mail = self.take(budget, client, now);
        if mail.refused { mail } else { shown }
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
        let rate = rate.times(client.multiple());
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
mod tests;
