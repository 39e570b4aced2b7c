//! Before money: is everything at the venue as it must be? Facts are gathered, then judged.
//!
//! ```text
//! gather(rest, wanted) -> Facts (what the venue said) -> judge(wanted, facts) -> Preflight
//! ```
//!
//! | check | fails | warns |
//! |---|---|---|
//! | clock | the venue is not reached; more than 5 s off | more than 1 s off |
//! | service | closed, or cancels only | |
//! | symbol, each | unknown (the nearest name is told), unusable | halted, in auction, at risk, taxed |
//! | public, private websocket | no token | |
//! | api key | refused, or there is none | |
//! | permissions | General or Spot missing; may withdraw, unless allowed by name | more than needed |
//! | address list | | the key works from everywhere |
//! | account mode | unified | it is not told |
//! | high frequency | | not opened, by the venue's word |
//! | fees | not told | |
//! | balances | not told | less of a quote asset than the smallest entry |
//! | test order | refused | only the balance is missing, or no pair to try |
//! | market data | no pair has a price | some have none, or an old one; asked for by [`quotes`] alone |
//!
//! Each failure has a class, so that a service manager knows whether trying again can help.

mod facts;
mod judge;
mod judge_account;
mod judge_symbol;
mod probe;
pub mod quotes;
#[cfg(test)]
mod tests;

pub use facts::{AccountFacts, Facts, GrantedFacts, TestOrder, VenueFacts, gather};
pub use judge::judge;

use crate::domain::decimal::Decimal;
use crate::domain::instrument::Instrument;
use crate::domain::symbol::Symbol;
use crate::exchange::kucoin::rest::Failure;

/// What the venue is judged against.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The pairs to trade.
    pub symbols: Vec<Symbol>,
    /// Those of them of which something is held: that they are listed no more must not stop a start.
    pub held: Vec<Symbol>,
    /// Whether orders will be sent: then there must be a key, and its account is looked at.
    pub needs_account: bool,
    /// Whether a key that may withdraw is accepted, by the owner's express wish.
    pub allow_withdrawal: bool,
    /// The smallest entry, in quote units: of less nothing can be bought.
    pub entry_min: Decimal,
}

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// As it must be.
    Ok,
    /// Works, but a person should look.
    Warn,
    /// No order may be sent.
    Fail,
}

/// Who must mend a failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FailureClass {
    /// The venue, or the way to it, or time: trying again can help.
    Venue,
    /// The configuration.
    Config,
    /// The API key or its account.
    Credentials,
}

impl FailureClass {
    /// The exit code of a process that ends for it: 69, 78 or 77, as in sysexits(3).
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Venue => 69,
            Self::Config => 78,
            Self::Credentials => 77,
        }
    }
}

/// One check and how it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreflightCheck {
    /// What was looked at, such as `permissions` or `symbol BTC-USDT`.
    pub name: String,
    /// How it ended.
    pub verdict: Verdict,
    /// What was found.
    pub value: String,
    /// What to do; empty where nothing is to be done.
    pub advice: String,
    /// Who must mend it, where it failed.
    pub failure_class: Option<FailureClass>,
}

impl std::fmt::Display for PreflightCheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.name, self.value)?;
        if self.advice.is_empty() { Ok(()) } else { write!(f, "; {}", self.advice) }
    }
}

impl PreflightCheck {
    fn ok(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (advice, failure_class) = (String::new(), None);
        Self { name: name.into(), verdict: Verdict::Ok, value: value.into(), advice, failure_class }
    }

    fn warn(name: impl Into<String>, value: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warn, advice: advice.into(), ..Self::ok(name, value) }
    }

    fn fail(
        name: impl Into<String>,
        value: impl Into<String>,
        advice: impl Into<String>,
        class: FailureClass,
    ) -> Self {
        let verdict = Verdict::Fail;
        Self { verdict, failure_class: Some(class), ..Self::warn(name, value, advice) }
    }

    /// A check whose question the venue did not answer.
    fn unanswered(name: impl Into<String>, failure: &Failure) -> Self {
        let (advice, class) = match failure {
            Failure::Unauthorized(_) => {
                (judge_account::mend(failure, None), FailureClass::Credentials)
            }
            Failure::Unavailable(_) => (
                "check the network, exchange.base_url, and whether KuCoin works; then try again"
                    .to_owned(),
                FailureClass::Venue,
            ),
            Failure::RateLimited { .. }
            | Failure::Maintenance(_)
            | Failure::Clock(_)
            | Failure::Halted(_)
            | Failure::Unresolved(_) => ("try again later".to_owned(), FailureClass::Venue),
            Failure::Rejected(_)
            | Failure::NotFound(_)
            | Failure::Duplicate(_)
            | Failure::Malformed(_) => (
                "the venue speaks otherwise than this version expects; look for a newer one"
                    .to_owned(),
                FailureClass::Venue,
            ),
        };
        Self::fail(name, failure.to_string(), advice, class)
    }
}

/// Every check, and what may be traded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preflight {
    /// In the order they are best read.
    pub checks: Vec<PreflightCheck>,
    /// The wanted pairs that passed, in the order wanted.
    pub instruments: Vec<Instrument>,
}

impl Preflight {
    /// The worst verdict.
    pub fn verdict(&self) -> Verdict {
        self.checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Fail)
    }

    /// Who must mend what failed; where several must, the one whom waiting does not help.
    pub fn failure_class(&self) -> Option<FailureClass> {
        self.checks.iter().filter_map(|check| check.failure_class).max()
    }
}
