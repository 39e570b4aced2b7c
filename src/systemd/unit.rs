//! What systemd knows about units, asked with one `systemctl show` for all of them.
//!
//! **Failure**: where systemd does not run, or does not answer in time, the answer is
//! [`Unavailable`], never a guess; nothing is spawned where `/run/systemd/system` is absent.
//! **Limits**: 64 KiB of output, and the caller's timeout, after which the child is killed.

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// What is asked of each unit. `systemctl show` answers in an order of its own.
const PROPERTIES: &str = "Id,LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result,\
ExecMainStatus,ExecMainStartTimestampMonotonic,ActiveEnterTimestampMonotonic,\
InactiveEnterTimestampMonotonic,StatusText";

/// Bytes read from systemctl: 13 short properties of some dozen units.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;

/// The properties of one unit, in systemd's words. Empty and 0 where the unit type has none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unit {
    /// `Id`: the unit's name.
    pub id: String,
    /// `LoadState`: `loaded`, `not-found`, ...
    pub load_state: String,
    /// `ActiveState`: `active`, `inactive`, `activating`, `failed`, ...
    pub active_state: String,
    /// `SubState`: `running`, `dead`, `auto-restart`, ...
    pub sub_state: String,
    /// `UnitFileState`: `enabled`, `disabled`, `static`, ...
    pub unit_file_state: String,
    /// `MainPID`; 0 where nothing runs.
    pub main_pid: u32,
    /// `NRestarts`: automatic restarts since the unit was last started by someone.
    pub restarts: u32,
    /// `Result`: `success`, `exit-code`, `watchdog`, ...
    pub result: String,
    /// `ExecMainStatus`: exit code or signal of the last main process.
    pub exec_main_status: i32,
    /// `ExecMainStartTimestampMonotonic`, microseconds since boot; 0 where it never started.
    pub exec_main_start_us: u64,
    /// `ActiveEnterTimestampMonotonic`, microseconds since boot; 0 where it never was active.
    pub active_enter_us: u64,
    /// `InactiveEnterTimestampMonotonic`, microseconds since boot; 0 where it never ended.
    pub inactive_enter_us: u64,
    /// `StatusText`: the last `STATUS=` of the service.
    pub status_text: String,
}

impl Unit {
    /// Loaded and `active`.
    pub fn is_active(&self) -> bool {
        self.active_state == "active"
    }

    /// Starts with the machine.
    pub fn is_enabled(&self) -> bool {
        self.unit_file_state == "enabled"
    }

    /// systemd has a file for it.
    pub fn is_installed(&self) -> bool {
        !self.load_state.is_empty() && self.load_state != "not-found"
    }
}

/// Why there is no answer about units.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unavailable {
    /// The machine was not booted with systemd.
    NotBooted,
    /// systemctl could not be run, failed or said something unexpected.
    Failed(String),
    /// No answer within the timeout.
    TimedOut(Duration),
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotBooted => f.write_str("this machine does not run systemd"),
            Self::Failed(why) => write!(f, "systemctl show failed: {why}"),
            Self::TimedOut(after) => write!(f, "systemctl show gave no answer in {after:?}"),
        }
    }
}

impl std::error::Error for Unavailable {}

/// Asks about `names`, waiting at most `timeout`; answers in the same order.
pub fn show(names: &[&str], timeout: Duration) -> Result<Vec<Unit>, Unavailable> {
    if !Path::new("/run/systemd/system").is_dir() {
        return Err(Unavailable::NotBooted);
    }
    let mut command = Command::new("systemctl");
    command.args(["show", "--no-pager", "--property", PROPERTIES, "--"]).args(names);
    let units = parse(&run(command, timeout)?);
    if units.len() != names.len() {
        let why = format!("{} units in its answer about {}", units.len(), names.len());
        return Err(Unavailable::Failed(why));
    }
    Ok(units)
}

