//! A venue that stops and starts again finds itself where it stood.

use std::path::PathBuf;

use proptest::prelude::*;

use super::laws::all_steps;
use super::*;
use crate::exchange::paper::{ACCOUNT, AccountReader, AccountStore, account_store};
use Side::{Buy, Sell};

struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("ibis-paper-{}-{name}", std::process::id()));
        drop(std::fs::remove_dir_all(&path));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open_with(&self, instruments: &[Instrument]) -> (PaperVenue, AccountStore) {
        let deposits = [(asset("USDT"), d("100000")), (asset("AAA"), d("1000"))];
        account_store::open(&self.0, instruments, PaperSettings::immediate(), &deposits).unwrap()
    }

    fn open(&self) -> (PaperVenue, AccountStore) {
        self.open_with(&[instrument("AAA-USDT"), instrument("BBB-USDT")])
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// Everything that must survive.
fn state(venue: &PaperVenue) -> impl PartialEq + std::fmt::Debug + use<> {
    let known = (0..60).map(|name| venue.order(&id(&format!("o{name}"))).copied());
    (
        venue.balances().clone(),
        venue.open_orders().copied().collect::<Vec<_>>(),
        known.collect::<Vec<_>>(),
        venue.executions_since(0).unwrap().copied().collect::<Vec<_>>(),
    )
}

/// On disk: total = deposited + what the executions moved.
fn assert_conserved(reader: &AccountReader) {
    let mut expected = BTreeMap::from([(asset("USDT"), d("100000")), (asset("AAA"), d("1000"))]);
    for row in reader.executions_since(0, usize::MAX).unwrap() {
        let sign = if row.side == Buy { Decimal::ONE } else { -Decimal::ONE };
        let base = sign.mul_exact(row.quantity).unwrap();
        let quote = -sign.mul_exact(row.notional).unwrap() - row.fee;
        *expected.entry(row.symbol.base()).or_default() += base;
        *expected.entry(row.symbol.quote()).or_default() += quote;
    }
    let totals: BTreeMap<_, _> =
        reader.balances().unwrap().into_iter().map(|(asset, b)| (asset, b.total())).collect();
    expected.retain(|asset, total| !total.is_zero() || totals.contains_key(asset));
    assert_eq!(totals, expected);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_restart_finds_the_account_where_it_stood(first in all_steps(), second in all_steps()) {
        let directory = Directory::new("restart");
        let (mut venue, mut store) = directory.open();
        let mut us = 0;
        for half in [&first, &second] {
            for step in half {
                us += 1;
                step.apply(&mut venue, Timestamp::from_us(us * 200_000));
                store.write(venue.take_changes());
            }
            store.close().unwrap();
            let reader = AccountReader::open(&directory.0).unwrap();
            assert_conserved(&reader);
            let before = state(&venue);
            let sequence = venue.venue_sequence();
            (venue, store) = directory.open();
            prop_assert_eq!(state(&venue), before);
            prop_assert_eq!(venue.venue_sequence(), sequence);
            prop_assert_eq!(venue.check(), Vec::<String>::new());
            prop_assert_eq!(venue.next_arrival(), None, "what was under way is gone");
            let ends = venue.open_orders().filter_map(|order| order.expires_at);
            prop_assert_eq!(venue.next_due(), ends.min());
        }
    }
}

#[test]
fn an_order_of_the_first_version_is_what_it_was() {
    let directory = Directory::new("migration");
    let path = crate::exchange::paper::account_path(&directory.0);
    let first = include_str!("../../../../migrations/paper/0001_account.sql");
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection.execute_batch(first).unwrap();
    let row = "INSERT INTO meta VALUES ('mode', 'paper');
        INSERT INTO balances VALUES ('USDT', '1000', '1000', '501');
        INSERT INTO orders VALUES (7, 'old', '6500000000000000000000a7', 'AAA-USDT', 'buy', '50',
            'GTC', 0, '10', '0', '0', '0', 'new', NULL, '501', 5, 6);";
    connection.execute_batch(row).unwrap();
    connection.pragma_update(None, "application_id", ACCOUNT.application_id).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    drop(connection);
    let (venue, store) = directory.open();
    let order = *venue.order(&id("old")).unwrap();
    assert_eq!(
        (order.self_trade, order.visibility),
        (Some(SelfTrade::CancelNewest), Visibility::Whole)
    );
    assert_eq!((order.funds, order.reduced, order.expires_at), (None, Lots::ZERO, None));
    assert_eq!(venue.check(), Vec::<String>::new());
    store.close().unwrap();
}

#[test]
fn deposits_are_made_once() {
    let directory = Directory::new("deposits");
    drop(directory.open());
    let (venue, store) = directory.open();
    assert_eq!(venue.balances()[&asset("USDT")].total(), d("100000"));
    store.close().unwrap();
}

#[test]
fn ids_and_history_go_on_after_a_restart_and_beyond_memory() {
    let directory = Directory::new("history");
    let (venue, mut store) = directory.open();
    let mut bench = Bench { venue, now: 0 };
    let count = crate::exchange::paper::EXECUTIONS_KEPT as u64 + 100;
    for round in 0..count {
        let side = if round % 2 == 0 { Sell } else { Buy };
        bench.quote((100, 9 + round as i64), (100, 9 + round as i64));
        assert_eq!(bench.market_order(&format!("m{round}"), side, 2).len(), 2);
        store.write(bench.venue.take_changes());
    }
    assert!(bench.venue.executions_since(99).is_none());
    let all = store.executions_since(0, usize::MAX).unwrap();
    assert_eq!(all.len() as u64, count);
    let recent: Vec<_> = bench.venue.executions_since(100).unwrap().copied().collect();
    assert_eq!(recent, all[100..]);
    assert_eq!(store.executions_since(50, 7).unwrap(), all[50..57]);
    store.close().unwrap();
    let (mut venue, store) = directory.open();
    assert_eq!(venue.venue_sequence(), count);
    venue.on_market(&MarketEvent {
        at: Timestamp::from_us(1),
        instrument: InstrumentId(0),
        data: MarketData::Trade(Trade {
            price: Ticks::new(100),
            size: Lots::new(9),
            aggressor: None,
        }),
    });
    venue.submit_request(order("after", Sell, RequestedType::Market, 2), Timestamp::from_us(2));
    venue.advance(Timestamp::from_us(2));
    let next = venue.executions_since(count).unwrap().next().unwrap();
    assert_eq!(next.execution_id.as_str(), (count + 1).to_string());
    assert!(all.iter().all(|fill| fill.venue_order_id != next.venue_order_id));
    store.close().unwrap();
}

#[test]
fn orders_of_an_instrument_that_is_gone_are_canceled_and_free_their_holds() {
    let directory = Directory::new("delisted");
    let (venue, mut store) = directory.open();
    let mut bench = Bench { venue, now: 0 };
    bench.limit("stays", Buy, 50, 5);
    let other = OrderRequest {
        instrument: InstrumentId(1),
        ..order(
            "goes",
            Buy,
            RequestedType::Limit {
                price: d("70"),
                time_in_force: TimeInForce::Gtc,
                post_only: false,
            },
            5,
        )
    };
    bench.request(other);
    store.write(bench.venue.take_changes());
    store.close().unwrap();
    // The first instrument comes at another index, the second is gone.
    let (venue, store) = directory.open_with(&[instrument("CCC-USDT"), instrument("AAA-USDT")]);
    assert_eq!(store.delisted().len(), 1);
    let open: Vec<_> = venue.open_orders().map(|order| order.instrument).collect();
    assert_eq!(open, [InstrumentId(1)]);
    assert_eq!(venue.balances()[&asset("USDT")].hold(), d("250.5"));
    let reader = AccountReader::open(&directory.0).unwrap();
    let gone = reader.order(&id("goes")).unwrap().unwrap();
    assert_eq!((gone.status.as_str(), gone.hold), ("canceled", d("0")));
    store.close().unwrap();
}

#[test]
fn another_process_sees_one_commit() {
    let directory = Directory::new("reader");
    assert!(AccountReader::open(&directory.0).is_err(), "a reader creates nothing");
    let (venue, mut store) = directory.open();
    let mut bench = Bench { venue, now: 0 };
    bench.quote((99, 5), (100, 5));
    bench.limit("a", Buy, 100, 8);
    let ticket = store.write(bench.venue.take_changes());
    store.wait(ticket).unwrap();
    let snapshot = AccountReader::open(&directory.0).unwrap().snapshot().unwrap();
    assert_eq!(&snapshot.balances, bench.venue.balances());
    assert_eq!(snapshot.venue_sequence, 1);
    let [order] = snapshot.open_orders.as_slice() else { panic!("{snapshot:?}") };
    assert_eq!(
        (order.filled, order.price, order.queue_ahead),
        (d("5"), Some(d("100")), Some(d("0")))
    );
    assert_eq!(store.write(bench.venue.take_changes()), ticket, "no change, no write");
    store.close().unwrap();
}
