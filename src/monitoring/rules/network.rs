//! Market data and the ways to the venue.

use std::time::Duration;

use super::{MINUTE, TARGET};
use crate::config::Settings;
use crate::exchange::kucoin::rest::{SKEW_HOLD, SKEW_WARN};
use crate::http::metrics::family::{
    CLOCK_SKEW, MARKET_UPDATED, REST_FALLBACK, VENUE_DURATION, WS_CONNECTED, WS_RECONNECTS,
};
use crate::monitoring::rule::{Rule, Urgency, seconds, select};
use Urgency::{Critical, Warning};

/// Lost connections in 5 min that are too many (seed 000).
const RECONNECTS_MAX: u32 = 3;
/// Requests that stand in for a websocket for this long are no moment's help (seed 000).
const FALLBACK_LASTS: Duration = Duration::from_secs(600);
/// The slowest of a hundred answers to an order, in seconds, that is worth a look, and that is too slow to
/// trade with (seed 000: 150 ms and 3 s). Both are bounds of the histogram.
const ACK_SLOW: (&str, &str) = ("0.15", "3");
/// A few minutes, for what a moment's trouble also does.
const FIVE_MINUTES: Duration = Duration::from_secs(300);

/// What shows more of it.
const LOOK: &str = "ibis status; journalctl -u ibis-agent -p warning";

pub(super) fn rules(settings: &Settings) -> Vec<Rule> {
    [market(settings), websockets(), calls()].concat()
}

fn market(settings: &Settings) -> Vec<Rule> {
    let age = format!("time() - {MARKET_UPDATED}");
    let (stale, silent) = (settings.market.stale_after, settings.health.data_age_warn);
    vec![
        Rule::new(
            "IbisMarketStale",
            (Warning, MINUTE),
            format!("max by ({TARGET}, symbol) ({age}) > {}", seconds(stale)),
            format!("No market data of {{{{ $labels.symbol }}}} for {} s.", seconds(stale)),
            LOOK,
        ),
        Rule::new(
            "IbisMarketSilent",
            (Critical, MINUTE),
            format!("min by ({TARGET}) ({age}) > {}", seconds(silent)),
            format!("No market data of any symbol for {} s.", seconds(silent)),
            LOOK,
        ),
    ]
}

fn websockets() -> Vec<Rule> {
    let lost = select(WS_RECONNECTS, &[("result", "down")]);
    vec![
        Rule::new(
            "IbisWsDown",
            (Critical, MINUTE),
            format!("{WS_CONNECTED} == 0"),
            "The websocket {{ $labels.stream }} is down.",
            LOOK,
        ),
        Rule::new(
            "IbisWsReconnectStorm",
            (Warning, FIVE_MINUTES),
            format!("increase({lost}[5m]) > {RECONNECTS_MAX}"),
            "The websocket {{ $labels.stream }} is lost again and again.",
            LOOK,
        ),
        Rule::new(
            "IbisRestFallbackLong",
            (Warning, FALLBACK_LASTS),
            format!("{REST_FALLBACK} == 1"),
            "Market data is asked for instead of pushed: it is slower, and uses the quota.",
            LOOK,
        ),
    ]
}

fn calls() -> Vec<Rule> {
    let placed = format!("{VENUE_DURATION}_bucket{{op=\"place\"}}");
    let slowest = format!("histogram_quantile(0.99, sum by ({TARGET}, le) (rate({placed}[5m])))");
    let skew = |limit| format!("abs({CLOCK_SKEW}) > {}", seconds(limit));
    vec![
        Rule::new(
            "IbisOrderAckSlow",
            (Warning, FALLBACK_LASTS),
            format!("{slowest} > {}", ACK_SLOW.0),
            "One order in a hundred waits longer than 150 ms for the venue's answer.",
            "ibis status; ibis preflight --public",
        ),
        Rule::new(
            "IbisOrderAckVerySlow",
            (Critical, FIVE_MINUTES),
            format!("{slowest} > {}", ACK_SLOW.1),
            "One order in a hundred waits longer than 3 s for the venue's answer.",
            "ibis status; no entries meanwhile: ibis pause --reason ...",
        ),
        Rule::new(
            "IbisClockSkew",
            (Warning, FIVE_MINUTES),
            skew(SKEW_WARN),
            format!("The clock is more than {} s off the venue's.", seconds(SKEW_WARN)),
            "timedatectl; ibis preflight --public",
        ),
        Rule::new(
            "IbisClockSkewHold",
            (Critical, FIVE_MINUTES),
            skew(SKEW_HOLD),
            format!("The clock is more than {} s off the venue's: no entries.", seconds(SKEW_HOLD)),
            "timedatectl; ibis preflight --public",
        ),
    ]
}
