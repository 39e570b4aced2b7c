//! The venue at a start: private messages first, then the account as it stands, so that nothing falls
//! between the two; and every intent of an earlier run is settled by the venue's word.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use super::account_view::{AccountOrder, AccountView, OpenIntent, StartFrom};
use super::answer::reports;
use super::dead_man::DeadMan;
use super::survey::{self, account_order};
use super::watch::{FILLS_OVERLAP, Watch};
use super::{KucoinSettings, KucoinVenue, moment};
use crate::clock;
use crate::domain::balance::Balance;
use crate::domain::decimal::Decimal;
use crate::domain::execution::ReportKind;
use crate::domain::hold::HoldCode;
use crate::domain::identifier::{Asset, InstrumentId};
use crate::domain::instrument::Instrument;
use crate::domain::time::Timestamp;
use crate::exchange::kucoin::condition::Conditions;
use crate::exchange::kucoin::order_tracker::{OrderTracker, ResumedOrder};
use crate::exchange::kucoin::protocol::account::AccountRow;
use crate::exchange::kucoin::rest::{Failure, Rest};
use crate::exchange::kucoin::ws::private::{PrivateChannel, PrivateEvent};

/// The private stream may take this long to come up; without it the start goes on, blind.
const PRIVATE_UP_WITHIN: Duration = Duration::from_secs(10);
/// The pause before an order that is not found is asked for again.
const ASK_AGAIN_AFTER: Duration = Duration::from_millis(250);

impl KucoinVenue {
    /// Connects, settles what an earlier run left, and says how the account stands.
    ///
    /// Takes as long as an order of an earlier run may still be on its way, where there is one.
    pub async fn start(
        rest: Rest,
        private: PrivateChannel,
        instruments: Vec<Instrument>,
        settings: KucoinSettings,
        from: StartFrom,
        at: Timestamp,
    ) -> Result<(Self, AccountView), Failure> {
        let now = clock::monotonic();
        let numbered = (0u16..).zip(&instruments);
        let by_symbol = numbered.map(|(id, it)| (it.symbol(), InstrumentId(id))).collect();
        let mut tracker =
            OrderTracker::new(instruments.clone(), from.venue_sequence, settings.give_up_after());
        tracker.begin_at(from.begin - FILLS_OVERLAP);
        for (instrument, trade_id) in &from.trades {
            tracker.note_seen(*instrument, *trade_id);
        }
        let mut venue = Self {
            tracker,
            rest,
            private,
            settings,
            instruments,
            by_symbol,
            inbox: Rc::new(RefCell::new(VecDeque::new())),
            wake: Rc::new(Notify::new()),
            conditions: Conditions::default(),
            watch: Watch::new(now),
            dead_man: DeadMan::new(settings.dead_man_timeout),
            swept_until: from.since.clone(),
            account: None,
            strays: BTreeMap::new(),
            delisted: from.delisted.clone(),
            started: now,
        };
        for symbol in &from.delisted {
            let why = format!("{symbol} is listed no more");
            venue.conditions.set(Some(*symbol), HoldCode::InstrumentHalted, why);
        }
        venue.await_private(at).await;
        let view = venue.view(&from, at).await?;
        Ok((venue, view))
    }

    /// Waits for the private stream, so that what happens from here on is heard of.
    async fn await_private(&mut self, at: Timestamp) {
        let up = async {
            loop {
                match self.private.next() {
                    Some(PrivateEvent::Up) => return,
                    Some(PrivateEvent::Down { reason }) => log::warn!("private messages: {reason}"),
                    Some(PrivateEvent::Order(_) | PrivateEvent::Balance(_)) => {}
                    None => self.private.filled().await,
                }
            }
        };
        match tokio::time::timeout(PRIVATE_UP_WITHIN, up).await {
            Ok(()) => {
                self.watch.private_up = true;
                self.tracker.see_again(moment(at));
            }
            Err(_) => log::warn!("no private messages yet; orders are asked for instead"),
        }
    }

