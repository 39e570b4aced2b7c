//! A session's look at the paper venue's account: as KuCoin's is looked at, on the market's clock.

use std::time::Duration;

use super::Session;
use crate::agent::restore;
use crate::agent::venue_link::VenueLink;
use crate::engine::event::Event;

/// The paper venue's account is compared again this soon, where something differs or was on its way.
const ACCOUNT_RETRY: Duration = Duration::from_secs(5);
/// The same while the kill switch is not verified: somebody waits.
const KILL_RETRY: Duration = Duration::from_millis(250);

impl Session {
    /// What the start left in doubt is looked at again soon.
    pub(super) fn doubt_account(&mut self) {
        if self.parts.engine.doubts_account() && matches!(self.parts.venue, VenueLink::Paper(_)) {
            self.account_due = Some(self.now + self.account_retry());
        }
    }

    fn account_retry(&self) -> Duration {
        if self.parts.engine.is_kill_unverified() { KILL_RETRY } else { ACCOUNT_RETRY }
    }

    /// Compares with the paper venue's account, once nothing is on its way between the two.
    pub(super) fn turn_account(&mut self) {
        let VenueLink::Paper(paper) = &self.parts.venue else { return };
        if paper.venue.next_due().is_some() {
            self.account_due = Some(self.now + self.account_retry());
            return;
        }
        let from = (self.parts.engine.venue_cursor(), self.now);
        let view = restore::paper_view(&self.parts.instruments, &paper.venue, from);
        if let Some(view) = view {
            self.step(&Event::Account(Box::new(view)));
        }
        let doubted = self.parts.engine.doubts_account();
        self.account_due = doubted.then(|| self.now + self.account_retry());
    }
}
