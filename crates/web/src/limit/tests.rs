//! What a client may send, address by address and budget by budget.

use super::*;
use crate::sample::{self, Zero, client};

fn limits() -> Limits {
    Limits::new(Rates::default(), &Zero)
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

/// The budget of its own that a dialect has for a path.
fn own(path: &str) -> OwnBudget {
    *sample::with_own_budgets().own_budget(path).unwrap()
}

#[test]
fn l16_the_eleventh_request_waits_for_the_oldest() {
    let (limits, login, client) = (limits(), own("/v1/login"), client("192.0.2.1"));
    let at = |millis| {
        let now = Duration::from_millis(millis);
        limits.charge(Some(&login), Budget::SignIn, client, now)
    };
    for number in 0..10_u32 {
        let shown = at(700 + 100 * u64::from(number));
        assert_eq!((shown.refused, shown.standing.remaining), (false, 9 - number));
    }
    let eleventh = at(1_650);
    assert!(eleventh.refused);
    assert_eq!(eleventh.standing.reset, Duration::from_millis(4_050));
    assert!(at(5_699).refused);
    let next = at(5_700);
    assert_eq!((next.refused, next.standing.remaining), (false, 0));
    assert_eq!(next.standing.reset, Duration::from_millis(100));
}

#[test]
fn a_budget_of_a_dialects_own_takes_the_place_of_the_shared_one_and_of_no_other() {
    let (limits, ada) = (limits(), client("192.0.2.1"));
    let signed_in = (0..1_200).filter(|tick| {
        let now = Duration::from_millis(50 * tick);
        !limits
            .charge(Some(&own("/v1/login")), Budget::SignIn, ada, now)
            .refused
    });
    assert_eq!(signed_in.count(), 120, "ten in five seconds, for a minute");
    let now = Duration::from_mins(1);
    let shared = limits.take(Budget::SignIn, ada, now);
    assert_eq!(shared.standing.remaining, 59);
    let elsewhere = limits.charge(Some(&own("/v1/sessions/7")), Budget::Default, ada, now);
    assert_eq!(
        (elsewhere.standing.rate.requests, elsewhere.standing.remaining),
        (300, 299)
    );
    let stranger = client("192.0.2.2");
    let other = limits.charge(Some(&own("/v1/login")), Budget::SignIn, stranger, now);
    assert_eq!(other.standing.remaining, 9);
}

#[test]
fn every_path_below_a_budgets_path_counts_against_it_and_no_longer_name_does() {
    let of = |path| own(path).rate.requests;
    for path in [
        "/v1/login",
        "/v1/login/",
        "/v1/auth/unknown",
        "/v1/auth//x",
        "/v1/auth",
    ] {
        assert_eq!(of(path), 10, "{path}");
    }
    for path in ["/v1/auth-roles", "/v1/logins", "/v1", "/v1/sessions/7"] {
        assert_eq!(of(path), 300, "{path}");
    }
}

#[test]
fn l19_mail_is_limited_for_every_dialect_together_and_is_shown_when_it_refuses() {
    let (limits, client, other) = (limits(), client("192.0.2.1"), own("/v1/sessions/7"));
    let mail = |own| limits.charge(own, Budget::Mail, client, Duration::ZERO);
    assert!((0..10).all(|_| !mail(None).refused));
    for sent in 1..=10 {
        let shown = mail(Some(&other));
        assert_eq!((shown.refused, shown.standing.remaining), (false, 300 - sent));
    }
    for shown in [mail(Some(&other)), mail(None)] {
        assert!(shown.refused);
        assert_eq!(shown.standing.rate, Rate::per_minute(20));
    }
}

#[test]
fn l07_l08_a_dialects_own_budget_knows_networks_and_silent_proxies() {
    let login = own("/v1/login");
    let passed = |clients: &mut dyn Iterator<Item = Client>| {
        let limits = limits();
        let take = |client| limits.charge(Some(&login), Budget::SignIn, client, Duration::ZERO);
        clients.filter(|client| !take(*client).refused).count()
    };
    let of_64 = |host: u32| client(&format!("2001:db8::{host:x}:1"));
    assert_eq!(passed(&mut (0..50).map(of_64)), 10, "a /64");
    let of_56 = |host: u32| client(&format!("2001:db8:0:{:x}::1", host % 256));
    assert_eq!(passed(&mut (0..2_560).map(of_56)), 40, "a /56");
    let of_48 = |host: u32| client(&format!("2001:db8:0:{:x}00::1", host % 256));
    assert_eq!(passed(&mut (0..2_560).map(of_48)), 160, "a /48");
    let silent = Client {
        unnamed: true,
        ..client("10.0.0.1")
    };
    assert_eq!(passed(&mut (0..2_000).map(|_| silent)), 10 * UNNAMED as usize);
}
