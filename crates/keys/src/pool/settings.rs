//! How the pool is set up, and how many workers this machine, or the container around this process, has room for.

use crate::password::{Engine, Params};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the pool is set up.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// Parameters of new hashes.
    pub params: Params,
    /// Which implementation computes them.
    pub engine: Engine,
    /// Threads; at least one is started.
    pub workers: usize,
    /// Jobs that may wait, whatever their deadlines.
    pub queue: usize,
    /// How long a worker keeps its memory without work.
    pub idle: Duration,
}

impl Settings {
    /// As many workers as this process has processors, fewer where its memory limit asks for it: half of the
    /// limit may be spent on hashing. Affinity and control groups (version 1 and 2) count.
    pub fn for_this_machine(params: Params) -> Self {
        let workers = workers(params);
        Self {
            params,
            engine: Engine::default(),
            workers,
            queue: 1_024,
            idle: Duration::from_secs(10),
        }
    }
}

fn workers(params: Params) -> usize {
    // This counts affinity and the CPU quotas of control groups.
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let bytes = u64::from(params.memory_kib()) * 1_024;
    let fitting = memory_limit(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup"))
        .map_or(usize::MAX, |limit| {
            usize::try_from(limit / 2 / bytes).unwrap_or(usize::MAX)
        });
    processors.min(fitting).max(1)
}

/// The smallest memory limit among the control groups that this process is in, in bytes.
fn memory_limit(membership: &Path, root: &Path) -> Option<u64> {
    let membership = fs::read_to_string(membership).ok()?;
    membership.lines().filter_map(|line| limit_of(line, root)).min()
}

/// `0::/a/b` is version 2; `5:memory:/a/b` is version 1.
fn limit_of(line: &str, root: &Path) -> Option<u64> {
    let (_, line) = line.split_once(':')?;
    let (controllers, path) = line.split_once(':')?;
    let (root, file) = if controllers.is_empty() {
        (root.to_path_buf(), "memory.max")
    } else if controllers.split(',').any(|it| it == "memory") {
        (root.join("memory"), "memory.limit_in_bytes")
    } else {
        return None;
    };
    let group = root.join(path.trim_start_matches('/'));
    // A limit binds everything below it. In a container the path may be the host's: then only the root exists.
    let levels = group
        .ancestors()
        .take_while(|level| level.starts_with(&root))
        .map(PathBuf::from);
    levels
        .filter_map(|level| fs::read_to_string(level.join(file)).ok()?.trim().parse().ok())
        .min()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_limit_on_the_way_to_the_root_counts() {
        let root = std::env::temp_dir().join(format!("vestibule-limits-{}", std::process::id()));
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("memory.max"), "max\n").unwrap();
        fs::write(root.join("a/memory.max"), "100000000\n").unwrap();
        fs::write(root.join("a/b/memory.max"), "200000000\n").unwrap();
        fs::write(root.join("membership"), "1:cpu:/x\n0::/a/b\n").unwrap();
        fs::create_dir_all(root.join("memory/c")).unwrap();
        fs::write(root.join("memory/c/memory.limit_in_bytes"), "50000000\n").unwrap();
        fs::write(root.join("older"), "5:cpu,memory:/c\n0::/elsewhere\n").unwrap();

        let found = [
            memory_limit(&root.join("membership"), &root),
            memory_limit(&root.join("older"), &root),
            memory_limit(&root.join("none"), &root),
        ];
        fs::remove_dir_all(&root).unwrap();
        assert_eq!(found, [Some(100_000_000), Some(50_000_000), None]);
    }
}
