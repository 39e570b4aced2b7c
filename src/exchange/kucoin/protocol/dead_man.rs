//! The dead man's switch: orders are canceled unless it is set again in time.

use serde::{Deserialize, Serialize};

use super::wire_text::{WireText, owned_by_field};

/// Shortest timeout, in seconds.
pub const TIMEOUT_S_MIN: i64 = 5;
/// Longest timeout, in seconds.
pub const TIMEOUT_S_MAX: i64 = 86_400;
/// The timeout that switches it off.
pub const TIMEOUT_OFF: i64 = -1;
/// Pairs that may be named.
pub const SYMBOLS_MAX: usize = 50;
/// How late the venue may cancel, in seconds.
pub const LATE_S_MAX: i64 = 10;

/// The body that sets it; replaces what was set before.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SetDeadMan<'a> {
    /// In seconds, from [`TIMEOUT_S_MIN`] to [`TIMEOUT_S_MAX`], or [`TIMEOUT_OFF`].
    pub timeout: i64,
    /// Pairs, separated by commas; absent or empty for all.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub symbols: Option<WireText<'a>>,
}

owned_by_field!(SetDeadMan { timeout, symbols });

/// The answer to setting it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadMan {
    /// The venue's time, in **seconds**.
    pub current_time: i64,
    /// When it fires, in **seconds**.
    pub trigger_time: i64,
}

/// What is set. `null` where nothing is: ask for an `Option` of this.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeadManQuery<'a> {
    /// In seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<i64>,
    /// Pairs, separated by commas; empty for all.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub symbols: Option<WireText<'a>>,
    /// The venue's time, in **seconds**.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_time: Option<i64>,
    /// When it fires, in **seconds**.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_time: Option<i64>,
}

owned_by_field!(DeadManQuery { timeout, symbols, current_time, trigger_time });
