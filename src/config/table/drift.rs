//! `[drift]`: what the agent measures of its own process, and for how long that is kept.

use super::{Key, Kind};

/// Their keys.
pub(super) const KEYS: &[Key] = &[
    Key::new("drift.sample_interval", Kind::Duration, "60s")
        .range("1s", "1h")
        .origin("seed 000: a cycle of 60 s, each of which was measured")
        .doc("How often the agent writes down what its own process costs, for ibis drift.")
        .reloadable(),
    Key::new("drift.age_max", Kind::Duration, "30d")
        .range("3d", "3650d")
        .origin("fifteen reviews of 48 hours")
        .doc("Those figures are deleted at this age; what ibis drift has frozen stays.")
        .reloadable(),
];
