//! What only a strategy that steers by an inventory has: a target share of the base asset.
//!
//! The moving-average cross, the one strategy here, enters and leaves; it has no target to be away from,
//! and none is in the ledger. Seed 004, a market maker, has both limits.

use super::kpi::{Kpi, Verdict};

/// Why there is nothing to judge.
const REASON: &str = "the strategy has no target share of the base asset to hold";

/// Share of the base asset in the equity.
pub(super) fn base_ratio() -> Kpi {
    not_applicable("base_ratio", "15 to 90 % in each minute")
}

/// How fast a deviation from the target shrinks.
pub(super) fn tracking_error() -> Kpi {
    not_applicable("tracking_error", "each beyond 15 % halves within 60 min")
}

fn not_applicable(id: &'static str, threshold: &str) -> Kpi {
    let (value, reason) = ("-".to_owned(), REASON.to_owned());
    Kpi { id, verdict: Verdict::NotApplicable, value, threshold: threshold.to_owned(), reason }
}
