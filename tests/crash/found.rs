//! What killing found, each as a test of its own.

use rusqlite::Connection;

use super::day::{Day, busy_day};
use super::point::{How, Point};
use super::recording::Call;
use super::{audit, shim};

/// Days until one is killed right after a sell was sent: sells are about every third order.
const DAYS_MAX: usize = 30;

/// A day that ends as an exit is sent, which fills at the venue before anybody hears of it.
fn killed_while_selling() -> Day {
    for number in 0..DAYS_MAX {
        // Even a slow machine sends so many orders in a day.
        let (nth, day) = (3 + number % 6, Day::new(3 + number as u64));
        let point = Point { phase: Some(1), kind: "send:POST".to_owned(), nth, how: How::After };
        let (_, calls) = day.trade("3s", Some(&point));
        if calls.last().is_some_and(is_sell) {
            return day;
        }
    }
    panic!("no sell among {DAYS_MAX} orders")
}

fn is_sell(call: &Call) -> bool {
    let text = String::from_utf8_lossy(&call.data);
    call.order().is_some() && text.contains("\"side\":\"sell\"")
}

/// The list of an instrument's fills began ten minutes before the ledger's last one, by the time of its
/// booking: where the agent's clock was ahead, or had booked late, the list began after the fill.
#[test]
fn a_fill_that_nobody_heard_of_is_found_whatever_the_clocks_said() {
    if !shim::is_there() {
        return;
    }
    let day = killed_while_selling();
    let ledger = Connection::open(day.trader.home.path("data/ibis.db")).unwrap();
    ledger.execute("UPDATE fills SET at_us = at_us + 3600000000", []).unwrap();
    drop(ledger);
    assert_eq!(audit::recovered(&day.recover().0), Vec::<String>::new());
    assert_eq!(audit::all(&day.trader, &day.venue()), Vec::<String>::new());
}

/// The list that the ledger's fills are compared with began at the booking of the oldest: a fill that
/// happened before that, but was booked after others, was called unknown to the venue.
#[test]
fn a_fill_booked_after_later_ones_is_not_called_unknown_to_the_venue() {
    if !shim::is_there() {
        return;
    }
    let (day, _) = busy_day(3, "1500ms");
    let ledger = Connection::open(day.trader.home.path("data/ibis.db")).unwrap();
    for change in [
        "UPDATE fills SET at_us = (SELECT (min(at_us) + max(at_us)) / 2 FROM fills) WHERE fill = 1",
        "UPDATE fills SET venue_sequence = (SELECT max(venue_sequence) + 1 FROM fills) WHERE fill = 2",
        "UPDATE meta SET value = value + 1 WHERE key = 'venue_cursor'",
    ] {
        assert_eq!(ledger.execute(change, []).unwrap(), 1, "{change}");
    }
    drop(ledger);
    let report = day.trader.ibis("exec-integrity --json").stdout;
    assert!(report.contains("\"overall\""), "{report}");
    assert!(!report.contains("fill_unknown_to_venue"), "{report}");
}
