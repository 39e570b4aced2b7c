//! A disk that fails for a moment at any call of a day: a full disk, an I/O error, a sync that fails and
//! loses what was to be synced. The agent says so, goes on when the cause goes, and agrees with the venue;
//! at its start it may end instead, with the exit code that says: try again.

use std::fs;

use super::books::Books;
use super::day::{Day, busy_day};
use super::dice::Dice;
use super::disk::{Disk, Left};
use super::point::{How, Point, asked_for, choose, counts};
use super::power::judge;
use super::recording::{self, Call};
use super::{audit, seed, shim, spread, tell, wanted};

/// Faults of a sample: of each kind of call in each phase at least one.
const SAMPLE: usize = 40;
/// A life with time for the writer to try again.
const LIFE: &str = "1500ms";
/// `75`: the disk refuses, try again.
const TRY_AGAIN: i32 = 75;

#[test]
fn a_disk_that_fails_for_a_moment_at_any_call_is_survived() {
    if !shim::is_there() {
        return;
    }
    let mut dice = Dice::new(seed());
    let points = asked_for(&How::FAULTS).unwrap_or_else(|| {
        let (_, calls) = busy_day(seed(), LIFE);
        choose(&counts(&calls), &How::FAULTS, wanted("IBIS_CRASH_POINTS", SAMPLE), &mut dice)
    });
    let tasks: Vec<_> = points.into_iter().map(|point| (point, dice.fork())).collect();
    let outcomes = spread(tasks, |(point, dice)| {
        let (went_on, findings) = suffer(&point, dice);
        for finding in &findings {
            tell(&format!("disk fault {point}: {finding}"));
        }
        (went_on, findings.is_empty(), point)
    });
    let survived = outcomes.iter().filter(|(_, survived, _)| *survived).count();
    let went_on = outcomes.iter().filter(|(went_on, ..)| *went_on).count();
    let of = |how| outcomes.iter().filter(|(.., point)| point.how == how).count();
    tell(&format!(
        "disk faults: {survived}/{} survived (eio {}, enospc {}, failed sync {}; {went_on} without a \
         restart; seed {})",
        outcomes.len(),
        of(How::IoError),
        of(How::NoSpace),
        of(How::SyncFails),
        seed(),
    ));
    let failed: Vec<_> = outcomes.iter().filter(|(_, survived, _)| !survived).collect();
    assert!(failed.is_empty(), "IBIS_CRASH_SEED={} {failed:#?}", seed());
    let is_sample = outcomes.len() >= SAMPLE;
    assert!(!is_sample || went_on * 2 > outcomes.len(), "hardly any agent went on");
}

/// Lives through a fault; whether it needed no restart, and what is wrong afterwards.
fn suffer(point: &Point, mut dice: Dice) -> (bool, Vec<String>) {
    let day = Day::new(dice.below(1_000) as u64);
    let (ended, calls) = day.trade(LIFE, Some(point));
    let may_end = point.phase != Some(1);
    let mut findings = match ended.code {
        Some(0) => audit::recovered(&ended),
        Some(TRY_AGAIN) if may_end => Vec::new(),
        _ => audit::recovered(&ended),
    };
    let before = Books::of_copy(&day.trader.home);
    let mut sent = recording::orders(&calls);
    findings.extend(audit::sent(&sent, &before));
    findings.extend(after_a_power_cut(&day, &calls, &sent, &mut dice));
    let (again, calls) = day.recover();
    sent.extend(recording::orders(&calls));
    findings.extend(audit::recovered(&again));
    if findings.is_empty() {
        let books = Books::read(&day.trader.home.path("data"));
        findings.extend(audit::all(&day.trader, &day.venue()));
        findings.extend(before.lost_in(&books));
        findings.extend(audit::sent(&sent, &books));
    }
    (ended.code == Some(0), findings)
}

/// What failed to reach the disk must not be what an order relied on.
fn after_a_power_cut(day: &Day, calls: &[Call], sent: &[String], dice: &mut Dice) -> Vec<String> {
    let mut disk = Disk::default();
    calls.iter().for_each(|call| disk.take(call));
    let left = day.trader.home.path("left");
    disk.leave(Left::Synced, dice, &left);
    let findings = judge(&left, sent);
    fs::remove_dir_all(&left).unwrap();
    findings.into_iter().map(|finding| format!("after a power cut: {finding}")).collect()
}
