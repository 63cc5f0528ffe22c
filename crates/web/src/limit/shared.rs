//! Budgets that all nodes count together.

use super::budget::CONFLICTS;
use super::ledger::Key;
use super::{Limits, Shown, tiers};
use crate::client::Client;
use crate::limit::{Budget, OwnBudget};
use metrics::counter;
use std::time::Duration;
use vestibule_model::budget::{Rate, Share, Standing, Verdict};
use vestibule_ops::{Core, Error, budgets};

/// What one request is charged to: the windows of this node, each with the same one for all nodes.
pub(crate) struct Charge {
    keys: Vec<Key>,
    shares: Vec<Share>,
    /// How many of them, the first ones, belong to the budget that is shown unless another refuses.
    shown: usize,
}

/// What became of a charge.
pub(crate) enum Outcome {
    /// There is room.
    Counted(Standing),
    /// There is none.
    Refused(Standing),
    /// Nobody answered: the node's own budgets are all that hold.
    Alone,
}

impl Budget {
    /// Whether all nodes count it together: what tries passwords and codes, makes accounts or sends mail.
    pub(crate) const fn is_shared(self) -> bool {
        matches!(self, Self::SignIn | Self::SignUp | Self::Mail)
    }
}

impl Limits {
    /// Charges everywhere what this node has charged to its own budgets already and has room for. A node that was told
    /// of a full window asks nobody before there can be room again.
    ///
    /// # Errors
    /// When the database does not answer in time.
    pub(crate) async fn charge_everywhere(
        &self,
        core: &Core,
        (own, budget): (Option<&OwnBudget>, Budget),
        client: Client,
        (so_far, now): (Shown, Duration),
    ) -> Result<Shown, Error> {
        let charge = self.to_charge(own, budget, client);
        let verdict = ask(core, &charge).await?;
        if let Some(Verdict::Refused { share, standing }) = &verdict {
            charge.keys.iter().for_each(|key| self.ledger.give_back(*key));
            if let Some(key) = charge.keys.get(*share) {
                self.ledger.close(*key, now + standing.reset);
            }
        }
        Ok(match charge.outcome(verdict) {
            Outcome::Refused(standing) => Shown {
                standing,
                refused: true,
            },
            Outcome::Counted(standing) if standing.remaining <= so_far.standing.remaining => Shown {
                standing,
                refused: false,
            },
            Outcome::Counted(_) | Outcome::Alone => so_far,
        })
    }

    /// Counts a conflict everywhere before it is known to be one: told of on two nodes at once, it would be one too
    /// many. Answers where the client stands if there is no room.
    ///
    /// # Errors
    /// When the database does not answer in time.
    pub(crate) async fn count_conflict_everywhere(
        &self,
        core: &Core,
        client: Client,
    ) -> Result<Result<Vec<Share>, Shown>, Error> {
        let charge = Charge::new([(CONFLICTS, "conflicts", self.rates.conflicts)], client);
        let verdict = ask(core, &charge).await?;
        Ok(match charge.outcome(verdict) {
            Outcome::Refused(standing) => Err(Shown {
                standing,
                refused: true,
            }),
            Outcome::Counted(_) => Ok(charge.shares),
            Outcome::Alone => Ok(Vec::new()),
        })
    }

    fn to_charge(&self, own: Option<&OwnBudget>, budget: Budget, client: Client) -> Charge {
        let common = (budget as u8, budget.label(), self.rates.of(budget));
        let Some(own) = own else {
            return Charge::new([common], client);
        };
        let label = own.label();
        let own = (own.number, label.as_str(), own.rate);
        if budget == Budget::Mail {
            Charge::new([own, common], client)
        } else {
            Charge::new([own], client)
        }
    }
}

