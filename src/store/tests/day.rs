//! What a day is measured from.

use super::*;

#[test]
fn a_days_turnover_goes_on_with_the_fills_since_it_was_written() {
    let newest = |days: Vec<Entry>| {
        let ledger = write("day", story().into_iter().chain(days).collect());
        day_row::newest(&ledger).unwrap()
    };
    let row = |turnover: &str, at_second| DayRow {
        day: at(0),
        open: d("100"),
        peak: d("110"),
        turnover: d(turnover),
        at: at(at_second),
    };
    assert_eq!(newest(Vec::new()), None);
    assert_eq!(newest(vec![day(0, 10, "5")]), Some(row("89.4", 10)), "60 and 24.4 came since");
    assert_eq!(newest(vec![day(0, 12, "65")]), Some(row("89.4", 12)), "24.4 did");
    assert_eq!(newest(vec![day(0, 22, "89.4")]), Some(row("89.4", 22)));
    let next = newest(vec![day(0, 10, "5"), day(1, 11, "0")]).unwrap();
    assert_eq!((next.day.us(), next.turnover), (DAY_US, Decimal::ZERO), "a day of its own");
}

#[test]
fn the_parts_of_an_exit_are_one_closed_trade() {
    let part = |execution: &str, number, purpose, net: &str| {
        let mut fill = FillRecord {
            execution_id: ExecutionId::new(execution).unwrap(),
            client_order_id: id(number),
            purpose,
            quantity: d("0.0001"),
            notional: d("6.1"),
            ..fill_sold()
        };
        if let Some(realized) = &mut fill.realized {
            (realized.matched, realized.gross, realized.net) = (d("0.0001"), d("0.1"), d(net));
        }
        Record::Fill(Box::new(fill))
    };
    let over = Record::Order(OrderRecord { status: OrderStatus::Canceled, ..sold() });
    let again = IntentRecord { client_order_id: id(4), purpose: Purpose::SignalExit, ..selling() };
    let more = [
        fact(40, part("503", 2, Purpose::StopLoss, "0.09")),
        fact(41, over),
        fact(42, Record::Intent(again)),
        fact(43, part("504", 4, Purpose::SignalExit, "-0.2")),
    ];
    let ledger = write("closed", story().into_iter().chain(more).collect());
    let trade = |second, net: &str, cost: &str, stopped| ClosedTrade {
        at: at(second),
        symbol: symbol("BTC-USDT"),
        net: d(net),
        cost: d(cost),
        stopped,
    };
    let both = [trade(40, "0.4416", "30", true), trade(43, "-0.2", "6", false)];
    assert_eq!(day_row::closed_trades(&ledger, at(0)).unwrap(), both);
    assert_eq!(day_row::closed_trades(&ledger, at(43)).unwrap(), both[1..]);
    assert_eq!(day_row::closed_trades(&ledger, at(44)).unwrap(), []);
}
