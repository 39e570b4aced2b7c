//! The one decision whether an order may be sent.
//!
//! Total: every (order, state, account) is answered with an [`Approved`] order or a [`Refusal`].
//! What cannot be judged is refused. An exit needs no size and no exposure check, only a state that
//! permits exits: reducing what is at stake is never refused for being too large.

use super::approval::Approved;
use super::limit::{Account, Limits};
use super::refusal::Refusal;
use super::sizing::{self, Size, Stake};
use super::standing::Standing;
use crate::domain::decimal::Decimal;
use crate::domain::instrument::{Instrument, Lots, Ticks};
use crate::domain::order::{NewOrder, OrderLabel, OrderType, TimeInForce};

/// An entry as the strategy wants it; its size is the risk check's to decide.
#[derive(Clone, Copy, Debug)]
pub struct EntryProposal {
    /// Identity, side and purpose.
    pub label: OrderLabel,
    /// Limit price.
    pub price: Ticks,
    /// Refused rather than taking liquidity.
    pub post_only: bool,
    /// Distance to the stop as a fraction of the price.
    pub stop_loss: Decimal,
}

/// An exit as the strategy wants it.
#[derive(Clone, Copy, Debug)]
pub struct ExitProposal {
    /// Identity, side and purpose.
    pub label: OrderLabel,
    /// The worst price to accept.
    pub price: Ticks,
    /// All that is held, in whole lots.
    pub quantity: Lots,
}

/// Sizes and approves an entry, and says what sized it, or which limit refuses it.
pub fn permit_entry(
    instrument: &Instrument,
    limits: &Limits,
    standing: &Standing,
    account: &Account,
    proposal: &EntryProposal,
) -> Result<(Approved<NewOrder>, Size), Refusal> {
    let factor = standing.permits(proposal.label.purpose)?;
    if account.open_positions >= limits.open_positions_max {
        return Err(Refusal::OpenPositionsMax);
    }
    let stake = Stake { price: proposal.price, stop_loss: proposal.stop_loss, factor };
    let size = sizing::entry_size(instrument, limits, account, &stake)?;
    let order_type = OrderType::Limit {
        price: proposal.price,
        time_in_force: TimeInForce::Gtc,
        post_only: proposal.post_only,
    };
    NewOrder::new(instrument, proposal.label, order_type, size.quantity, proposal.price)
        .map(|order| (Approved::new(order), size))
        .map_err(|_limit| Refusal::InstrumentLimit)
}

/// Approves an exit, or says why it cannot be sent.
pub fn permit_exit(
    instrument: &Instrument,
    standing: &Standing,
    proposal: &ExitProposal,
) -> Result<Approved<NewOrder>, Refusal> {
    standing.permits(proposal.label.purpose)?;
    let order_type = OrderType::Limit {
        price: proposal.price,
        time_in_force: TimeInForce::Ioc,
        post_only: false,
    };
    let quantity = proposal.quantity.min(instrument.quantity_max());
    NewOrder::new(instrument, proposal.label, order_type, quantity, proposal.price)
        .map(Approved::new)
        .map_err(|_limit| Refusal::Dust)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::hold::Level;
    use crate::domain::identifier::{ClientOrderId, InstrumentId};
    use crate::domain::instrument::tests::btc;
    use crate::domain::order::Purpose;
    use crate::domain::side::Side;
    use crate::risk::sizing::tests::limits;
    use crate::risk::standing::tests::standing;
    use proptest::prelude::*;

    /// Quote units, either way: a hundred thousand times what all markets of a venue are worth.
    const AMOUNT_MAX: i64 = 1_000_000_000_000_000_000 / 10;

    fn label(side: Side, purpose: Purpose) -> OrderLabel {
        let client_order_id = ClientOrderId::new("ibis-1-1").unwrap();
        OrderLabel { instrument: InstrumentId(0), client_order_id, side, purpose }
    }

    fn entry(level: Level) -> Result<Approved<NewOrder>, Refusal> {
        let account = Account {
            equity: Decimal::from_int(10_000),
            available: Decimal::from_int(10_000),
            ..Account::default()
        };
        let proposal = EntryProposal {
            label: label(Side::Buy, Purpose::Entry),
            price: Ticks::new(600_000),
            post_only: false,
            stop_loss: Decimal::parse("0.035").unwrap(),
        };
        permit_entry(&btc(), &limits(), &standing(level), &account, &proposal)
            .map(|(order, _)| order)
    }

    fn exit(level: Level, lots: i64) -> Result<Approved<NewOrder>, Refusal> {
        let label = label(Side::Sell, Purpose::StopLoss);
        let proposal =
            ExitProposal { label, price: Ticks::new(570_000), quantity: Lots::new(lots) };
        permit_exit(&btc(), &standing(level), &proposal)
    }

    #[test]
    fn each_state_permits_what_the_table_says() {
        for level in Level::ALL {
            assert_eq!(entry(level).is_ok(), level.permits_entry(), "{level}");
            assert_eq!(exit(level, 100).is_ok(), level != Level::KillSwitch, "{level}");
        }
    }

    proptest! {
        /// Acceptance test 7: whatever the account, the limits and the price, an entry is answered, by an
        /// order within them or by a refusal; what cannot be judged is refused, and an exit is never
        /// asked for by it.
        #[test]
        fn a_check_answers_whatever_it_is_given(
            equity in -AMOUNT_MAX..AMOUNT_MAX, available in -AMOUNT_MAX..AMOUNT_MAX,
            exposures in (-AMOUNT_MAX..AMOUNT_MAX, -AMOUNT_MAX..AMOUNT_MAX),
            open_positions: u64, price in 1..i64::MAX / 1_000_000, stop_ppm in 1i64..1_000_000,
            level in 0..Level::ALL.len(), known: bool,
        ) {
            let level = Level::ALL[level];
            let account = Account {
                equity: Decimal::from_int(equity),
                available: Decimal::from_int(available),
                exposure_total: Decimal::from_int(exposures.0),
                exposure_instrument: Decimal::from_int(exposures.1),
                open_positions,
            };
            let proposal = EntryProposal {
                label: label(Side::Buy, Purpose::Entry),
                price: Ticks::new(price),
                post_only: false,
                stop_loss: Decimal::from_parts(i128::from(stop_ppm), 6).unwrap(),
            };
            let standing = Standing { known, ..standing(level) };
            let answer = permit_entry(&btc(), &limits(), &standing, &account, &proposal);
            if let Ok((order, size)) = answer {
                prop_assert!(level.permits_entry() && (known || level == Level::Running));
                prop_assert!(open_positions < limits().open_positions_max);
                prop_assert_eq!((order.get().side(), order.get().purpose()), (Side::Buy, Purpose::Entry));
                let notional = btc().notional(proposal.price, size.quantity);
                prop_assert!(notional <= limits().notional_max && notional <= account.available);
            }
        }
    }

    #[test]
    fn degraded_halves_the_risk() {
        let size = |level| entry(level).unwrap().get().quantity();
        assert!(size(Level::Degraded) <= size(Level::Running));
    }

    #[test]
    fn dust_is_not_sent() {
        assert_eq!(exit(Level::Running, 0), Err(Refusal::Dust));
    }
}
