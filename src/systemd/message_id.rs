//! MESSAGE_IDs of the journal entries that have an explanation in `units/catalog/ibis.catalog`
//! (`journalctl -x` shows it). A dozen, not a hundred: what an operator would search for.
//!
//! ```text
//! log::info!(MESSAGE_ID = message_id::READY; "trading 8 symbols");
//! journalctl MESSAGE_ID=...
//! ```
//!
//! The ids are random and never change; the catalog holds the same set.

/// The process has read its configuration and is about to open the ledger.
pub const STARTED: &str = "f95702ce9ffc499cb8757ae285c739cb";
/// The ledger is open and agrees with the venue's account; systemd has been told READY=1.
pub const READY: &str = "ef489144b7ed4285b62541f19ff9be02";
/// The order was written to the ledger first and then sent to the venue.
pub const ORDER_SUBMITTED: &str = "65b67c3ced844aa7b15b2b106c1dac86";
/// The venue reported an execution and it is booked in the ledger.
pub const ORDER_FILLED: &str = "524b9adc674f4fd880951f17c65e2971";
/// The venue did not accept the order; the reason is in its own words.
pub const ORDER_REJECTED: &str = "9b92bd0252d5460e9bb0d23264b4a2e2";
/// The order was sent and no answer came in time.
pub const ORDER_UNRESOLVED: &str = "8c6df0bbc22e422fbe2af647456a65ac";
/// The strategy wanted to enter and a limit, a hold or the state of the data said no.
pub const ENTRY_REFUSED: &str = "fbb42d742e41482f8caa462a47cec604";
/// Something made the agent stop entries or all orders; the entry's fields say what, why and
/// until when.
pub const HOLD_SET: &str = "2c2b142268714227afbd24a59e0f4e75";
/// The cause of a hold is gone, its time has passed, or an operator cleared it.
pub const HOLD_CLEARED: &str = "365c539dc675466daee37554e02ec4a2";
/// Orders, executions or balances differ between the ledger and the venue's account by more than
/// what is in flight.
pub const RECONCILE_MISMATCH: &str = "126141be8cdb428b9cb456fcd3f70a19";
/// The agent runs but does not do its work: the loop stalls, the data is stale or the ledger
/// cannot be written.
pub const WATCHDOG_WITHHELD: &str = "74a8983f4b674c03b3881d4bdf019ac5";
/// The agent has drained its orders, closed the ledger and leaves.
pub const STOPPED: &str = "36ce6c0cb27c48eaadeb1e7492407f73";
/// SIGHUP made the agent read its configuration again.
pub const CONFIG_RELOADED: &str = "983f00da072e4f618766542c2276590f";
/// systemd has given up on a unit; its name and result are in the entry's fields.
pub const UNIT_FAILED: &str = "d3024a0abb65480f973ec20c7fb9286a";
/// The ledger or the paper account cannot be written: entries are held, exits go on through the
/// emergency journal.
pub const STORAGE_UNAVAILABLE: &str = "1897f50799c34db58224380f3ba061ea";
/// The ledger is written again, and so is everything that waited for it.
pub const STORAGE_RECOVERED: &str = "25d90c2d281340d6af3fa3afe104e3b7";
/// An operator said something: pause, resume, kill, release; the entry's fields say who, why, and what
/// came of it.
pub const OPERATOR_COMMAND: &str = "2c9a001b4d4b7105034094571ade3431";
/// After the kill switch was set the venue showed that nothing is at work any more.
pub const KILL_VERIFIED: &str = "c593a6df80840a4492f2b74768caff8b";
/// The agent says how it is: every few minutes, whatever happens.
pub const HEARTBEAT: &str = "fdd32da092fc4abab9d08356d191dda9";
/// The agent says what it did in the last hour.
pub const HOURLY_SUMMARY: &str = "2baf76af31bd4e11b826600de25cd647";
/// The program found one of its own invariants broken and stopped at once; systemd restarts it,
/// and it reconciles before it trades.
pub const PANICKED: &str = "225f93830405440381c178f789d59455";

/// All of them, in the order above.
pub const ALL: [&str; 21] = [
    STARTED,
    READY,
    ORDER_SUBMITTED,
    ORDER_FILLED,
    ORDER_REJECTED,
    ORDER_UNRESOLVED,
    ENTRY_REFUSED,
    HOLD_SET,
    HOLD_CLEARED,
    RECONCILE_MISMATCH,
    WATCHDOG_WITHHELD,
    STOPPED,
    CONFIG_RELOADED,
    UNIT_FAILED,
    STORAGE_UNAVAILABLE,
    STORAGE_RECOVERED,
    OPERATOR_COMMAND,
    KILL_VERIFIED,
    HEARTBEAT,
    HOURLY_SUMMARY,
    PANICKED,
];

#[cfg(test)]
mod tests {
    use super::*;

    const CATALOG: &str =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/units/catalog/ibis.catalog"));

    #[test]
    fn the_catalog_explains_each_id_once() {
        let explained: Vec<&str> =
            CATALOG.lines().filter_map(|line| line.strip_prefix("-- ")).collect();
        assert_eq!(explained, ALL);
        let mut once = ALL.to_vec();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), ALL.len());
        for id in ALL {
            assert!(id.len() == 32 && id.bytes().all(|b| b"0123456789abcdef".contains(&b)), "{id}");
        }
    }

    #[test]
    fn each_entry_says_what_happened_and_what_to_do() {
        for entry in CATALOG.split("\n-- ").skip(1) {
            let (header, body) = entry.split_once("\n\n").expect("a header, then text");
            assert!(header.contains("\nSubject: "), "{entry}");
            assert!(header.contains("\nDefined-By: ibis"), "{entry}");
            assert_eq!(body.trim().split("\n\n").count(), 2, "{entry}");
        }
    }
}
