//! A session's part in what `ibis drift` compares: how long it waits for others, and the way of the figures to
//! the ledger.

use super::Session;
use crate::domain::durations::Durations;
use crate::store::vitals::VitalsRow;

impl Session {
    /// Tells the ledger what the process cost. Nobody waits for it.
    pub(in crate::agent) fn keep_vitals(&mut self, row: VitalsRow) {
        self.batch.vitals.push(row);
        self.hand_over();
    }

    /// How long the venue took to answer orders, since this was last asked.
    pub(in crate::agent) fn take_acks(&mut self) -> Durations {
        self.tally.acks.take()
    }

    /// How long pushes took from the venue, since this was last asked; `None` where there is no feed.
    pub(in crate::agent) fn take_lag(&mut self) -> Option<Durations> {
        self.parts.source.take_lag()
    }

    /// How often the venue's feed was down, or did not come up; `None` where there is none.
    pub(in crate::agent) fn feed_downs(&self) -> Option<u64> {
        self.parts.source.downs()
    }
}
