//! Troubles as they come, and as they go.

use ibis::domain::decimal::{Decimal, Round};
use ibis::domain::hold::HoldCode;
use ibis::domain::identifier::Asset;
use ibis::domain::operator::{Command, CommandId, Via, Wish};
use ibis::domain::symbol::Symbol;
use ibis::domain::time::Timestamp;
use ibis::exchange::kucoin::protocol::status::ServiceState;

use super::ask::{Answer, Ask};
use super::fault::Fault;
use super::process::{Life, Process};
use super::shell::Heard;
use super::site::PlacedOrder;
use super::universe::{Happening, SECOND, Universe};
use super::weather::{Trouble, Weather};

impl Universe {
    /// Something goes wrong.
    pub(super) fn trouble(&mut self, trouble: Trouble) {
        self.note(format!("{trouble:?}"));
        match trouble {
            Trouble::ClogToVenue(us) => {
                self.hit(Fault::ClogToVenue);
                self.clogged_to_venue = self.now + us;
            }
            Trouble::ClogToAgent(us) => {
                self.hit(Fault::ClogToAgent);
                self.clogged_to_agent = self.now + us;
            }
            Trouble::StreamDown(us) => self.stream_dies(us),
            Trouble::Outage(us) => {
                self.hit(Fault::Outage);
                self.outage_until = self.now + us;
                self.stream_dies(us);
            }
            Trouble::SlowDisk(us) => {
                self.hit(Fault::SlowDisk);
                self.disk.slow_until = self.now + us;
            }
            Trouble::LockedDisk(us) => {
                self.hit(Fault::LockedDisk);
                self.disk.locked_until = self.now + us;
            }
            Trouble::DiskFails => self.crash(Fault::DiskFailed),
            Trouble::Crash => self.crash(Fault::Crash),
            Trouble::Arm(point) => self.armed = Some(point),
            Trouble::CleanStop => self.stop(),
            Trouble::ForceExit(at) => self.force_exit(at),
            Trouble::Clock(us) => {
                self.hit(if us > 0 { Fault::ClockForward } else { Fault::ClockBack });
                self.clock_off += us;
                self.after(20 * SECOND, Happening::Resume(trouble));
            }
            Trouble::FeedSilent(us) => {
                self.hit(Fault::FeedSilent);
                self.feed_silent_until = self.now + us;
            }
            Trouble::Maintenance(us) => {
                self.hit(Fault::Maintenance);
                self.site.core.set_service(ServiceState::Close, "work");
                self.after(us, Happening::Resume(trouble));
            }
            Trouble::Halt(at, us) => {
                self.hit(Fault::Halted);
                let symbol = self.site.symbols[at];
                self.site.core.set_trading(symbol.as_str(), false);
                self.after(us, Happening::Resume(trouble));
            }
            Trouble::Delist(at, us) => {
                self.hit(Fault::Delisted);
                let symbol = self.site.symbols[at];
                self.site.core.delist(symbol.as_str());
                self.after(us, Happening::Resume(trouble));
            }
            Trouble::ForeignOrder(_)
            | Trouble::ManualTrade(_)
            | Trouble::ForeignCancel
            | Trouble::Reduce
            | Trouble::FillAtWill
            | Trouble::Transfer
            | Trouble::SelfTrade => self.stranger(trouble),
        }
    }

    /// It is as before.
    pub(super) fn resume(&mut self, trouble: Trouble) {
        self.note(format!("over: {trouble:?}"));
        let symbol = |at: usize| self.site.symbols[at];
        match trouble {
            Trouble::Clock(us) => self.clock_off -= us,
            Trouble::Maintenance(_) => self.site.core.set_service(ServiceState::Open, ""),
            Trouble::Halt(at, _) => {
                let symbol = symbol(at);
                self.site.core.set_trading(symbol.as_str(), true);
            }
            Trouble::Delist(at, _) => {
                let symbol = symbol(at);
                self.site.core.relist(symbol.as_str());
            }
            Trouble::ForeignOrder(_) | Trouble::SelfTrade => self.cancel_foreign(),
            _ => {}
        }
    }

