//! What the tests share: where things are, what may be skipped, a staged installation, a machine.

pub mod bot_api;
pub mod cgroup;
pub mod home;
pub mod hook;
pub mod http;
pub mod machine;
pub mod promtool;
pub mod stage;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The root of the repository.
pub fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The `ibis` to test: the one cargo just built, or `IBIS_BINARY` as for `scripts/install`.
pub fn binary() -> PathBuf {
    variable("IBIS_BINARY").map_or_else(|| env!("CARGO_BIN_EXE_ibis").into(), PathBuf::from)
}

/// An environment variable of the test run.
#[expect(clippy::disallowed_methods, reason = "the test run is configured from outside")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Says why a test does not run. With `IBIS_REQUIRE_BOX=1`, as in `scripts/test`, it fails instead.
pub fn skip(reason: &str) {
    assert!(variable("IBIS_REQUIRE_BOX").is_none(), "IBIS_REQUIRE_BOX is set, but {reason}");
    println!("skipped: {reason}");
}

/// True where a program can be found.
pub fn has(program: &str) -> bool {
    ["/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .any(|directory| Path::new(directory).join(program).exists())
}

/// Runs a command to its end; panics when it cannot be started.
pub fn output(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Runs a command that must succeed; returns what it printed on both streams.
pub fn succeed(command: &mut Command) -> String {
    let output = output(command);
    let text = text(&output);
    assert!(output.status.success(), "{command:?}: {}\n{text}", output.status);
    text
}

/// Both streams of a finished command, as text.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Recorded data beside the repository, or where `IBIS_SHARED_DATA` says. Not part of it: a test that
/// wants it is left out, aloud, where it is absent.
pub fn shared_data() -> Option<PathBuf> {
    let beside = repository().join("../shared/data");
    let path = variable("IBIS_SHARED_DATA").map_or(beside, PathBuf::from);
    if !path.join("market").is_dir() {
        println!("skipped: no recorded data at {}", path.display());
        return None;
    }
    Some(path)
}

/// Serves each connection of a listener in a thread of its own, until its state says that it stopped.
pub fn serve_each<S: Send + Sync + 'static>(
    listener: std::net::TcpListener,
    state: std::sync::Arc<S>,
    is_stopped: fn(&S) -> bool,
    serve: fn(std::net::TcpStream, &S),
) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            if is_stopped(&state) {
                return;
            }
            let state = std::sync::Arc::clone(&state);
            std::thread::spawn(move || serve(stream.unwrap(), &state));
        }
    });
}
