//! Orders of an operator, on their way to the agent.

use std::fmt;
use std::time::Duration;

use crate::domain::hold::Level;
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// What is wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// Nothing is sent from here on, everything at work is canceled.
    Kill,
    /// Ends that.
    Release,
    /// No entries.
    Pause {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// For so long; none until resumed.
        lasting: Option<Duration>,
    },
    /// Entries again.
    Resume {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// The latched state that is left with it, where it is one.
        from: Option<Level>,
    },
}

/// An order as given.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// Its name, given once.
    pub id: String,
    /// When, by the wall clock.
    pub at: Timestamp,
    /// By whom: the peer's credentials.
    pub by: String,
    /// Why.
    pub reason: String,
    /// What.
    pub order: Order,
}

/// What came of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It is in force.
    Done,
    /// It is not.
    Refused {
        /// Why not.
        why: String,
        /// When it would be done; none where time alone does not help.
        after: Option<Timestamp>,
    },
}

/// The way to the agent. Called on a thread that may wait for a disk.
pub trait Operator: fmt::Debug + Send + Sync {
    /// Writes the order down, durably: a crash after it does not lose it. The error is one line.
    fn submit(&self, given: &Given) -> Result<(), String>;

    /// What came of the order of that name; none yet. The error is one line.
    fn outcome(&self, id: &str) -> Result<Option<Outcome>, String>;
}
