//! Laws over random markets and orders that say everything an order may say.

use proptest::prelude::*;

use super::laws::{Step, all_steps};
use super::*;
use crate::exchange::paper::Touched;
use Side::{Buy, Sell};

/// The shown book as a publisher keeps it: only by what it is told may have changed.
#[derive(Default)]
struct Copy {
    levels: [BTreeMap<Ticks, Lots>; 2],
}

impl Copy {
    fn follow(&mut self, venue: &mut PaperVenue, instrument: InstrumentId) {
        let mut touched = Touched::default();
        venue.take_touched(instrument, &mut touched);
        for (levels, side) in self.levels.iter_mut().zip([Buy, Sell]) {
            if touched.all {
                *levels = venue.shown(instrument, side).collect();
            }
            for &(_, price) in touched.levels.iter().filter(|level| level.0 == side) {
                match venue.shown_at(instrument, side, price) {
                    Lots::ZERO => levels.remove(&price),
                    size => levels.insert(price, size),
                };
            }
            assert_eq!(*levels, venue.shown(instrument, side).collect::<BTreeMap<_, _>>());
        }
        let best = (self.levels[0].last_key_value(), self.levels[1].first_key_value());
        let locked = venue.quote(instrument).is_some_and(|quote| quote.bid >= quote.ask);
        if let (Some((bid, _)), Some((ask, _))) = best {
            assert!(bid < ask || locked, "crossed by us: {bid:?} {ask:?}");
        }
    }
}

/// Every order adds up, and none costs more or fills worse than it said.
fn judge(venue: &PaperVenue, names: u8) {
    for name in 0..names {
        let Some(order) = venue.order(&id(&format!("o{name}"))) else { continue };
        let fills: Vec<_> = venue
            .executions_since(0)
            .unwrap()
            .filter(|fill| fill.venue_order_id == order.venue_order_id)
            .collect();
        let sum =
            |of: fn(&Execution) -> Decimal| fills.iter().map(|fill| of(fill)).sum::<Decimal>();
        assert_eq!(fills.iter().map(|fill| fill.quantity.get()).sum::<i64>(), order.filled.get());
        assert_eq!((sum(|it| it.notional), sum(|it| it.fee)), (order.filled_notional, order.fee));
        assert!(order.remaining().get() >= 0 && order.reduced.get() >= 0, "{order:?}");
        assert_eq!(order.hold.is_zero(), !order.is_open() || order.remaining().is_zero());
        if order.status.as_str() == "filled" {
            assert!(order.remaining().is_zero() && order.filled.get() > 0, "{order:?}");
        }
        if let Some(funds) = order.funds {
            let fees = if order.side == Buy { order.fee } else { Decimal::ZERO };
            assert!(order.filled_notional + fees <= funds, "{order:?}");
        }
        for (fill, limit) in fills.iter().zip(std::iter::repeat(order.price)) {
            let worse =
                |limit| if order.side == Buy { fill.price > limit } else { fill.price < limit };
            assert!(!limit.is_some_and(worse), "{fill:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn books_and_orders_add_up_whatever_is_asked(steps in all_steps(), band: bool) {
        let mut bench = Bench::new();
        let mut copies = [Copy::default(), Copy::default()];
        bench.venue.track_books();
        if band {
            bench.venue.set_price_band(InstrumentId(0), Some(d("0.05")));
        }
        for (us, step) in steps.iter().enumerate() {
            let at = Timestamp::from_us(us as i64 * 200_000);
            step.apply(&mut bench.venue, at);
            prop_assert_eq!(bench.venue.check(), Vec::<String>::new(), "after {:?}", step);
            for (copy, instrument) in copies.iter_mut().zip([0, 1]) {
                copy.follow(&mut bench.venue, InstrumentId(instrument));
            }
        }
        judge(&bench.venue, 60);
    }

    #[test]
    fn what_was_accepted_is_written_before_anything_else_of_it(steps in all_steps()) {
        let mut bench = Bench::new();
        let mut known = BTreeMap::new();
        for (us, step) in steps.iter().enumerate() {
            step.apply(&mut bench.venue, Timestamp::from_us(us as i64 * 200_000));
            for change in bench.venue.take_changes() {
                match change {
                    crate::exchange::paper::VenueChange::Order(order) => {
                        if known.insert(order.sequence, order.venue_order_id).is_none() {
                            prop_assert!(order.is_open() && order.filled.is_zero());
                        }
                    }
                    crate::exchange::paper::VenueChange::Execution(fill) => {
                        prop_assert!(known.values().any(|id| *id == fill.venue_order_id));
                    }
                    crate::exchange::paper::VenueChange::Balance { .. } => {}
                }
            }
        }
    }
}

impl Step {
    /// Does it, without any delay.
    pub(super) fn apply(&self, venue: &mut PaperVenue, at: Timestamp) {
        match self {
            Self::Market(instrument, data) => {
                let instrument = InstrumentId(*instrument);
                venue.on_market(&MarketEvent { at, instrument, data: *data });
            }
            Self::Submit(request) => drop(venue.place(*request, at)),
            Self::Cancel(name) => drop(venue.withdraw(id(&format!("o{name}")), at)),
            Self::Reduce(name, by) => {
                drop(venue.reduce(id(&format!("o{name}")), Decimal::from_int(*by), at));
            }
        }
        venue.advance(at);
    }
}
