//! Are the installed units the shipped ones, and are their timers enabled? Only where systemd runs and
//! ibis is installed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::systemd::unit::{self, Unit};

/// Where systemd finds unit files, in the order in which the first counts (systemd.unit(5)).
const DIRECTORIES: [&str; 5] = [
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];
/// What is behind the prefix of an installed unit directory.
const BELOW_PREFIX: &str = "/lib/systemd/system";
/// How long systemd may take to answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(2);

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../../units/", $name)))),*]
    };
}

/// The units of this version, by name.
const SHIPPED: [(&str, &str); 14] = shipped![
    "ibis-agent.service",
    "ibis-backup.service",
    "ibis-backup.timer",
    "ibis-exec-integrity.service",
    "ibis-exec-integrity.timer",
    "ibis-failure@.service",
    "ibis-healthcheck.service",
    "ibis-healthcheck.timer",
    "ibis-hourly-kpi.service",
    "ibis-hourly-kpi.timer",
    "ibis-log-retention.service",
    "ibis-log-retention.timer",
    "ibis-restore-drill.service",
    "ibis-restore-drill.timer",
];

/// What was found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Units {
    /// No systemd, or no agent's unit: ibis is run by hand here.
    NotHere,
    /// ibis is installed.
    Installed {
        /// Units whose files are not there.
        missing: Vec<String>,
        /// Files that are not the shipped ones.
        differing: Vec<String>,
        /// The state of each timer, by name, or why systemd does not say.
        timers: Result<Vec<(String, TimerState)>, String>,
    },
}

/// A timer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimerState {
    /// Starts with the machine or with the agent.
    Enabled,
    /// Does not start.
    Disabled,
    /// systemd knows none of the name.
    Missing,
}

/// Looks at the files and asks systemd about the timers.
pub fn look() -> Units {
    let booted = Path::new("/run/systemd/system").is_dir();
    if !booted || file("ibis-agent.service").is_none() {
        return Units::NotHere;
    }
    let (mut missing, mut differing) = (Vec::new(), Vec::new());
    for (name, shipped) in SHIPPED {
        match file(name) {
            None => missing.push(name.to_owned()),
            Some((path, text)) if !is_shipped(&path, &text, shipped) => {
                differing.push(path.display().to_string());
            }
            Some(_) => {}
        }
    }
    Units::Installed { missing, differing, timers: timers() }
}

/// The file of a unit that systemd takes, and its text.
fn file(name: &str) -> Option<(PathBuf, String)> {
    DIRECTORIES.iter().find_map(|directory| {
        let path = Path::new(directory).join(name);
        std::fs::read_to_string(&path).ok().map(|text| (path, text))
    })
}

/// True where a text is the shipped one, installed below the prefix its path tells.
fn is_shipped(path: &Path, text: &str, shipped: &str) -> bool {
    let directory = path.parent().and_then(Path::to_str).unwrap_or_default();
    let prefix = match directory.strip_suffix(BELOW_PREFIX) {
        Some("") | None => "/usr",
        Some(prefix) => prefix,
    };
    let installed = shipped
        .replace("/usr/bin/ibis", &format!("{prefix}/bin/ibis"))
        .replace("/usr/share/", &format!("{prefix}/share/"));
    text == installed
}

fn timers() -> Result<Vec<(String, TimerState)>, String> {
    let names: Vec<&str> =
        SHIPPED.iter().map(|(name, _)| *name).filter(|name| name.ends_with(".timer")).collect();
    let units = unit::show(&names, ASK_TIMEOUT).map_err(|error| error.to_string())?;
    let state = |unit: &Unit| match (unit.is_installed(), unit.is_enabled() || unit.is_active()) {
        (false, _) => TimerState::Missing,
        (true, true) => TimerState::Enabled,
        (true, false) => TimerState::Disabled,
    };
    Ok(units.iter().map(|unit| (unit.id.clone(), state(unit))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_that_is_in_the_repository_is_compared() {
        let units = Path::new(env!("CARGO_MANIFEST_DIR")).join("units");
        let files = std::fs::read_dir(units).unwrap().map(|entry| entry.unwrap().path());
        let is_unit =
            |path: &PathBuf| path.extension().is_some_and(|it| it == "service" || it == "timer");
        let mut names: Vec<String> = files
            .filter(is_unit)
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort_unstable();
        assert_eq!(names, SHIPPED.map(|(name, _)| name));
    }

    #[test]
    fn a_prefix_is_no_difference_and_anything_else_is() {
        let shipped = "ExecStart=/usr/bin/ibis agent\nDocumentation=file:/usr/share/doc/ibis\n";
        let local =
            "ExecStart=/usr/local/bin/ibis agent\nDocumentation=file:/usr/local/share/doc/ibis\n";
        let unit = |directory: &str| Path::new(directory).join("ibis-agent.service");
        let (usr, other) = (unit("/usr/lib/systemd/system"), unit("/usr/local/lib/systemd/system"));
        assert!(is_shipped(&usr, shipped, shipped));
        assert!(is_shipped(&unit("/lib/systemd/system"), shipped, shipped));
        assert!(is_shipped(&unit("/etc/systemd/system"), shipped, shipped));
        assert!(is_shipped(&other, local, shipped));
        assert!(!is_shipped(&usr, local, shipped));
        assert!(!is_shipped(&usr, &format!("{shipped}Restart=no\n"), shipped));
    }
}
