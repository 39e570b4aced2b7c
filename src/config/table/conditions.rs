//! `[conditions]`: what the agent sees of its own process, its calls and its machine, and from when on
//! it trades less for it. How much disk has to be free is in `[health]`: the health check says it, too.
//!
//! Origins: seeds 001 and 004 are systems that had these causes.

use super::{Key, Kind};

/// How long something may last, or lasts.
const fn time(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Duration, default).range("1s", "1d")
}

/// A count whose zero turns it off.
const fn count(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Integer, default).range("0", "100000")
}

/// A ratio whose zero turns it off.
const fn ratio(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Ratio, default).range("0%", "100%")
}

/// Their keys.
pub(super) const KEYS: &[Key] = &[
    time("conditions.api_window", "15m")
        .origin("seed 004: 15 minutes")
        .doc("The while in which calls of the venue are counted."),
    count("conditions.api_errors_max", "10")
        .unit("calls")
        .origin("seed 004: 10 in 15 minutes")
        .doc("Calls that failed in it at which the agent is degraded; 0 turns it off."),
    count("conditions.api_calls_min", "20")
        .unit("calls")
        .origin("of fewer a share says little")
        .doc("Calls in it from which the shares below count."),
    ratio("conditions.api_error_ratio_degraded", "20%")
        .unit("of the calls")
        .origin("seed 004: 0.2")
        .doc("Share of failed calls above which the agent is degraded; 0% turns it off."),
    ratio("conditions.api_error_ratio_pause", "50%")
        .unit("of the calls")
        .origin("seed 004: 0.5")
        .doc("Share of failed calls above which entries pause; 0% turns it off."),
    time("conditions.api_stay", "5m")
        .origin("seed 004: 300 s")
        .doc("Either stays this much longer than its cause."),
    ratio("conditions.rate_limit_min", "10%")
        .unit("of a pool's quota")
        .origin("seed 004: 0.1; the agent itself leaves a fifth")
        .doc("What the venue has to leave of a quota; below it entries pause. 0% turns it off."),
    time("conditions.rate_limit_stay", "5m").origin("seed 004: 300 s").doc("That pause."),
    time("conditions.connection_down_max", "60s")
        .origin("seed 004: 60 s")
        .doc("Market data that comes by no push for this long degrades; where requests are not answered either, entries pause."),
    time("conditions.loop_gap_max", "2m")
        .origin("seed 004: 120 s")
        .doc("Time between two turns of the loop, or asleep, above which the agent is degraded."),
    time("conditions.loop_stay", "5m")
        .origin("as long as after failed calls")
        .doc("It stays degraded for this long then."),
    time("conditions.error_window", "10m")
        .origin("seed 001: 10 minutes")
        .doc("The while in which errors count against the agent's health."),
    count("conditions.errors_degraded", "10")
        .unit("errors")
        .origin("seed 001: more than 10, there of a lifetime")
        .doc("Errors in it at which the health is degraded; 0 turns it off."),
    count("conditions.errors_critical", "50")
        .unit("errors")
        .origin("seed 001: more than 50, there of a lifetime")
        .doc("Errors in it at which the health is critical; 0 turns it off."),
    time("conditions.heartbeat_interval", "5m")
        .origin("seed 001: 300 s")
        .doc("How often the journal gets a line on how the agent is."),
    time("conditions.summary_interval", "1h")
        .origin("seed 001: every hour")
        .doc("How often the journal gets a line on what it did meanwhile."),
];
