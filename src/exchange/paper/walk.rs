//! What an arriving order meets: the displayed levels and our own resting orders, best price first.
//!
//! At one price an own order is met before what is displayed there.

use crate::domain::decimal::Decimal;
use crate::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use crate::domain::side::Side;

use super::book_side::key;
use super::desk::fee_of;
use super::order::{SelfTrade, VenueOrder};
use super::resting::limit;

/// What an order still wants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Appetite {
    /// A quantity.
    Quantity(Lots),
    /// What so many quote units give: a buy pays its fees from them, a sell's are gross.
    Funds(Decimal),
}

/// An order that arrives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker<'a> {
    pub instrument: &'a Instrument,
    pub side: Side,
    /// The worst price it accepts.
    pub limit: Option<Ticks>,
    /// The worst price the venue accepts for it.
    pub band: Option<Ticks>,
    pub appetite: Appetite,
    pub self_trade: Option<SelfTrade>,
    /// What fees are rounded up to.
    pub fee_step: Option<Decimal>,
}

/// One thing that happens on the way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// It takes what is displayed.
    Book { price: Ticks, quantity: Lots },
    /// It trades with the own resting order of this sequence.
    Own { price: Ticks, quantity: Lots, sequence: u64 },
    /// Instead of trading with it, it takes so much off that order and off itself.
    Prevent { sequence: u64, resting: Lots, taker: Lots },
}

/// Why the way ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum WayEnd {
    /// Nothing is wanted any more.
    Sated,
    /// Nothing more is there within the limit.
    Dry,
    /// It met an own order and gives way to it.
    GivesWay,
    /// It would trade beyond the venue's price band.
    BeyondBand,
}

/// The steps an order would take, and how they end.
#[derive(Debug)]
pub(super) struct Plan {
    pub steps: Vec<Step>,
    /// Sum of what fills.
    pub filled: Lots,
    pub end: WayEnd,
}

impl Plan {
    pub(super) fn new() -> Self {
        Self { steps: Vec::new(), filled: Lots::ZERO, end: WayEnd::Dry }
    }

    pub(super) fn clear(&mut self) {
        self.steps.clear();
        (self.filled, self.end) = (Lots::ZERO, WayEnd::Dry);
    }

    fn push(&mut self, step: Step) {
        match step {
            Step::Book { quantity, .. } | Step::Own { quantity, .. } => self.filled += quantity,
            Step::Prevent { .. } => {}
        }
        self.steps.push(step);
    }
}

/// Plans the way of `taker` through the displayed `book` and `own` orders against it.
pub(super) fn walk<'a>(
    taker: &Taker<'_>,
    book: impl Iterator<Item = (Ticks, Lots)>,
    own: impl Iterator<Item = &'a VenueOrder>,
    plan: &mut Plan,
) {
    plan.clear();
    let opposite = taker.side.opposite();
    let mut levels = book.take_while(|(price, _)| taker.accepts(*price)).peekable();
    let mut orders = own.take_while(|order| taker.accepts(limit(order))).peekable();
    let mut appetite = taker.appetite;
    plan.end = loop {
        if appetite.is_sated() {
            break WayEnd::Sated;
        }
        let level = levels.peek().copied();
        let meets_own = |order: &&VenueOrder| {
            level.is_none_or(|(price, _)| key(opposite, limit(order)) >= key(opposite, price))
        };
        let step = match (orders.next_if(meets_own), level) {
            (Some(order), _) => match taker.meet(order, appetite) {
                Some(step) => step,
                None => break WayEnd::GivesWay,
            },
            (None, Some((price, offered))) => {
                levels.next();
                Step::Book { price, quantity: appetite.share(taker, price, offered) }
            }
            (None, None) => break WayEnd::Dry,
        };
        if let Step::Book { quantity, price } | Step::Own { quantity, price, .. } = step {
            if quantity.is_zero() {
                break WayEnd::Sated;
            }
            if taker.band.is_some_and(|band| key(taker.side, price) > key(taker.side, band)) {
                break WayEnd::BeyondBand;
            }
        }
        appetite.eat(taker, step);
        plan.push(step);
        // What funds leave of an offer they cannot pay, there or at a worse price.
        if let (Step::Book { quantity, .. }, Some((_, offered)), Appetite::Funds(_)) =
            (step, level, appetite)
            && quantity < offered
        {
            break WayEnd::Sated;
        }
        if let Step::Prevent { .. } = step
            && taker.self_trade == Some(SelfTrade::CancelBoth)
        {
            break WayEnd::GivesWay;
        }
    };
    if plan.end == WayEnd::BeyondBand {
        plan.steps.clear();
        plan.filled = Lots::ZERO;
    }
}

