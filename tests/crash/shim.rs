//! The library that counts an agent's calls and acts at one of them, built from `crashpoint.c`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::point::{FAILURES, Point};
use crate::support::home::Home;
use crate::support::{has, repository, skip, succeed};

/// Builds it once; `None` where there is no C compiler, which is said.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let build = || {
        if !has("cc") {
            skip("no cc for the crash points (Debian: apt-get install gcc libc6-dev)");
            return None;
        }
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let (made, library) = (
            directory.join(format!("crashpoint-{}.so", std::process::id())),
            directory.join("crashpoint.so"),
        );
        let mut cc = Command::new("cc");
        cc.args(["-O2", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&made);
        succeed(cc.arg(repository().join("tests/crash/crashpoint.c")).arg("-ldl"));
        fs::rename(&made, &library).unwrap();
        Some(library)
    };
    LIBRARY.get_or_init(build).as_deref()
}

/// True where processes can be killed at points.
pub fn is_there() -> bool {
    library().is_some()
}

/// The environment in which a point happens to a process of this home, and what it does is written down.
pub fn variables(home: &Home, point: Option<&Point>, log: &Path) -> Vec<(&'static str, String)> {
    let text = |path: &Path| path.to_str().unwrap().to_owned();
    // As the process sees its files, whatever links lead there.
    let directory = fs::canonicalize(home.path("")).unwrap().join("data");
    let mut variables = vec![
        ("LD_PRELOAD", text(library().unwrap())),
        ("CRASHPOINT_DIR", text(&directory)),
        ("CRASHPOINT_LOG", text(log)),
    ];
    if let Some(point) = point {
        variables.push(("CRASHPOINT_AT", point.at()));
        variables.push(("CRASHPOINT_MODE", point.how.word().to_owned()));
        variables.push(("CRASHPOINT_FOR", FAILURES.to_string()));
    }
    variables
}
