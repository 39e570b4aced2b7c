//! The active holds, and the state that follows from them: the strictest.

use std::collections::BTreeMap;

use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::symbol::Symbol;
use crate::domain::time::Timestamp;

/// Active holds, one for each scope and code.
#[derive(Clone, PartialEq, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(from = "Vec<Hold>", into = "Vec<Hold>")]
pub struct HoldBook {
    holds: BTreeMap<(Option<Symbol>, HoldCode), Hold>,
}

impl From<Vec<Hold>> for HoldBook {
    fn from(holds: Vec<Hold>) -> Self {
        Self::new(holds)
    }
}

impl From<HoldBook> for Vec<Hold> {
    fn from(book: HoldBook) -> Self {
        book.holds.into_values().collect()
    }
}

impl HoldBook {
    /// The book of the ledger's active holds.
    pub fn new(holds: impl IntoIterator<Item = Hold>) -> Self {
        Self { holds: holds.into_iter().map(|hold| ((hold.scope, hold.code), hold)).collect() }
    }

    /// Sets a hold; false where the same one, or a stricter one that is latched, is active already. What
    /// latches has no end of its own.
    pub fn set(&mut self, hold: Hold) -> bool {
        let until = hold.until.filter(|_| !hold.level.latches());
        let hold = Hold { until, ..hold };
        let key = (hold.scope, hold.code);
        let stays = self.holds.get(&key).is_some_and(|active| {
            let same = active.level == hold.level && active.until == hold.until;
            same || (active.level.latches() && active.level >= hold.level)
        });
        if !stays {
            self.holds.insert(key, hold);
        }
        !stays
    }

    /// Ends a hold whose cause is gone; false where it was not active, or is latched.
    pub fn clear(&mut self, scope: Option<Symbol>, code: HoldCode) -> bool {
        !self.is_latched(scope, code) && self.release(scope, code)
    }

    /// Ends a hold by an operator's word, latched or not; false where it was not active.
    pub fn release(&mut self, scope: Option<Symbol>, code: HoldCode) -> bool {
        self.holds.remove(&(scope, code)).is_some()
    }

    fn is_latched(&self, scope: Option<Symbol>, code: HoldCode) -> bool {
        self.get(scope, code).is_some_and(|hold| hold.level.latches())
    }

    /// The active hold of that scope and code.
    pub fn get(&self, scope: Option<Symbol>, code: HoldCode) -> Option<&Hold> {
        self.holds.get(&(scope, code))
    }

    /// True where it is active.
    pub fn is_set(&self, scope: Option<Symbol>, code: HoldCode) -> bool {
        self.holds.contains_key(&(scope, code))
    }

    /// The holds whose time is over.
    pub fn over(&self, now: Timestamp) -> Vec<(Option<Symbol>, HoldCode)> {
        let over = |hold: &&Hold| hold.until.is_some_and(|until| until <= now);
        self.holds.values().filter(over).map(|hold| (hold.scope, hold.code)).collect()
    }

    /// When the next hold ends by itself.
    pub fn next_end(&self) -> Option<Timestamp> {
        self.holds.values().filter_map(|hold| hold.until).min()
    }

    /// The agent's state: the strictest global hold.
    pub fn level(&self) -> Level {
        self.strictest(|scope| scope.is_none())
    }

    /// What an instrument may do: the strictest of the global holds and its own.
    pub fn level_for(&self, symbol: Symbol) -> Level {
        self.strictest(|scope| scope.is_none_or(|held| held == symbol))
    }

    /// Since when an instrument has had no entries, by the oldest hold that says so.
    pub fn paused_since(&self, symbol: Symbol) -> Option<Timestamp> {
        let applies = |hold: &&Hold| {
            hold.scope.is_none_or(|held| held == symbol) && !hold.level.permits_entry()
        };
        self.holds.values().filter(applies).map(|hold| hold.set_at).min()
    }

    /// Every active hold.
    pub fn iter(&self) -> impl Iterator<Item = &Hold> {
        self.holds.values()
    }

