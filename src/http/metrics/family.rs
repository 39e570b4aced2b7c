//! Every family there is: its name, its kind, its labels. What is exposed is made of these, and so are the
//! rules over it: a rule about a family that is not there does not compile.

use std::fmt;

/// What a family counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Only grows, from the start of the process or of the ledger.
    Counter,
    /// Goes both ways.
    Gauge,
    /// How long something took: buckets, their sum and their count.
    Histogram,
}

impl Kind {
    /// The format's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// What the series of a family have in common. Displayed, it is its name.
///
/// No label is called `job` or `instance`: Prometheus gives each series its own of these, and renames ours.
#[derive(PartialEq, Eq, Debug)]
pub struct Family {
    /// Its name.
    pub name: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// The names of its labels, in their order. The values of each are a list of ours, the configured
    /// symbols, or the venue's codes up to a number.
    pub labels: &'static [&'static str],
    /// One sentence.
    pub help: &'static str,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name)
    }
}

/// Declares the families, and the list of all of them.
macro_rules! families {
    ($($constant:ident = $kind:ident $name:literal [$($label:literal)*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: &Family =
                &Family { name: $name, kind: Kind::$kind, labels: &[$($label),*], help: $help };
        )*

        /// Every family.
        pub const ALL: &[&Family] = &[$($constant),*];
    };
}

families! {
    BUILD_INFO = Gauge "ibis_build_info" ["version" "commit"]
        "Version of the program; always 1.";
    CONFIG_INFO = Gauge "ibis_config_info" ["mode" "profile" "config_hash"]
        "The configuration in force; always 1.";
    START_TIME = Gauge "ibis_process_start_time_seconds" []
        "When the process began, since 1970.";
    RESIDENT = Gauge "ibis_process_resident_memory_bytes" []
        "Memory in use.";
    CPU = Counter "ibis_process_cpu_seconds_total" []
        "Processor time, user and system.";
    THREADS = Gauge "ibis_process_threads" []
        "Threads.";
    OPEN_FDS = Gauge "ibis_process_open_fds" []
        "Open descriptors.";
    LOOP_LAST_SUCCESS = Gauge "ibis_loop_last_success_timestamp_seconds" []
        "When the loop last turned, since 1970.";
    LOOP_DURATION = Histogram "ibis_loop_duration_seconds" []
        "What a turn of the loop takes, its rest aside.";
    TASKS_RUNNING = Gauge "ibis_tasks_running" ["task"]
        "1 while a task of the network runs, 0 where it ended.";
    CHECK_STATUS = Gauge "ibis_check_status" ["check"]
        "Verdict of a check of /health: 0 ok, 1 degraded, 2 critical, 3 unknown.";

    AGENT_STATE = Gauge "ibis_agent_state" ["state"]
        "1 for the state the agent is in.";
    STATE_SINCE = Gauge "ibis_agent_state_since_timestamp_seconds" []
        "Since when it is in that state, or runs, since 1970.";
    STATE_TRANSITIONS = Counter "ibis_state_transitions_total" ["from" "to" "class"]
        "Changes of the state since the start of the process; class is the hold behind it.";
    KILL_ACTIVE = Gauge "ibis_kill_switch_active" []
        "1 while the kill switch is set.";
    KILL_VERIFIED = Gauge "ibis_kill_switch_verified" []
        "While the kill switch is set: 1 once the venue has shown that nothing is at work since.";
    KILL_ACTIVATIONS = Counter "ibis_kill_switch_activations_total" ["path"]
        "How often the kill switch was set, by the way the order came.";
    KILL_DRILL = Gauge "ibis_kill_switch_last_drill_timestamp_seconds" []
        "When the kill switch was last rehearsed with success, since 1970.";
    HOLD_ACTIVE = Gauge "ibis_hold_active" ["scope" "code"]
        "1 for each active hold.";
    DENIED = Counter "ibis_guard_denied_orders_total" ["code"]
        "Entries that were not sent, by why not.";

    MARKET_UPDATED = Gauge "ibis_market_last_update_timestamp_seconds" ["symbol"]
        "When market data last came, since 1970; none where the market has a clock of its own.";
    WS_CONNECTED = Gauge "ibis_ws_connected" ["stream"]
        "1 while the pushes of a websocket come.";
    WS_LAST_MESSAGE = Gauge "ibis_ws_last_message_timestamp_seconds" ["stream"]
        "When a websocket last pushed something, since 1970.";
    WS_RECONNECTS = Counter "ibis_ws_reconnects_total" ["stream" "result"]
        "Times that a websocket came up again (up), and that it was lost or could not be had (down).";
    WS_GAPS = Counter "ibis_ws_gap_total" ["stream"]
        "Breaks in what a websocket pushed: missing numbers, messages that a full queue lost.";
    REST_FALLBACK = Gauge "ibis_rest_fallback_active" ["stream"]
        "1 while data comes by requests, for there are no pushes.";

    VENUE_REQUESTS = Counter "ibis_venue_requests_total" ["op" "result"]
        "Requests to the venue, each try, by what for and what came of it.";
    VENUE_DURATION = Histogram "ibis_venue_request_duration_seconds" ["op"]
        "From a request's sending to its answer, or to its failure; a new connection included.";
    RATE_LIMIT = Gauge "ibis_venue_rate_limit_remaining_ratio" ["pool"]
        "What is left of a quota, by the venue's last word and our own count since.";
    CLOCK_SKEW = Gauge "ibis_clock_skew_seconds" []
        "How far our clock is ahead of the venue's.";

    SUBMISSIONS = Counter "ibis_order_submissions_total" ["result"]
        "Orders by what came of them; denied ones were never sent.";
    REJECTS = Counter "ibis_order_rejects_total" ["code"]
        "Orders that the venue refused, by its code; 0 is none, or one too many.";
    CANCELS = Counter "ibis_order_cancels_total" ["result"]
        "Orders that ended canceled or expired.";
    OPEN_ORDERS = Gauge "ibis_open_orders" ["side"]
        "Orders that are not over.";
    FILLS = Counter "ibis_fills_total" ["side" "liquidity"]
        "Fills.";
    FILL_NOTIONAL = Counter "ibis_fill_notional_quote_total" []
        "Bought and sold, in quote units.";
    FEES = Counter "ibis_fees_quote_total" []
        "Fees, in quote units.";

    EQUITY = Gauge "ibis_equity_quote" []
        "Cash plus positions at the bid, in quote units.";
    EQUITY_OPEN_DAY = Gauge "ibis_equity_open_day_quote" []
        "The equity at the beginning of the UTC day, transfers since included, in quote units.";
    UNREALIZED = Gauge "ibis_unrealized_pnl_quote" []
        "Positions at the bid less what was paid for them, in quote units.";
    REALIZED_DAY = Gauge "ibis_realized_pnl_day_quote" []
        "Net of the sells of the engine's UTC day, in quote units.";
    DAILY_LOSS = Gauge "ibis_daily_loss_ratio" []
        "Lost since the beginning of the UTC day, as a fraction of the equity then.";
    DRAWDOWN = Gauge "ibis_drawdown_ratio" []
        "Lost since the equity's peak, as a fraction of it.";
    TURNOVER = Gauge "ibis_turnover_day_ratio" []
        "Bought and sold in the UTC day, as a multiple of the equity at its beginning.";
    LIMIT = Gauge "ibis_limit" ["limit" "level"]
        "What daily_loss, drawdown or turnover must reach for a level; none where it never does.";

    MISMATCHES = Gauge "ibis_reconcile_mismatches" ["kind"]
        "Differences between ledger and venue that no rule has resolved.";
    RECONCILED = Gauge "ibis_reconcile_last_success_timestamp_seconds" []
        "When ledger and venue last agreed, since 1970.";
    RESTARTS = Counter "ibis_run_restarts_total" ["cause"]
        "Starts after a run that ended so, over the life of the ledger.";
    CRASH_LOOP = Gauge "ibis_crash_loop_consecutive" []
        "Runs before this one that ended uncleanly in a row; 0 once this one is stable.";
    TIMER_LAST = Gauge "ibis_timer_last_success_timestamp_seconds" ["timer"]
        "When a timer's job last ended with a verdict of ok or degraded, since 1970.";
    TIMER_MAX_AGE = Gauge "ibis_timer_max_age_seconds" ["timer"]
        "How long ago that may be.";
    CHAIN_OK = Gauge "ibis_ledger_chain_ok" []
        "1 where the hash chain of the ledger's newest events holds.";
    NOTIFICATIONS = Counter "ibis_notifications_total" ["channel" "result"]
        "Attempts of this process to tell an alert, by what came of them.";
    OUTBOX_DEPTH = Gauge "ibis_notification_outbox_depth" []
        "Alerts that at least one channel has not taken.";
    DB_SIZE = Gauge "ibis_db_size_bytes" []
        "Size of the ledger and its log.";
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_there_once_and_no_label_is_one_of_prometheus_own() {
        let names: BTreeSet<&str> = ALL.iter().map(|family| family.name).collect();
        assert_eq!(names.len(), ALL.len());
        for family in ALL {
            let labels: BTreeSet<&str> = family.labels.iter().copied().collect();
            assert_eq!(labels.len(), family.labels.len(), "{family}");
            for reserved in ["job", "instance", "le", "quantile"] {
                assert!(!labels.contains(reserved), "{family} has a label {reserved}");
            }
        }
    }
}
