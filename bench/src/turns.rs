//! Figures taken by turns.
//!
//! A machine is not equally fast from one second to the next, least of all one that others share. What is compared is
//! therefore measured in turn, several times, and the turn with the median standing speaks for all.

use crate::Failed;
use crate::load::Measured;

/// Ours beside its reference.
#[derive(Clone, Copy)]
pub struct Compared<T = Measured, R = f64> {
    /// The reference's figure in the median turn, or all of its figures.
    pub reference: R,
    /// Ours in the same turn; what was refused is that of all turns.
    pub ours: T,
    /// How ours stands to the reference: what of it, or how much more, as the measurement says.
    pub standing: f64,
}

/// Measures by turns: `turn` gives the reference's figure and ours under load, taken one right after the other.
/// `standing` is how the two compare.
pub fn compare<R: Copy>(
    turns: u32,
    standing: fn(&Measured, R) -> f64,
    turn: impl FnMut() -> Result<(R, Measured), Failed>,
) -> Result<Compared<Measured, R>, Failed> {
    let taken = take(turns, standing, turn)?;
    let refused = taken.iter().map(|turn| turn.ours.refused).sum();
    let mut median = median(&taken)?;
    median.ours.refused = refused;
    Ok(median)
}

/// Takes two figures that need no load in turn, and compares them by their ratio.
pub fn ratio(turns: u32, turn: impl FnMut() -> Result<(f64, f64), Failed>) -> Result<Compared<f64>, Failed> {
    median(&take(turns, |ours, reference| ours / reference, turn)?)
}

fn take<T, R: Copy>(
    turns: u32,
    standing: fn(&T, R) -> f64,
    mut turn: impl FnMut() -> Result<(R, T), Failed>,
) -> Result<Vec<Compared<T, R>>, Failed> {
    let mut taken = Vec::new();
    for _ in 0..turns.max(1) {
        let (reference, ours) = turn()?;
        let standing = standing(&ours, reference);
        taken.push(Compared {
            reference,
            ours,
            standing,
        });
    }
    taken.sort_by(|a, b| a.standing.total_cmp(&b.standing));
    let standings: Vec<String> = taken.iter().map(|turn| format!("{:.2}", turn.standing)).collect();
    eprintln!("  by turns: {}", standings.join(" "));
    Ok(taken)
}

fn median<T: Copy, R: Copy>(sorted: &[Compared<T, R>]) -> Result<Compared<T, R>, Failed> {
    Ok(*sorted.get(sorted.len() / 2).ok_or("no turns")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_turn_speaks_and_every_refusal_counts() {
        let mut rates = [30.0, 10.0, 20.0].into_iter();
        let turn = || {
            let ours = Measured {
                rate: rates.next().unwrap(),
                cpu: 0.0,
                p50: 0.0,
                p99: 0.0,
                refused: 1,
            };
            Ok((10.0, ours))
        };
        let compared = compare(3, |ours, it| ours.rate / it, turn).unwrap();
        assert!((compared.standing - 2.0).abs() < 1e-9 && compared.ours.refused == 3);
    }

    #[test]
    fn figures_without_load_are_compared_turn_by_turn() {
        let mut turns = [(1.0, 9.0), (2.0, 2.0), (2.0, 4.0)].into_iter();
        let compared = ratio(3, || Ok(turns.next().unwrap())).unwrap();
        assert!((compared.standing - 2.0).abs() < 1e-9 && (compared.ours - 4.0).abs() < 1e-9);
    }
}
