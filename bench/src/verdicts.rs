//! What each round is judged by.

use crate::load::Measured;
use crate::report::{Goal, Report};
use crate::rounds::Round;
use crate::turns::Compared;

/// The goals of one round.
pub fn judge_round(report: &mut Report, round: &Round) {
    let Round {
        login,
        refresh,
        me,
        jwks,
    } = round;
    let answered = |it: &Compared| {
        let Measured {
            rate, p99, refused, ..
        } = it.ours;
        format!(
            "{rate:.0}/s of {:.0}/s, p99 {p99:.1} ms, {refused} refused",
            it.reference
        )
    };
    report.judge(
        "login / raw hash rate",
        answered(login),
        login.ratio,
        Goal::AtLeast(0.9),
    );
    report.judge(
        "refresh / raw RS256 signatures",
        answered(refresh),
        refresh.ratio,
        Goal::AtLeast(0.7),
    );
    let Measured {
        rate, cpu, refused, ..
    } = me.ours;
    let cpu = format!(
        "{cpu:.1} us of {:.1} us, {rate:.0}/s, {refused} refused",
        me.reference
    );
    report.judge("me CPU / bare axum CPU", cpu, me.ratio, Goal::AtMost(2.5));
    report.judge(
        "JWKS rate / bare axum rate, as many bytes",
        answered(jwks),
        jwks.ratio,
        Goal::AtLeast(0.8),
    );
}

/// What growth costs: each ratio against the same ratio of the first round, so that the machine's own changes of pace
/// between the two rounds count for neither.
pub fn judge_growth(report: &mut Report, first: &Round, second: &Round, users: u32) {
    for (what, before, after) in [
        ("login", first.login.ratio, second.login.ratio),
        ("refresh", first.refresh.ratio, second.refresh.ratio),
        ("me", 1.0 / first.me.ratio, 1.0 / second.me.ratio),
        ("JWKS", first.jwks.ratio, second.jwks.ratio),
    ] {
        let figure = format!("{after:.2} of its reference after {before:.2}");
        report.judge(
            &format!("{what} with {users} users / empty"),
            figure,
            after / before,
            Goal::AtLeast(0.85),
        );
    }
}
