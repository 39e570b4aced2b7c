//! A disk that is full or read-only: try again later, with the ledger as it was.

use std::fs;
use std::process::Command;

use super::{RUN, db_check_ok};
use crate::support::home::Home;
use crate::support::http::Door;
use crate::support::{output, succeed};

/// A small file system of its own over `data`.
struct Disk {
    home: Home,
}

impl Disk {
    /// `None` where mounting is not allowed.
    fn mount(size: &str) -> Option<Self> {
        let home = Home::new();
        let data = home.path("data");
        fs::create_dir_all(&data).unwrap();
        let options = format!("size={size}");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "ibis-test"]).arg(&data);
        if !output(&mut mount).status.success() {
            println!("skipped: a small disk needs the right to mount one");
            return None;
        }
        Some(Self { home })
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        succeed(Command::new("mount").args(["-o", &options]).arg(self.home.path("data")));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: whatever still has a file open there ends with its test.
        output(Command::new("umount").arg("--lazy").arg(self.home.path("data")));
    }
}

#[test]
fn no_room_for_a_ledger_is_75() {
    let Some(disk) = Disk::mount("64k") else { return };
    let ended = disk.home.ibis(RUN);
    assert!(ended.refused(75).contains("data/ibis.db"));
    disk.remount("size=64m");
    disk.home.json(RUN);
    db_check_ok(&disk.home);
}

#[test]
fn a_disk_that_fills_up_is_75_and_the_ledger_ends_at_a_commit() {
    let Some(disk) = Disk::mount("1m") else { return };
    let home = &disk.home;
    let ended = home.ibis("agent --speed max --seed 7 --max-runtime 30d --json");
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(75), ""), "{ended:?}");
    let line = ended.complaint();
    assert!(line.contains("full") && line.contains("check the disk"), "{line}");
    let again = home.ibis(RUN);
    assert_eq!(again.code, Some(75), "{again:?}");
    again.complaint();
    disk.remount("size=64m");
    db_check_ok(home);
    let summary = home.json("agent --speed max --seed 7 --max-runtime 2h");
    assert_eq!(summary["violations"].as_array().unwrap().len(), 0, "{summary}");
    db_check_ok(home);
    assert_eq!(home.json("exec-integrity")["overall"], "OK");
}

#[test]
fn a_read_only_disk_is_75_and_readers_go_on() {
    let Some(disk) = Disk::mount("64m") else { return };
    let home = &disk.home;
    let head = home.json(RUN)["chain_head"].clone();
    let before = home.files("data");
    disk.remount("ro");
    let ended = home.ibis(RUN);
    assert!(ended.refused(75).contains("data"));
    home.write("history.json", super::HISTORY);
    assert!(home.ibis("trades import history.json").refused(75).contains("ibis.db"));
    assert_eq!(home.files("data"), before);
    disk.remount("rw");
    assert_eq!(home.json("db check")["chain_head"], head);
}

/// The latch needs a few hundred bytes. Where the disk has none the agent is told by a signal, and what it
/// then knows is in the ledger once that can be written.
#[test]
fn the_kill_switch_works_on_a_full_disk() {
    let Some(disk) = Disk::mount("12m") else { return };
    let data = disk.home.path("data");
    // So small a disk is full to begin with, by the usual measure.
    let small = "[health]\ndisk_free_warn = \"1MiB\"\ndisk_free_critical = \"1MiB\"\n";
    let socket = disk.home.path("control.sock");
    let http = format!("[http]\nlisten = \"127.0.0.1:0\"\nsocket = {socket:?}\n");
    disk.home.write("ibis.toml", format!("{small}{http}"));
    let mut agent = disk.home.start("agent --config ibis.toml --speed 20", &[]);
    agent.line("ready: run 1");
    let ballast = data.join("ballast");
    let mut fill = Command::new("dd");
    fill.args(["if=/dev/zero", "bs=4k"]).arg(format!("of={}", ballast.display()));
    output(&mut fill);
    agent.line("cannot be written");
    let killed = disk.home.ibis("kill activate --config ibis.toml --reason test --timeout 2s");
    assert_eq!(killed.code, Some(2), "nothing proves it here: {killed:?}");
    assert!(killed.stdout.contains("was told by SIGUSR1"), "{killed:?}");
    assert!(!killed.stdout.contains("no agent runs"), "{killed:?}");
    agent.line("hold kill_switch sets kill_switch");
    let body = "{\"activate\": true, \"reason\": \"test\"}";
    let reply = Door::Socket(socket).post("/kill-switch", body);
    assert_eq!(reply.status, 200, "{reply:?}");
    agent.line("the kill switch has no file");
    fs::remove_file(ballast).unwrap();
    agent.line("the ledger is written again");
    let status = disk.home.ibis("kill status");
    assert_eq!(status.code, Some(1), "{status:?}");
    assert!(status.stdout.contains("kill_switch: active since"), "{status:?}");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}