impl Charge {
    /// The groups of addresses of a client, for one budget or several.
    fn new<const N: usize>(budgets: [(u8, &str, Rate); N], client: Client) -> Self {
        let (mut keys, mut shares) = (Vec::new(), Vec::new());
        for (number, label, rate) in budgets {
            let rate = rate.times(client.multiple());
            for (key, factor) in tiers(number, client.address) {
                let group = key.group();
                keys.push(key);
                shares.push(Share {
                    key: format!("{label}:{group}"),
                    rate: rate.times(factor),
                });
            }
        }
        Self {
            shown: keys.len() / N.max(1),
            keys,
            shares,
        }
    }

    fn outcome(&self, verdict: Option<Verdict>) -> Outcome {
        match verdict {
            None => Outcome::Alone,
            Some(Verdict::Refused { standing, .. }) => Outcome::Refused(standing),
            Some(Verdict::Counted(standings)) => {
                let shown = standings.into_iter().take(self.shown);
                shown
                    .min_by_key(|standing| standing.remaining)
                    .map_or(Outcome::Alone, Outcome::Counted)
            }
        }
    }
}

/// Asks whoever counts for all nodes.
async fn ask(core: &Core, charge: &Charge) -> Result<Option<Verdict>, Error> {
    let verdict = budgets::take(core, charge.shares.clone()).await;
    let outcome = match &verdict {
        Ok(Some(Verdict::Counted(_))) => "counted",
        Ok(Some(Verdict::Refused { .. })) => "refused",
        Ok(None) => "unanswered",
        Err(_) => "failed",
    };
    let carrier = budgets::carrier(core);
    counter!("vestibule_shared_charges_total", "carrier" => carrier, "outcome" => outcome).increment(1);
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limit::Rates;
    use crate::sample::{self, Zero, client};

    fn keys(own: Option<&OwnBudget>, budget: Budget, address: &str) -> Vec<(String, u32)> {
        let limits = Limits::new(Rates::default(), &Zero);
        let charge = limits.to_charge(own, budget, client(address));
        let shares = charge.shares.into_iter();
        shares.map(|share| (share.key, share.rate.requests)).collect()
    }

    #[test]
    fn what_nodes_count_together_has_the_same_names_on_all_of_them() {
        let named = |keys: &[(&str, u32)]| {
            let owned = keys.iter().map(|(key, requests)| ((*key).to_owned(), *requests));
            owned.collect::<Vec<_>>()
        };
        assert_eq!(
            keys(None, Budget::SignIn, "192.0.2.1"),
            named(&[("sign_in:v4:c0000201", 60)])
        );
        let wide = named(&[
            ("sign_up:64:20010db800010203", 60),
            ("sign_up:56:20010db800010200", 240),
            ("sign_up:48:20010db800010000", 960),
        ]);
        assert_eq!(keys(None, Budget::SignUp, "2001:db8:1:203::7"), wide);
        let sample = sample::with_own_budgets();
        let own = sample.own_budget("/v1/login");
        assert_eq!(
            keys(own, Budget::Mail, "192.0.2.1"),
            named(&[("sample/v1/login:v4:c0000201", 10), ("mail:v4:c0000201", 20)])
        );
        let rest = sample.own_budget("/v1/sessions/7");
        assert_eq!(
            keys(rest, Budget::SignIn, "192.0.2.1"),
            named(&[("sample:v4:c0000201", 300)])
        );
    }

    #[test]
    fn the_dialects_own_budget_is_shown_unless_that_of_mail_refuses() {
        let limits = Limits::new(Rates::default(), &Zero);
        let sample = sample::with_own_budgets();
        let charge = limits.to_charge(
            sample.own_budget("/v1/login"),
            Budget::Mail,
            client("2001:db8::1"),
        );
        let standing = |remaining| Standing {
            rate: Rate::per_minute(10),
            remaining,
            reset: Duration::ZERO,
        };
        let counted = Verdict::Counted([7, 6, 8, 1, 2, 3].map(standing).into());
        let Outcome::Counted(shown) = charge.outcome(Some(counted)) else {
            panic!("counted")
        };
        assert_eq!(shown.remaining, 6);
        let refused = Verdict::Refused {
            share: 3,
            standing: standing(0),
        };
        assert!(matches!(charge.outcome(Some(refused)), Outcome::Refused(_)));
    }
}
