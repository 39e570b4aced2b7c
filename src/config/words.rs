//! The words that keys choose from, typed.

/// Where orders go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// The simulated venue.
    Paper,
    /// A real venue.
    Live,
}

/// The side of the book an entry's price is taken from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntryPrice {
    /// Fills at once, as taker.
    Ask,
    /// Waits, as maker.
    Bid,
}

/// Where market data comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MarketSource {
    /// The seeded market built into the program.
    Synthetic,
    /// KuCoin's live data.
    Kucoin,
}

/// What is subscribed of the venue's books.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BookSource {
    /// Best bid and offer.
    Level1,
    /// Five levels, whole each time.
    Depth5,
    /// Every change, calibrated with snapshots.
    Level2,
}

/// What is done about a difference that nobody explains.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// Entries wait for a person.
    Hold,
    /// The venue is right.
    Adopt,
}

/// What somebody else's order in a traded instrument means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ForeignOrders {
    /// No entries in that instrument.
    Hold,
    /// Nothing.
    Ignore,
}

/// Whether the engine's inputs are recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Record {
    /// Where they cannot simply be run again.
    Auto,
    /// Whatever feeds it.
    Always,
    /// Not at all.
    Never,
}