    /// The account as it stands, and the orders behind the intents.
    async fn view(&mut self, from: &StartFrom, at: Timestamp) -> Result<AccountView, Failure> {
        let mut view = AccountView { asked_at: at, ..AccountView::default() };
        let mut names = from.orders.clone();
        let mut settled = Vec::new();
        for intent in &from.intents {
            let Some((order, filled)) = self.settle(intent).await? else { continue };
            names.insert(order.venue_order_id, order.client_order_id);
            self.resume(intent, (&order, filled), at);
            self.sweep_order(intent, &order, at).await?;
            settled.push(order);
        }
        let survey = survey::take(&self.rest, &self.survey_plan(true)).await?;
        self.take_in(survey, &mut view, moment(at));
        self.tell_apart(settled, &mut view);
        while let Some(report) = self.tracker.next_report() {
            // Ends are the reconciliation's to tell: it has the orders themselves.
            if let ReportKind::Fill(mut execution) = report.kind {
                let name = names.get(&execution.venue_order_id);
                execution.client_order_id = name.copied().unwrap_or(execution.client_order_id);
                view.executions.push(execution);
            }
        }
        view.venue_sequence = self.tracker.venue_sequence();
        Ok(view)
    }

    /// The orders behind the intents, at work or over.
    ///
    /// The venue's own word about an order counts more than a list that lacks it or its fills: the
    /// tracker goes on with it, and tells its end after its fills.
    fn tell_apart(&self, settled: Vec<AccountOrder>, view: &mut AccountView) {
        for order in settled {
            let id = order.client_order_id;
            view.open.retain(|open| open.client_order_id != id);
            match self.tracker.knows(&id) {
                true => view.open.push(AccountOrder { end: None, ..order }),
                false => view.ended.push(order),
            }
        }
    }

    /// The order behind an intent, and what of it is filled; `None` where it never arrived and no longer can.
    async fn settle(
        &self,
        intent: &OpenIntent,
    ) -> Result<Option<(AccountOrder, Decimal)>, Failure> {
        let Some(symbol) = self.symbol_of(intent.instrument) else { return Ok(None) };
        let id = intent.client_order_id;
        let give_up_at = self.started + self.settings.give_up_after();
        loop {
            match self.rest.order_by_client_id(symbol.as_str(), id.as_str()).await {
                Ok(order) => return Ok(account_order(&order).map(|it| (it, order.deal_size))),
                Err(Failure::NotFound(_)) if clock::monotonic() >= give_up_at => return Ok(None),
                Err(Failure::NotFound(_)) => tokio::time::sleep(ASK_AGAIN_AFTER).await,
                Err(failure) => return Err(failure),
            }
        }
    }

    /// The fills of an intent's order by the order's name: the ledger's times of other fills, which say
    /// since when an instrument's are listed, are by our clock and of the booking.
    async fn sweep_order(
        &mut self,
        intent: &OpenIntent,
        order: &AccountOrder,
        at: Timestamp,
    ) -> Result<(), Failure> {
        let (symbol, id) = (order.symbol, order.venue_order_id);
        let fills = match self.rest.fills_of_order(symbol.as_str(), id.as_str()).await {
            Err(Failure::Rejected(_) | Failure::NotFound(_) | Failure::Halted(_))
                if self.delisted.contains(&symbol) =>
            {
                return Ok(());
            }
            fills => fills?,
        };
        let list = reports(&fills).ok_or_else(survey::nameless_fill)?;
        self.tracker.on_sweep(intent.instrument, &list, moment(at));
        Ok(())
    }

    fn resume(
        &mut self,
        intent: &OpenIntent,
        (order, filled): (&AccountOrder, Decimal),
        at: Timestamp,
    ) {
        let resumed = ResumedOrder {
            instrument: intent.instrument,
            time_in_force: intent.time_in_force,
            size: intent.size,
            booked: intent.booked,
            filled,
            end: order.end,
            venue_order_id: order.venue_order_id,
        };
        self.tracker.resume(intent.client_order_id, resumed, moment(at));
    }
}

/// By asset; rows that are no balance (holds above the total) count as all held.
pub fn balances(rows: &[AccountRow<'_>]) -> BTreeMap<Asset, Balance> {
    let mut balances = BTreeMap::new();
    for row in rows {
        let Ok(asset) = Asset::new(row.currency.as_str()) else { continue };
        let hold = row.holds.min(row.balance);
        if let Some(balance) = Balance::new(row.balance, hold) {
            balances.insert(asset, balance);
        }
    }
    balances
}
