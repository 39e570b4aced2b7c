//! The settings in force, for who looks at a running agent from beside its loop.

use super::Settings;

/// What is in force now.
#[derive(Clone, PartialEq, Debug)]
pub struct InForce {
    /// As started, and as changed by each reload since.
    pub settings: Settings,
    /// Reloads that were tried since the start.
    pub reloads: u64,
    /// What came of the last one, for people.
    pub told: String,
}

impl InForce {
    /// As started.
    pub const fn started(settings: Settings) -> Self {
        Self { settings, reloads: 0, told: String::new() }
    }
}
