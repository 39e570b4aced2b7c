//! Who goes first when calls must wait.

use std::time::Duration;

/// What a call is for. Earlier ones are served first, and may use more of the quota.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Priority {
    /// Makes the position smaller or safer: exits, cancels, the dead man's switch, and the questions
    /// that settle them.
    Protective,
    /// Opens a position.
    Entry,
    /// Only asks.
    Read,
}

impl Priority {
    /// How long a call waits for its turn before it fails as rate limited. An entry that is late is
    /// worth nothing; an exit is better late than never, but its caller must hear of it.
    pub const fn wait_max(self) -> Duration {
        match self {
            Self::Protective | Self::Read => Duration::from_secs(10),
            Self::Entry => Duration::from_secs(1),
        }
    }

    /// Calls of this and the earlier priorities that may run at once: each leaves room for those that
    /// come before it.
    pub(super) const fn calls_max(self) -> usize {
        match self {
            Self::Protective => 8,
            Self::Entry => 6,
            Self::Read => 4,
        }
    }
}
