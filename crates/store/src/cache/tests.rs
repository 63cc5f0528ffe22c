//! When a cache answers and when it does not.

use super::*;

const TOPICS: &[Topic<[u8; 16], u8>] = &[
    Topic::Entry("thing", |id| id),
    Topic::Those("number", |[first, ..], _, value| first == *value),
    Topic::All("house"),
];
const KEY: [u8; 16] = [1; 16];

fn announced(topic: &'static str, id: u8) -> [Announcement<'static>; 1] {
    [Announcement { topic, id: [id; 16] }]
}

fn filled(freshness: &Freshness) -> Cache<[u8; 16], u8> {
    let cache = freshness.cache(8, TOPICS);
    cache.fill(&cache.ticket(&KEY), KEY, 7);
    cache
}

#[test]
fn nothing_is_answered_without_a_lease() {
    let freshness = Freshness::new();
    let cache = filled(&freshness);
    assert_eq!(cache.get(&KEY), None);
    freshness.proof(Instant::now() + Duration::from_micros(5));
    assert_eq!(cache.get(&KEY), Some(7));
}

#[test]
fn an_announcement_drops_the_entry_and_what_is_being_read_for_it() {
    let freshness = Freshness::new();
    freshness.proof(Instant::now() + Duration::from_micros(5));
    let cache = filled(&freshness);
    let before = cache.ticket(&KEY);
    freshness.committed(&announced("thing", 2));
    freshness.committed(&announced("another", 1));
    assert_eq!(cache.get(&KEY), Some(7));
    freshness.committed(&announced("thing", 1));
    assert_eq!(cache.get(&KEY), None);
    cache.fill(&before, KEY, 6);
    assert_eq!(cache.get(&KEY), None, "read before the announcement");
    cache.fill(&cache.ticket(&KEY), KEY, 8);
    assert_eq!(cache.get(&KEY), Some(8));
}

#[test]
fn what_a_commit_left_is_kept_if_nobody_else_committed_meanwhile() {
    let freshness = Freshness::new();
    freshness.proof(Instant::now() + Duration::from_micros(5));
    let cache = filled(&freshness);
    let renewed_after = |commits: u8| {
        let ticket = cache.ticket(&KEY);
        (0..commits).for_each(|_| freshness.committed(&announced("thing", 1)));
        cache.renew(&ticket, KEY, 9);
        cache.get(&KEY)
    };
    assert_eq!(renewed_after(0), Some(7), "not announced, so not committed");
    assert_eq!(renewed_after(1), Some(9));
    assert_eq!(renewed_after(2), None, "one of them was another's");
}

#[test]
fn entries_that_commits_leave_at_once_seldom_lose_each_other() {
    let mut lost = 0;
    for _ in 0..16 {
        let freshness = Freshness::new();
        freshness.proof(Instant::now() + Duration::from_micros(5));
        let cache = freshness.cache(1_024, TOPICS);
        let keys: Vec<[u8; 16]> = (0..64).map(|key| [key; 16]).collect();
        let tickets: Vec<_> = keys.iter().map(|key| cache.ticket(key)).collect();
        (0..64).for_each(|key| freshness.committed(&announced("thing", key)));
        for (ticket, key) in tickets.iter().zip(&keys) {
            cache.renew(ticket, *key, 9);
        }
        lost += keys.iter().filter(|key| cache.get(*key).is_none()).count();
    }
    assert!(lost < 100, "{lost} of 1,024");
}

#[test]
fn a_topic_of_some_entries_drops_those_and_whatever_is_being_read() {
    let freshness = Freshness::new();
    freshness.proof(Instant::now() + Duration::from_micros(5));
    let cache = filled(&freshness);
    let before = cache.ticket(&[2; 16]);
    freshness.committed(&announced("number", 8));
    cache.fill(&before, [2; 16], 9);
    assert_eq!((cache.get(&KEY), cache.get(&[2; 16])), (Some(7), None));
    freshness.committed(&announced("number", 7));
    assert_eq!(cache.get(&KEY), None);
}

#[test]
fn a_foreign_commit_and_a_topic_of_all_drop_everything() {
    let freshness = Freshness::new();
    freshness.proof(Instant::now() + Duration::from_micros(5));
    let cache = filled(&freshness);
    let before = cache.ticket(&KEY);
    freshness.foreign_commit();
    cache.fill(&before, KEY, 6);
    assert_eq!(cache.get(&KEY), None);
    let cache = filled(&freshness);
    freshness.committed(&announced("house", 9));
    assert_eq!(cache.get(&KEY), None);
}
