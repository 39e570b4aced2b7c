//! What the kernel says of this process alone: `/proc/self`, which a sealed unit has, too.

use std::fs;
use std::time::Duration;

/// Units of the processor's times in `/proc` a second: part of the kernel's ABI (proc(5), USER_HZ).
const TICKS_PER_SECOND: u64 = 100;

/// What it costs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Process {
    /// Memory in use, in bytes.
    pub resident: u64,
    /// Processor time, of user and system.
    pub cpu: Duration,
    /// Threads.
    pub threads: u64,
    /// Open descriptors.
    pub fds: u64,
}

impl Process {
    /// Asks the kernel; none where it does not say.
    pub fn look() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let fds = fs::read_dir("/proc/self/fd").ok()?.count();
        Self::parse(&status, &stat, fds.saturating_sub(1))
    }

    /// Reads the kernel's texts. Of the descriptors, the one they were counted with is not counted.
    fn parse(status: &str, stat: &str, fds: usize) -> Option<Self> {
        let field = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.strip_prefix(':')?.split_whitespace().next()?.parse().ok()
        };
        // The second field is the name, in brackets and with anything in it.
        let (_, rest) = stat.rsplit_once(')')?;
        let ticks = |index: usize| rest.split_whitespace().nth(index)?.parse::<u64>().ok();
        // utime and stime, fields 14 and 15 of proc(5).
        let ticks = ticks(11)? + ticks(12)?;
        Some(Self {
            resident: field("VmRSS")? * 1_024,
            cpu: Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND),
            threads: field("Threads")?,
            fds: u64::try_from(fds).ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_texts_are_read() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 1 2 3";
        let status = "Name:\ta) b\nVmRSS:\t    1234 kB\nThreads:\t3\n";
        let process = Process::parse(status, stat, 9).unwrap();
        let cpu = Duration::from_secs(3);
        assert_eq!(process, Process { resident: 1_234 * 1_024, cpu, threads: 3, fds: 9 });
        assert_eq!(Process::parse("", stat, 9), None);
    }

    #[test]
    fn memory_is_this_process_own_within_a_percent() {
        let kernel = || -> u64 {
            let status = fs::read_to_string("/proc/self/status").unwrap();
            let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
            line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
        };
        // Other tests of this process come and go meanwhile: one quiet moment is enough.
        let agrees = |_| {
            let (ours, theirs) = (Process::look().unwrap().resident, kernel());
            ours.abs_diff(theirs) * 100 <= theirs
        };
        assert!((0..1_000).any(agrees));
    }
}
