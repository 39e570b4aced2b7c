//! What a message means. Pure: a text in, a request out.
//!
//! Whoever stops in a hurry is not asked why first: `/kill` and `/pause` need no reason.

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

/// What is wanted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request {
    /// To be told something.
    Look(Look),
    /// To have something changed.
    Change(Change),
    /// Something that a chat does not do.
    Elsewhere(Elsewhere),
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
    /// The kill switch, at once.
    Kill {
        /// Why.
        reason: String,
    },
}

/// What other bots' chats do, and the command line here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the command of that name")]
pub enum Elsewhere {
    Release,
    ForceExit,
    ReloadConfig,
    Logs,
}

/// What `/help` says.
pub const HELP: &str = "\
/status - all about it; /health - what is wrong
/profit, /daily [DAYS], /performance - what was earned, in all, by day, by instrument
/balance, /count - what is held
/locks - reasons not to trade
/kpi, /integrity - the last hourly report, the last audit
/show_config, /version
/pause [SYMBOL] [30m] [WHY] - no entries, until resumed or for a time (also /stopentry, /stopbuy)
/resume [SYMBOL] [WHY] - takes a pause back
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
            "pause" | "stopentry" | "stopbuy" => pause(&words),
            "resume" => {
                let (scope, rest) = scope(&words);
                Self::Change(Change::Resume { scope, reason: reason(rest) })
            }
            "kill" => Self::Change(Change::Kill { reason: reason(&words) }),
            "daily" => daily(&words),
            "release" => Self::Elsewhere(Elsewhere::Release),
            "forceexit" | "fx" => Self::Elsewhere(Elsewhere::ForceExit),
            "reload_config" => Self::Elsewhere(Elsewhere::ReloadConfig),
            "logs" => Self::Elsewhere(Elsewhere::Logs),
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

fn daily(words: &[&str]) -> Request {
    match words.first().map_or(Ok(DAYS), |word| word.parse()) {
        Ok(days) if (1..=DAYS_MAX).contains(&days) => Request::Look(Look::Daily { days }),
        Ok(_) | Err(_) => Request::Unclear(format!("say a number of days up to {DAYS_MAX}")),
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
            ("/release", Request::Elsewhere(Elsewhere::Release)),
            ("/fx all", Request::Elsewhere(Elsewhere::ForceExit)),
            ("/logs", Request::Elsewhere(Elsewhere::Logs)),
            ("/reload_config", Request::Elsewhere(Elsewhere::ReloadConfig)),
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
