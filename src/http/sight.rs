//! The board as seen at the instant of an answer: every age is reckoned here, so that it grows while
//! nothing is published.

use std::sync::Arc;
use std::time::Duration;

use super::board::{Board, Phase, Published};
use super::server::Facts;
use super::view::View;
use crate::clock;
use crate::config::settings::HealthSettings;
use crate::domain::hold::{HoldCode, Level};
use crate::domain::time::Timestamp;

/// What one answer is made of.
#[derive(Clone, Debug)]
pub struct Sight {
    /// The wall clock.
    pub wall: Timestamp,
    /// When the process began, by the wall.
    pub began_at: Timestamp,
    /// How long the process runs.
    pub uptime: Duration,
    /// How long ago the agent's thread last did something.
    pub loop_age: Duration,
    /// Where the agent is in its life.
    pub phase: Phase,
    /// How long ago the view was published.
    pub view_age: Duration,
    /// The last view; none before the start is over.
    pub published: Option<Arc<Published>>,
}

impl Sight {
    /// Looks at the board.
    pub fn of(board: &Board) -> Self {
        Self::at(board, clock::monotonic(), clock::wall_now())
    }

    /// As [`Sight::of`] at an instant.
    pub fn at(board: &Board, now: Duration, wall: Timestamp) -> Self {
        let published = board.published();
        let (began, began_at) = board.began();
        Self {
            wall,
            began_at,
            uptime: now.saturating_sub(began),
            loop_age: now.saturating_sub(board.turned_at()),
            phase: board.phase(),
            view_age: published.as_ref().map_or(Duration::ZERO, |it| now.saturating_sub(it.at)),
            published,
        }
    }

    /// The last view.
    pub fn view(&self) -> Option<&View> {
        self.published.as_ref().map(|published| &published.view)
    }

    /// An instant of the engine's clock, by the wall's of now; none where the engine's has a pace of its
    /// own. Neither a wall clock that was set nor a loop that stands makes it younger.
    pub fn wall_of(&self, at: Timestamp) -> Option<Timestamp> {
        let age_us = self.view()?.clock?.us_since(at);
        Some(Timestamp::from_us(self.wall_before(self.view_age).us().saturating_sub(age_us)))
    }

    /// When it was by the wall, this long ago.
    pub fn wall_before(&self, ago: Duration) -> Timestamp {
        self.wall - ago
    }

    /// When something counts as degraded or critical: as last configured, or at the start.
    pub fn limits<'a>(&'a self, facts: &'a Facts) -> &'a Arc<HealthSettings> {
        self.view().map_or(&facts.health, |view| &view.limits)
    }

    /// The state: before anything is known, what a start permits.
    pub fn state(&self) -> Level {
        self.view().map_or(Level::SoftPause, |view| view.state)
    }

    /// Age of the newest market data; none before there is a view, or where it is not judged.
    pub fn data_age(&self) -> Option<Duration> {
        let data = self.view()?.data;
        data.stale_after.map(|_| data.age + self.view_age)
    }

    /// True where the market's data is younger than what counts as stale, or is not judged.
    pub fn is_fresh(&self) -> bool {
        let stale_after = self.view().and_then(|view| view.data.stale_after);
        self.view().is_some()
            && self.data_age().zip(stale_after).is_none_or(|(age, limit)| age <= limit)
    }

    /// True where ledger and venue agree as far as is known.
    pub fn is_reconciled(&self) -> bool {
        let doubt = |code| matches!(code, HoldCode::Startup | HoldCode::ReconcileMismatch);
        self.view().is_some_and(|view| {
            !view.holds.iter().any(|hold| hold.scope.is_none() && doubt(hold.code))
        })
    }
}
