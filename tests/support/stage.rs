//! An installation into an empty directory, as a packager makes it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{binary, repository, succeed};

/// A staged tree, deleted when dropped.
#[derive(Debug)]
pub struct Stage {
    root: PathBuf,
}

impl Stage {
    /// Stages what `scripts/install` installs for a manager of the given version.
    pub fn install(systemd_version: &str) -> Stage {
        let stage = Stage::empty();
        stage.run(&[], systemd_version);
        stage
    }

    /// An empty directory.
    pub fn empty() -> Stage {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("stage-{}-{count}", std::process::id());
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        // `systemd-analyze verify` looks for every command of a unit in the staged root.
        let kill = root.join("bin/kill");
        fs::create_dir_all(kill.parent().unwrap()).unwrap();
        fs::write(&kill, "").unwrap();
        fs::set_permissions(&kill, fs::Permissions::from_mode(0o755)).unwrap();
        Stage { root }
    }

    /// Runs `scripts/install` on this directory; returns what it said.
    pub fn run(&self, arguments: &[&str], systemd_version: &str) -> String {
        let mut install = Command::new(repository().join("scripts/install"));
        install.args(arguments).env("DESTDIR", &self.root).env("IBIS_BINARY", binary());
        install.env("IBIS_SYSTEMD_VERSION", systemd_version);
        succeed(&mut install)
    }

    /// The staged root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Every staged file, relative to the root, sorted.
    pub fn files(&self) -> Vec<String> {
        let find = succeed(Command::new("find").arg(&self.root).args([
            "-type",
            "f",
            "-not",
            "-path",
            "*/bin/kill",
            "-printf",
            "%P\n",
        ]));
        let mut files: Vec<String> = find.lines().map(str::to_owned).collect();
        files.sort();
        files
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // A leftover under target/ harms nobody.
        fs::remove_dir_all(&self.root).ok();
    }
}
