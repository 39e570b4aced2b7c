//! Verdicts on the machine: directory, disk, clock, the other agent, units and timers.

use super::evidence::StateDir;
use super::finding::{Class, Finding};
use super::units::{TimerState, Units};
use crate::config::settings::HealthSettings;
use crate::ops::age::bytes_text;
use crate::ops::agent_evidence::Lock;

/// The state directory can be written, or made.
pub fn state_dir(found: &StateDir) -> Finding {
    let name = "state directory";
    match found {
        StateDir::Usable(path) => Finding::ok(name, path.display().to_string()),
        StateDir::Missing(path) => {
            Finding::ok(name, format!("{}, made by the first start", path.display()))
        }
        StateDir::Refused(path, why) => {
            let advice = "look at its owner and the disk, or name another --state-dir; as the \
                          service: sudo -u ibis ibis preflight";
            Finding::fail(name, format!("{}: {why}", path.display()), advice, Class::Busy)
        }
    }
}

/// Room for the ledger. An agent that finds too little opens nothing, and goes on looking after what is
/// held.
pub fn disk(free: &Result<u64, String>, limits: &HealthSettings) -> Finding {
    let name = "disk free";
    let free = match free {
        Ok(free) => *free,
        Err(why) => return Finding::insufficient(name, "unknown", why),
    };
    let value = bytes_text(free);
    if free < limits.disk_free_critical {
        let least = bytes_text(limits.disk_free_critical);
        let advice = format!("the ledger is at risk below {least}: free space now");
        Finding::fail(name, value, advice, Class::Held)
    } else if free < limits.disk_free_warn {
        let least = bytes_text(limits.disk_free_warn);
        let advice = format!("less than {least}: free space, or run: ibis log-retention");
        Finding::warn(name, value, advice)
    } else {
        Finding::ok(name, value)
    }
}

/// One agent works in a state directory; a second start is refused.
pub fn lock(lock: &Lock) -> Finding {
    let name = "agent lock";
    match lock {
        Lock::Free => Finding::ok(name, "free"),
        Lock::Held => {
            let advice = "stop it before another is started here: systemctl stop ibis-agent";
            Finding::warn(name, "an agent works in this directory", advice)
        }
        Lock::Unknown(why) => Finding::insufficient(name, "unknown", why),
    }
}

/// The clock follows the network's.
pub fn synchronized(synchronized: Option<bool>) -> Finding {
    let name = "clock synchronized";
    match synchronized {
        Some(true) => Finding::ok(name, "yes"),
        Some(false) => {
            let advice = "let systemd-timesyncd or chrony set the clock; see: timedatectl";
            Finding::warn(name, "no", advice)
        }
        None => {
            let advice = "nobody here says; see: timedatectl, or chronyc tracking";
            Finding::insufficient(name, "unknown", advice)
        }
    }
}

/// The installed units are the shipped ones.
pub fn units(units: &Units) -> Finding {
    let name = "units";
    match units {
        Units::NotHere => Finding::ok(name, "not installed: run by hand"),
        Units::Installed { missing, .. } if !missing.is_empty() => {
            let value = format!("missing: {}", missing.join(", "));
            Finding::fail(name, value, "install them: scripts/install", Class::Held)
        }
        Units::Installed { differing, .. } if !differing.is_empty() => {
            let value = format!("not this version's: {}", differing.join(", "));
            let advice = "install this version's (scripts/install); put changes into drop-ins: \
                          systemctl edit ibis-agent";
            Finding::warn(name, value, advice)
        }
        Units::Installed { .. } => Finding::ok(name, "as shipped"),
    }
}

/// The jobs have their timers.
pub fn timers(units: &Units) -> Finding {
    let name = "timers";
    let timers = match units {
        Units::NotHere => return Finding::ok(name, "not installed: run by hand"),
        Units::Installed { timers: Err(why), .. } => {
            return Finding::insufficient(name, "unknown", why);
        }
        Units::Installed { timers: Ok(timers), .. } => timers,
    };
    let of = |state: TimerState| -> Vec<&str> {
        let found = timers.iter().filter(|(_, timer)| *timer == state);
        found.map(|(name, _)| name.as_str()).collect()
    };
    let (missing, disabled) = (of(TimerState::Missing), of(TimerState::Disabled));
    if !missing.is_empty() {
        let value = format!("not installed: {}", missing.join(", "));
        return Finding::fail(name, value, "install them: scripts/install", Class::Held);
    }
    if !disabled.is_empty() {
        let value = format!("not enabled: {}", disabled.join(", "));
        let advice = "nobody looks after the agent: systemctl enable --now ibis-agent";
        return Finding::warn(name, value, advice);
    }
    Finding::ok(name, format!("{} enabled", timers.len()))
}
