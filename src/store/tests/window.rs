//! What the validation of a window reads.

use super::*;
use crate::domain::time::MINUTE_US;
use crate::store::validation::{self, FillBooks, HoldSpan, OrderCount, RunRow, StateChange};

#[test]
fn the_first_and_the_last_minute_on_record() {
    let ledger = write("window-minutes", Vec::new());
    let edges = || {
        let edges = [validation::first_sample(&ledger), validation::last_sample(&ledger)];
        edges.map(Result::unwrap)
    };
    assert_eq!(edges(), [None, None]);
    let rows = "INSERT INTO samples
                SELECT value, '0', '0', '0', '0', '0', 0, 0, 0, 'running', 1
                FROM json_each('[60, 120, 180]')";
    ledger.execute(rows, []).unwrap();
    assert_eq!(edges(), [60, 180].map(|us| Some(Timestamp::from_us(us))));
}

#[test]
fn a_window_has_the_runs_that_began_in_it_and_the_one_before() {
    let ledger = write("window-runs", Vec::new());
    let began = |run: u32, stamp: Option<i64>| {
        let insert = "INSERT INTO runs (run, version, clock, market, config_hash, pid, started_at_us,
                        stamp, fee_source) VALUES (?1, '0', 'wall', 'm' || ?1, 'c' || ?1, 1, 1, ?2, 'f' || ?1)";
        ledger.execute(insert, (run, stamp)).unwrap();
    };
    let of = |run: u32, second: Option<i64>| RunRow {
        began: second.map(at),
        fee_source: Some(format!("f{run}")),
        market: format!("m{run}"),
        config_hash: format!("c{run}"),
    };
    let runs = |start, end| validation::runs(&ledger, at(start), at(end)).unwrap();
    assert_eq!(runs(0, 99), []);
    began(1, None);
    began(2, None);
    began(3, Some(10));
    began(4, Some(20));
    began(5, Some(30));
    assert_eq!(runs(20, 30), [of(4, Some(20))], "it began with the window");
    assert_eq!(runs(21, 31), [of(4, Some(20)), of(5, Some(30))]);
    assert_eq!(runs(19, 31), [of(3, Some(10)), of(4, Some(20)), of(5, Some(30))]);
    assert_eq!(runs(5, 11), [of(2, None), of(3, Some(10))], "as far as anybody can tell");
    assert_eq!(runs(31, 40), [of(5, Some(30))]);
}

#[test]
fn the_states_and_holds_of_a_window() {
    let change = |second, to| {
        let code = HoldCode::DailyLoss;
        fact(second, Record::Transition(TransitionRecord { from: Level::Running, to, code }))
    };
    let hold = |set_at, code| {
        Record::HoldSet(Hold { scope: None, code, level: Level::SoftPause, set_at, ..stopped() })
    };
    let entries = vec![
        change(10, Level::HardStop),
        change(20, Level::SoftPause),
        change(30, Level::KillSwitch),
        fact(20, hold(at(20), HoldCode::Edge)),
        fact(25, hold(at(10), HoldCode::StaleData)),
        fact(30, Record::HoldCleared { scope: None, code: HoldCode::StaleData }),
    ];
    let ledger = write("window-states", entries);
    let changed = |second, to| StateChange {
        at: at(second),
        from: Level::Running,
        to,
        code: HoldCode::DailyLoss,
    };
    let changes = validation::state_changes(&ledger, at(10), at(30)).unwrap();
    assert_eq!(changes, [changed(10, Level::HardStop), changed(20, Level::SoftPause)]);
    let span = |code, set_at, cleared_at| HoldSpan {
        code,
        level: Level::SoftPause,
        set_at: at(set_at),
        cleared_at,
    };
    let stale = span(HoldCode::StaleData, 10, Some(at(30)));
    let edge = span(HoldCode::Edge, 20, None);
    let holds = |start, end| validation::holds(&ledger, at(start), at(end)).unwrap();
    assert_eq!(holds(0, 99), [stale, edge], "by when they were set, not by when they were cleared");
    assert_eq!(holds(30, 99), [stale, edge]);
    assert_eq!(holds(31, 99), [edge]);
    assert_eq!(holds(11, 20), [stale]);
    assert_eq!(holds(0, 10), []);
}

#[test]
fn the_days_of_a_window_their_turnover_and_its_transfers() {
    let second_day = DAY_US / 1_000_000;
    let late = FillRecord { execution_id: ExecutionId::new("777").unwrap(), ..fill_bought() };
    let more = [
        day(0, 10, "5"),
        day(1, second_day, "0"),
        day(2, 2 * second_day, "0"),
        fact(second_day, Record::Fill(Box::new(late))),
    ];
    let ledger = write("window-days", story().into_iter().chain(more).collect());
    let days = |start, end| {
        let opens = validation::day_opens(&ledger, at(start), at(end)).unwrap();
        assert!(opens.values().all(|open| *open == d("100")));
        opens.into_keys().map(|day| day.us() / DAY_US).collect::<Vec<_>>()
    };
    assert_eq!(days(50, 2 * second_day), [0, 1], "the day it begins in is its own");
    assert_eq!(days(second_day, 2 * second_day + 1), [1, 2]);
    let turnover = |start, end| {
        let turnover = validation::day_turnover(&ledger, at(start), at(end)).unwrap();
        turnover.into_iter().map(|(day, sum)| (day.us() / DAY_US, sum)).collect::<Vec<_>>()
    };
    assert_eq!(turnover(50, second_day), [(0, d("84.4"))], "from the day's first second on");
    assert_eq!(turnover(50, second_day + 1), [(0, d("84.4")), (1, d("60"))]);
    let transfers = |start, end| validation::transfers(&ledger, at(start), at(end)).unwrap();
    assert_eq!(transfers(2, 15), [at(2)]);
    assert_eq!(transfers(2, 16), [at(2), at(15)]);
    assert_eq!(transfers(3, 16), [at(15)]);
}

