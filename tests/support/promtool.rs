//! promtool, which is Prometheus' own judge of metrics and rules.

use std::path::PathBuf;
use std::process::Command;

use super::{repository, skip};

/// promtool with these words; `None`, aloud, where there is none. `scripts/test` puts one into `target`.
pub fn promtool(words: &[&str]) -> Option<Command> {
    let fetched = repository().join("target/promtool/usr/bin/promtool");
    let program = if fetched.exists() { fetched } else { PathBuf::from("promtool") };
    if Command::new(&program).arg("--version").output().is_err() {
        skip("promtool is missing (Debian's package prometheus; scripts/test fetches it)");
        return None;
    }
    let mut command = Command::new(program);
    command.args(words);
    Some(command)
}
