//! Unit properties by way of a `systemctl show` child: slow, but it finds a way to systemd where there
//! is no bus daemon.
//!
//! **Limits**: 64 KiB of output, and the caller's timeout, after which the child is killed.

use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::unit::{PROPERTIES, Unavailable, Unit};

/// Bytes read from systemctl: 12 short properties of some dozen units.
const OUTPUT_BYTES_MAX: u64 = 64 * 1024;

/// Asks about `names`, waiting at most `timeout`; answers in the same order.
pub(super) fn show(names: &[&str], timeout: Duration) -> Result<Vec<Unit>, Unavailable> {
    let properties: Vec<&str> = PROPERTIES.iter().map(|(_, property)| *property).collect();
    let mut command = Command::new("systemctl");
    command.args(["show", "--no-pager", "--property", &properties.join(","), "--"]).args(names);
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
        unit.set(property, value);
    }
    unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_several_units_from_one_answer() {
        let text = "Result=success\nMainPID=812\nNRestarts=2\nExecMainStatus=0\n\
            ExecMainStartTimestampMonotonic=4711\nStatusText=a=b\n\
            LoadState=loaded\nActiveState=active\nSubState=running\nUnitFileState=enabled\n\n\
            LoadState=not-found\nActiveState=inactive\nSubState=dead\n\
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
