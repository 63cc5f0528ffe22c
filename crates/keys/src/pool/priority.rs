//! How the scheduler sees a hash thread.

use std::time::Duration;

/// Weight: below everything else that runs.
const NICE: i32 = 10;

/// How long it asks to run at a stretch. From Linux 6.12 on a thread that wakes up is run at once if it asks for less
/// than the one that runs, as one does that asks for nothing. Otherwise it waits for the other's stretch to end, whatever
/// the weight of either. 100 ms is the most that may be asked for.
const STRETCH: Duration = Duration::from_millis(20);

/// Puts this thread behind all others.
pub fn lower() {
    // On Linux a thread's id is a process id to the scheduler.
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::warn!(%error, "hash threads keep the normal priority; other requests will feel floods of logins");
    } else if let Err(error) = stretch() {
        tracing::debug!(%error, "hash threads run for as long at a stretch as others");
    }
}

#[cfg(target_os = "linux")]
fn stretch() -> std::io::Result<()> {
    let attributes = libc::sched_attr {
        size: size_of::<libc::sched_attr>().try_into().unwrap_or(0),
        sched_policy: libc::SCHED_OTHER.unsigned_abs(),
        sched_flags: 0,
        sched_nice: NICE,
        sched_priority: 0,
        sched_runtime: STRETCH.as_nanos().try_into().unwrap_or(u64::MAX),
        sched_deadline: 0,
        sched_period: 0,
    };
    #[expect(
        unsafe_code,
        reason = "no library has this call; it reads the attributes, whose size is in them, and nothing else"
    )]
    // SAFETY: thread 0 is this one, and the attributes outlive the call.
    let answer = unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    if answer == 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error())
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// As the scheduler prints it, where it does.
    fn slice() -> Option<u128> {
        let told = std::fs::read_to_string("/proc/thread-self/sched").ok()?;
        let line = told.lines().find(|line| line.starts_with("se.slice"))?;
        line.rsplit(' ').next()?.parse().ok()
    }

    fn kernel() -> Option<(u32, u32)> {
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
        let mut numbers = release.split('.').map(|number| number.parse().ok());
        Some((numbers.next()??, numbers.next()??))
    }

    #[test]
    fn a_thread_is_put_behind_others_and_asks_for_a_long_stretch() {
        let lowered = || {
            lower();
            (rustix::process::getpriority_process(None), slice())
        };
        let (nice, slice) = std::thread::spawn(lowered).join().unwrap();
        assert_eq!(nice, Ok(NICE));
        if let Some(slice) = slice.filter(|_| kernel() >= Some((6, 12))) {
            assert_eq!(slice, STRETCH.as_nanos());
        }
    }
}
