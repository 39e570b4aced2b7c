//! The venue as a session sees it: the paper venue in this process, or KuCoin behind the network.

use super::error::AgentError;
use crate::domain::execution::ExecutionReport;
use crate::domain::identifier::ClientOrderId;
use crate::domain::market_data::{MarketEvent, Quote};
use crate::domain::order::NewOrder;
use crate::domain::time::Timestamp;
use crate::durable::group_commit::Trouble;
use crate::exchange::Venue;
use crate::exchange::kucoin::venue::{DeadManState, KucoinVenue};
use crate::exchange::paper::{AccountStore, PaperVenue};
use crate::risk::approval::Approved;

/// The paper venue with its account on disk.
pub(super) struct PaperLink {
    pub(super) venue: PaperVenue,
    account: AccountStore,
    /// Waits for the account's disk in bounds; its reports wait for as long as it takes.
    patient: bool,
    /// The account was not durable when a report was due.
    stalled: bool,
}

/// Where orders go.
pub(super) enum VenueLink {
    /// On the market's clock; arrivals and reports have instants of their own.
    Paper(Box<PaperLink>),
    /// Reports come when they come.
    Kucoin(Box<KucoinVenue>),
}

/// What waits for its intent to be durable.
pub(super) enum Command {
    Submit(Approved<NewOrder>),
    Cancel(ClientOrderId),
    CancelAll,
}

impl VenueLink {
    /// The earliest instant at which the venue has something due.
    pub(super) fn next_due(&self, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Paper(paper) if paper.is_stalled() => paper.venue.next_work(),
            Self::Paper(paper) => paper.venue.next_due(),
            Self::Kucoin(venue) => venue.has_reports().then_some(now),
        }
    }

    /// True where an order arrives at the paper venue by `now`: its intent must be durable first.
    pub(super) fn is_arrival_due(&self, now: Timestamp) -> bool {
        match self {
            Self::Paper(paper) => paper.venue.next_arrival().is_some_and(|at| at <= now),
            Self::Kucoin(_) => false,
        }
    }

    /// Takes a market event in. Depth comes back as the best bid and offer it leaves, where moved.
    pub(super) fn on_market(&mut self, event: &MarketEvent) -> Option<Quote> {
        match self {
            Self::Paper(paper) => {
                let moved = paper.venue.on_market(event);
                paper.keep();
                moved
            }
            Self::Kucoin(venue) => venue.on_market(event),
        }
    }

    /// Appends the reports due by `now`, each durable at the paper venue before it is known. While its
    /// account cannot be written there are none.
    pub(super) fn collect(
        &mut self,
        now: Timestamp,
        reports: &mut Vec<ExecutionReport>,
    ) -> Result<(), AgentError> {
        match self {
            Self::Paper(paper) => {
                paper.venue.advance(now);
                paper.keep();
                if paper.venue.next_release().is_some_and(|at| at <= now) && paper.settle()? {
                    paper.venue.take_reports(now, reports);
                }
            }
            Self::Kucoin(venue) => reports.extend(std::iter::from_fn(|| venue.next_report())),
        }
        Ok(())
    }

    /// True where commands must wait until the ledger has them: a network does not.
    pub(super) fn needs_durable_intent(&self) -> bool {
        matches!(self, Self::Kucoin(_))
    }

    /// Sends.
    pub(super) fn perform(&mut self, command: &Command, now: Timestamp) {
        let venue: &mut dyn Venue = match self {
            Self::Paper(paper) => &mut paper.venue,
            Self::Kucoin(venue) => venue.as_mut(),
        };
        match command {
            Command::Submit(order) => venue.submit(order, now),
            Command::Cancel(id) => venue.cancel(*id, now),
            Command::CancelAll => venue.cancel_all(now),
        }
    }

    /// The venue's dead-man's switch; the paper venue has none.
    pub(super) fn dead_man(&self) -> Option<DeadManState> {
        match self {
            Self::Paper(_) => None,
            Self::Kucoin(venue) => Some(venue.dead_man()),
        }
    }

    /// Takes back an order that is on its way, where that is possible: it has not arrived.
    pub(super) fn recall(&mut self, id: &ClientOrderId) {
        match self {
            Self::Paper(paper) => paper.venue.recall(id),
            // What waits for its intent was not given to it.
            Self::Kucoin(_) => {}
        }
    }

    /// Goes on where the paper account's disk makes trouble, instead of waiting for it.
    pub(super) fn be_patient(&mut self) {
        if let Self::Paper(paper) = self {
            paper.patient = true;
        }
    }

    /// Why nothing becomes durable at the paper venue at present, if that is so.
    pub(super) fn trouble(&mut self) -> Option<Trouble> {
        match self {
            Self::Paper(paper) => paper.account.trouble(),
            Self::Kucoin(_) => None,
        }
    }

    /// Closes what is open on disk.
    pub(super) fn close(self) -> Result<(), AgentError> {
        match self {
            Self::Paper(paper) => Ok(paper.account.close()?),
            Self::Kucoin(_) => Ok(()),
        }
    }
}

impl PaperLink {
    pub(super) fn new(venue: PaperVenue, account: AccountStore) -> Self {
        Self { venue, account, patient: false, stalled: false }
    }

    /// Waits until the account is durable; false where it does not become so now.
    fn settle(&mut self) -> Result<bool, AgentError> {
        let last = self.account.last();
        if self.patient {
            self.stalled = !self.account.wait_patiently(last)?;
        } else {
            self.account.wait(last)?;
        }
        Ok(!self.stalled)
    }

    /// True while the account is still not durable.
    fn is_stalled(&self) -> bool {
        self.stalled && matches!(self.account.is_durable(self.account.last()), Ok(false))
    }

    fn keep(&mut self) {
        let changes = self.venue.take_changes();
        if !changes.is_empty() {
            self.account.write(changes);
        }
    }
}
