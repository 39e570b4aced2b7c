//! A directory in which `ibis` is run as a script would run it: nothing of this machine's
//! configuration or environment reaches it, and every run is bounded in time.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::Value;

use super::{binary, output};

/// No run of these tests takes nearly as long, in seconds: a hang becomes a failure.
const RUN_S_MAX: &str = "300";
/// How often a ledger is looked at that is waited for, and for how many times at most.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: u32 = 6_000;
/// As long as one may wait for a line.
const LINE_WAIT: Duration = Duration::from_secs(120);

/// A directory of its own, deleted when dropped.
#[derive(Debug)]
pub struct Home {
    root: PathBuf,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` where a signal killed it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Home {
    /// An empty directory.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("home-{}-{count}", std::process::id());
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(root.join("etc")).unwrap();
        Self { root }
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// `ibis` with these words, its state in `data`; not started yet.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--foreground", "--signal=KILL", RUN_S_MAX]).arg(binary());
        self.furnish(&mut command, words);
        command
    }

    /// `ibis` itself with these words, for a test that ends it; not started yet.
    pub fn own_process(&self, words: &str) -> Command {
        let mut command = Command::new(binary());
        self.furnish(&mut command, words);
        command
    }

    /// Runs `ibis` with these words to its end.
    pub fn ibis(&self, words: &str) -> Ended {
        end(&mut self.command(words))
    }

    /// Runs `ibis` with these words and `--json`; it must end with exit 0.
    pub fn json(&self, words: &str) -> Value {
        self.ibis(&format!("{words} --json")).ok()
    }

    /// Starts an agent with these words, which is killed when dropped.
    pub fn start(&self, words: &str, variables: &[(&str, &str)]) -> Running {
        let mut command = self.own_process(words);
        command.envs(variables.iter().copied());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Running { child, lines, seen: Vec::new() }
    }

    /// The ledger, for reading.
    pub fn ledger(&self) -> Connection {
        Connection::open(self.path("data/ibis.db")).unwrap()
    }

    /// Waits until a query of the ledger counts at least as many.
    #[track_caller]
    pub fn until(&self, query: &str, least: i64) {
        let count = || self.ledger().query_row(query, [], |row| row.get::<_, i64>(0)).unwrap();
        for _ in 0..LOOKS_MAX {
            if count() >= least {
                return;
            }
            std::thread::park_timeout(LOOK_EVERY);
        }
        panic!("{query}: {} instead of {least}", count());
    }

    /// Every file in a directory, by path, with its content; SQLite's empty logs and indices of logs,
    /// which come and go with each reader, aside.
    pub fn files(&self, directory: &str) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(self.path(directory))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .filter(|(path, content)| {
                let name = path.to_str().unwrap();
                !(name.ends_with("-shm") || (name.ends_with("-wal") && content.is_empty()))
            })
            .collect();
        files.sort();
        files
    }

    fn furnish(&self, command: &mut Command, words: &str) {
        command.args(words.split_whitespace()).current_dir(&self.root).env_clear();
        command.env("PATH", "/usr/bin:/bin");
        // Takes the place of /etc/ibis.
        command.env("CONFIGURATION_DIRECTORY", self.path("etc"));
        command.stdin(Stdio::null());
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // A leftover under target/ harms nobody.
        fs::remove_dir_all(&self.root).ok();
    }
}

/// Runs a command to its end.
pub fn end(command: &mut Command) -> Ended {
    let output = output(command);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ended { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
}

impl Ended {
    /// What it printed as one JSON object; it must have ended with exit 0.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.parsed()
    }

    /// What it printed as one JSON object.
    #[track_caller]
    pub fn parsed(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:?}");
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        assert!(value.is_object(), "{value}");
        value
    }

    /// The one line on standard error of a refusal with this exit code.
    #[track_caller]
    pub fn refused(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert_eq!(self.stdout, "", "{self:?}");
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self.complaint()
    }

    /// The one line of complaint, after whatever an agent that ran had to say.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        let mut complaints = self.stderr.lines().filter_map(|line| line.strip_prefix("ibis: "));
        let complaint = complaints.next().unwrap_or_else(|| panic!("no complaint: {self:?}"));
        assert_eq!(complaints.next(), None, "{self:?}");
        complaint
    }
}

/// A running agent.
#[derive(Debug)]
pub struct Running {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Running {
    /// Waits for a line on standard error that contains `text`.
    #[track_caller]
    pub fn line(&mut self, text: &str) -> String {
        loop {
            let Ok(line) = self.lines.recv_timeout(LINE_WAIT) else {
                panic!("no line with {text:?} in {:#?}", self.seen);
            };
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name: `TERM`, `INT`, `HUP`, `KILL`.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        super::succeed(Command::new("kill").args(["-s", name, &pid]));
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Ended {
        while let Ok(line) = self.lines.recv_timeout(LINE_WAIT) {
            self.seen.push(line);
        }
        let mut stdout = String::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            std::io::Read::read_to_string(&mut pipe, &mut stdout).unwrap();
        }
        let code = self.child.wait().unwrap().code();
        Ended { code, stdout, stderr: std::mem::take(&mut self.seen).join("\n") }
    }

    /// Ends it as a power cut would.
    pub fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
