//! What each round is judged by.

use crate::load::Measured;
use crate::report::{Goal, Report};
use crate::rounds::Round;
use crate::turns::Compared;

/// The goals of one round on SQLite.
pub fn judge_round(report: &mut Report, round: &Round) {
    let Round {
        login,
        refresh,
        me,
        jwks,
    } = round;
    judge_login(report, "rakomi", login);
    judge_refresh(report, "", refresh, 0.7);
    judge_check(report, "rakomi me", me, 2.5);
    report.judge(
        "JWKS rate / bare axum rate, as many bytes",
        answered(jwks),
        jwks.standing,
        Goal::AtLeast(0.8),
    );
}

/// The goal of a login through a door.
pub fn judge_login(report: &mut Report, door: &str, login: &Compared) {
    let what = format!("{door} login / raw hash rate");
    report.judge(&what, answered(login), login.standing, Goal::AtLeast(0.9));
}

/// The goal of a refresh: at least this part of the raw signatures.
pub fn judge_refresh(report: &mut Report, place: &str, refresh: &Compared, least: f64) {
    report.judge(
        &format!("{place}refresh / raw RS256 signatures"),
        answered(refresh),
        refresh.standing,
        Goal::AtLeast(least),
    );
}

/// The goal of a request that checks a token: at most so many times what a bare answer costs.
pub fn judge_check(report: &mut Report, request: &str, check: &Compared, most: f64) {
    let Measured {
        rate, cpu, refused, ..
    } = check.ours;
    let figure = format!(
        "{cpu:.1} us of {:.1} us, {rate:.0}/s, {refused} refused",
        check.reference
    );
    let what = format!("{request} CPU / bare axum CPU");
    report.judge(&what, figure, check.standing, Goal::AtMost(most));
}

fn answered(it: &Compared) -> String {
    let Measured {
        rate, p99, refused, ..
    } = it.ours;
    format!(
        "{rate:.0}/s of {:.0}/s, p99 {p99:.1} ms, {refused} refused",
        it.reference
    )
}

/// What growth costs: each ratio against the same ratio of the first round, so that the machine's own changes of pace
/// between the two rounds count for neither.
pub fn judge_growth(report: &mut Report, place: &str, first: &Round, second: &Round, users: u32) {
    for (what, before, after) in [
        ("login", first.login.standing, second.login.standing),
        ("refresh", first.refresh.standing, second.refresh.standing),
        ("me", 1.0 / first.me.standing, 1.0 / second.me.standing),
        ("JWKS", first.jwks.standing, second.jwks.standing),
    ] {
        let figure = format!("{after:.2} of its reference after {before:.2}");
        report.judge(
            &format!("{place}{what} with {users} users / empty"),
            figure,
            after / before,
            Goal::AtLeast(0.85),
        );
    }
}
