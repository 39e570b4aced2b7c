//! Another system's trades, and the history that both make.

use super::*;
use crate::store::imported_trade::Inserted::{self, Conflict, Duplicate, New};
use crate::store::imported_trade::{
    self, ImportedTrade, Importer, Repair, TradeId, buy_at, settle_basis,
};
use crate::store::trade_history::{self, ExportRecord, HistoryOrder, Order};

fn trade(id: &str, side: Side, quantity: &str, second: i64) -> ImportedTrade {
    ImportedTrade {
        id: TradeId::new(id).unwrap(),
        symbol: symbol("BTC-USDT"),
        side,
        price: d("100"),
        quantity: d(quantity),
        funds: d("200"),
        fee: d("0.2"),
        fee_asset: asset("USDT"),
        at: at(second),
    }
}

/// Offers trades in one import.
fn import(ledger: &Connection, trades: &[ImportedTrade]) -> Vec<Inserted> {
    let mut importer = Importer::new(ledger).unwrap();
    let offer = |trade| importer.insert(trade, Repair::default(), None).unwrap();
    let inserted = trades.iter().map(offer).collect();
    importer.finish().unwrap();
    inserted
}

/// How many indexes the table has.
fn indexes(ledger: &Connection) -> i64 {
    let query = "SELECT count(*) FROM sqlite_schema
                 WHERE type = 'index' AND tbl_name = 'imported_trades'";
    ledger.query_row(query, [], |row| row.get(0)).unwrap()
}

fn all(ledger: &Connection) -> Vec<ImportedTrade> {
    let mut all = Vec::new();
    imported_trade::for_each_by_symbol(ledger, |trade| -> rusqlite::Result<()> {
        all.push(trade);
        Ok(())
    })
    .unwrap();
    all
}

#[test]
fn what_was_done_to_a_row_is_marked() {
    let nothing = Repair::default();
    let size = Repair { size_from_funds: true, ..nothing };
    let price = Repair { price_rounded: true, ..nothing };
    let fee = Repair { fee_not_in_quote: true, ..nothing };
    assert_eq!([nothing, size, price, fee].map(Repair::is_lossy), [false, false, true, true]);
    assert_eq!(nothing.marks(), None);
    assert_eq!(price.marks().unwrap(), "price_rounded");
    let all = Repair { size_from_funds: true, price_rounded: true, fee_not_in_quote: true };
    assert_eq!(all.marks().unwrap(), "size_from_funds,price_rounded,fee_not_in_quote");
    let trade = trade("a", Side::Buy, "2", 1);
    assert_eq!(trade.quote_fee(), d("0.2"));
    assert_eq!(ImportedTrade { fee_asset: asset("KCS"), ..trade }.quote_fee(), Decimal::ZERO);
}

#[test]
fn a_trade_is_stored_once_and_another_one_of_its_id_never() {
    let ledger = write("import", story());
    let (a, b) = (trade("a", Side::Buy, "2", 100), trade("b", Side::Sell, "1", 200));
    let other = ImportedTrade { fee: d("0.3"), ..b.clone() };
    let new = [New, New];
    assert_eq!((indexes(&ledger), import(&ledger, &[b.clone(), a.clone()])), (2, new.to_vec()));
    assert_eq!((all(&ledger), indexes(&ledger)), (vec![a.clone(), b.clone()], 2));
    let again = import(&ledger, &[other.clone(), a.clone(), b.clone()]);
    assert_eq!(again, [Conflict, Duplicate, Duplicate]);
    assert_eq!(imported_trade::count(&ledger).unwrap(), 2);

    // The same within one import into an empty table.
    let ledger = write("import-bulk", story());
    let inserted = import(&ledger, &[a.clone(), a.clone(), b.clone(), other]);
    assert_eq!(inserted, [New, Duplicate, New, Conflict]);
    assert_eq!((all(&ledger), indexes(&ledger)), (vec![a, b], 2));

    // Our own order, come back in an export: by its id and its millisecond.
    let own = |second| trade("v-1", Side::Buy, "0.001", second);
    assert_eq!(import(&ledger, &[own(10), own(11)]), [Duplicate, New]);
    let within = ImportedTrade { at: Timestamp::from_us(10_000_999), ..own(10) };
    ledger.execute("UPDATE intents SET created_at_us = 10000999", []).unwrap();
    assert_eq!(import(&ledger, &[own(10)]), [Duplicate], "files know milliseconds only");
    assert_eq!(import(&ledger, &[within]), [Duplicate]);
    // Without orders of our own, nothing can be one.
    let ledger = write("import-none", Vec::new());
    assert_eq!(import(&ledger, &[own(10)]), [New]);
}

