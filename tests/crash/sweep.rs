//! The live agent at a real exchange, killed at every kind of call in every phase of its life, some of
//! them again while they recover.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::books::{Books, texts};
use super::day::{Day, SYMBOLS, busy_day};
use super::dice::Dice;
use super::point::{How, Point, TRADING, asked_for, choose, counts};
use super::recording;
use super::{audit, seed, shim, spread, tell, wanted};
use crate::live::trader::Trader;

/// Points of a sample: each kind of call in each phase, and as many again.
const SAMPLE: usize = 72;
/// How long a life trades that nothing ends before: some minutes of market more than a crossing needs.
const LIFE: &str = "1200ms";
/// Every fourth point's recovery is killed too, a few calls after its start.
const NESTED_EVERY: usize = 4;
/// About as many calls as a start has.
const NESTED_WITHIN: usize = 160;
/// More points in a round, and rounds, where the days of the sample lack something.
const MORE: usize = 12;
const ROUNDS_MORE: usize = 4;
/// About as many calls as a day's trading has.
const CALLS_OF_A_DAY: usize = 300;
/// Progress is told after so many points of a whole sweep.
const TELL_EVERY: usize = 25;

/// What happened at a point.
#[derive(Debug, Default)]
pub struct Outcome {
    point: String,
    how: Option<How>,
    nested: usize,
    findings: Vec<String>,
    seen: Seen,
}

/// What a day had in it, so that a sweep over nothing is noticed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Seen {
    restarts_with_open_orders: usize,
    fills: usize,
    filled_in_parts: usize,
    stale_entries_canceled: usize,
    canceled_after_a_part: usize,
    profits_and_stops: usize,
    other_exits: usize,
    never_arrived: usize,
}

impl Seen {
    fn of(trader: &Trader, open_at_a_crash: bool) -> Self {
        let count = |query: &str| usize::try_from(trader.count(query)).unwrap();
        let of_purposes = |purposes: &str| {
            let query = "SELECT count(*) FROM fills WHERE purpose IN (";
            count(&format!("{query}{purposes})"))
        };
        Self {
            restarts_with_open_orders: usize::from(open_at_a_crash),
            fills: count("SELECT count(*) FROM fills"),
            filled_in_parts: texts(
                &trader.ledger(),
                "SELECT client_order_id FROM fills GROUP BY 1 HAVING count(*) > 1",
            )
            .len(),
            stale_entries_canceled: count(
                "SELECT count(*) FROM orders JOIN intents USING (client_order_id)
                 WHERE status = 'canceled' AND purpose = 'entry' AND filled = '0'",
            ),
            canceled_after_a_part: count(
                "SELECT count(*) FROM orders WHERE status = 'canceled' AND filled != '0'",
            ),
            profits_and_stops: of_purposes("'take_profit', 'stop_loss'"),
            other_exits: of_purposes("'signal_exit', 'time_exit'"),
            never_arrived: count(
                "SELECT count(*) FROM orders WHERE reason LIKE '%never reached the venue%'",
            ),
        }
    }

    /// True where a day had everything that may go wrong in one.
    fn is_whole(&self) -> bool {
        let each = [
            self.restarts_with_open_orders,
            self.fills,
            self.filled_in_parts,
            self.stale_entries_canceled,
            self.canceled_after_a_part,
            self.profits_and_stops,
            self.other_exits,
            self.never_arrived,
        ];
        each.iter().all(|count| *count > 0)
    }

    fn add(&mut self, more: &Self) {
        self.restarts_with_open_orders += more.restarts_with_open_orders;
        self.fills += more.fills;
        self.filled_in_parts += more.filled_in_parts;
        self.stale_entries_canceled += more.stale_entries_canceled;
        self.canceled_after_a_part += more.canceled_after_a_part;
        self.profits_and_stops += more.profits_and_stops;
        self.other_exits += more.other_exits;
        self.never_arrived += more.never_arrived;
    }
}