    fn strictest(&self, applies: impl Fn(Option<Symbol>) -> bool) -> Level {
        let levels = self.holds.values().filter(|hold| applies(hold.scope)).map(|hold| hold.level);
        levels.max().unwrap_or(Level::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(scope: Option<&str>, code: HoldCode, level: Level, until: Option<i64>) -> Hold {
        Hold {
            scope: scope.map(|symbol| Symbol::new(symbol).unwrap()),
            code,
            level,
            reason: String::new(),
            set_at: Timestamp::default(),
            until: until.map(Timestamp::from_us),
        }
    }

    #[test]
    fn the_strictest_hold_wins_and_a_milder_one_never_lowers_it() {
        let mut book = HoldBook::default();
        assert_eq!(book.level(), Level::Running);
        assert!(book.set(hold(None, HoldCode::Operator, Level::HardStop, None)));
        assert!(book.set(hold(None, HoldCode::StaleData, Level::SoftPause, Some(5))));
        assert!(!book.set(hold(None, HoldCode::StaleData, Level::SoftPause, Some(5))));
        assert_eq!(book.level(), Level::HardStop);
        assert_eq!(book.over(Timestamp::from_us(5)), [(None, HoldCode::StaleData)]);
        assert!(book.release(None, HoldCode::Operator));
        assert_eq!(book.level(), Level::SoftPause);
    }

    #[test]
    fn the_same_hold_is_not_set_twice_and_another_end_is_another_hold() {
        let mut book = HoldBook::default();
        let pause = |until| hold(None, HoldCode::StaleData, Level::SoftPause, until);
        assert!(!book.is_set(None, HoldCode::StaleData));
        assert_eq!(book.next_end(), None);
        assert!(book.set(pause(Some(9))));
        assert!(!book.set(pause(Some(9))));
        assert!(book.set(pause(Some(7))));
        assert!(book.set(hold(None, HoldCode::StaleData, Level::Degraded, Some(7))));
        assert_eq!(book.next_end(), Some(Timestamp::from_us(7)));
        assert!(book.is_set(None, HoldCode::StaleData));
        assert!(!book.clear(None, HoldCode::Operator));
    }

    #[test]
    fn a_latch_ends_by_an_operators_word_only() {
        let mut book = HoldBook::default();
        assert!(book.set(hold(None, HoldCode::DailyLoss, Level::HardStop, Some(5))));
        assert_eq!(book.next_end(), None, "a latch has no end of its own");
        assert!(!book.set(hold(None, HoldCode::DailyLoss, Level::Degraded, None)));
        assert!(!book.clear(None, HoldCode::DailyLoss));
        assert!(book.set(hold(None, HoldCode::DailyLoss, Level::KillSwitch, None)));
        assert!(!book.set(hold(None, HoldCode::DailyLoss, Level::HardStop, None)));
        assert_eq!(book.level(), Level::KillSwitch);
        assert!(book.release(None, HoldCode::DailyLoss));
        assert_eq!(book.level(), Level::Running);
    }

    proptest::proptest! {
        /// Whatever causes come and go, what is latched stays as strict as it is.
        #[test]
        fn no_sequence_of_causes_lowers_a_latch(
            steps in proptest::collection::vec((0..4usize, 0..3usize, 0..5usize, 0..20i64), 0..60),
        ) {
            let codes = [HoldCode::DailyLoss, HoldCode::StaleData, HoldCode::KillSwitch, HoldCode::Operator];
            let scopes = [None, Some("BTC-USDT"), Some("ETH-USDT")];
            let mut book = HoldBook::default();
            let mut latched = Level::Running;
            for (code, scope, level, at) in steps {
                let code = codes[code];
                if at % 3 == 0 {
                    book.clear(scopes[scope].map(|it| Symbol::new(it).unwrap()), code);
                } else {
                    let level = Level::ALL[level];
                    book.set(hold(scopes[scope], code, level, Some(at)));
                    if scope == 0 && level.latches() {
                        latched = latched.max(level);
                    }
                }
                for (scope, code) in book.over(Timestamp::from_us(at)) {
                    book.clear(scope, code);
                }
                proptest::prop_assert!(latched <= book.level());
            }
        }
    }

    #[test]
    fn a_book_is_written_and_read_as_its_holds() {
        let holds = [
            hold(None, HoldCode::Operator, Level::HardStop, None),
            hold(Some("BTC-USDT"), HoldCode::StaleData, Level::SoftPause, Some(5)),
        ];
        let book = HoldBook::new(holds.clone());
        assert_eq!(Vec::from(book.clone()), holds);
        assert_eq!(HoldBook::from(holds.to_vec()), book);
    }

    #[test]
    fn an_instruments_hold_is_its_own() {
        let book =
            HoldBook::new([hold(Some("BTC-USDT"), HoldCode::StaleData, Level::SoftPause, None)]);
        assert_eq!(book.level(), Level::Running);
        assert_eq!(book.level_for(Symbol::new("BTC-USDT").unwrap()), Level::SoftPause);
        assert_eq!(book.level_for(Symbol::new("ETH-USDT").unwrap()), Level::Running);
    }

    #[test]
    fn entries_are_paused_since_the_oldest_hold_that_forbids_them_there() {
        let set = |scope, code, level, at: i64| Hold {
            set_at: Timestamp::from_us(at),
            ..hold(scope, code, level, None)
        };
        let btc = Symbol::new("BTC-USDT").unwrap();
        let since = |holds: Vec<Hold>| HoldBook::new(holds).paused_since(btc).map(Timestamp::us);
        let milder = set(None, HoldCode::StaleMarket, Level::Degraded, 1);
        let elsewhere = set(Some("ETH-USDT"), HoldCode::Edge, Level::SoftPause, 2);
        assert_eq!(since(vec![milder.clone(), elsewhere.clone()]), None);
        let own = set(Some("BTC-USDT"), HoldCode::Edge, Level::SoftPause, 5);
        let global = set(None, HoldCode::Operator, Level::SoftPause, 7);
        let all = vec![milder, elsewhere, own, global.clone()];
        assert_eq!(since(all), Some(5));
        assert_eq!(since(vec![global]), Some(7));
    }
}