#[test]
fn cancels_are_counted_by_minute_and_orders_once_they_were_sent() {
    let canceling = |us| {
        let record = Record::Order(order(1, OrderStatus::PendingCancel, "0", "0", "0"));
        Entry::Fact(Fact { at: Timestamp::from_us(us), input: Some(1), record })
    };
    let mut entries = vec![fact(10, Record::Intent(bought()))];
    entries.extend([0, 1, MINUTE_US - 1, MINUTE_US, 2 * MINUTE_US].map(canceling));
    let ledger = write("window-cancels", entries);
    let cancels = |start: i64, end: i64| {
        let of = |us| Timestamp::from_us(us);
        let cancels = validation::cancels(&ledger, of(start), of(end)).unwrap();
        cancels.into_iter().map(|(minute, count)| (minute.us(), count)).collect::<Vec<_>>()
    };
    assert_eq!(cancels(0, 2 * MINUTE_US), [(0, 3), (MINUTE_US, 1)]);
    assert_eq!(cancels(1, MINUTE_US), [(0, 2)]);
    let after = cancels(MINUTE_US, 2 * MINUTE_US + 1);
    assert_eq!(after, [(MINUTE_US, 1), (2 * MINUTE_US, 1)]);

    // A clock that went back by half a minute between two runs.
    let back = [canceling(3 * MINUTE_US), canceling(3 * MINUTE_US - MINUTE_US / 2)];
    let entries = [fact(10, Record::Intent(bought()))].into_iter().chain(back).collect();
    let ledger = write("window-back", entries);
    let start = Timestamp::from_us(3 * MINUTE_US - MINUTE_US / 2);
    let cancels = validation::cancels(&ledger, start, at(999)).unwrap();
    assert_eq!(cancels.values().sum::<u64>(), 2);

    let refused = fact(40, Record::Order(order(3, OrderStatus::Rejected, "0", "0", "0")));
    let ledger = write("window-orders", story().into_iter().chain([refused]).collect());
    let orders = |start, end| validation::orders(&ledger, at(start), at(end)).unwrap();
    assert_eq!(orders(10, 30), OrderCount { sent: 2, rejected: 0 });
    assert_eq!(orders(11, 31), OrderCount { sent: 2, rejected: 1 });
    ledger.execute("UPDATE orders SET status = 'created'", []).unwrap();
    assert_eq!(orders(0, 99), OrderCount::default(), "none of them was sent");
}

#[test]
fn fills_agree_with_their_orders_or_are_told() {
    let ledger = write("window-books", story());
    let books = |start, end| validation::fill_books(&ledger, at(start), at(end)).unwrap();
    let whole = |count| FillBooks { count, differing: Some((0, None)), ..FillBooks::default() };
    assert_eq!(books(0, 99), whole(2));
    assert_eq!(books(0, 22), whole(1), "all fills are compared, those of the window counted");
    assert_eq!(books(22, 99), whole(1), "an order from before is left alone");
    assert_eq!(books(23, 99), whole(0));
    let tried = |change: &str, start| {
        ledger.execute_batch(&format!("SAVEPOINT whole; {change}")).unwrap();
        let found = books(start, 99);
        ledger.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        found
    };
    let differing = |count, which: &str| Some((count, Some(which.to_owned())));
    for column in ["quantity", "notional"] {
        let found = tried(&format!("UPDATE fills SET {column} = '9' WHERE fill = 2"), 0);
        assert_eq!(found, FillBooks { differing: differing(1, "ibis-1-2"), ..whole(2) });
    }
    let found = tried("UPDATE fills SET quantity = '9' WHERE fill = 2", 22);
    assert_eq!(found, whole(1), "its order was decided before");
    let strange = "UPDATE fills SET client_order_id = 'x' WHERE fill = 1";
    let unexplained = FillBooks { unexplained: 1, differing: differing(1, "ibis-1-1"), ..whole(2) };
    assert_eq!(tried(strange, 0), unexplained);
    let gone = "UPDATE fills SET fill = 5 WHERE fill = 2";
    assert_eq!(tried(gone, 0), FillBooks { numbers_missing: 3, ..whole(2) });
}

#[test]
fn more_than_can_be_compared_is_not() {
    let ledger = write("window-many", story());
    let compared = |at_most| {
        validation::fill_books_of(&ledger, at(0), at(99), at_most).unwrap().differing.is_some()
    };
    assert_eq!([1, 2, 3].map(compared), [false, false, true], "two fills, three intents");
    let many = "DELETE FROM orders; DELETE FROM intents";
    ledger.execute_batch(many).unwrap();
    assert_eq!([1, 2].map(compared), [false, true], "two fills");
}
