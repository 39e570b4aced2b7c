//! A hold that stays a while longer than its cause, so that it does not come and go with it.

use std::time::Duration;

use crate::domain::hold::Level;

/// What a judge finds wrong now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Finding {
    /// [`Level::Degraded`] or [`Level::SoftPause`].
    pub(super) level: Level,
    /// In words.
    pub(super) reason: String,
}

impl Finding {
    pub(super) fn degraded(reason: String) -> Self {
        Self { level: Level::Degraded, reason }
    }

    pub(super) fn paused(reason: String) -> Self {
        Self { level: Level::SoftPause, reason }
    }
}

/// What the engine is to be told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Word {
    Set(Finding),
    Clear,
}

/// A hold of one code.
#[derive(Clone, Debug)]
pub(super) struct Lasting {
    /// How much longer than its cause it stays.
    stay: Duration,
    degraded_until: Option<Duration>,
    paused_until: Option<Duration>,
    reason: String,
    /// What the engine was told, while that holds.
    told: Option<Level>,
}

impl Lasting {
    pub(super) fn new(stay: Duration) -> Self {
        let (degraded_until, paused_until, told) = (None, None, None);
        Self { stay, degraded_until, paused_until, reason: String::new(), told }
    }

    /// Takes in what is found now. `active` is the level at which a hold of the code is set, by whomever:
    /// another's stricter one is neither lowered nor cleared.
    pub(super) fn next(
        &mut self,
        found: Option<Finding>,
        now: Duration,
        active: Option<Level>,
    ) -> Option<Word> {
        if let Some(Finding { level, reason }) = found {
            let until = Some(now + self.stay);
            self.degraded_until = until;
            if !level.permits_entry() {
                self.paused_until = until;
            }
            self.reason = reason;
        }
        let ours = active.filter(|_| active == self.told);
        let wanted = self.wanted(now);
        let word = match (wanted, active) {
            (None, _) => ours.map(|_| Word::Clear),
            (Some(level), Some(active)) if active == level => return None,
            (Some(level), Some(active)) if active > level && ours.is_none() => return None,
            (Some(level), _) => Some(Word::Set(Finding { level, reason: self.reason.clone() })),
        };
        self.told = wanted;
        word
    }

    fn wanted(&self, now: Duration) -> Option<Level> {
        let lasts = |until: Option<Duration>| until.is_some_and(|until| now <= until);
        if lasts(self.paused_until) {
            Some(Level::SoftPause)
        } else if lasts(self.degraded_until) {
            Some(Level::Degraded)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hold and what the engine has of it.
    struct Rig {
        lasting: Lasting,
        active: Option<Level>,
    }

    impl Rig {
        fn new(stay_s: u64) -> Self {
            Self { lasting: Lasting::new(Duration::from_secs(stay_s)), active: None }
        }

        /// Looks; the level in force afterwards, and whether the engine was told something.
        fn look(&mut self, s: u64, found: Option<Level>) -> (Option<Level>, bool) {
            let found = found.map(|level| Finding { level, reason: format!("at {s}") });
            let word = self.lasting.next(found, Duration::from_secs(s), self.active);
            match &word {
                Some(Word::Set(finding)) => self.active = Some(finding.level),
                Some(Word::Clear) => self.active = None,
                None => {}
            }
            (self.active, word.is_some())
        }
    }

    const DEGRADED: Option<Level> = Some(Level::Degraded);
    const PAUSED: Option<Level> = Some(Level::SoftPause);

    #[test]
    fn it_is_set_once_stays_and_ends() {
        let mut rig = Rig::new(300);
        assert_eq!(rig.look(0, None), (None, false));
        assert_eq!(rig.look(1, DEGRADED), (DEGRADED, true));
        assert_eq!(rig.look(2, DEGRADED), (DEGRADED, false));
        assert_eq!(rig.look(302, None), (DEGRADED, false));
        assert_eq!(rig.look(303, None), (None, true));
        assert_eq!(rig.look(304, None), (None, false));
    }

    #[test]
    fn a_pause_comes_at_once_and_becomes_milder_after_its_own_time() {
        let mut rig = Rig::new(300);
        assert_eq!(rig.look(0, DEGRADED), (DEGRADED, true));
        assert_eq!(rig.look(10, PAUSED), (PAUSED, true));
        assert_eq!(rig.look(100, DEGRADED), (PAUSED, false));
        assert_eq!(rig.look(311, None), (DEGRADED, true));
        assert_eq!(rig.look(401, None), (None, true));
    }

    #[test]
    fn without_a_stay_it_is_as_its_cause() {
        let mut rig = Rig::new(0);
        assert_eq!(rig.look(0, PAUSED), (PAUSED, true));
        assert_eq!(rig.look(1, DEGRADED), (DEGRADED, true));
        assert_eq!(rig.look(2, None), (None, true));
    }

    #[test]
    fn anothers_stricter_hold_is_left_alone_and_ours_comes_back_after_it() {
        let mut rig = Rig::new(0);
        rig.active = PAUSED;
        assert_eq!(rig.look(0, DEGRADED), (PAUSED, false));
        assert_eq!(rig.look(1, None), (PAUSED, false));
        assert_eq!(rig.look(2, DEGRADED), (PAUSED, false));
        rig.active = None;
        assert_eq!(rig.look(3, DEGRADED), (DEGRADED, true));
        rig.active = PAUSED;
        assert_eq!(rig.look(4, None), (PAUSED, false));
        rig.active = Some(Level::HardStop);
        assert_eq!(rig.look(5, PAUSED), (Some(Level::HardStop), false));
    }
}
