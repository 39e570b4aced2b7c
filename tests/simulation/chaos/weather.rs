//! What goes wrong in a world: how often with each message, and at which instants altogether.

use super::dice::Dice;

/// Chances in a thousand, for each message.
#[derive(Clone, Copy, Debug, Default)]
pub struct Weather {
    pub request_delayed: u32,
    pub request_lost: u32,
    pub request_doubled: u32,
    pub never_left: u32,
    pub answer_delayed: u32,
    pub answer_lost: u32,
    pub answer_doubled: u32,
    pub answer_broken: u32,
    pub error_before: u32,
    pub error_after: u32,
    pub throttled: u32,
    pub refused: u32,
    pub stale: u32,
    pub partial: u32,
    pub push_delayed: u32,
    pub push_lost: u32,
    pub push_doubled: u32,
}

impl Weather {
    /// Each kind of fault is off, rare or frequent: worlds with few kinds show what many would hide.
    pub fn draw(dice: &mut Dice) -> Self {
        let harsh = dice.below(4);
        let mut chance = |most: u32| match dice.below(4) {
            _ if harsh == 0 => 0,
            0 | 1 => 0,
            2 => most / 6,
            _ => most,
        };
        Self {
            request_delayed: chance(80),
            request_lost: chance(80),
            request_doubled: chance(80),
            never_left: chance(60),
            answer_delayed: chance(80),
            answer_lost: chance(80),
            answer_doubled: chance(80),
            answer_broken: chance(40),
            error_before: chance(60),
            error_after: chance(80),
            throttled: chance(60),
            refused: chance(80),
            stale: chance(60),
            partial: chance(60),
            push_delayed: chance(150),
            push_lost: chance(300),
            push_doubled: chance(150),
        }
    }
}

/// Where a process can be struck.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CrashPoint {
    /// An order is decided, nothing is handed over.
    Decided,
    /// Its intent is handed over, not durable.
    HandedOver,
    /// Its intent is durable, it is not sent.
    Durable,
    /// It is sent.
    Sent,
    /// Its answer is there, not taken in.
    Answered,
    /// A fill is taken in, not handed over.
    Applied,
    /// In the middle of a start.
    Starting,
}

impl CrashPoint {
    pub const ALL: [Self; 7] = [
        Self::Decided,
        Self::HandedOver,
        Self::Durable,
        Self::Sent,
        Self::Answered,
        Self::Applied,
        Self::Starting,
    ];
}

/// Something that happens at an instant. Durations in microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trouble {
    ClogToVenue(i64),
    ClogToAgent(i64),
    StreamDown(i64),
    /// Nothing comes through, either way.
    Outage(i64),
    SlowDisk(i64),
    LockedDisk(i64),
    DiskFails,
    Crash,
    Arm(CrashPoint),
    CleanStop,
    Clock(i64),
    FeedSilent(i64),
    Maintenance(i64),
    Halt(usize, i64),
    Delist(usize, i64),
    ForeignOrder(usize),
    ManualTrade(usize),
    ForeignCancel,
    Reduce,
    FillAtWill,
    SelfTrade,
    Transfer,
    /// An operator sells what is held of an instrument; of all, beyond the last.
    ForceExit(usize),
}

const SECOND: i64 = 1_000_000;

/// The troubles of a world that lasts so many microseconds, by when.
pub fn troubles(dice: &mut Dice, lasts: i64, instruments: usize) -> Vec<(i64, Trouble)> {
    let count = dice.below(24);
    // Some kinds only, so that each gets room.
    let kinds: Vec<usize> = (0..23).filter(|_| dice.below(3) > 0).collect();
    let mut troubles: Vec<(i64, Trouble)> = Vec::new();
    for _ in 0..count {
        if kinds.is_empty() {
            break;
        }
        let kind = dice.pick(&kinds);
        let at = dice.between(5 * SECOND, lasts);
        troubles.push((at, trouble(kind, dice, instruments)));
    }
    troubles.sort_by_key(|(at, _)| *at);
    troubles
}

fn trouble(kind: usize, dice: &mut Dice, instruments: usize) -> Trouble {
    let brief = dice.between(SECOND / 2, 12 * SECOND);
    let long = dice.between(5 * SECOND, 60 * SECOND);
    let instrument = dice.below(instruments);
    match kind {
        0 => Trouble::ClogToVenue(brief),
        1 => Trouble::ClogToAgent(brief),
        2 => Trouble::StreamDown(long),
        3 => Trouble::SlowDisk(brief),
        4 => Trouble::LockedDisk(brief),
        5 => Trouble::DiskFails,
        6 | 7 => Trouble::Crash,
        8 | 9 => Trouble::Arm(dice.pick(&CrashPoint::ALL)),
        10 => Trouble::CleanStop,
        11 => {
            let by = dice.pick(&[-3_600 * SECOND, -20 * SECOND, -SECOND, SECOND, 30 * SECOND]);
            Trouble::Clock(by)
        }
        12 => Trouble::FeedSilent(long),
        13 => Trouble::Maintenance(long),
        14 => Trouble::Halt(instrument, long),
        15 => Trouble::Delist(instrument, long),
        16 => Trouble::ForeignOrder(instrument),
        17 => Trouble::ManualTrade(instrument),
        18 => Trouble::Outage(long),
        19 => dice.pick(&[Trouble::ForeignCancel, Trouble::Reduce, Trouble::FillAtWill]),
        20 => Trouble::Transfer,
        21 => Trouble::ForceExit(dice.below(instruments + 1)),
        _ => Trouble::SelfTrade,
    }
}
