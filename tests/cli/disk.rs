//! A disk that is full or read-only: try again later, with the ledger as it was.

use std::fs;
use std::process::Command;

use super::{RUN, db_check_ok};
use crate::support::home::Home;
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
