//! `[validate]`: what a paper run has to show before a live one follows.
//!
//! Origin: the paper checklist of seed 004, a market maker. What a strategy may turn over, lose and be
//! held for is its user's to say; all other limits of the checklist are constants.

use super::{Key, Kind};

/// Their keys.
pub(super) const KEYS: &[Key] = &[
    Key::new("validate.running_min", Kind::Ratio, "65%")
        .range("0%", "100%")
        .unit("of the minutes")
        .origin("seed 004: at least 65 %")
        .doc("Share of the window in which the agent has to be running; a minute without a sample is none.")
        .reloadable(),
    Key::new("validate.turnover_max", Kind::Amount, "3")
        .range("0", "10000")
        .unit("times the equity at 00:00 UTC")
        .origin("seed 004: 3 a day; the default strategy turns over some 7")
        .doc("Most that a UTC day of the window may have bought and sold.")
        .reloadable(),
    Key::new("validate.daily_loss_max", Kind::Ratio, "1.5%")
        .range("0%", "100%")
        .unit("of the equity at 00:00 UTC")
        .origin("seed 004: below 1.5 %")
        .doc("A loss within a UTC day that the window must stay below.")
        .reloadable(),
    Key::new("validate.drawdown_max", Kind::Ratio, "2.5%")
        .range("0%", "100%")
        .unit("of the window's highest equity")
        .origin("seed 004: below 2.5 %")
        .doc("A fall from the window's peak that it must stay below.")
        .reloadable(),
];
