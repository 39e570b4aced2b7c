//! Exits: a position that should end is sold at or near the bid, all of it.

use super::Engine;
use super::action::Action;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::identifier::InstrumentId;
use crate::domain::instrument::Ticks;
use crate::domain::order::{NewOrder, OrderLabel, Purpose};
use crate::domain::side::Side;
use crate::risk::approval::Approved;
use crate::risk::permit::{ExitProposal, permit_exit};
use crate::risk::refusal::Refusal;

impl Engine {
    /// Sells what is held of an instrument. An entry still at work is canceled first: its fills
    /// come, then the exit.
    pub(super) fn consider_exit(
        &mut self,
        index: usize,
        purpose: Purpose,
        actions: &mut Vec<Action>,
    ) {
        let Some(desk) = self.desks.get(index) else { return };
        if desk.position.is_flat() || self.now < desk.exit_after {
            return;
        }
        match &desk.order {
            Some(order) if order.purpose.is_exit() => return,
            Some(_) => return self.cancel_order(index, actions),
            None => {}
        }
        match self.propose_exit(index, purpose) {
            Ok((order, reference)) => self.send(&order, reference, None, actions),
            Err(refusal) => self.refuse_exit(index, refusal, actions),
        }
    }

    fn propose_exit(
        &mut self,
        index: usize,
        purpose: Purpose,
    ) -> Result<(Approved<NewOrder>, Ticks), Refusal> {
        let instrument = InstrumentId(u16::try_from(index).map_err(|_range| Refusal::NoQuote)?);
        let client_order_id = self.next_client_order_id().ok_or(Refusal::InstrumentLimit)?;
        let desk = self.desks.get(index).ok_or(Refusal::NoQuote)?;
        let bid = desk.top.quote().ok_or(Refusal::NoQuote)?.bid;
        let worst = desk
            .instrument
            .price_of(bid)
            .mul(Decimal::ONE - self.settings.strategy.exit_slippage_max, Round::Down);
        let price = desk.instrument.price_floor(worst).map_err(|_range| Refusal::NoQuote)?;
        // What this account really has free, should that be less than the position says.
        let free = self.balances.get(&desk.instrument.base()).copied().unwrap_or_default();
        let free =
            desk.instrument.quantity_floor(free.available()).map_err(|_range| Refusal::Dust)?;
        let label = OrderLabel { instrument, client_order_id, side: Side::Sell, purpose };
        let quantity = desk.held().min(free);
        let proposal = ExitProposal { label, price: price.max(Ticks::new(1)), quantity };
        let standing = self.standing(desk.instrument.symbol(), true);
        permit_exit(&desk.instrument, &standing, &proposal).map(|order| (order, bid))
    }

    /// Counts a refused exit; dust is counted once, for it is refused at every quote.
    fn refuse_exit(&mut self, index: usize, refusal: Refusal, actions: &mut Vec<Action>) {
        let Some(desk) = self.desks.get_mut(index) else { return };
        if refusal == Refusal::Dust && std::mem::replace(&mut desk.dust, true) {
            return;
        }
        self.refuse(index, refusal, actions);
    }
}
