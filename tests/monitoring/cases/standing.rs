//! The agent's state.

use super::Case;
use super::Should::{Fire, Stay};

pub const CASES: &[Case] = &[
    ("IbisHardStop", Fire, "0m", &[("ibis_agent_state{state=\"hard_stop\"}", "1x3")]),
    (
        "IbisHardStop",
        Stay,
        "3m",
        &[
            ("ibis_agent_state{state=\"hard_stop\"}", "0x3"),
            ("ibis_agent_state{state=\"running\"}", "1x3"),
        ],
    ),
    ("IbisKillSwitch", Fire, "0m", &[("ibis_kill_switch_active", "1x3")]),
    ("IbisKillSwitch", Stay, "3m", &[("ibis_kill_switch_active", "0x3")]),
    ("IbisKillUnverified", Fire, "2m", &[("ibis_kill_switch_verified", "0x5")]),
    ("IbisKillUnverified", Stay, "5m", &[("ibis_kill_switch_verified", "0 1x5")]),
    (
        "IbisSoftPauseLong",
        Fire,
        "21m",
        &[
            ("ibis_agent_state_since_timestamp_seconds", "0x30"),
            ("ibis_agent_state{state=\"soft_pause\"}", "1x30"),
        ],
    ),
    (
        "IbisSoftPauseLong",
        Stay,
        "20m",
        &[
            ("ibis_agent_state_since_timestamp_seconds", "0x30"),
            ("ibis_agent_state{state=\"soft_pause\"}", "1x30"),
        ],
    ),
    (
        "IbisSoftPauseLong",
        Stay,
        "30m",
        &[
            ("ibis_agent_state_since_timestamp_seconds", "0x30"),
            ("ibis_agent_state{state=\"soft_pause\"}", "0x30"),
            ("ibis_agent_state{state=\"running\"}", "1x30"),
        ],
    ),
    (
        "IbisDegradedLong",
        Fire,
        "8m",
        &[
            ("ibis_agent_state_since_timestamp_seconds", "0x10"),
            ("ibis_agent_state{state=\"degraded\"}", "1x10"),
        ],
    ),
    (
        "IbisDegradedLong",
        Stay,
        "7m",
        &[
            ("ibis_agent_state_since_timestamp_seconds", "0x10"),
            ("ibis_agent_state{state=\"degraded\"}", "1x10"),
        ],
    ),
    (
        "IbisFlapping",
        Fire,
        "10m",
        &[(
            "ibis_state_transitions_total{from=\"running\",to=\"soft_pause\",class=\"stale_data\"}",
            "0+1x10",
        )],
    ),
    (
        "IbisFlapping",
        Stay,
        "20m",
        &[
            (
                "ibis_state_transitions_total{from=\"running\",to=\"soft_pause\",class=\"stale_data\"}",
                "0+1x5 5x15",
            ),
            (
                "ibis_state_transitions_total{from=\"soft_pause\",to=\"running\",class=\"stale_data\"}",
                "0+1x20",
            ),
        ],
    ),
];
