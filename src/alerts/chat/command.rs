//! What a message means. Pure: a text in, a request out.
//!
//! Whoever stops in a hurry is not asked why first: `/kill`, `/pause` and `/forceexit` need no reason.

use std::time::Duration;

use crate::config::grammar;
use crate::domain::symbol::Symbol;

/// Characters of a reason: a sentence; the rest is cut off.
const REASON_CHARS_MAX: usize = 256;
/// What is written down where nobody says why.
const NO_REASON: &str = "no reason given";
/// The longest pause that ends by itself.
const PAUSE_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Days that `/daily` shows, unless told otherwise.
const DAYS: u16 = 7;
/// Days that `/daily` shows at most.
pub const DAYS_MAX: u16 = 31;
/// Events that `/logs` shows, unless told otherwise.
const EVENTS: u16 = 10;
/// Events that `/logs` shows at most: about what a message takes.
pub const EVENTS_MAX: u16 = 50;

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// To be told something.
    Look(Look),
    /// To have something changed.
    Change(Change),
    /// To have the configuration read again.
    Reload,
    /// To end the kill switch, which a chat does not do.
    Release,
    /// What cannot be taken for a request; says why.
    Unclear(String),
}

/// A question.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the command of that name, explained by HELP")]
pub enum Look {
    Status,
    Profit,
    Daily { days: u16 },
    Balance,
    Count,
    Performance,
    Locks,
    Health,
    Kpi,
    Integrity,
    Logs { events: u16 },
    ShowConfig,
    Version,
    Help,
}

/// An order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Change {
    /// No entries.
    Pause {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// For so long; none until resumed.
        lasting: Option<Duration>,
        /// Why.
        reason: String,
    },
    /// Takes an operator's pause back.
    Resume {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// Why.
        reason: String,
    },
    /// Sells what is held.
    ForceExit {
        /// The instrument; none for all.
        scope: Option<Symbol>,
        /// Why.
        reason: String,
    },
    /// The kill switch, at once.
    Kill {
        /// Why.
        reason: String,
    },
}

/// What `/help` says.
pub const HELP: &str = "\
/status - all about it; /health - what is wrong
/profit, /daily [DAYS], /performance - what was earned, in all, by day, by instrument
/balance, /count - what is held
/locks - reasons not to trade
/kpi, /integrity - the last hourly report, the last audit
/logs [EVENTS] - what happened last
/show_config, /version; /reload_config - read the files again
/pause [SYMBOL] [30m] [WHY] - no entries, until resumed or for a time (also /stop, /stopentry, /stopbuy)
/resume [SYMBOL] [WHY] - takes a pause or a forced exit back
/forceexit SYMBOL|all [WHY] - sell what is held of it, now (also /fx)
/kill [WHY] - AT ONCE: cancel everything, send nothing any more";

impl Request {
    /// Reads a message; `bot` is this bot's name. None for what is no command, or one of another bot's.
    pub fn read(text: &str, bot: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let first = words.next()?.strip_prefix('/')?;
        let (name, to) = match first.split_once('@') {
            Some((name, to)) => (name, to),
            None => (first, bot),
        };
        if !to.eq_ignore_ascii_case(bot) {
            return None;
        }
        let words: Vec<&str> = words.collect();
        Some(match name.to_ascii_lowercase().as_str() {
            "pause" | "stop" | "stopentry" | "stopbuy" => pause(&words),
            "resume" => {
                let (scope, rest) = scope(&words);
                Self::Change(Change::Resume { scope, reason: reason(rest) })
            }
            "kill" => Self::Change(Change::Kill { reason: reason(&words) }),
            "forceexit" | "fx" => force_exit(&words),
            "reload_config" => Self::Reload,
            "release" => Self::Release,
            "daily" => number(&words, "days", (DAYS, DAYS_MAX), |days| Look::Daily { days }),
            "logs" => {
                number(&words, "events", (EVENTS, EVENTS_MAX), |events| Look::Logs { events })
            }
            name => match look(name) {
                Some(look) => Self::Look(look),
                None => Self::Unclear("no such command; /help lists them".to_owned()),
            },
        })
    }