#[test]
fn an_empty_table_is_filled_without_its_indexes() {
    let ledger = write("import-indexes", Vec::new());
    let mut importer = Importer::new(&ledger).unwrap();
    let offer = |importer: &mut Importer<'_>, id, second| {
        importer.insert(&trade(id, Side::Buy, "1", second), Repair::default(), None).unwrap();
        indexes(&ledger)
    };
    assert_eq!(["a", "b", "c"].map(|id| offer(&mut importer, id, 1)), [0; 3]);
    assert_eq!(offer(&mut importer, "b", 1), 2, "one that came before must be found");
    assert_eq!(offer(&mut importer, "d", 1), 2);
    importer.finish().unwrap();
    let mut later = Importer::new(&ledger).unwrap();
    assert_eq!(offer(&mut later, "e", 1), 2, "a table with rows keeps them");
    assert!(format!("{later:?}").starts_with("Importer"));
}

#[test]
fn trades_by_time_by_instant_and_the_first() {
    let ledger = write("import-time", Vec::new());
    assert_eq!(imported_trade::first_at(&ledger).unwrap(), None);
    let eth = ImportedTrade { symbol: symbol("ETH-USDT"), ..trade("0", Side::Buy, "9", 10) };
    let trades = [
        eth.clone(),
        trade("c", Side::Buy, "1", 30),
        trade("b", Side::Buy, "1", 20),
        trade("a", Side::Sell, "1", 20),
    ];
    import(&ledger, &trades);
    let [_, c, b, a] = trades;
    assert_eq!(all(&ledger), [a.clone(), b.clone(), c.clone(), eth.clone()]);
    let between = |from, to| imported_trade::between(&ledger, at(from), at(to)).unwrap();
    assert_eq!(between(10, 30), [eth, a.clone(), b.clone()]);
    assert_eq!(between(20, 31), [a, b, c]);
    assert_eq!(imported_trade::first_at(&ledger).unwrap(), Some(at(10)));
    let bought = |second| buy_at(&ledger, &symbol("BTC-USDT"), at(second)).unwrap();
    assert_eq!([10, 20, 30].map(bought), [None, Some("b".to_owned()), Some("c".to_owned())]);
}

#[test]
fn a_sell_has_a_basis_where_something_was_held() {
    let ledger = write("import-basis", Vec::new());
    let basis = |ledger: &Connection| {
        let query = "SELECT group_concat(trade_id || ' ' || coalesce(basis, '-'), ', ')
                     FROM (SELECT * FROM imported_trades ORDER BY at_us)";
        ledger.query_row(query, [], |row| row.get::<_, String>(0)).unwrap()
    };
    let trades = [
        trade("early", Side::Sell, "1", 10),
        trade("buy", Side::Buy, "2", 20),
        trade("part", Side::Sell, "0.5", 30),
        trade("rest", Side::Sell, "3", 40),
        trade("none", Side::Sell, "1", 50),
        trade("more", Side::Buy, "1", 60),
        trade("last", Side::Sell, "1", 70),
        trade("over", Side::Sell, "1", 80),
    ];
    import(&ledger, &trades);
    assert_eq!(settle_basis(&ledger).unwrap(), 3);
    let expected = "early unknown, buy -, part known, rest known, none unknown, more -, last known, \
                    over unknown";
    assert_eq!(basis(&ledger), expected);
    // What is as it should be is not written again.
    let before = ledger.total_changes();
    assert_eq!((settle_basis(&ledger).unwrap(), ledger.total_changes()), (3, before));
    // An older buy changes what later ones had to sell.
    import(&ledger, &[trade("older", Side::Buy, "1", 5)]);
    assert_eq!(settle_basis(&ledger).unwrap(), 2);
    assert!(basis(&ledger).starts_with("older -, early known"), "{}", basis(&ledger));
}

