//! Losses, turnover, orders.

use super::Case;
use super::Should::{Fire, Stay};

pub const CASES: &[Case] = &[
    (
        "IbisDailyLossNear",
        Fire,
        "3m",
        &[
            ("ibis_daily_loss_ratio", "0.025x5"),
            ("ibis_limit{limit=\"daily_loss\",level=\"hard_stop\"}", "0.03x5"),
        ],
    ),
    // Near another limit than the day's stop.
    (
        "IbisDailyLossNear",
        Stay,
        "5m",
        &[
            ("ibis_daily_loss_ratio", "0.0235x5"),
            ("ibis_limit{limit=\"daily_loss\",level=\"hard_stop\"}", "0.03x5"),
            ("ibis_limit{limit=\"daily_loss\",level=\"degraded\"}", "0.015x5"),
            ("ibis_limit{limit=\"drawdown\",level=\"hard_stop\"}", "0.02x5"),
        ],
    ),
    (
        "IbisDailyLossBreach",
        Fire,
        "0m",
        &[
            ("ibis_daily_loss_ratio", "0.03x5"),
            ("ibis_limit{limit=\"daily_loss\",level=\"hard_stop\"}", "0.03x5"),
        ],
    ),
    (
        "IbisDailyLossBreach",
        Stay,
        "5m",
        &[
            ("ibis_daily_loss_ratio", "0.0299x5"),
            ("ibis_limit{limit=\"daily_loss\",level=\"hard_stop\"}", "0.03x5"),
        ],
    ),
    (
        "IbisDrawdown",
        Fire,
        "6m",
        &[
            ("ibis_drawdown_ratio", "0.025x10"),
            ("ibis_limit{limit=\"drawdown\",level=\"degraded\"}", "0.025x10"),
        ],
    ),
    (
        "IbisDrawdown",
        Stay,
        "10m",
        &[
            ("ibis_drawdown_ratio", "0.0249x10"),
            ("ibis_limit{limit=\"drawdown\",level=\"degraded\"}", "0.025x10"),
        ],
    ),
    (
        "IbisDrawdownBreach",
        Fire,
        "0m",
        &[
            ("ibis_drawdown_ratio", "0.05x3"),
            ("ibis_limit{limit=\"drawdown\",level=\"hard_stop\"}", "0.05x3"),
        ],
    ),
    (
        "IbisDrawdownBreach",
        Stay,
        "3m",
        &[
            ("ibis_drawdown_ratio", "0.049x3"),
            ("ibis_limit{limit=\"drawdown\",level=\"hard_stop\"}", "0.05x3"),
        ],
    ),
    (
        "IbisTurnoverHigh",
        Fire,
        "6m",
        &[
            ("ibis_turnover_day_ratio", "15x10"),
            ("ibis_limit{limit=\"turnover\",level=\"degraded\"}", "15x10"),
        ],
    ),
    (
        "IbisTurnoverHigh",
        Stay,
        "10m",
        &[
            ("ibis_turnover_day_ratio", "14.9x10"),
            ("ibis_limit{limit=\"turnover\",level=\"degraded\"}", "15x10"),
        ],
    ),
    (
        "IbisOrderFailures",
        Fire,
        "15m",
        &[("ibis_order_submissions_total{result=\"rejected\"}", "0+1x15")],
    ),
    (
        "IbisOrderFailures",
        Stay,
        "15m",
        &[
            ("ibis_order_submissions_total{result=\"rejected\"}", "3+1x8 11x7"),
            ("ibis_order_submissions_total{result=\"accepted\"}", "0+9x15"),
            ("ibis_order_submissions_total{result=\"denied\"}", "0+9x15"),
        ],
    ),
    (
        "IbisOrderFailureRatio",
        Fire,
        "18m",
        &[
            ("ibis_order_submissions_total{result=\"rejected\"}", "0+1x18"),
            ("ibis_order_submissions_total{result=\"accepted\"}", "0+4x18"),
        ],
    ),
    (
        "IbisOrderFailureRatio",
        Stay,
        "18m",
        &[
            ("ibis_order_submissions_total{result=\"rejected\"}", "0+1x18"),
            ("ibis_order_submissions_total{result=\"accepted\"}", "0+9x18"),
        ],
    ),
    // One of two orders says nothing, and none of none says less.
    (
        "IbisOrderFailureRatio",
        Stay,
        "18m",
        &[
            ("ibis_order_submissions_total{result=\"rejected\"}", "0 1 1x16"),
            ("ibis_order_submissions_total{result=\"accepted\"}", "0 0 1x16"),
        ],
    ),
    (
        "IbisOrderFailureRatio",
        Stay,
        "18m",
        &[
            ("ibis_order_submissions_total{result=\"rejected\"}", "0x18"),
            ("ibis_order_submissions_total{result=\"accepted\"}", "0x18"),
        ],
    ),
    (
        "IbisNoFills",
        Fire,
        "400m",
        &[
            ("ibis_agent_state{state=\"running\"}", "1x400"),
            ("ibis_process_start_time_seconds", "0x400"),
            ("ibis_fills_total{side=\"buy\",liquidity=\"taker\"}", "5x400"),
        ],
    ),
    (
        "IbisNoFills",
        Stay,
        "400m",
        &[
            ("ibis_agent_state{state=\"running\"}", "1x400"),
            ("ibis_process_start_time_seconds", "0x400"),
            ("ibis_fills_total{side=\"buy\",liquidity=\"taker\"}", "5x300 6x100"),
        ],
    ),
    // It has not run for that long.
    (
        "IbisNoFills",
        Stay,
        "380m",
        &[
            ("ibis_agent_state{state=\"running\"}", "1x400"),
            ("ibis_process_start_time_seconds", "0x400"),
            ("ibis_fills_total{side=\"buy\",liquidity=\"taker\"}", "0x400"),
        ],
    ),
    // It may not trade.
    (
        "IbisNoFills",
        Stay,
        "400m",
        &[
            ("ibis_agent_state{state=\"running\"}", "0x400"),
            ("ibis_process_start_time_seconds", "0x400"),
            ("ibis_fills_total{side=\"buy\",liquidity=\"taker\"}", "0x400"),
        ],
    ),
];
