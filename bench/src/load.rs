//! One run of `wrk`, with the server's CPU time around it.

use crate::Failed;
use crate::server::Child;
use std::process::{Command, Stdio};

/// A load to be put on a server.
pub struct Load {
    url: String,
    script: &'static str,
    arguments: Vec<String>,
    connections: u32,
    clients: u32,
    seconds: u64,
}

/// What a load gave.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Answers per second.
    pub rate: f64,
    /// Microseconds of the server's CPU time per answer.
    pub cpu: f64,
    /// Median latency in milliseconds.
    pub p50: f64,
    /// 99th percentile of the latency in milliseconds.
    pub p99: f64,
    /// Answers that were not 200, where the script counts them.
    pub refused: u64,
}

impl Load {
    /// Requests made by a script of `bench/wrk`.
    pub fn script(url: String, script: &'static str, arguments: Vec<String>, seconds: u64) -> Self {
        Self {
            url,
            script,
            arguments,
            connections: 32,
            clients: 4_096,
            seconds,
        }
    }

    /// With this many connections.
    pub fn connections(self, connections: u32) -> Self {
        Self { connections, ..self }
    }

    /// With a rest before each request, as `paced.lua` says.
    pub fn paced(self) -> Self {
        Self {
            script: "paced.lua",
            ..self
        }
    }

    /// From this many client addresses behind the proxy, up to 65,536.
    pub fn clients(self, clients: u32) -> Self {
        Self { clients, ..self }
    }

    /// Begins the load without waiting for its end.
    pub fn start(&self) -> Result<std::process::Child, Failed> {
        let mut wrk = Command::new("wrk");
        let connections = format!("-c{}", self.connections);
        wrk.args([
            "-t1",
            &connections,
            &format!("-d{}s", self.seconds),
            "--latency",
            "--timeout",
            "10s",
        ]);
        wrk.args(["-s", &format!("bench/wrk/{}", self.script)]);
        wrk.env("BENCH_WRK", "bench/wrk")
            .env("BENCH_CLIENTS", self.clients.to_string())
            .arg(&self.url)
            .arg("--")
            .args(&self.arguments);
        wrk.stdout(Stdio::piped());
        wrk.spawn()
            .map_err(|error| format!("wrk does not start ({error}): apt-get install wrk").into())
    }

    /// Puts the load on `server` and measures.
    pub fn run(&self, server: &Child) -> Result<Measured, Failed> {
        let before = server.cpu_seconds()?;
        let printed = self.start()?.wait_with_output()?;
        let spent = server.cpu_seconds()? - before;
        read(&String::from_utf8_lossy(&printed.stdout), spent)
    }
}

/// Puts a load on each of several servers at once, and takes them for one: rates add up, and an answer costs what it
/// costs on the average.
pub fn run_together(loads: &[(Load, &Child)]) -> Result<Measured, Failed> {
    let cpu =
        || -> Result<Vec<f64>, Failed> { loads.iter().map(|(_, server)| server.cpu_seconds()).collect() };
    let before = cpu()?;
    let started: Vec<_> = loads
        .iter()
        .map(|(load, _)| load.start())
        .collect::<Result<_, _>>()?;
    let printed: Vec<_> = started
        .into_iter()
        .map(std::process::Child::wait_with_output)
        .collect();
    let mut all = Measured {
        rate: 0.0,
        cpu: 0.0,
        p50: 0.0,
        p99: 0.0,
        refused: 0,
    };
    for (printed, (before, after)) in printed.into_iter().zip(before.into_iter().zip(cpu()?)) {
        let one = read(&String::from_utf8_lossy(&printed?.stdout), after - before)?;
        let rate = all.rate + one.rate;
        all = Measured {
            rate,
            cpu: (all.cpu * all.rate + one.cpu * one.rate) / rate.max(1.0),
            p50: all.p50.max(one.p50),
            p99: all.p99.max(one.p99),
            refused: all.refused + one.refused,
        };
    }
    Ok(all)
}

/// Reads what `wrk --latency` prints.
pub fn read(printed: &str, cpu_seconds: f64) -> Result<Measured, Failed> {
    let after = |label: &str| {
        let line = printed
            .lines()
            .map(str::trim)
            .find_map(|line| line.strip_prefix(label));
        line.map(str::trim)
            .ok_or_else(|| format!("wrk printed no `{label}`:\n{printed}"))
    };
    let answers: f64 = printed
        .lines()
        .find_map(|line| {
            line.trim()
                .split_once(" requests in ")
                .and_then(|(count, _)| count.parse().ok())
        })
        .ok_or("wrk printed no number of requests")?;
    let non_200 = after("Refused:").ok().and_then(|count| count.parse().ok());
    let non_2xx = after("Non-2xx or 3xx responses:")
        .ok()
        .and_then(|count| count.parse().ok());
    Ok(Measured {
        rate: after("Requests/sec:")?.parse()?,
        cpu: cpu_seconds * 1e6 / answers.max(1.0),
        p50: milliseconds(after("50%")?)?,
        p99: milliseconds(after("99%")?)?,
        refused: non_200.or(non_2xx).unwrap_or(0),
    })
}

fn milliseconds(printed: &str) -> Result<f64, Failed> {
    let digits = printed.trim_end_matches(char::is_alphabetic);
    let factor = match printed.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.') {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        unit => return Err(format!("wrk printed an unknown unit: {unit}").into()),
    };
    Ok(digits.parse::<f64>()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_wrk_prints_is_read_whole() {
        let printed = "  Latency Distribution\n     50%  310.00us\n     99%    1.20ms\n  5000 requests in 5.00s, 1MB read\n  \
                       Non-2xx or 3xx responses: 7\nRequests/sec:   1000.00\n";
        let measured = read(printed, 0.05).unwrap();
        assert!((measured.cpu - 10.0).abs() < 1e-9 && (measured.p50 - 0.31).abs() < 1e-9);
        assert!((measured.p99 - 1.2).abs() < 1e-9 && measured.refused == 7);
    }
}