impl Taker<'_> {
    /// True where the order would trade at a price of the other side.
    pub(super) fn accepts(&self, price: Ticks) -> bool {
        self.limit.is_none_or(|limit| key(self.side, price) <= key(self.side, limit))
    }

    /// What happens where it reaches an own order; `None` where it gives way at once.
    fn meet(&self, order: &VenueOrder, appetite: Appetite) -> Option<Step> {
        let (sequence, price, there) = (order.sequence, limit(order), order.remaining());
        match self.self_trade {
            None => {
                Some(Step::Own { price, quantity: appetite.share(self, price, there), sequence })
            }
            Some(SelfTrade::CancelNewest) => None,
            Some(SelfTrade::CancelOldest | SelfTrade::CancelBoth) => {
                Some(Step::Prevent { sequence, resting: there, taker: Lots::ZERO })
            }
            Some(SelfTrade::DecreaseAndCancel) => {
                let both = appetite.share(self, price, there);
                Some(Step::Prevent { sequence, resting: both, taker: both })
            }
        }
    }

    /// What a quantity costs a buyer, fee included, or brings a seller, before fees. `None` beyond
    /// any account's means.
    fn cost(&self, price: Ticks, quantity: Lots) -> Option<Decimal> {
        if !is_countable(self.instrument, price, quantity) {
            return None;
        }
        let notional = self.instrument.notional(price, quantity);
        Some(match self.side {
            Side::Buy => {
                notional + fee_of(self.instrument, notional, Liquidity::Taker, self.fee_step)
            }
            Side::Sell => notional,
        })
    }
}

impl Appetite {
    fn is_sated(self) -> bool {
        match self {
            Self::Quantity(left) => left.is_zero(),
            Self::Funds(left) => !left.is_positive(),
        }
    }

    /// How much of what is offered at a price it wants.
    fn share(self, taker: &Taker<'_>, price: Ticks, offered: Lots) -> Lots {
        let left = match self {
            Self::Quantity(left) => return left.min(offered),
            Self::Funds(left) => left,
        };
        if taker.cost(price, offered).is_some_and(|cost| cost <= left) {
            return offered;
        }
        let fits = |lots: i64| taker.cost(price, Lots::new(lots)).is_some_and(|cost| cost <= left);
        let (mut least, mut beyond) = (0, offered.get());
        while beyond - least > 1 {
            let middle = least + (beyond - least) / 2;
            *(if fits(middle) { &mut least } else { &mut beyond }) = middle;
        }
        Lots::new(least)
    }

    fn eat(&mut self, taker: &Taker<'_>, step: Step) {
        let (price, quantity) = match step {
            Step::Book { price, quantity } | Step::Own { price, quantity, .. } => (price, quantity),
            Step::Prevent { taker, .. } => (Ticks::ZERO, taker),
        };
        match self {
            Self::Quantity(left) => *left -= quantity,
            Self::Funds(left) => *left -= taker.cost(price, quantity).unwrap_or(*left),
        }
    }
}

/// True where the notional and its fee are far from [`Decimal`]'s end. No account holds more.
pub(super) fn is_countable(instrument: &Instrument, price: Ticks, quantity: Lots) -> bool {
    let unit = instrument.notional(Ticks::new(1), Lots::new(1)).raw();
    i128::from(price.get())
        .checked_mul(i128::from(quantity.get()))
        .and_then(|units| units.checked_mul(unit))
        .is_some_and(|raw| raw < i128::MAX / 8)
}
