//! The guardian of the configuration: what decides where money goes must not change under a running
//! agent. Such a change is not taken over, and stops trading until a person has looked.

use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::time::Timestamp;

/// Keys that say where orders go, in whose name, and how much may be risked.
const GUARDED: [&str; 4] = ["agent.mode", "agent.profile", "agent.instance", "exchange.base_url"];

/// The hold for the keys that a reload found changed and did not take over; none where they are harmless.
pub(super) fn hold(changed: &[&'static str], now: Timestamp) -> Option<Hold> {
    let guarded: Vec<&str> = changed.iter().copied().filter(|key| GUARDED.contains(key)).collect();
    if guarded.is_empty() {
        return None;
    }
    Some(Hold {
        scope: None,
        code: HoldCode::ConfigChanged,
        level: Level::HardStop,
        reason: format!(
            "{} changed while running; put it back or restart, then resume",
            guarded.join(", ")
        ),
        set_at: now,
        until: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::table;

    #[test]
    fn guarded_keys_exist_and_never_reload() {
        for key in GUARDED {
            assert!(!table::find(key).unwrap().reloadable, "{key}");
        }
    }

    #[test]
    fn a_guarded_change_stops_everything_and_another_nothing() {
        let now = Timestamp::from_ms(7);
        assert_eq!(hold(&["market.symbols", "strategy.fast_candles"], now), None);
        assert_eq!(hold(&[], now), None);
        for key in GUARDED {
            let hold = hold(&["market.symbols", key], now).unwrap();
            assert_eq!((hold.scope, hold.code), (None, HoldCode::ConfigChanged));
            assert_eq!((hold.level, hold.until), (Level::HardStop, None));
            assert!(hold.reason.starts_with(key), "{}", hold.reason);
        }
    }
}
