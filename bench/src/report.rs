//! The one table.

use comfy_table::{Cell, CellAlignment, Table};

/// How a figure is judged against its goal.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
}

/// Collects rows and prints them at the end.
#[derive(Default)]
pub struct Report {
    rows: Vec<[String; 5]>,
    missed: u32,
}

impl Report {
    /// A figure that is only stated: a reference, or context.
    pub fn state(&mut self, what: &str, figure: String) {
        eprintln!("{what}: {figure}");
        self.rows.push([
            what.to_owned(),
            figure,
            String::new(),
            String::new(),
            String::new(),
        ]);
    }

    /// A figure whose `ratio` (or value) has a goal.
    pub fn judge(&mut self, what: &str, figure: String, ratio: f64, goal: Goal) {
        let (met, goal) = match goal {
            Goal::AtLeast(least) => (ratio >= least, format!(">= {least}")),
            Goal::AtMost(most) => (ratio <= most, format!("<= {most}")),
        };
        self.missed += u32::from(!met);
        eprintln!("{what}: {figure} ({ratio:.2}, goal {goal})");
        let verdict = if met { "met" } else { "MISSED" };
        self.rows.push([
            what.to_owned(),
            figure,
            format!("{ratio:.2}"),
            goal,
            verdict.to_owned(),
        ]);
    }

    /// Prints the table, with the machine named; returns how many goals were missed.
    pub fn print(self) -> u32 {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::ASCII_MARKDOWN);
        table.set_header(["measured", "figure", "ratio", "goal", "verdict"]);
        for row in self.rows {
            table.add_row(row.map(|text| Cell::new(text).set_alignment(CellAlignment::Left)));
        }
        println!("{}\n\n{table}", machine());
        self.missed
    }
}

fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .unwrap_or("unknown CPU");
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "Machine: {cores} cores, {}; server and load on the same cores.",
        model.trim_matches([' ', '\t', ':'])
    )
}