    /// An operator sells.
    fn force_exit(&mut self, at: usize) {
        let scope = self.site.symbols.get(at).copied();
        let Some(Process { life: Life::Running(_), draining: None, inbox, .. }) = &mut self.process
        else {
            return;
        };
        let command = Command {
            id: CommandId::new(&format!("c-{}", self.steps)).unwrap(),
            at: Timestamp::from_us(self.now),
            by: "an operator".to_owned(),
            via: Via::Cli,
            reason: "enough of it".to_owned(),
            wish: Wish::ForceExit { scope },
        };
        inbox.push(Heard::Operator(Box::new(command)));
        self.turn_agent();
        let Some(Process { life: Life::Running(agent), .. }) = &self.process else { return };
        if agent.engine.holds().iter().any(|hold| hold.code == HoldCode::Flatten) {
            self.hit(Fault::ForcedExit);
        }
    }

    /// Somebody else acts on the account, or on our orders.
    fn stranger(&mut self, trouble: Trouble) {
        let now = self.time();
        if self.disk.ledger.first_at.is_none() {
            // The account is adopted as it stands: nothing of it may move meanwhile.
            return;
        }
        match trouble {
            Trouble::ForeignOrder(at) => {
                let symbol = self.site.symbols[at];
                self.rest_by_hand(symbol, "0.997", Fault::ForeignOrder);
                self.after(30 * SECOND, Happening::Resume(trouble));
            }
            Trouble::SelfTrade => {
                // In front of the bid, where our exits go.
                for symbol in self.site.symbols.clone().iter() {
                    self.rest_by_hand(*symbol, "1", Fault::ForeignOrder);
                }
                self.after(15 * SECOND, Happening::Resume(trouble));
            }
            Trouble::ManualTrade(at) => self.trade_by_hand(at),
            Trouble::Transfer => self.transfer(),
            Trouble::ForeignCancel => {
                let open = self.site.open("sim-", now);
                if let Some((order, _)) = open.first()
                    && self.site.cancel(order, now)
                {
                    self.hit(Fault::ForeignCancel);
                }
            }
            Trouble::Reduce => {
                if let Some((order, remaining)) = self.site.open("sim-", now).first().copied() {
                    self.reduce(&order, remaining);
                }
            }
            Trouble::FillAtWill => {
                if let Some((order, _)) = self.site.open("sim-", now).first()
                    && self.site.core.fill_now(order.client_order_id.as_str())
                {
                    self.hit(Fault::FilledAtWill);
                }
            }
            _ => {}
        }
    }

    fn reduce(&mut self, order: &PlacedOrder, remaining: Decimal) {
        let now = self.time();
        let instrument = self.instruments.iter().find(|it| it.symbol() == order.symbol).unwrap();
        let part =
            remaining.mul(Decimal::from_int(1).div(Decimal::from_int(3), Round::Down), Round::Down);
        let part = part.floor_to(instrument.spec().lot);
        if part.is_positive() && self.site.reduce(order, part, now) {
            self.hit(Fault::Reduced);
        }
    }

