//! What a start reads, and the tables beside it.

use super::*;

#[test]
fn the_state_is_what_was_written() {
    let ledger = write("state", story());
    let open = |intent, second, order| OpenOrder { intent, created_at: at(second), order };
    let expected = LedgerState {
        positions: vec![position()],
        balances: balances(),
        open_orders: vec![open(selling(), 20, Some(sold())), open(wanted(), 30, None)],
        holds: vec![paused(), stopped()],
        venue_cursor: 7,
        movements: ["m-1".to_owned()].into(),
    };
    assert_eq!(load::load(&ledger).unwrap(), expected);
    assert_eq!(load::load(&write("empty", Vec::new())).unwrap(), LedgerState::default());
}

#[test]
fn trades_are_the_newest_first_and_so_many() {
    let ledger = write("trades", story());
    let trade = |fill: &FillRecord, second| BookedTrade {
        symbol: fill.symbol,
        execution_id: fill.execution_id,
        venue_order_id: fill.venue_order_id,
        client_order_id: fill.client_order_id,
        at: at(second),
    };
    let both = vec![trade(&fill_sold(), 22), trade(&fill_bought(), 12)];
    assert_eq!(load::booked_trades(&ledger, 9).unwrap(), both);
    assert_eq!(load::booked_trades(&ledger, 1).unwrap(), both[..1]);
    assert_eq!(load::booked_trades(&write("none", Vec::new()), 9).unwrap(), []);
}

#[test]
fn what_a_sale_realized_what_is_held_and_who_bought_it() {
    let ledger = write("own", story());
    let mut realized = Vec::new();
    own_trade::for_each_realized(&ledger, |fill| -> rusqlite::Result<()> {
        realized.push(fill);
        Ok(())
    })
    .unwrap();
    let expected = RealizedFill {
        client_order_id: id(2).to_string(),
        venue_order_id: venue_id(2).to_string(),
        symbol: symbol("BTC-USDT"),
        quantity: d("0.0004"),
        notional: d("24.4"),
        matched: d("0.0004"),
        gross: d("0.4"),
        fees: d("0.0484"),
        net: d("0.3516"),
        opened_at: Some(at(12)),
        at: at(22),
    };
    assert!(expected.is_matched());
    assert!(!RealizedFill { matched: Decimal::ZERO, ..expected.clone() }.is_matched());
    assert_eq!(realized, [expected]);
    assert_eq!(own_trade::count(&ledger).unwrap(), 2);
    let held =
        Held { symbol: symbol("BTC-USDT"), quantity: d("0.5006"), cost: d("36"), fee: d("0.036") };
    assert_eq!(own_trade::held(&ledger).unwrap(), [held]);
    let buy = |second| own_trade::buy_at(&ledger, &symbol("BTC-USDT"), at(second)).unwrap();
    assert_eq!((buy(12), buy(22), buy(13)), (Some("v-1".to_owned()), None, None));
    assert_eq!(own_trade::count(&write("no-fill", Vec::new())).unwrap(), 0);
}

#[test]
fn an_orders_story_is_found_by_each_of_its_names() {
    let ledger = write("story", story());
    let find = |name: &str| order_story::find(&ledger, name).unwrap();
    let story = find("ibis-1-1").unwrap();
    assert_eq!((story.symbol.as_str(), story.purpose.as_str()), ("BTC-USDT", "entry"));
    let kinds: Vec<_> = story.events.iter().map(|row| (row.seq, row.kind.as_str())).collect();
    assert_eq!(kinds, [(5, "intent"), (6, "order"), (7, "order"), (8, "fill")]);
    assert_eq!(find("v-1"), Some(story.clone()));
    assert_eq!(find("501"), Some(story));
    let sold: Vec<_> = find("502").unwrap().events.iter().map(|row| row.seq).collect();
    assert_eq!(sold, [10, 11, 12]);
    let wanted = find("ibis-1-3").unwrap();
    assert_eq!((wanted.client_order_id.as_str(), wanted.events.len()), ("ibis-1-3", 1));
    assert_eq!(find("nobody"), None);
}

#[test]
fn an_orders_story_goes_on_over_everything_between() {
    let noise = |second: i64| {
        let (code, subject, detail) = ("odd".to_owned(), "x".to_owned(), "y".to_owned());
        fact(second, Record::Surprise(SurpriseRecord { code, subject, detail }))
    };
    let much = |second| std::iter::repeat_with(move || noise(second)).take(5_000);
    let ended = fact(50, Record::Order(order(3, OrderStatus::Canceled, "0", "0", "0")));
    let entries = story().into_iter().chain(much(45)).chain(much(50)).chain([ended]);
    let ledger = write("long-story", entries.collect());
    let story = order_story::find(&ledger, "ibis-1-3").unwrap().unwrap();
    let seqs: Vec<_> = story.events.iter().map(|row| row.seq).collect();
    assert_eq!(seqs, [13, FACTS + 10_001], "pages later, and with the last of its instant");
}

#[test]
fn a_column_that_is_damaged_is_named() {
    let ledger = write("column", story());
    let parsed =
        |query: &str| ledger.query_row(query, [], |row| column::parsed(row, 0, Decimal::parse));
    assert_eq!(parsed("SELECT '1.5'").unwrap(), d("1.5"));
    assert!(parsed("SELECT 'x'").unwrap_err().to_string().contains("\"x\""));
    assert!(parsed("SELECT 7").is_err(), "a number is no decimal of ours");
    assert!(parsed("SELECT NULL").is_err());
    let optional =
        |query: &str| ledger.query_row(query, [], |row| column::optional(row, 0, Decimal::parse));
    assert_eq!(optional("SELECT NULL").unwrap(), None);
    assert_eq!(optional("SELECT '2'").unwrap(), Some(d("2")));
    assert!(optional("SELECT 'x'").is_err());
    ledger
        .execute("UPDATE intents SET time_in_force = 'DAY' WHERE ended_at_us IS NULL", [])
        .unwrap_or(0);
    ledger.execute("UPDATE balances SET total = 'much'", []).unwrap();
    assert!(load::load(&ledger).unwrap_err().to_string().contains("\"much\""));
}
