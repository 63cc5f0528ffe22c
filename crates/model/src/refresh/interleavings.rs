//! RT05: whatever an owner and a thief of the same refresh token do, they do not both stay signed in.

use super::*;

const OVERLAP: Duration = Duration::from_secs(10);
const STEPS: u32 = 6;

/// What one of the two does with the newest tokens that it has.
#[derive(Clone, Copy, Debug)]
enum Move {
    Refresh,
    /// The answer is lost on its way.
    RefreshInVain,
    UseAccess,
}

type Judge = fn(&Family, i64, Timestamp) -> Verdict;

#[derive(Clone, Copy)]
struct Holder {
    generation: i64,
    /// Whether it has received tokens of its own since the theft.
    received: bool,
}

struct World {
    family: Family,
    now: Timestamp,
    judge: Judge,
    holders: [Holder; 2],
}

impl World {
    fn new(judge: Judge) -> Self {
        let now = Timestamp::from_seconds(0);
        let family = Family {
            revoked_at: None,
            expires_at: Timestamp::from_seconds(1_000_000),
            leaf: 1,
            parent: 0,
            rotated_at: now,
            leaf_used_at: None,
        };
        Self {
            family,
            now,
            judge,
            holders: [Holder {
                generation: 1,
                received: false,
            }; 2],
        }
    }

    /// One step, more than the overlap after the last.
    fn step(&mut self, who: usize, what: Move) {
        self.now = self.now.plus(OVERLAP + Duration::from_secs(1));
        let holder = &mut self.holders[who];
        match what {
            Move::UseAccess => {
                if holder.generation == self.family.leaf && self.family.revoked_at.is_none() {
                    self.family.leaf_used_at.get_or_insert(self.now);
                }
            }
            Move::Refresh | Move::RefreshInVain => {
                match (self.judge)(&self.family, holder.generation, self.now) {
                    Verdict::Advance => {
                        // As the sentence ADVANCE does it.
                        if self.family.leaf == holder.generation {
                            self.family.parent = self.family.leaf;
                        }
                        self.family.leaf += 1;
                        self.family.rotated_at = self.now;
                        self.family.leaf_used_at = None;
                        if matches!(what, Move::Refresh) {
                            *holder = Holder {
                                generation: self.family.leaf,
                                received: true,
                            };
                        }
                    }
                    Verdict::Reused => self.family.revoked_at = Some(self.now),
                    Verdict::SameAgain | Verdict::Unknown | Verdict::Revoked | Verdict::Expired => {}
                }
            }
        }
    }

    /// Both have tokens of their own, and both could refresh now.
    fn forked(&self) -> bool {
        let next = self.now.plus(OVERLAP);
        let lives = |holder: &Holder| {
            holder.received && (self.judge)(&self.family, holder.generation, next) == Verdict::Advance
        };
        self.holders.iter().all(lives)
    }
}

/// How many of all interleavings of up to six steps fork, and in how many both received tokens.
fn explore(judge: Judge) -> (u32, u32) {
    const MOVES: [Move; 3] = [Move::Refresh, Move::RefreshInVain, Move::UseAccess];
    let (mut forks, mut both) = (0, 0);
    for number in 0..6_usize.pow(STEPS) {
        let mut world = World::new(judge);
        let mut forked = false;
        for step in 0..STEPS {
            let choice = number / 6_usize.pow(step) % 6;
            world.step(choice % 2, MOVES[choice / 2]);
            forked |= world.forked();
        }
        forks += u32::from(forked);
        both += u32::from(world.holders.iter().all(|holder| holder.received));
    }
    (forks, both)
}

#[test]
fn rt05_owner_and_thief_never_both_hold_a_live_branch() {
    let (forks, both) = explore(|family, generation, now| family.judge(generation, now, OVERLAP));
    assert_eq!(forks, 0);
    assert!(
        both > 1_000,
        "the exploration reaches the states that matter: {both}"
    );
}

#[test]
fn without_the_detection_of_reuse_the_exploration_finds_forks() {
    let (forks, _) = explore(
        |family, generation, now| match family.judge(generation, now, OVERLAP) {
            Verdict::Reused => Verdict::Advance,
            verdict => verdict,
        },
    );
    assert!(forks > 0);
}