    /// True for what must not wait behind anything else.
    pub fn is_urgent(&self) -> bool {
        matches!(self, Self::Change(Change::Kill { .. }))
    }
}

fn look(name: &str) -> Option<Look> {
    Some(match name {
        "status" => Look::Status,
        "profit" => Look::Profit,
        "balance" => Look::Balance,
        "count" => Look::Count,
        "performance" => Look::Performance,
        "locks" => Look::Locks,
        "health" => Look::Health,
        "kpi" => Look::Kpi,
        "integrity" => Look::Integrity,
        "show_config" => Look::ShowConfig,
        "version" => Look::Version,
        // Clients send `/start` when somebody opens the chat: that changes nothing.
        "help" | "start" => Look::Help,
        _ => return None,
    })
}

/// A question about so many of something, with what is meant where nobody says how many, and the most.
fn number(words: &[&str], what: &str, of: (u16, u16), look: impl Fn(u16) -> Look) -> Request {
    let (usual, most) = of;
    match words.first().map_or(Ok(usual), |word| word.parse()) {
        Ok(number) if (1..=most).contains(&number) => Request::Look(look(number)),
        Ok(_) | Err(_) => Request::Unclear(format!("say a number of {what} up to {most}")),
    }
}

/// What is sold must be named: a slip must not sell everything.
fn force_exit(words: &[&str]) -> Request {
    let (named, rest) = scope(words);
    match (named, words.split_first()) {
        (Some(_), _) => Request::Change(Change::ForceExit { scope: named, reason: reason(rest) }),
        (None, Some((all, rest))) if all.eq_ignore_ascii_case("all") => {
            Request::Change(Change::ForceExit { scope: None, reason: reason(rest) })
        }
        (None, _) => {
            let why = "nothing is sold: say which instrument, as BTC-USDT, or all";
            Request::Unclear(why.to_owned())
        }
    }
}

fn pause(words: &[&str]) -> Request {
    let (scope, rest) = scope(words);
    let (lasting, rest) = match rest.split_first() {
        Some((first, others)) if starts_as_number(first) => match grammar::duration(first) {
            Ok(lasting) if lasting <= PAUSE_MAX && !lasting.is_zero() => (Some(lasting), others),
            Ok(_) | Err(_) => {
                let why = "nothing is paused: say for how long as 30m or 2h, up to 30d; or nothing";
                return Request::Unclear(why.to_owned());
            }
        },
        Some(_) | None => (None, rest),
    };
    Request::Change(Change::Pause { scope, lasting, reason: reason(rest) })
}

fn starts_as_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit())
}

/// The instrument that the first word names, in small letters, too.
fn scope<'w, 't>(words: &'w [&'t str]) -> (Option<Symbol>, &'w [&'t str]) {
    let found = words.split_first().and_then(|(first, rest)| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let symbol = first.bytes().all(plain).then(|| first.to_ascii_uppercase())?;
        Some((Symbol::new(&symbol).ok()?, rest))
    });
    found.map_or((None, words), |(symbol, rest)| (Some(symbol), rest))
}