/// Lives until the point, dies, lives on; and what is wrong afterwards.
fn survive(point: &Point, nested: bool, mut dice: Dice) -> Outcome {
    let day = Day::new(dice.below(1_000) as u64);
    let mut outcome = Outcome { point: point.to_string(), ..Outcome::default() };
    let (ended, calls) = day.trade(point.life(LIFE), Some(point));
    if ended.code.is_none() {
        outcome.how = Some(point.how);
    } else {
        // The call did not come this time: past the end, and still to be audited.
        outcome.findings.extend(audit::recovered(&ended));
    }
    let mut sent = recording::orders(&calls);
    let mut before = check_crash(&day, &sent, &Books::default(), &mut outcome);
    let mut open_at_a_crash = !before.open.is_empty();
    if nested {
        for _ in 0..=dice.below(2) {
            let how = if dice.coin() { How::Before } else { How::Torn };
            let point = Point::any(1 + dice.below(NESTED_WITHIN), how);
            let (ended, calls) = day.trade("200ms", Some(&point));
            outcome.point.push_str(&format!(", then {point}"));
            if ended.code.is_none() {
                outcome.nested += 1;
            } else {
                outcome.findings.extend(audit::recovered(&ended));
            }
            sent.extend(recording::orders(&calls));
            before = check_crash(&day, &sent, &before, &mut outcome);
            open_at_a_crash |= !before.open.is_empty();
        }
    }
    let (ended, calls) = day.recover();
    sent.extend(recording::orders(&calls));
    outcome.findings.extend(audit::recovered(&ended));
    if outcome.findings.is_empty() {
        outcome.findings.extend(audit::all(&day.trader, &day.venue()));
        let books = Books::read(&day.trader.home.path("data"));
        outcome.findings.extend(before.lost_in(&books));
        outcome.findings.extend(audit::sent(&sent, &books));
        outcome.seen = Seen::of(&day.trader, open_at_a_crash);
    }
    outcome
}

/// What the dead left: nothing it had is gone, and nothing was sent that is not written down.
fn check_crash(day: &Day, sent: &[String], earlier: &Books, outcome: &mut Outcome) -> Books {
    let books = Books::of_copy(&day.trader.home);
    outcome.findings.extend(earlier.lost_in(&books));
    outcome.findings.extend(audit::sent(sent, &books));
    books
}

#[test]
fn killed_at_any_call_nothing_is_lost_and_nothing_is_doubled() {
    if !shim::is_there() {
        return;
    }
    let mut dice = Dice::new(seed());
    let points = asked_for(&How::DEATHS).unwrap_or_else(|| {
        let (_, calls) = busy_day(seed(), LIFE);
        choose(&counts(&calls), &How::DEATHS, wanted("IBIS_CRASH_POINTS", SAMPLE), &mut dice)
    });
    let is_sample = points.len() >= SAMPLE;
    let mut outcomes = survive_all(points, &mut dice);
    for _ in 0..ROUNDS_MORE {
        if !is_sample || seen_in(&outcomes).is_whole() {
            break;
        }
        // A machine that is slow lets little happen in a day.
        let more = (0..MORE).map(|_| Point {
            phase: Some(TRADING),
            kind: "any".to_owned(),
            nth: 1 + dice.below(CALLS_OF_A_DAY),
            how: How::DEATHS[dice.below(How::DEATHS.len())],
        });
        outcomes.extend(survive_all(more.collect(), &mut dice));
    }
    conclude(&outcomes, is_sample);
}

fn survive_all(points: Vec<Point>, dice: &mut Dice) -> Vec<Outcome> {
    let (count, done) = (points.len(), AtomicUsize::new(0));
    let tasks: Vec<_> = points.into_iter().enumerate().map(|task| (task, dice.fork())).collect();
    spread(tasks, |((index, point), dice)| {
        let outcome = survive(&point, index.is_multiple_of(NESTED_EVERY), dice);
        for finding in &outcome.findings {
            tell(&format!("crash point {}: {finding}", outcome.point));
        }
        let done = done.fetch_add(1, Ordering::Relaxed) + 1;
        if count > SAMPLE && done % TELL_EVERY == 0 {
            tell(&format!("crash points: {done} of {count}"));
        }
        outcome
    })
}

fn seen_in(outcomes: &[Outcome]) -> Seen {
    let mut seen = Seen::default();
    outcomes.iter().for_each(|outcome| seen.add(&outcome.seen));
    seen
}

fn conclude(outcomes: &[Outcome], is_sample: bool) {
    let of = |how| outcomes.iter().filter(|outcome| outcome.how == Some(how)).count();
    let past = outcomes.iter().filter(|outcome| outcome.how.is_none()).count();
    let nested: usize = outcomes.iter().map(|outcome| outcome.nested).sum();
    let survived = outcomes.iter().filter(|outcome| outcome.findings.is_empty()).count();
    let seen = seen_in(outcomes);
    let killed = of(How::Before) + of(How::After);
    tell(&format!(
        "crash points: {survived}/{} survived (kill {killed}, torn {}, nested {nested}, past the end \
         {past}; seed {}, {} symbols); {seen:?}",
        outcomes.len(),
        of(How::Torn),
        seed(),
        SYMBOLS.len(),
    ));
    let failed: Vec<_> = outcomes.iter().filter(|it| !it.findings.is_empty()).collect();
    assert!(failed.is_empty(), "IBIS_CRASH_SEED={} {failed:#?}", seed());
    if is_sample {
        assert!(past * 4 <= outcomes.len(), "most of the points are never reached");
        assert!(nested > 0 && of(How::Torn) > 0 && of(How::After) > 0);
        assert!(seen.is_whole(), "the day lacks something: {seen:?}");
    }
}
