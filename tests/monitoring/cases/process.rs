//! The process.

use super::Case;
use super::Should::{Fire, Stay};

pub const CASES: &[Case] = &[
    ("IbisDown", Fire, "3m", &[("up", "0x5")]),
    ("IbisDown", Fire, "3m", &[]),
    ("IbisDown", Stay, "5m", &[("up", "1x5")]),
    ("IbisDown", Stay, "3m", &[("up", "1 1 0 1")]),
    ("IbisLoopSlow", Fire, "4m", &[("ibis_loop_last_success_timestamp_seconds", "0x10")]),
    ("IbisLoopSlow", Stay, "10m", &[("ibis_loop_last_success_timestamp_seconds", "0+60x10")]),
    ("IbisLoopSlow", Stay, "10m", &[("ibis_loop_last_success_timestamp_seconds", "-120+60x10")]),
    ("IbisLoopStalled", Fire, "8m", &[("ibis_loop_last_success_timestamp_seconds", "0x10")]),
    ("IbisLoopStalled", Stay, "10m", &[("ibis_loop_last_success_timestamp_seconds", "-300+60x10")]),
    ("IbisRestarted", Fire, "3m", &[("ibis_process_start_time_seconds", "5 5 110 110")]),
    ("IbisRestarted", Stay, "20m", &[("ibis_process_start_time_seconds", "5x20")]),
    ("IbisRestartStorm", Fire, "10m", &[("ibis_run_restarts_total{cause=\"crash\"}", "0+1x10")]),
    (
        "IbisRestartStorm",
        Fire,
        "10m",
        &[
            ("ibis_run_restarts_total{cause=\"watchdog\"}", "0 0 1 2 2x7"),
            ("ibis_run_restarts_total{cause=\"oom\"}", "0 0 0 0 1 2 2x5"),
        ],
    ),
    ("IbisRestartStorm", Stay, "10m", &[("ibis_run_restarts_total{cause=\"operator\"}", "0+1x10")]),
    (
        "IbisRestartStorm",
        Stay,
        "60m",
        &[("ibis_run_restarts_total{cause=\"crash\"}", "7 7 8 9x60")],
    ),
    ("IbisCrashLoop", Fire, "0m", &[("ibis_crash_loop_consecutive", "6x3")]),
    ("IbisCrashLoop", Stay, "3m", &[("ibis_crash_loop_consecutive", "5x3")]),
    ("IbisCrashLoopLatched", Fire, "0m", &[("ibis_crash_loop_consecutive", "11x3")]),
    ("IbisCrashLoopLatched", Stay, "3m", &[("ibis_crash_loop_consecutive", "10x3")]),
    (
        "IbisMemoryGrowth",
        Fire,
        "150m",
        &[("ibis_process_resident_memory_bytes", "14000000+500000x150")],
    ),
    (
        "IbisMemoryGrowth",
        Stay,
        "150m",
        &[("ibis_process_resident_memory_bytes", "14000000+200000x150")],
    ),
    // What shrinks is no leak: a rate takes each decrease for a new beginning.
    (
        "IbisMemoryGrowth",
        Stay,
        "150m",
        &[("ibis_process_resident_memory_bytes", "200000000-500000x150")],
    ),
    // What a start takes is none either.
    (
        "IbisMemoryGrowth",
        Stay,
        "150m",
        &[("ibis_process_resident_memory_bytes", "9000000 14000000x150")],
    ),
    (
        "IbisMemoryLeak",
        Fire,
        "150m",
        &[("ibis_process_resident_memory_bytes", "14000000+1000000x150")],
    ),
    (
        "IbisMemoryLeak",
        Stay,
        "150m",
        &[("ibis_process_resident_memory_bytes", "14000000+500000x150")],
    ),
];