fn reason(words: &[&str]) -> String {
    let text = words.join(" ");
    let text: String = text.chars().filter(|it| !it.is_control()).take(REASON_CHARS_MAX).collect();
    if text.is_empty() { NO_REASON.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbol(text: &str) -> Option<Symbol> {
        Some(Symbol::new(text).unwrap())
    }

    fn paused(scope: Option<Symbol>, minutes: Option<u64>, reason: &str) -> Request {
        let lasting = minutes.map(|minutes| Duration::from_secs(minutes * 60));
        Request::Change(Change::Pause { scope, lasting, reason: reason.to_owned() })
    }

    fn resumed(scope: Option<Symbol>, reason: &str) -> Request {
        Request::Change(Change::Resume { scope, reason: reason.to_owned() })
    }

    fn sold(scope: Option<Symbol>, reason: &str) -> Request {
        Request::Change(Change::ForceExit { scope, reason: reason.to_owned() })
    }

    fn killed(reason: &str) -> Request {
        Request::Change(Change::Kill { reason: reason.to_owned() })
    }

    #[test]
    fn every_command_is_read() {
        for (text, expected) in [
            ("/pause", paused(None, None, NO_REASON)),
            ("/pause thin book", paused(None, None, "thin book")),
            ("/pause 30m", paused(None, Some(30), NO_REASON)),
            (
                "/stopbuy btc-usdt 2h  thin\nbook",
                paused(symbol("BTC-USDT"), Some(120), "thin book"),
            ),
            ("/stopentry@Ibis_Bot BTC-USDT x", paused(symbol("BTC-USDT"), None, "x")),
            ("/PAUSE a\u{7}b", paused(None, None, "ab")),
            ("/resume", resumed(None, NO_REASON)),
            ("/start", Request::Look(Look::Help)),
            ("/resume looked into", resumed(None, "looked into")),
            ("/resume ETH-USDT fine", resumed(symbol("ETH-USDT"), "fine")),
            ("/kill", killed(NO_REASON)),
            ("  /kill 30m is no time", killed("30m is no time")),
            ("/kill BTC-USDT", killed("BTC-USDT")),
            ("/daily", Request::Look(Look::Daily { days: 7 })),
            ("/daily 31", Request::Look(Look::Daily { days: 31 })),
            ("/show_config", Request::Look(Look::ShowConfig)),
            ("/integrity now", Request::Look(Look::Integrity)),
            ("/release", Request::Release),
            ("/stop", paused(None, None, NO_REASON)),
            ("/fx all", sold(None, NO_REASON)),
            ("/forceexit ALL of it", sold(None, "of it")),
            ("/forceexit btc-usdt thin book", sold(symbol("BTC-USDT"), "thin book")),
            ("/logs", Request::Look(Look::Logs { events: 10 })),
            ("/logs 50", Request::Look(Look::Logs { events: 50 })),
            ("/reload_config now", Request::Reload),
        ] {
            assert_eq!(Request::read(text, "ibis_bot"), Some(expected), "{text}");
        }
        for look in [
            "status",
            "profit",
            "balance",
            "count",
            "performance",
            "locks",
            "health",
            "kpi",
            "integrity",
            "show_config",
            "version",
            "help",
        ] {
            let found = Request::read(&format!("/{look}"), "ibis_bot");
            assert!(matches!(found, Some(Request::Look(_))), "{look}: {found:?}");
            assert!(look == "help" || HELP.contains(&format!("/{look}")), "{look}");
        }
    }

    #[test]
    fn what_is_no_command_of_ours_is_none_and_what_is_unclear_changes_nothing() {
        for text in ["", "kill", "please /kill", "/kill@other_bot now", "\u{2028}"] {
            assert_eq!(Request::read(text, "ibis_bot"), None, "{text:?}");
        }
        for text in [
            "/",
            "/nonsense",
            "/daily 0",
            "/daily 32",
            "/daily x",
            "/logs 0",
            "/logs 51",
            "/forceexit",
            "/forceexit everything",
            "/fx 7",
            "/pause 30",
            "/pause 0s",
            "/pause 31d",
            "/pause BTC-USDT 5x",
            "/pause 99999999999999999999d",
        ] {
            let found = Request::read(text, "ibis_bot");
            assert!(matches!(found, Some(Request::Unclear(_))), "{text}: {found:?}");
        }
        let Some(Request::Change(Change::Kill { reason })) =
            Request::read(&format!("/kill {}", "w ".repeat(4_000)), "b")
        else {
            panic!("no kill")
        };
        assert_eq!(reason.chars().count(), REASON_CHARS_MAX);
        assert!(Request::read("/kill", "b").unwrap().is_urgent());
        assert!(!Request::read("/pause", "b").unwrap().is_urgent());
    }
}
