//! A session's ears: what comes over the network when it comes.

use std::time::Duration;

use super::Session;
use crate::agent::error::AgentError;
use crate::agent::restore;
use crate::agent::venue_link::VenueLink;
use crate::clock;
use crate::domain::hold::Hold;
use crate::domain::time::Timestamp;
use crate::engine::event::Event;
use crate::exchange::kucoin::condition::Condition;
use crate::exchange::kucoin::rest::Rest;
use crate::exchange::kucoin::venue::KucoinVenue;

impl Session {
    /// Takes in what came over the network since the last turn.
    pub(in crate::agent) fn receive(&mut self, now: Timestamp) -> Result<(), AgentError> {
        let doubted = self.parts.engine.doubts_account();
        let VenueLink::Kucoin(venue) = &mut self.parts.venue else { return Ok(()) };
        self.now = self.now.max(now);
        venue.doubt_account(doubted);
        venue.poll(self.now);
        let account = venue.take_account();
        for condition in venue.take_conditions() {
            let Condition { scope, code, level, reason } = condition;
            let set_at = self.now;
            self.step(&match reason {
                Some(reason) => {
                    Event::SetHold(Hold { scope, code, level, reason, set_at, until: None })
                }
                None => Event::ClearHold { scope, code },
            });
        }
        if let Some(account) = account {
            // What it lists is reported first.
            self.turn_venue()?;
            self.step(&Event::Account(Box::new(restore::live_snapshot(account))));
        }
        Ok(())
    }

    /// The venue's client; `None` where neither market nor orders are the venue's.
    pub(in crate::agent) fn rest(&self) -> Option<&Rest> {
        self.parts.rest.as_ref()
    }

    /// The task that trading needs and that is gone, where one is. They keep themselves up; where one
    /// ended all the same, only a new process has all of them.
    pub(in crate::agent) fn ended_task(&self) -> Option<&'static str> {
        let private = match &self.parts.venue {
            VenueLink::Kucoin(venue) => venue.has_ended(),
            VenueLink::Paper(_) => false,
        };
        let feed = self.parts.source.has_ended();
        if feed { Some("market data") } else { private.then_some("private messages") }
    }

    /// How long the venue's feed has had no pushes; `None` while it has, or where there is none.
    pub(in crate::agent) fn feed_down_for(&self) -> Option<Duration> {
        let since = self.parts.source.silent_since();
        since.map(|since| clock::monotonic().saturating_sub(since))
    }

    /// When the venue's feed last said something; `None` where the data is made here.
    pub(in crate::agent) fn received_at(&self) -> Option<Duration> {
        self.parts.source.received_at()
    }

    /// Waits until the venue said something: market data, or about orders.
    pub(in crate::agent) async fn filled(&self) {
        tokio::select! {
            () = self.parts.source.filled() => {}
            () = self.answered() => {}
        }
    }

    /// Waits until the venue said something about orders.
    pub(in crate::agent) async fn answered(&self) {
        match &self.parts.venue {
            VenueLink::Kucoin(venue) => venue.filled().await,
            VenueLink::Paper(_) => std::future::pending().await,
        }
    }

    /// The venue behind the network, in live mode.
    pub(in crate::agent) fn kucoin(&mut self) -> Option<&mut KucoinVenue> {
        match &mut self.parts.venue {
            VenueLink::Kucoin(venue) => Some(venue),
            VenueLink::Paper(_) => None,
        }
    }
}
