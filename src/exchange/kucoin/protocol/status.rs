//! The venue's own state, and what it announces.

use serde::{Deserialize, Serialize};

use super::page::null_is_empty;
use super::wire_text::{WireText, owned_by_field};
use super::words::words;

words! {
    /// Whether the venue trades.
    ServiceState {
        /// As always.
        Open = "open",
        /// No.
        Close = "close",
        /// Cancels only.
        CancelOnly = "cancelonly",
    }
}

/// The answer about the venue's state.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ServiceStatus<'a> {
    /// Whether it trades.
    pub status: ServiceState,
    /// The operator's note.
    #[serde(borrow, default)]
    pub msg: Option<WireText<'a>>,
}

owned_by_field!(ServiceStatus { status, msg });

/// An announcement.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement<'a> {
    /// Its id.
    pub ann_id: i64,
    /// Its title.
    #[serde(borrow)]
    pub ann_title: WireText<'a>,
    /// What it is about: `maintenance-updates`, `delistings`, ...
    #[serde(borrow, default, deserialize_with = "null_is_empty")]
    pub ann_type: Vec<WireText<'a>>,
    /// Its text.
    #[serde(borrow, default)]
    pub ann_desc: Option<WireText<'a>>,
    /// When it was published, in milliseconds.
    pub c_time: i64,
    /// `en_US`, ...
    #[serde(borrow, default)]
    pub language: Option<WireText<'a>>,
    /// Where to read it.
    #[serde(borrow, default)]
    pub ann_url: Option<WireText<'a>>,
}

owned_by_field!(Announcement { ann_id, ann_title, ann_type, ann_desc, c_time, language, ann_url });