/// Runs a command to its end or to the timeout and returns what it wrote.
fn run(mut command: Command, timeout: Duration) -> Result<String, Unavailable> {
    let failed = |error: std::io::Error| Unavailable::Failed(error.to_string());
    command.env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let Some(stdout) = child.stdout.take() else {
        return Err(Unavailable::Failed("no pipe to read from".to_owned()));
    };
    let (sender, receiver) = mpsc::channel();
    // The thread ends when the pipe does: when the child exits or is killed below.
    std::thread::Builder::new()
        .name("systemctl".to_owned())
        .spawn(move || {
            let mut text = String::new();
            let read = stdout.take(OUTPUT_BYTES_MAX).read_to_string(&mut text);
            // The receiver is gone after a timeout; nobody waits for the answer then.
            let _ = sender.send(read.map(|_| text));
        })
        .map_err(failed)?;
    let answer = receiver.recv_timeout(timeout);
    if answer.is_err() {
        // Already dead is fine; either way it is reaped next.
        let _ = child.kill();
    }
    let status = child.wait().map_err(failed)?;
    match answer {
        Err(_) => Err(Unavailable::TimedOut(timeout)),
        Ok(Err(error)) => Err(failed(error)),
        Ok(Ok(_)) if !status.success() => Err(Unavailable::Failed(status.to_string())),
        Ok(Ok(text)) => Ok(text),
    }
}

/// Parses blocks of `Property=value` separated by empty lines. Unknown properties are skipped.
fn parse(text: &str) -> Vec<Unit> {
    text.split("\n\n").filter(|block| !block.trim().is_empty()).map(parse_unit).collect()
}

fn parse_unit(block: &str) -> Unit {
    let mut unit = Unit::default();
    for (property, value) in block.lines().filter_map(|line| line.split_once('=')) {
        let text = || value.to_owned();
        match property {
            "Id" => unit.id = text(),
            "LoadState" => unit.load_state = text(),
            "ActiveState" => unit.active_state = text(),
            "SubState" => unit.sub_state = text(),
            "UnitFileState" => unit.unit_file_state = text(),
            "MainPID" => unit.main_pid = value.parse().unwrap_or(0),
            "NRestarts" => unit.restarts = value.parse().unwrap_or(0),
            "Result" => unit.result = text(),
            "ExecMainStatus" => unit.exec_main_status = value.parse().unwrap_or(0),
            "ExecMainStartTimestampMonotonic" => {
                unit.exec_main_start_us = value.parse().unwrap_or(0);
            }
            "ActiveEnterTimestampMonotonic" => unit.active_enter_us = value.parse().unwrap_or(0),
            "InactiveEnterTimestampMonotonic" => {
                unit.inactive_enter_us = value.parse().unwrap_or(0);
            }
            "StatusText" => unit.status_text = text(),
            _ => {}
        }
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_several_units_from_one_answer() {
        let text = "Result=success\nMainPID=812\nNRestarts=2\nExecMainStatus=0\n\
            ExecMainStartTimestampMonotonic=4711\nStatusText=a=b\nId=ibis-agent.service\n\
            LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n\n\
            Id=none.timer\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n\
            UnitFileState=\n";
        let [agent, none] = parse(text).try_into().unwrap();
        assert!(agent.is_active() && agent.is_enabled() && agent.is_installed());
        assert_eq!((agent.main_pid, agent.restarts, agent.exec_main_start_us), (812, 2, 4711));
        assert_eq!(agent.status_text, "a=b");
        assert!(!none.is_active() && !none.is_enabled() && !none.is_installed());
        assert_eq!(parse(""), []);
    }

    #[test]
    fn a_command_that_never_ends_is_killed_at_the_timeout() {
        let mut command = Command::new("tail");
        command.args(["-f", "/dev/null"]);
        let timeout = Duration::from_millis(1);
        assert_eq!(run(command, timeout), Err(Unavailable::TimedOut(timeout)));
    }

    #[test]
    fn a_command_that_fails_or_is_missing_is_no_answer() {
        let long = Duration::from_secs(60);
        assert!(matches!(run(Command::new("false"), long), Err(Unavailable::Failed(_))));
        assert!(matches!(run(Command::new("/nonexistent"), long), Err(Unavailable::Failed(_))));
        let mut echo = Command::new("echo");
        echo.arg("Id=x");
        assert_eq!(run(echo, long), Ok("Id=x\n".to_owned()));
    }
}
