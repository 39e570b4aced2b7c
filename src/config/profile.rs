//! Profiles: how much a configuration may risk. `dev` never trades live, `canary` is locked to little
//! whatever the configuration says, `prod` is taken at its word.
//!
//! The locks are applied to the checked values, before they become settings: what `canary` allows is
//! what the rest of the program, the hash of the configuration and its listing see.

use super::error::{ConfigError, Origin};
use super::input::{Input, untyped};
use super::settings::{Mode, Settings};
use super::value::{Raw, Value};

/// How much may be risked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Profile {
    /// Never live.
    Dev,
    /// Locked to little.
    Canary,
    /// As configured.
    Prod,
}

impl Profile {
    /// The configuration's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Canary => "canary",
            Self::Prod => "prod",
        }
    }
}

/// Instruments a canary trades at most: one that moves, and one to compare it with.
const CANARY_SYMBOLS_MAX: usize = 2;

/// A key that a canary may not have above `most`.
struct Ceiling {
    key: &'static str,
    most: &'static str,
    /// Zero turns the key's guard off, which is more than any ceiling.
    zero_is_off: bool,
}

/// A ceiling on what may be used.
const fn at_most(key: &'static str, most: &'static str) -> Ceiling {
    Ceiling { key, most, zero_is_off: false }
}

/// What a canary is locked to: what one is ready to lose to learn whether it works. 25 quote units are
/// twice the smallest entry, two positions of that size stay far below 10 % of an account that can
/// trade at all, and a day that loses 1 % of it is a third of the loss that stops `prod`.
const CANARY: [Ceiling; 5] = [
    at_most("risk.notional_max", "25"),
    at_most("risk.exposure_max_instrument", "10%"),
    at_most("risk.exposure_max_total", "10%"),
    at_most("risk.open_positions_max", "2"),
    Ceiling { key: "guards.daily_loss_stop", most: "1%", zero_is_off: true },
];

/// A value that a profile lowered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Locked {
    /// The key.
    pub key: &'static str,
    /// What was configured.
    pub configured: String,
    /// What is in force.
    pub locked: String,
}

impl std::fmt::Display for Locked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {} (configured {})", self.key, self.locked, self.configured)
    }
}

/// Applies the profile of `settings` to the values they were made of; what it lowered, by key.
///
/// Fails where live mode has no profile for it, where a canary would trade too many instruments, and
/// where its smallest entry is larger than what a canary may spend.
pub fn lock(settings: &Settings, input: &mut Input) -> Result<Vec<Locked>, ConfigError> {
    match settings.agent.profile {
        Profile::Dev if settings.agent.mode == Mode::Live => Err(not_for_live(input)),
        Profile::Dev | Profile::Prod => Ok(Vec::new()),
        Profile::Canary => {
            few_symbols(settings, input)?;
            let locked = lower(input)?;
            entry_fits(input)?;
            Ok(locked)
        }
    }
}

fn not_for_live(input: &Input) -> ConfigError {
    let what = "agent.mode = live with agent.profile = dev";
    let fix = "write profile = \"canary\" to begin with little, or \"prod\"";
    ConfigError::new(origin(input, &["agent.profile", "agent.mode"]), what, fix)
}

fn few_symbols(settings: &Settings, input: &Input) -> Result<(), ConfigError> {
    let named = settings.market.symbols.len();
    if (1..=CANARY_SYMBOLS_MAX).contains(&named) {
        return Ok(());
    }
    let what = match named {
        0 => "agent.profile = canary without market.symbols".to_owned(),
        _ => format!("market.symbols names {named} with agent.profile = canary"),
    };
    let fix = format!("name one or {CANARY_SYMBOLS_MAX}: symbols = [\"BTC-USDT\"]");
    Err(ConfigError::new(origin(input, &["market.symbols", "agent.profile"]), what, fix))
}

fn lower(input: &mut Input) -> Result<Vec<Locked>, ConfigError> {
    let mut locked = Vec::new();
    for Ceiling { key, most, zero_is_off } in CANARY {
        let entry = untyped(key, most, Origin::Profile("canary"));
        let Some((value, _)) = input.get(key) else { continue };
        let off = zero_is_off && is_zero(value);
        let most = ceiling(key, most);
        if !off && most.as_ref().is_none_or(|most| value <= most) {
            continue;
        }
        let configured = value.to_string();
        input.apply(&entry)?;
        let locked_to = most.map(|most| most.to_string()).unwrap_or_default();
        locked.push(Locked { key, configured, locked: locked_to });
    }
    Ok(locked)
}

/// The ceiling as a value of its key's kind.
fn ceiling(key: &str, most: &str) -> Option<Value> {
    let kind = super::table::find(key)?.kind;
    Value::parse(kind, &Raw::Untyped(most.to_owned())).ok()
}

fn is_zero(value: &Value) -> bool {
    matches!(value, Value::Ratio(ratio) | Value::Amount(ratio) if ratio.is_zero())
}

fn entry_fits(input: &Input) -> Result<(), ConfigError> {
    let (low, high) = ("risk.notional_min", "risk.notional_max");
    let (Some((smallest, _)), Some((largest, _))) = (input.get(low), input.get(high)) else {
        return Ok(());
    };
    if smallest <= largest {
        return Ok(());
    }
    let what =
        format!("{low} = {smallest} is above the {largest} that agent.profile = canary allows");
    let fix = format!("set {low} to {largest} or less");
    Err(ConfigError::new(origin(input, &[low, "agent.profile"]), what, fix))
}

