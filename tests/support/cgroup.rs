//! A control group of its own for each machine, in every hierarchy, v1 and v2.
//!
//! `systemd-nspawn --keep-unit` puts its payload under the caller's group: two machines of one
//! caller would share it, so each is started from a group made for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = "/sys/fs/cgroup";
/// The v1 hierarchies a container may have; `cpuset` is left out, its empty sets refuse processes.
const V1: [&str; 8] =
    ["systemd", "memory", "pids", "cpu", "cpuacct", "blkio", "devices", "freezer"];
/// Far above what systemd, a journal and one agent need.
const MEMORY_MAX: &str = "1500M";

/// The v2 hierarchy: the only one, or the one beside v1.
pub fn unified() -> PathBuf {
    let beside_v1 = Path::new(ROOT).join("unified");
    if beside_v1.is_dir() { beside_v1 } else { ROOT.into() }
}

/// Every hierarchy a process has to be moved in.
pub fn hierarchies() -> Vec<PathBuf> {
    let v1 = V1.iter().map(|name| Path::new(ROOT).join(name)).filter(|path| path.is_dir());
    std::iter::once(unified()).chain(v1).collect()
}

/// Makes the group in every hierarchy and bounds its memory where the kernel lets us.
pub fn create(name: &str) -> std::io::Result<()> {
    for hierarchy in hierarchies() {
        let group = hierarchy.join(name);
        fs::create_dir_all(&group)?;
        for limit in ["memory.limit_in_bytes", "memory.max"].map(|file| group.join(file)) {
            if limit.exists() {
                fs::write(limit, MEMORY_MAX)?;
            }
        }
    }
    Ok(())
}

/// Kills whatever is left in the group and removes it; false when something stays after 10 s.
pub fn remove(name: &str) -> bool {
    let kill = unified().join(name).join("cgroup.kill");
    if kill.exists() {
        // Refused only when the group has just gone, which is what is wanted.
        fs::write(kill, "1").ok();
    }
    hierarchies().iter().map(|hierarchy| hierarchy.join(name)).all(|group| {
        let script = "while [ -d \"$0\" ]; do find \"$0\" -depth -type d -exec rmdir {} + ; \
                      [ ! -d \"$0\" ] || sleep 0.02; done 2>/dev/null";
        let mut command = Command::new("timeout");
        command.args(["10", "bash", "-c", script]).arg(&group);
        super::output(&mut command).status.success()
    })
}

/// True while a process lives in the group.
pub fn is_populated(name: &str) -> bool {
    fs::read_to_string(unified().join(name).join("cgroup.events"))
        .is_ok_and(|events| events.lines().any(|line| line == "populated 1"))
}