fn history(ledger: &Connection) -> Vec<HistoryOrder> {
    let mut history = Vec::new();
    trade_history::for_each(ledger, |order| -> rusqlite::Result<()> {
        history.push(order);
        Ok(())
    })
    .unwrap();
    history
}

#[test]
fn the_history_has_every_order_that_traded_by_time() {
    let mut market = IntentRecord { price: None, ..selling() };
    market.client_order_id = id(4);
    let over = OrderRecord { status: OrderStatus::Canceled, ..sold() };
    let filled = OrderRecord {
        client_order_id: id(4),
        venue_order_id: Some(venue_id(4)),
        status: OrderStatus::Filled,
        ..over.clone()
    };
    let more = [
        fact(40, Record::Order(over)),
        fact(41, Record::Intent(market)),
        fact(42, Record::Order(filled)),
    ];
    let ledger = write("history", story().into_iter().chain(more).collect());
    let mut importer = Importer::new(&ledger).unwrap();
    let mut import = |trade: &ImportedTrade, repair, raw| {
        assert_eq!(importer.insert(trade, repair, raw).unwrap(), New);
    };
    let kcs = ImportedTrade { fee_asset: asset("KCS"), ..trade("a", Side::Buy, "2", 5) };
    import(&kcs, Repair::default(), None);
    let sized = Repair { size_from_funds: true, ..Repair::default() };
    import(&trade("b", Side::Buy, "2", 15), sized, None);
    import(&trade("c", Side::Buy, "2", 50), Repair::default(), Some("{\"as\": \"it came\"}"));
    importer.finish().unwrap();

    let foreign = Order {
        id: "a".to_owned(),
        symbol: symbol("BTC-USDT"),
        side: Side::Buy,
        price: d("100"),
        quantity: d("2"),
        funds: d("200"),
        fee: d("0.2"),
        fee_asset: "KCS".to_owned(),
        at: at(5),
    };
    let repaired = Order {
        id: "b".to_owned(),
        quantity: Decimal::ZERO,
        fee_asset: "USDT".to_owned(),
        at: at(15),
        ..foreign.clone()
    };
    let bought = Order {
        id: "v-1".to_owned(),
        price: d("60000"),
        quantity: d("0.001"),
        funds: d("60"),
        fee: d("0.06"),
        at: at(10),
        ..repaired.clone()
    };
    let sold = Order {
        id: "v-2".to_owned(),
        side: Side::Sell,
        price: d("59000"),
        quantity: d("0.0004"),
        funds: d("24.4"),
        fee: d("0.0244"),
        at: at(20),
        ..repaired.clone()
    };
    // A market order's price is what it got on average.
    let at_market = Order { id: "v-4".to_owned(), price: d("61000"), at: at(41), ..sold.clone() };
    let mut expected: Vec<_> =
        [foreign, bought, repaired, sold, at_market].map(HistoryOrder::Order).into();
    expected.push(HistoryOrder::Raw("{\"as\": \"it came\"}".to_owned()));
    assert_eq!(history(&ledger), expected);
}

#[test]
fn the_last_export_is_known() {
    let ledger = write("export", Vec::new());
    assert_eq!(trade_history::last_export(&ledger).unwrap(), None);
    for records in [3, 5] {
        let export = ExportRecord { records, bytes: 7 * records, at: at(9) };
        trade_history::record_export(&ledger, &export).unwrap();
        assert_eq!(trade_history::last_export(&ledger).unwrap(), Some(export));
    }
}
