//! Which orders the active holds let through: one total function of (purpose, state, holds).
//!
//! Every order is asked here twice: when it is decided, by [`super::permit`], and just before it is
//! sent, for a hold may have come in between. There is no third way to a venue.

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::domain::decimal::{Decimal, Round};
use crate::domain::hold::Level;
use crate::domain::order::Purpose;

/// What a hard stop does about positions (seed 004 left them to chance; the default keeps their stops).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitPolicy {
    /// Positions stay, and their plans go on protecting them: stops, targets, age.
    #[default]
    Hold,
    /// Every exit that the strategy wants goes, too.
    Reduce,
    /// Positions are sold at once.
    Flatten,
}

/// What an order is judged by besides itself: how things stand for its instrument.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// The strictest of the holds on everything and on the instrument.
    pub level: Level,
    /// What is held of it is being sold: [`crate::domain::hold::HoldCode::Flatten`] is active, for all or
    /// for the instrument.
    pub flatten: bool,
    /// What a hard stop does about positions.
    pub exit_policy: ExitPolicy,
    /// The instrument was traded before: a degraded agent begins nothing new.
    pub known: bool,
}

impl Standing {
    /// The part of its risk that an order of this purpose may take, or why it may not go.
    pub fn permits(&self, purpose: Purpose) -> Result<Decimal, Refusal> {
        let allowed = match self.level {
            Level::Running => true,
            Level::Degraded if purpose == Purpose::Entry => return self.permits_degraded_entry(),
            Level::Degraded => true,
            Level::SoftPause => purpose.is_exit(),
            Level::HardStop => match self.exit_policy {
                ExitPolicy::Hold => is_protective(purpose) || self.is_wanted_flat(purpose),
                ExitPolicy::Reduce | ExitPolicy::Flatten => purpose.is_exit(),
            },
            Level::KillSwitch => self.is_wanted_flat(purpose),
        };
        if allowed { Ok(Decimal::ONE) } else { Err(Refusal::Held) }
    }

    /// Half the risk (seed 002: safe mode), and only where it was traded before (seed 004).
    fn permits_degraded_entry(&self) -> Result<Decimal, Refusal> {
        if !self.known {
            return Err(Refusal::NewSymbol);
        }
        Ok(Decimal::ONE.div(Decimal::from_int(2), Round::Down))
    }

    fn is_wanted_flat(&self, purpose: Purpose) -> bool {
        self.flatten && purpose == Purpose::ForceExit
    }
}

/// True for exits that a position's own plan made when it was opened.
const fn is_protective(purpose: Purpose) -> bool {
    matches!(
        purpose,
        Purpose::StopLoss | Purpose::TakeProfit | Purpose::TrailingStop | Purpose::TimeExit
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Nothing is held back but by `level`.
    pub(crate) fn standing(level: Level) -> Standing {
        Standing { level, flatten: false, exit_policy: ExitPolicy::Hold, known: true }
    }

    /// The whole table: purpose by purpose what each state lets through, as (state, policy, flatten,
    /// known). `1` whole, `h` half, `-` not.
    #[test]
    fn every_purpose_in_every_state() {
        use ExitPolicy::{Flatten, Hold, Reduce};
        // Entry, StopLoss, TakeProfit, TrailingStop, TimeExit, SignalExit, ForceExit
        let table = [
            (Level::Running, Hold, false, false, "1111111"),
            (Level::Running, Hold, true, true, "1111111"),
            (Level::Degraded, Hold, false, true, "h111111"),
            (Level::Degraded, Hold, false, false, "-111111"),
            (Level::SoftPause, Hold, false, true, "-111111"),
            (Level::SoftPause, Flatten, true, true, "-111111"),
            (Level::HardStop, Hold, false, true, "-1111--"),
            (Level::HardStop, Hold, true, true, "-1111-1"),
            (Level::HardStop, Reduce, false, true, "-111111"),
            (Level::HardStop, Flatten, false, true, "-111111"),
            (Level::KillSwitch, Hold, false, true, "-------"),
            (Level::KillSwitch, Flatten, false, true, "-------"),
            (Level::KillSwitch, Hold, true, true, "------1"),
        ];
        for (level, exit_policy, flatten, known, expected) in table {
            let standing = Standing { level, flatten, exit_policy, known };
            let mark = |purpose| match standing.permits(purpose) {
                Ok(Decimal::ONE) => '1',
                Ok(_) => 'h',
                Err(_) => '-',
            };
            let found: String = Purpose::ALL.into_iter().map(mark).collect();
            assert_eq!(found, expected, "{standing:?}");
        }
    }

    #[test]
    fn no_state_permits_what_a_milder_one_forbids() {
        let policies = [ExitPolicy::Hold, ExitPolicy::Reduce, ExitPolicy::Flatten];
        for (flatten, exit_policy) in
            policies.map(|policy| [(false, policy), (true, policy)]).concat()
        {
            let permits = |purpose, level| {
                Standing { level, flatten, exit_policy, known: true }.permits(purpose).is_ok()
            };
            for purpose in Purpose::ALL {
                let allowed = Level::ALL.map(|level| permits(purpose, level));
                assert!(allowed.is_sorted_by(|mild, strict| mild >= strict), "{purpose:?}");
            }
        }
    }
}
