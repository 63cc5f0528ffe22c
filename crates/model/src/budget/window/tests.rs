//! Windows against exact models, at odd moments.

use super::*;

const MINUTE: Rate = Rate::per_minute(60);

fn at(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Pseudo-random numbers below `bound`, from a seed.
fn draws(mut state: u64) -> impl FnMut(u64) -> u64 {
    move |bound| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    }
}

#[test]
fn l18_never_more_than_the_limit_within_any_stretch_of_the_window() {
    for seed in 0..200 {
        let (mut window, mut draw) = (Window::default(), draws(seed));
        let (mut now, mut passed) = (Duration::from_millis(draw(100_000)), Vec::new());
        for _ in 0..4_000 {
            // Bursts at odd moments, with pauses of up to a whole window between them.
            let pause = if draw(40) == 0 { draw(61_000) } else { draw(90) };
            now += Duration::from_millis(pause);
            if window.take(MINUTE, now).is_ok() {
                passed.push(now);
            }
        }
        for (first, last) in passed.iter().zip(passed.iter().skip(60)) {
            assert!(
                last.saturating_sub(*first) >= MINUTE.window,
                "seed {seed}: 61 requests from {first:?} to {last:?}"
            );
        }
    }
}

#[test]
fn l18_up_to_twelve_requests_are_remembered_each_for_exactly_one_window() {
    for (seed, requests) in (0..300).zip((1..=12).cycle()) {
        let rate = Rate {
            requests,
            window: Duration::from_secs(5),
        };
        let (mut window, mut draw) = (Window::default(), draws(seed));
        let (mut now, mut passed) = (Duration::from_millis(draw(100_000)), Vec::<Duration>::new());
        for _ in 0..2_000 {
            now += Duration::from_millis(if draw(30) == 0 { draw(6_000) } else { draw(700) });
            passed.retain(|then| now.saturating_sub(*then) < rate.window);
            let oldest = passed.first().copied();
            let age = oldest.map_or(Duration::ZERO, |oldest| now.saturating_sub(oldest));
            let room = passed.len() < requests as usize;
            let standing = match window.take(rate, now) {
                Ok(standing) if room => standing,
                Err(standing) if !room => standing,
                other => {
                    panic!("seed {seed}, {requests} requests: {other:?} after {passed:?} at {now:?}")
                }
            };
            if room {
                passed.push(now);
            }
            // A request that is refused by a wider group is given back, now and then several in a row.
            if room && draw(4) == 0 {
                window.give_back();
                passed.pop();
            }
            assert_eq!(standing.reset + age, rate.window, "seed {seed} at {now:?}");
        }
    }
}

#[test]
fn a_client_who_comes_back_after_weeks_has_the_whole_budget() {
    for (requests, weeks) in [(10, 4), (10, 5), (60, 4), (60, 6)] {
        let (rate, mut window) = (Rate::per_minute(requests), Window::default());
        while window.take(rate, at(0.0)).is_ok() {}
        let later = Duration::from_hours(24 * 7 * weeks);
        assert_eq!(window.fullness(rate, later), 0);
        assert_eq!(window.take(rate, later).unwrap().remaining, requests - 1);
    }
}

#[test]
fn requests_that_overtake_each_other_are_not_forgotten_early() {
    for requests in [2, 60] {
        let (rate, mut window) = (Rate::per_minute(requests), Window::default());
        for number in 0..requests {
            let early = if number % 2 == 0 { 10.05 } else { 10.0 };
            window.take(rate, at(early)).unwrap();
        }
        let room = if requests == 2 { 70.0 } else { 70.05 };
        assert!(window.take(rate, at(room - 0.001)).is_err(), "{requests}");
        assert!(window.take(rate, at(room)).is_ok(), "{requests}");
    }
}

#[test]
fn the_wrap_of_the_times_is_not_noticed() {
    let wrap = Duration::from_millis(1 << 32);
    let mut window = Window::default();
    let before = wrap.saturating_sub(at(30.0));
    assert!((0..60).all(|_| window.take(MINUTE, before).is_ok()));
    assert!(window.take(MINUTE, wrap).is_err());
    assert_eq!(window.take(MINUTE, wrap + at(10.0)).unwrap_err().reset, at(20.0));
    assert_eq!(window.take(MINUTE, wrap + at(30.0)).unwrap().remaining, 59);
}

#[test]
fn a_client_within_nine_tenths_of_the_rate_is_never_refused() {
    let mut window = Window::default();
    for request in 0..1_000 {
        let now = at(7.3) + Duration::from_millis(request * 1_120);
        assert!(window.take(MINUTE, now).is_ok(), "request {request}");
    }
}

#[test]
fn a_burst_is_forgotten_after_exactly_one_window() {
    let mut window = Window::default();
    for left in (0..60).rev() {
        let standing = window.take(MINUTE, at(100.0)).unwrap();
        assert_eq!((standing.remaining, standing.reset), (left, MINUTE.window));
    }
    assert_eq!(window.take(MINUTE, at(130.0)).unwrap_err().reset, at(30.0));
    assert!(window.take(MINUTE, at(159.9)).is_err());
    assert_eq!(window.take(MINUTE, at(160.0)).unwrap().remaining, 59);
}

#[test]
fn what_is_given_back_costs_nothing_and_frees_nothing_else() {
    for requests in [5, 50] {
        let window = Duration::from_hours(1);
        let (rate, mut window) = (Rate { requests, window }, Window::default());
        for kept in 1..requests {
            window.take(rate, at(f64::from(kept))).unwrap();
        }
        for again in 0..100 {
            window.take(rate, at(100.0 + f64::from(again))).unwrap();
            window.give_back();
        }
        assert_eq!(window.take(rate, at(201.0)).unwrap().remaining, 0);
        assert!(window.take(rate, at(202.0)).is_err());
    }
}

#[test]
fn rl16_a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_a_window() {
    for requests in [5, 60] {
        let (rate, mut window) = (Rate::per_minute(requests), Window::default());
        let ahead = Duration::from_hours(30);
        while window.take(rate, ahead).is_ok() {}
        for hour in [29, 6] {
            let back = Duration::from_hours(hour);
            let refused = window.take(rate, back).unwrap_err();
            assert!(refused.reset <= rate.window, "{requests}: {refused:?}");
        }
        // Remembered as of the first request after the step.
        let room = Duration::from_hours(6) + at(60.001);
        assert_eq!(window.take(rate, room).unwrap().remaining, requests - 1);
    }
}

#[test]
fn a_window_is_the_same_after_it_was_written_down() {
    for (seed, requests) in (0..60).zip([1, 5, 12, 13, 60, 960].into_iter().cycle()) {
        let (rate, mut draw) = (Rate::per_minute(requests), draws(seed));
        let (mut kept, mut written) = (Window::default(), String::new());
        let mut now = Duration::from_millis(draw(1 << 40));
        for _ in 0..400 {
            now += Duration::from_millis(if draw(50) == 0 { 50_000 } else { draw(900) });
            let mut read = Window::read(&written).unwrap();
            assert_eq!(
                kept.take(rate, now),
                read.take(rate, now),
                "seed {seed} at {now:?}"
            );
            written = read.written();
        }
    }
}

#[test]
fn what_is_no_window_is_none() {
    assert_eq!(Window::read(""), Some(Window::default()));
    for text in [
        "?",
        "1",
        "1 2 3 4",
        "1 2 3 0:1",
        "1 2 3 12:5:1",
        "1 2 3 0:5:1:1",
        "1 2 12 0:5:1",
    ] {
        assert_eq!(Window::read(text), None, "{text}");
    }
}
