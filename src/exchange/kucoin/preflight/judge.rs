//! The judgement: from what the venue said to what it means.

use std::time::Duration;

use super::judge_account::{check_account, check_no_account};
use super::judge_symbol::check_symbols;
use super::{Facts, FailureClass, Preflight, PreflightCheck, VenueFacts, Wanted};
use crate::exchange::kucoin::protocol::status::ServiceState;
use crate::exchange::kucoin::rest::{ClockSkew, Failure, SKEW_HOLD, SKEW_WARN, SkewVerdict};

/// Judges what was gathered.
pub fn judge(wanted: &Wanted, facts: &Facts) -> Preflight {
    let mut checks = vec![check_clock(&facts.clock)];
    let mut instruments = Vec::new();
    if let Some(venue) = &facts.venue {
        checks.push(check_service(venue));
        let granted = facts.account.as_ref().and_then(|account| account.granted.as_ref());
        instruments = check_symbols(wanted, venue, granted, &mut checks);
        checks.push(check_token("public websocket", &venue.token));
        match &facts.account {
            Some(account) => check_account(wanted, venue, account, &mut checks),
            None => checks.extend(check_no_account(wanted)),
        }
    }
    Preflight { checks, instruments }
}

fn check_clock(clock: &Result<ClockSkew, Failure>) -> PreflightCheck {
    let name = "clock";
    let skew = match clock {
        Ok(skew) => skew,
        Err(failure) => return PreflightCheck::unanswered(name, failure),
    };
    let ms = |us: i64| us / 1_000;
    let value = format!(
        "{} ms to the venue's, give or take {} ms",
        ms(skew.offset_us),
        ms(skew.uncertainty_us)
    );
    let above = |limit: Duration| {
        format!("more than {} s off: let systemd-timesyncd or chrony set it", limit.as_secs())
    };
    match skew.verdict {
        SkewVerdict::Good => PreflightCheck::ok(name, value),
        SkewVerdict::Warn => PreflightCheck::warn(name, value, above(SKEW_WARN)),
        SkewVerdict::Hold => {
            PreflightCheck::fail(name, value, above(SKEW_HOLD), FailureClass::Venue)
        }
    }
}

fn check_service(venue: &VenueFacts) -> PreflightCheck {
    let name = "service";
    let status = match &venue.status {
        Ok(status) => status,
        Err(failure) => return PreflightCheck::unanswered(name, failure),
    };
    let value = match status.msg.as_deref() {
        Some(message) if !message.is_empty() => format!("{}, {message:?}", status.status.as_str()),
        _ => status.status.as_str().to_owned(),
    };
    match status.status {
        ServiceState::Open => PreflightCheck::ok(name, value),
        ServiceState::Close | ServiceState::CancelOnly | ServiceState::Unknown => {
            let advice = "wait until KuCoin trades again";
            PreflightCheck::fail(name, value, advice, FailureClass::Venue)
        }
    }
}

/// Whether there is a token for a websocket.
pub(super) fn check_token(name: &str, token: &Result<(), Failure>) -> PreflightCheck {
    match token {
        Ok(()) => PreflightCheck::ok(name, "token received"),
        Err(failure) => PreflightCheck::unanswered(name, failure),
    }
}
