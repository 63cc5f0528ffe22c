//! Figures taken by turns.
//!
//! A machine is not equally fast from one second to the next, least of all one that others share. What is compared is
//! therefore measured in turn, several times, and the turn with the median ratio speaks for all.

use crate::Failed;
use crate::load::Measured;

/// Ours beside its reference.
#[derive(Clone, Copy)]
pub struct Compared {
    /// The reference's figure in the median turn.
    pub reference: f64,
    /// Ours in the same turn; what was refused is that of all turns.
    pub ours: Measured,
    /// Our figure divided by the reference's.
    pub ratio: f64,
}

/// Measures the reference and then ours, `turns` times. `figure` is what is compared.
pub fn compare(
    turns: u32,
    figure: fn(&Measured) -> f64,
    mut reference: impl FnMut() -> Result<f64, Failed>,
    mut ours: impl FnMut() -> Result<Measured, Failed>,
) -> Result<Compared, Failed> {
    let mut taken = Vec::new();
    for _ in 0..turns.max(1) {
        let reference = reference()?;
        let ours = ours()?;
        let ratio = figure(&ours) / reference;
        taken.push(Compared {
            reference,
            ours,
            ratio,
        });
    }
    taken.sort_by(|a, b| a.ratio.total_cmp(&b.ratio));
    let ratios: Vec<String> = taken.iter().map(|turn| format!("{:.2}", turn.ratio)).collect();
    eprintln!("  by turns: {}", ratios.join(" "));
    let refused = taken.iter().map(|turn| turn.ours.refused).sum();
    let mut median = *taken.get(taken.len() / 2).ok_or("no turns")?;
    median.ours.refused = refused;
    Ok(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_turn_speaks_and_every_refusal_counts() {
        let mut rates = [30.0, 10.0, 20.0].into_iter();
        let ours = || {
            Ok(Measured {
                rate: rates.next().unwrap(),
                cpu: 0.0,
                p50: 0.0,
                p99: 0.0,
                refused: 1,
            })
        };
        let compared = compare(3, |it| it.rate, || Ok(10.0), ours).unwrap();
        assert!((compared.ratio - 2.0).abs() < 1e-9 && compared.ours.refused == 3);
    }
}