    /// A small buy at a part of the best bid that waits.
    fn rest_by_hand(&mut self, symbol: Symbol, part: &str, fault: Fault) {
        let now = self.time();
        let Some((bid, _)) = self.site.top(symbol, now) else { return };
        let instrument = self.instruments.iter().find(|it| it.symbol() == symbol).unwrap();
        let (tick, lot) = (instrument.spec().tick, instrument.spec().lot);
        let price = bid.mul(part.parse().unwrap(), Round::Down).floor_to(tick);
        let size = Decimal::from_int(40).div(price, Round::Down).floor_to(lot);
        let fields = format!(r#""side":"buy","type":"limit","price":"{price}","size":"{size}""#);
        let (_, answer) = self.site.by_hand(&fields, symbol, now);
        if answer.contains("200000") {
            self.hit(fault);
        }
    }

    /// A purchase or a sale at the market, past the agent.
    fn trade_by_hand(&mut self, at: usize) {
        let now = self.time();
        let symbol = self.site.symbols[at];
        let lot = self.instruments[at].spec().lot;
        let sells = self.dice.chance(500);
        let fields = if sells {
            let available = self.available(symbol.base());
            let part = available.mul("0.4".parse().unwrap(), Round::Down);
            let size = part.floor_to(lot);
            format!(r#""side":"sell","type":"market","size":"{size}""#)
        } else {
            r#""side":"buy","type":"market","funds":"60""#.to_owned()
        };
        let (_, answer) = self.site.by_hand(&fields, symbol, now);
        if answer.contains("200000") {
            self.taken_away |= sells;
            self.hit(Fault::ManualTrade);
        }
    }

    /// Something comes or goes without a trade.
    fn transfer(&mut self) {
        let now = self.time();
        let at = self.dice.below(self.site.symbols.len());
        let (symbol, lot) = (self.site.symbols[at], self.instruments[at].spec().lot);
        let Some((bid, _)) = self.site.top(symbol, now) else { return };
        let worth: Decimal = "55.5".parse().unwrap();
        let (asset, some) = match self.dice.chance(500) {
            true => (symbol.base(), worth.div(bid, Round::Down).floor_to(lot)),
            false => (symbol.quote(), worth),
        };
        let (fault, amount, noted) = match self.dice.below(3) {
            0 => (Fault::Deposit, some, true),
            1 => (Fault::Withdrawal, -some.min(self.available(asset)), true),
            _ => (Fault::Correction, some, false),
        };
        if !amount.is_zero() && self.site.core.transfer(asset, amount, noted) {
            self.note(format!("{fault:?} of {amount} {asset}"));
            self.taken_away |= amount.is_negative();
            self.hit(fault);
        }
    }

    fn available(&mut self, asset: Asset) -> Decimal {
        let now = self.time();
        let Answer::Accounts(Ok(rows)) = self.site.ask(&Ask::Accounts, now) else {
            return Decimal::ZERO;
        };
        let row = rows.iter().find(|row| row.currency == asset.as_str());
        row.map_or(Decimal::ZERO, |row| row.available)
    }

    fn cancel_foreign(&mut self) {
        let now = self.time();
        for (order, _) in self.site.open("hand-", now) {
            self.site.cancel(&order, now);
        }
    }

    /// Counts an order of ours that was canceled rather than let trade with the account's own.
    pub(super) fn note_self_trade(&mut self) {
        let now = self.time();
        let Some(placed) = self.site.placed.last().copied() else { return };
        if self.coverage.count(Fault::ForeignOrder) == 0
            || !placed.client_order_id.as_str().starts_with("sim-")
            || !self.site.open("hand-", now).iter().any(|(hand, _)| hand.symbol == placed.symbol)
        {
            return;
        }
        let index = self.site.symbols.iter().position(|it| *it == placed.symbol).unwrap();
        let id = ibis::domain::identifier::InstrumentId(u16::try_from(index).unwrap());
        if let Answer::Order(Ok(order)) =
            self.site.ask(&Ask::Order(placed.client_order_id, id), now)
            && order.cancel_exist
            && !order.active
        {
            self.hit(Fault::SelfTrade);
        }
    }

    /// Nothing goes wrong from here on.
    pub(super) fn heal(&mut self) {
        self.note("healed".to_owned());
        self.weather = Weather::default();
        self.queue.retain(|_, happening| {
            !matches!(happening, Happening::Trouble(_) | Happening::Resume(_))
        });
        (self.clogged_to_venue, self.clogged_to_agent, self.outage_until) = (0, 0, 0);
        (self.disk.locked_until, self.disk.slow_until) = (0, 0);
        self.feed_silent_until = 0;
        self.stream_down_until = self.now;
        self.clock_off = 0;
        self.armed = None;
        self.site.core.set_service(ServiceState::Open, "");
        for symbol in self.site.symbols.clone().iter() {
            self.site.core.relist(symbol.as_str());
            self.site.core.set_trading(symbol.as_str(), true);
        }
        self.cancel_foreign();
        // It is made anew, and what it missed is listed.
        self.stream_dies(0);
    }
}
