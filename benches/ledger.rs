//! The durable ledger: execution reports through the engine into SQLite, group commit and all.
//!
//! Prints fills per second until the last one is on disk, with the rows and commits behind it.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark reads the clock and prints rates"
)]

mod support;

use std::time::Instant;

use ibis::domain::decimal::Decimal;
use ibis::domain::execution::{Execution, ExecutionReport, ReportKind};
use ibis::domain::identifier::{ExecutionId, VenueOrderId};
use ibis::domain::instrument::{Instrument, Liquidity, Lots, Ticks};
use ibis::domain::market_data::{Candle, MarketData, MarketEvent, Quote};
use ibis::domain::side::Side;
use ibis::domain::time::Timestamp;
use ibis::durable::group_commit::GroupCommit;
use ibis::engine::Engine;
use ibis::engine::action::Action;
use ibis::engine::event::Event;
use ibis::engine::reconcile::{Known, VenueSnapshot};
use ibis::market::Synthetic;
use ibis::store::writer::{Batch, Entry, LedgerSink};
use ibis::store::{LEDGER, ledger_path};

/// Fills measured.
const FILLS: u64 = 200_000;
/// An order fills in this many parts.
const PARTS: i64 = 10;

fn main() {
    println!("{:34} {:>9} {:>10} {:>11}", "what", "fills", "seconds", "fills/s");
    for entries_max in [16, 64, 256] {
        let name = format!("durable, {entries_max} entries a hand-over");
        let began = Instant::now();
        let fills = run(entries_max);
        let seconds = began.elapsed().as_secs_f64();
        println!("{name:34} {fills:>9} {seconds:>10.3} {:>11.0}", fills as f64 / seconds);
    }
}

fn run(entries_max: usize) -> u64 {
    let directory = std::env::temp_dir().join(format!("ibis-bench-ledger-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).unwrap();
    let connection = LEDGER.open_writer(&ledger_path(&directory)).unwrap();
    let sink = LedgerSink::new(directory.clone(), 0);
    let mut desk = Desk {
        ledger: GroupCommit::start("ledger", connection, sink).unwrap(),
        batch: Batch::default(),
        entries_max,
        order: None,
    };
    drive(&mut desk);
    let ticket = desk.ledger.send(std::mem::take(&mut desk.batch));
    desk.ledger.wait(ticket).unwrap();
    desk.ledger.close().unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    FILLS
}

struct Desk {
    ledger: GroupCommit<Batch>,
    batch: Batch,
    entries_max: usize,
    order: Option<(Side, Lots, ibis::domain::identifier::ClientOrderId)>,
}

impl Desk {
    fn perform(&mut self, actions: &mut Vec<Action>) {
        for action in actions.drain(..) {
            match action {
                Action::Record(fact) => self.batch.entries.push(Entry::Fact(fact)),
                Action::Project(projection) => {
                    self.batch.entries.push(Entry::Projection(projection))
                }
                Action::Submit(order) => {
                    let order = order.get();
                    self.order = Some((order.side(), order.quantity(), order.client_order_id()));
                }
                Action::Cancel(_) | Action::CancelAll => {}
            }
        }
        if self.batch.entries.len() >= self.entries_max {
            self.ledger.send(std::mem::take(&mut self.batch));
        }
    }
}

/// Alternates entries and exits by a price that crosses its averages, each filled in parts.
fn drive(desk: &mut Desk) {
    let market = Synthetic::new(1, Timestamp::from_ms(1_767_225_600_000));
    let instruments = market.instruments()[..1].to_vec();
    let mut engine = Engine::new(support::settings((1, 2), 1_000, false), &instruments);
    let mut actions = Vec::new();
    engine.restore(Known::default(), Timestamp::default(), &mut actions);
    let balance = ibis::domain::balance::Balance::new(Decimal::from_int(1_000_000), Decimal::ZERO);
    let balances = [(instruments[0].quote(), balance.unwrap())].into_iter().collect();
    let snapshot = VenueSnapshot { balances, ..VenueSnapshot::default() };
    engine.reconcile(&snapshot, Timestamp::default(), &mut actions);
    desk.perform(&mut actions);
    let (mut fills, mut at_us, mut rising) = (0u64, 1_767_225_600_000_000i64, true);
    while fills < FILLS {
        at_us += 1_000_000;
        rising = !rising;
        let now = Timestamp::from_us(at_us);
        let price = Ticks::new(if rising { 610_000 } else { 600_000 });
        for data in [quote(price), candle(price, now)] {
            let event = MarketEvent {
                at: now,
                instrument: ibis::domain::identifier::InstrumentId(0),
                data,
            };
            engine.step(&Event::Market(event), now, &mut actions);
            desk.perform(&mut actions);
        }
        let Some((side, quantity, id)) = desk.order.take() else { continue };
        for part in 0..PARTS {
            let size = if part + 1 == PARTS {
                Lots::new(quantity.get() - quantity.get() / PARTS * (PARTS - 1))
            } else {
                Lots::new(quantity.get() / PARTS)
            };
            fills += 1;
            let execution = fill(&instruments[0], fills, (side, price, size), id, now);
            let kind = ReportKind::Fill(execution);
            let report = ExecutionReport { client_order_id: id, at: now, kind };
            engine.step(&Event::Report(report), now, &mut actions);
            desk.perform(&mut actions);
        }
    }
}

fn fill(
    instrument: &Instrument,
    number: u64,
    (side, price, quantity): (Side, Ticks, Lots),
    client_order_id: ibis::domain::identifier::ClientOrderId,
    at: Timestamp,
) -> Execution {
    let notional = instrument.notional(price, quantity);
    Execution {
        execution_id: ExecutionId::new(&number.to_string()).unwrap(),
        venue_sequence: number,
        client_order_id,
        venue_order_id: VenueOrderId::new("0123456789abcdef01234567").unwrap(),
        instrument: ibis::domain::identifier::InstrumentId(0),
        side,
        price,
        quantity,
        notional,
        fee: instrument.fee(notional, Liquidity::Taker),
        fee_asset: instrument.quote(),
        liquidity: Liquidity::Taker,
        at,
    }
}

fn quote(price: Ticks) -> MarketData {
    let size = Lots::new(1_000_000);
    MarketData::Quote(Quote { bid: price, bid_size: size, ask: price.offset(1), ask_size: size })
}

fn candle(price: Ticks, open_at: Timestamp) -> MarketData {
    let volume = Lots::new(1);
    MarketData::Candle(Candle {
        open_at,
        open: price,
        high: price,
        low: price,
        close: price,
        volume,
    })
}
