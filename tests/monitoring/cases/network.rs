//! Market data and the ways to the venue.

use super::Case;
use super::Should::{Fire, Stay};

pub const CASES: &[Case] = &[
    (
        "IbisMarketStale",
        Fire,
        "3m",
        &[
            ("ibis_market_last_update_timestamp_seconds{symbol=\"BTC-USDT\"}", "0x10"),
            ("ibis_market_last_update_timestamp_seconds{symbol=\"ETH-USDT\"}", "0+60x10"),
        ],
    ),
    (
        "IbisMarketStale",
        Stay,
        "10m",
        &[("ibis_market_last_update_timestamp_seconds{symbol=\"BTC-USDT\"}", "-30+60x10")],
    ),
    (
        "IbisMarketSilent",
        Fire,
        "3m",
        &[
            ("ibis_market_last_update_timestamp_seconds{symbol=\"BTC-USDT\"}", "0x10"),
            ("ibis_market_last_update_timestamp_seconds{symbol=\"ETH-USDT\"}", "0x10"),
        ],
    ),
    (
        "IbisMarketSilent",
        Stay,
        "10m",
        &[
            ("ibis_market_last_update_timestamp_seconds{symbol=\"BTC-USDT\"}", "0x10"),
            ("ibis_market_last_update_timestamp_seconds{symbol=\"ETH-USDT\"}", "-60+60x10"),
        ],
    ),
    ("IbisWsDown", Fire, "2m", &[("ibis_ws_connected{stream=\"private\"}", "0x5")]),
    ("IbisWsDown", Stay, "5m", &[("ibis_ws_connected{stream=\"private\"}", "1x5")]),
    ("IbisWsDown", Stay, "2m", &[("ibis_ws_connected{stream=\"market\"}", "1 0 1 1")]),
    (
        "IbisWsReconnectStorm",
        Fire,
        "15m",
        &[("ibis_ws_reconnects_total{stream=\"market\",result=\"down\"}", "0+2x15")],
    ),
    (
        "IbisWsReconnectStorm",
        Stay,
        "15m",
        &[
            ("ibis_ws_reconnects_total{stream=\"market\",result=\"up\"}", "0+2x15"),
            ("ibis_ws_reconnects_total{stream=\"market\",result=\"down\"}", "0 1 2 2x13"),
        ],
    ),
    (
        "IbisRestFallbackLong",
        Fire,
        "11m",
        &[("ibis_rest_fallback_active{stream=\"market\"}", "1x15")],
    ),
    (
        "IbisRestFallbackLong",
        Stay,
        "15m",
        &[("ibis_rest_fallback_active{stream=\"market\"}", "1x9 0x6")],
    ),
    (
        "IbisOrderAckSlow",
        Fire,
        "15m",
        &[
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"0.150000\"}", "0+9x15"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"0.250000\"}", "0+10x15"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"+Inf\"}", "0+10x15"),
        ],
    ),
    // Fast orders, whatever else is slow.
    (
        "IbisOrderAckSlow",
        Stay,
        "15m",
        &[
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"0.150000\"}", "0+10x15"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"+Inf\"}", "0+10x15"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"market\",le=\"0.150000\"}", "0x15"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"market\",le=\"+Inf\"}", "0+10x15"),
        ],
    ),
    // No orders at all: the slow ones are of yesterday.
    (
        "IbisOrderAckSlow",
        Stay,
        "15m",
        &[
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"0.150000\"}", "0x15"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"+Inf\"}", "7x15"),
        ],
    ),
    (
        "IbisOrderAckVerySlow",
        Fire,
        "10m",
        &[
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"3.000000\"}", "0+9x10"),
            (
                "ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"10.000000\"}",
                "0+10x10",
            ),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"+Inf\"}", "0+10x10"),
        ],
    ),
    (
        "IbisOrderAckVerySlow",
        Stay,
        "10m",
        &[
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"1.000000\"}", "0x10"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"3.000000\"}", "0+10x10"),
            ("ibis_venue_request_duration_seconds_bucket{op=\"place\",le=\"+Inf\"}", "0+10x10"),
        ],
    ),
    ("IbisClockSkew", Fire, "6m", &[("ibis_clock_skew_seconds", "-1.5x10")]),
    ("IbisClockSkew", Stay, "10m", &[("ibis_clock_skew_seconds", "1x10")]),
    ("IbisClockSkewHold", Fire, "6m", &[("ibis_clock_skew_seconds", "6x10")]),
    ("IbisClockSkewHold", Stay, "10m", &[("ibis_clock_skew_seconds", "-5x10")]),
];
