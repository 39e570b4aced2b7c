//! What of a shown book may have changed: kept only where somebody publishes it.

use crate::domain::instrument::Ticks;
use crate::domain::side::Side;

/// Levels noted singly; beyond, the whole book counts as touched.
pub const TOUCHED_MAX: usize = 1_024;

/// Levels whose shown size may have changed since they were last looked at.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Touched {
    /// Any level may have changed.
    pub all: bool,
    /// These may have changed, some of them twice.
    pub levels: Vec<(Side, Ticks)>,
}

impl Touched {
    /// True where nothing may have changed.
    pub fn is_empty(&self) -> bool {
        !self.all && self.levels.is_empty()
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.all = false;
        self.levels.clear();
    }

    pub(super) fn level(&mut self, side: Side, price: Ticks) {
        if self.levels.len() < TOUCHED_MAX {
            self.levels.push((side, price));
        } else {
            self.whole();
        }
    }

    pub(super) fn whole(&mut self) {
        self.all = true;
        self.levels.clear();
    }
}

/// Notes a level where books are tracked.
pub(super) fn note(touched: &mut Option<Touched>, side: Side, price: Ticks) {
    if let Some(touched) = touched
        && !touched.all
    {
        touched.level(side, price);
    }
}

/// Notes every level where books are tracked.
pub(super) fn note_all(touched: &mut Option<Touched>) {
    if let Some(touched) = touched {
        touched.whole();
    }
}
