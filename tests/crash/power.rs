//! Power cuts: every moment of a recorded life, and what a disk may hold then. A ledger comes back from
//! each, with the intent of every order that was sent by then; and the agent goes on from it.

use std::fs;
use std::path::Path;

use super::books::{Books, open_as_a_start};
use super::day::{Day, busy_day};
use super::dice::Dice;
use super::disk::{Disk, Left};
use super::point::{How, Point, choose, counts};
use super::recording::{self, Call};
use super::{audit, paper, seed, shim, spread, tell, wanted};
use crate::support::home::Home;

/// Disks of a sample that are looked at, for each recorded life.
const LOOKED_AT: usize = 160;
/// Disks of a sample that an agent goes on from.
const GONE_ON_FROM: usize = 12;
/// Lives that are recorded.
const LIVES: u64 = 2;
/// Chances of one moment that are tried where all disks are wanted.
const CHANCES: usize = 4;

/// A moment and what is left then.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut {
    /// So many calls were made.
    calls: usize,
    left: Left,
}

/// So many cuts, in order of time: half of them around the calls that make something durable.
pub fn cuts(calls: &[Call], count: usize, dice: &mut Dice) -> Vec<Cut> {
    let syncs: Vec<usize> = (0..calls.len()).filter(|at| calls[*at].is_sync()).collect();
    let mut cuts = Vec::new();
    if count == usize::MAX {
        for at in 0..=calls.len() {
            cuts.extend(Left::WAYS.map(|left| Cut { calls: at, left }));
            cuts.extend(vec![Cut { calls: at, left: Left::Some }; CHANCES - 1]);
        }
        return cuts;
    }
    for nth in 0..count {
        let near_sync = dice.coin() && !syncs.is_empty();
        let at = if near_sync { syncs[dice.below(syncs.len())] } else { dice.below(calls.len()) };
        cuts.push(Cut { calls: at + dice.below(2), left: Left::WAYS[nth % Left::WAYS.len()] });
    }
    cuts.sort_by_key(|cut| cut.calls);
    cuts
}

/// Looks at what each cut leaves; says what is wrong, and where.
pub fn look(calls: &[Call], cuts: &[Cut], dice: &mut Dice) -> Vec<String> {
    let home = Home::new();
    let (mut disk, mut taken, mut findings) = (Disk::default(), 0, Vec::new());
    for cut in cuts {
        for call in &calls[taken..cut.calls] {
            disk.take(call);
        }
        taken = cut.calls;
        let left = home.path("left");
        disk.leave(cut.left, dice, &left);
        let found = judge(&left, &recording::orders(&calls[..taken]));
        if !found.is_empty() {
            findings.push(format!("{cut:?}: {}", found.join("; ")));
        }
        fs::remove_dir_all(&left).unwrap();
    }
    findings
}

/// A state directory after a power cut, as the agent's start opens it.
pub fn judge(state_dir: &Path, sent: &[String]) -> Vec<String> {
    if let Err(error) = open_as_a_start(state_dir) {
        return vec![error];
    }
    let mut findings = audit::ledger(state_dir);
    let books = Books::read(state_dir);
    let lost = sent.iter().filter(|id| !books.intents.contains(*id));
    findings.extend(lost.map(|id| format!("{id} was sent, and its intent is lost")));
    findings
}

#[test]
fn after_a_power_cut_at_any_moment_the_ledger_has_every_order_that_was_sent() {
    if !shim::is_there() {
        return;
    }
    let count = wanted("IBIS_CRASH_DISKS", LOOKED_AT);
    let lives: Vec<_> = (0..LIVES).map(|life| Dice::new(seed() + life)).collect();
    let looked = spread(lives, |mut dice| {
        let (_, calls) = busy_day(dice.below(1_000) as u64, "1s");
        let cuts = cuts(&calls, count, &mut dice);
        (cuts.len(), look(&calls, &cuts, &mut dice))
    });
    conclude("power cuts, looked at", &looked);
}

#[test]
fn after_a_power_cut_the_live_agent_goes_on_and_agrees_with_the_venue() {
    if !shim::is_there() {
        return;
    }
    let mut dice = Dice::new(seed());
    let (_, calls) = busy_day(seed(), "1s");
    let points = choose(&counts(&calls), &[How::Before], wanted("IBIS_CRASH_DISKS", 0), &mut dice);
    let count = wanted("IBIS_CRASH_DISKS", GONE_ON_FROM).min(points.len());
    let tasks: Vec<_> = (0..count).map(|at| (points[at].clone(), dice.fork())).collect();
    let outcomes = spread(tasks, |(point, dice)| (1, go_on(&point, dice)));
    conclude("power cuts, live", &outcomes);
}

/// Dies at a point, loses what the disk did not have, and goes on.
fn go_on(point: &Point, mut dice: Dice) -> Vec<String> {
    let day = Day::new(dice.below(1_000) as u64);
    let (_, calls) = day.trade(point.life("1s"), Some(point));
    let mut sent = recording::orders(&calls);
    let mut disk = Disk::default();
    calls.iter().for_each(|call| disk.take(call));
    let left = [Left::Synced, Left::Names, Left::Some][dice.below(3)];
    let data = day.trader.home.path("data");
    fs::remove_dir_all(&data).ok();
    disk.leave(left, &mut dice, &data);
    let (ended, calls) = day.recover();
    sent.extend(recording::orders(&calls));
    let mut findings = audit::recovered(&ended);
    if findings.is_empty() {
        findings = audit::all(&day.trader, &day.venue());
        findings.extend(audit::sent(&sent, &Books::read(&data)));
    }
    // One disk, one line.
    let finding = (!findings.is_empty()).then(|| findings.join("; "));
    finding.into_iter().map(|finding| format!("{point}, {left:?}: {finding}")).collect()
}

#[test]
fn after_a_power_cut_the_paper_agent_goes_on_and_its_two_files_agree() {
    if !shim::is_there() {
        return;
    }
    let mut dice = Dice::new(seed());
    let calls = paper::record();
    let cuts = cuts(&calls, wanted("IBIS_CRASH_DISKS", GONE_ON_FROM * 2), &mut dice);
    let tasks: Vec<_> = cuts.into_iter().map(|cut| (cut, dice.fork())).collect();
    let outcomes = spread(tasks, |(cut, mut dice)| {
        let mut disk = Disk::default();
        calls[..cut.calls].iter().for_each(|call| disk.take(call));
        let home = Home::new();
        disk.leave(cut.left, &mut dice, &home.path("data"));
        let findings = paper::go_on(&home);
        let finding = (!findings.is_empty()).then(|| findings.join("; "));
        (1, finding.into_iter().map(|finding| format!("{cut:?}: {finding}")).collect())
    });
    conclude("power cuts, paper", &outcomes);
}

fn conclude(what: &str, outcomes: &[(usize, Vec<String>)]) {
    let count: usize = outcomes.iter().map(|(count, _)| count).sum();
    let findings: Vec<&String> = outcomes.iter().flat_map(|(_, findings)| findings).collect();
    tell(&format!("{what}: {}/{count} (seed {})", count - findings.len().min(count), seed()));
    assert!(count > 0, "nothing was cut");
    assert!(findings.is_empty(), "IBIS_CRASH_SEED={} {findings:#?}", seed());
}
