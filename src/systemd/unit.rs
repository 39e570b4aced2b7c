//! What systemd knows about units.
//!
//! Asked over the system bus; where that gives no answer, by one `systemctl show` for all of them.
//! **Failure**: where systemd does not run, or does not answer in time, the answer is [`Unavailable`],
//! never a guess. Where `/run/systemd/system` is absent nothing is tried at all.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use super::bus::{Call, SYSTEM_BUS, call_all};
use super::systemctl;

/// What is asked of each unit: the interface that has the property, and its name.
pub(super) const PROPERTIES: [(&str, &str); 12] = [
    (UNIT, "LoadState"),
    (UNIT, "ActiveState"),
    (UNIT, "SubState"),
    (UNIT, "UnitFileState"),
    (UNIT, "ActiveEnterTimestampMonotonic"),
    (UNIT, "InactiveEnterTimestampMonotonic"),
    (SERVICE, "MainPID"),
    (SERVICE, "NRestarts"),
    (SERVICE, "Result"),
    (SERVICE, "ExecMainStatus"),
    (SERVICE, "ExecMainStartTimestampMonotonic"),
    (SERVICE, "StatusText"),
];

/// Properties that every unit has.
const UNIT: &str = "org.freedesktop.systemd1.Unit";
/// Properties that only services have.
const SERVICE: &str = "org.freedesktop.systemd1.Service";

/// The properties of one unit, in systemd's words. Empty and 0 where the unit type has none.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Unit {
    /// The name it was asked by.
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
    /// Takes a property as systemd prints it; an unknown one, or a number that is none, is skipped.
    pub(super) fn set(&mut self, property: &str, value: &str) {
        let text = || value.to_owned();
        match property {
            "LoadState" => self.load_state = text(),
            "ActiveState" => self.active_state = text(),
            "SubState" => self.sub_state = text(),
            "UnitFileState" => self.unit_file_state = text(),
            "MainPID" => self.main_pid = value.parse().unwrap_or(0),
            "NRestarts" => self.restarts = value.parse().unwrap_or(0),
            "Result" => self.result = text(),
            "ExecMainStatus" => self.exec_main_status = value.parse().unwrap_or(0),
            "ExecMainStartTimestampMonotonic" => {
                self.exec_main_start_us = value.parse().unwrap_or(0);
            }
            "ActiveEnterTimestampMonotonic" => self.active_enter_us = value.parse().unwrap_or(0),
            "InactiveEnterTimestampMonotonic" => {
                self.inactive_enter_us = value.parse().unwrap_or(0);
            }
            "StatusText" => self.status_text = text(),
            _ => {}
        }
    }

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

/// Asks about `names`, each of the two ways waiting at most `timeout`; answers in the same order.
pub fn show(names: &[&str], timeout: Duration) -> Result<Vec<Unit>, Unavailable> {
    if !Path::new("/run/systemd/system").is_dir() {
        return Err(Unavailable::NotBooted);
    }
    let mut units = ask_bus(names, timeout).or_else(|_| systemctl::show(names, timeout))?;
    for (unit, name) in units.iter_mut().zip(names) {
        unit.id = (*name).to_owned();
    }
    Ok(units)
}

/// Reads the properties of all units over one connection. Each costs about 0.2 ms, hence none that a
/// unit cannot have.
fn ask_bus(names: &[&str], timeout: Duration) -> std::io::Result<Vec<Unit>> {
    let mut asked: Vec<(usize, String, [&str; 2])> = Vec::new();
    for (index, name) in names.iter().enumerate() {
        let has = |interface: &str| interface == UNIT || name.ends_with(".service");
        for (interface, property) in PROPERTIES.iter().filter(|(interface, _)| has(interface)) {
            asked.push((index, object_path(name), [interface, property]));
        }
    }
    let calls: Vec<Call<'_>> = asked
        .iter()
        .map(|(_, path, arguments)| Call {
            destination: "org.freedesktop.systemd1",
            path,
            interface: "org.freedesktop.DBus.Properties",
            member: "Get",
            arguments,
        })
        .collect();
    let answers = call_all(Path::new(SYSTEM_BUS), &calls, timeout)?;
    let mut units = vec![Unit::default(); names.len()];
    for ((index, _, [_, property]), answer) in asked.iter().zip(answers) {
        if let (Some(unit), Some(value)) = (units.get_mut(*index), answer) {
            unit.set(property, &value);
        }
    }
    if units.iter().any(|unit| unit.load_state.is_empty()) {
        // systemd itself did not answer for it: not allowed to, or restarting.
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    Ok(units)
}

/// The object of a unit: everything but letters and digits becomes `_` and two hex digits, as does a
/// digit in front.
fn object_path(name: &str) -> String {
    let mut path = "/org/freedesktop/systemd1/unit/".to_owned();
    for (index, byte) in name.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => path.push(char::from(byte)),
            b'0'..=b'9' if index > 0 => path.push(char::from(byte)),
            other => path.push_str(&format!("_{other:02x}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_name_becomes_an_object_path() {
        assert_eq!(
            object_path("ibis-failure@1.service"),
            "/org/freedesktop/systemd1/unit/ibis_2dfailure_401_2eservice"
        );
        assert_eq!(object_path("1a"), "/org/freedesktop/systemd1/unit/_31a");
    }

    #[test]
    fn every_property_that_is_asked_for_is_kept() {
        for (_, property) in PROPERTIES {
            let mut unit = Unit::default();
            unit.set(property, "7");
            assert_ne!(unit, Unit::default(), "{property}");
        }
    }
}
