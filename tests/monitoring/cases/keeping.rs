//! The ledger, the jobs, the alerts, the drill.

use super::Case;
use super::Should::{Fire, Stay};

pub const CASES: &[Case] = &[
    (
        "IbisReconcileMismatch",
        Fire,
        "6m",
        &[
            ("ibis_reconcile_mismatches{kind=\"balance_total\"}", "1x10"),
            ("ibis_reconcile_mismatches{kind=\"dust\"}", "0x10"),
        ],
    ),
    (
        "IbisReconcileMismatch",
        Stay,
        "10m",
        &[("ibis_reconcile_mismatches{kind=\"balance_total\"}", "1x4 0x6")],
    ),
    (
        "IbisReconcileStale",
        Fire,
        "46m",
        &[
            ("ibis_reconcile_last_success_timestamp_seconds", "0x60"),
            ("ibis_config_info{mode=\"live\",config_hash=\"a\"}", "1x60"),
        ],
    ),
    (
        "IbisReconcileStale",
        Stay,
        "60m",
        &[
            ("ibis_reconcile_last_success_timestamp_seconds", "-2700+60x60"),
            ("ibis_config_info{mode=\"live\",config_hash=\"a\"}", "1x60"),
        ],
    ),
    // On paper nobody else moves the account.
    (
        "IbisReconcileStale",
        Stay,
        "60m",
        &[
            ("ibis_reconcile_last_success_timestamp_seconds", "0x60"),
            ("ibis_config_info{mode=\"paper\",config_hash=\"a\"}", "1x60"),
        ],
    ),
    (
        "IbisTimerMissed",
        Fire,
        "25m",
        &[
            ("ibis_timer_last_success_timestamp_seconds{timer=\"healthcheck\"}", "0x30"),
            ("ibis_timer_max_age_seconds{timer=\"healthcheck\"}", "900x30"),
            ("ibis_process_start_time_seconds", "0x30"),
        ],
    ),
    (
        "IbisTimerMissed",
        Stay,
        "30m",
        &[
            ("ibis_timer_last_success_timestamp_seconds{timer=\"healthcheck\"}", "-300+60x30"),
            ("ibis_timer_max_age_seconds{timer=\"healthcheck\"}", "900x30"),
            ("ibis_timer_max_age_seconds{timer=\"hourly_kpi\"}", "10x30"),
            ("ibis_process_start_time_seconds", "0x30"),
        ],
    ),
    // The machine was off for a day; the agent began 14 min ago.
    (
        "IbisTimerMissed",
        Stay,
        "14m",
        &[
            ("ibis_timer_last_success_timestamp_seconds{timer=\"healthcheck\"}", "-86400x14"),
            ("ibis_timer_max_age_seconds{timer=\"healthcheck\"}", "900x14"),
            ("ibis_process_start_time_seconds", "0x14"),
        ],
    ),
    ("IbisLedgerBroken", Fire, "0m", &[("ibis_ledger_chain_ok", "0x3")]),
    ("IbisLedgerBroken", Stay, "3m", &[("ibis_ledger_chain_ok", "1x3")]),
    ("IbisNotifierFailing", Fire, "16m", &[("ibis_notification_outbox_depth", "21x20")]),
    ("IbisNotifierFailing", Stay, "20m", &[("ibis_notification_outbox_depth", "20x20")]),
    ("IbisNotifierFailing", Stay, "20m", &[("ibis_notification_outbox_depth", "90x9 0x11")]),
    (
        "IbisKillDrillOverdue",
        Fire,
        "1m",
        &[("ibis_kill_switch_last_drill_timestamp_seconds", "-2592000x3")],
    ),
    (
        "IbisKillDrillOverdue",
        Stay,
        "3m",
        &[("ibis_kill_switch_last_drill_timestamp_seconds", "-2500000x3")],
    ),
];
