//! What goes wrong, by name, and how often it did.

use std::collections::BTreeMap;

use ibis::domain::order_status::{OrderEvent, OrderStatus};

macro_rules! faults {
    ($($name:ident)*) => {
        /// Something that went wrong, or that somebody else did.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
        pub enum Fault { $($name,)* }

        impl Fault {
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

faults! {
    RequestDelayed RequestLost RequestDuplicated RequestNeverLeft
    AnswerDelayed AnswerLost AnswerDuplicated AnswerBroken
    ErrorBeforeEffect ErrorAfterEffect Throttled Refused TimedOut TooLate
    StaleAnswer PartialList
    PushDelayed PushLost PushDuplicated StreamDown
    ClogToVenue ClogToAgent Outage
    SlowDisk LockedDisk DiskFailed CommitLost CommitKept
    Crash CrashDecided CrashHandedOver CrashDurable CrashSent CrashAnswered CrashApplied CrashStarting
    CleanStop ForcedExit ClockForward ClockBack FeedSilent
    Maintenance Halted Delisted DeadManFired
    ForeignOrder ManualTrade ForeignCancel Reduced FilledAtWill SelfTrade
    Deposit Withdrawal Correction
}

/// What happened in one or many worlds.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Coverage {
    pub faults: BTreeMap<Fault, u64>,
    /// Events that reached the engine, by the status its order had.
    pub pairs: BTreeMap<(OrderStatus, OrderEvent), u64>,
    pub intents: u64,
    pub fills: u64,
    pub starts: u64,
    pub simulated_us: i64,
}

impl Coverage {
    pub fn hit(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (fault, count) in &other.faults {
            *self.faults.entry(*fault).or_default() += count;
        }
        for (pair, count) in &other.pairs {
            *self.pairs.entry(*pair).or_default() += count;
        }
        self.intents += other.intents;
        self.fills += other.fills;
        self.starts += other.starts;
        self.simulated_us += other.simulated_us;
    }

    pub fn count(&self, fault: Fault) -> u64 {
        self.faults.get(&fault).copied().unwrap_or(0)
    }
}