/// Where the first of `names` was set by somebody; the default where none was.
fn origin(input: &Input, names: &[&str]) -> Origin {
    let set = |name: &&str| input.get(name).map(|(_, origin)| origin.clone());
    let mut origins = names.iter().filter_map(set);
    origins.find(|origin| *origin != Origin::Default).unwrap_or(Origin::Default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Sources, load};

    fn loaded(keys: &[(&str, &str)]) -> Result<Settings, String> {
        let variable = |(key, value): &(&str, &str)| {
            let name = key.replacen('.', "__", 1).to_ascii_uppercase();
            (format!("IBIS__{name}"), (*value).to_owned())
        };
        let variables = keys.iter().map(variable).collect();
        let root = std::path::PathBuf::from("/nonexistent");
        let sources = Sources { root, variables, ..Sources::default() };
        load(&sources).map(|loaded| loaded.settings).map_err(|error| error.to_string())
    }

    fn canary(more: &[(&str, &str)]) -> Result<Settings, String> {
        let mut keys = vec![("agent.profile", "canary"), ("market.symbols", "BTC-USDT")];
        keys.extend(more);
        loaded(&keys)
    }

    #[test]
    fn every_ceiling_is_a_value_of_its_key_and_below_its_default() {
        for Ceiling { key, most, .. } in CANARY {
            let key = crate::config::table::find(key).unwrap();
            let most = ceiling(key.name, most).unwrap();
            assert_eq!(key.check_range(&most), Ok(()), "{}", key.name);
            assert!(most < key.default_value(), "{}", key.name);
        }
    }

    #[test]
    fn a_canary_is_locked_and_the_listing_and_the_hash_say_so() {
        let of = |settings: &Settings, key: &str| {
            settings.effective().find(|(name, _)| *name == key).unwrap().1.to_owned()
        };
        let settings = canary(&[("risk.notional_max", "5000"), ("guards.daily_loss_stop", "0%")]);
        let settings = settings.unwrap();
        let keys: Vec<&str> = settings.locked().iter().map(|locked| locked.key).collect();
        assert_eq!(keys, CANARY.map(|ceiling| ceiling.key));
        for Ceiling { key, most, .. } in CANARY {
            assert_eq!(of(&settings, key), most, "{key}");
        }
        assert_eq!(settings.risk.open_positions_max, 2);
        let first = settings.locked().first().unwrap();
        assert_eq!(first.to_string(), "risk.notional_max = 25 (configured 5000)");
        let same = canary(&[("risk.notional_max", "25")]).unwrap();
        assert_eq!(settings.hash(), same.hash(), "what is in force is what counts");
        let prod = loaded(&[("agent.profile", "prod"), ("market.symbols", "BTC-USDT")]).unwrap();
        assert_ne!(settings.hash(), prod.hash());
        assert!(prod.locked().is_empty());
        assert_eq!(of(&prod, "risk.notional_max"), "100");
    }

    #[test]
    fn what_is_below_a_ceiling_stays() {
        let settings = canary(&[
            ("risk.notional_max", "12"),
            ("risk.exposure_max_instrument", "2%"),
            ("risk.exposure_max_total", "3%"),
            ("risk.open_positions_max", "1"),
            ("guards.daily_loss_stop", "0.5%"),
        ]);
        assert_eq!(settings.unwrap().locked(), []);
    }

    #[test]
    fn what_a_profile_does_not_allow_is_refused_with_advice() {
        for (keys, told) in [
            (
                vec![
                    ("agent.mode", "live"),
                    ("agent.armed", "true"),
                    ("market.symbols", "BTC-USDT"),
                ],
                "profile = \"canary\"",
            ),
            (vec![("agent.profile", "canary")], "without market.symbols"),
            (
                vec![("agent.profile", "canary"), ("market.symbols", "BTC-USDT,ETH-USDT,SOL-USDT")],
                "names 3",
            ),
            (
                vec![
                    ("agent.profile", "canary"),
                    ("market.symbols", "BTC-USDT"),
                    ("risk.notional_min", "26"),
                ],
                "set risk.notional_min to 25 or less",
            ),
            (vec![("agent.profile", "production")], "choices: dev, canary, prod"),
        ] {
            let error = loaded(&keys).unwrap_err();
            assert!(error.contains(told), "{keys:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{error}");
        }
    }

    #[test]
    fn a_reload_keeps_the_locks_of_the_profile_that_runs() {
        let old = canary(&[]).unwrap();
        let new = loaded(&[
            ("agent.profile", "prod"),
            ("market.symbols", "BTC-USDT"),
            ("guards.daily_loss_stop", "20%"),
        ]);
        let merged = old.reloaded(&new.unwrap());
        assert_eq!(merged.agent.profile, Profile::Canary);
        let of = |key| merged.effective().find(|(name, _)| *name == key).unwrap().1;
        for Ceiling { key, most, .. } in CANARY {
            assert_eq!(of(key), most, "{key}");
        }
        assert_eq!(merged.locked(), old.locked());
    }
}
