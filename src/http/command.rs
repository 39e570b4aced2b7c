//! The bodies of orders. Fields that are not known are refused: a misspelled one would be lost.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::refusal::Refusal;
use super::route::Route;
use crate::config::grammar;
use crate::domain::hold::Level;
use crate::domain::operator::Wish;
use crate::domain::symbol::Symbol;

/// Characters of a reason: a sentence.
const REASON_CHARS_MAX: usize = 256;
/// The longest pause that ends by itself: a longer one is a stop.
const PAUSE_MAX: Duration = Duration::from_secs(30 * 86_400);
/// Stopping needs no reason; what is recorded then.
const NO_REASON: &str = "no reason given";

/// `{"action": "activate" | "release" | "deactivate", "reason": ...}`, or `{"activate": true | false,
/// "reason": ...}` as older clients send it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KillBody {
    action: Option<Action>,
    activate: Option<bool>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Activate,
    Release,
    Deactivate,
}

/// `{"scope": "BTC-USDT", "reason": ..., "for": "30m"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PauseBody {
    scope: Option<String>,
    reason: Option<String>,
    #[serde(rename = "for")]
    lasting: Option<String>,
}

/// `{"scope": "BTC-USDT", "reason": ..., "from": "hard_stop"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ResumeBody {
    scope: Option<String>,
    reason: Option<String>,
    from: Option<String>,
}

/// Reads what an order of a route wants, and its reason.
pub fn read(route: Route, body: &[u8]) -> Result<(Wish, String), Refusal> {
    match route {
        Route::KillSwitch => kill(document(body)?),
        Route::Pause => pause(document(body)?),
        Route::Resume => resume(document(body)?),
        Route::Livez
        | Route::Readyz
        | Route::Health
        | Route::Status
        | Route::TradingStatus
        | Route::Holds
        | Route::Metrics => Err(Refusal::Method(route)),
    }
}

fn malformed(why: impl Into<String>) -> Refusal {
    Refusal::BodyMalformed(why.into())
}

fn document<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| malformed(format!("the body: {error}")))
}

fn kill(body: KillBody) -> Result<(Wish, String), Refusal> {
    let activate = match (body.action, body.activate) {
        (Some(Action::Activate), None) | (None, Some(true)) => true,
        (Some(Action::Release | Action::Deactivate), None) | (None, Some(false)) => false,
        (None, None) => return Err(malformed("send action or activate")),
        (Some(_), Some(_)) => return Err(malformed("send action or activate, not both")),
    };
    match activate {
        // Whoever stops in a hurry is not asked why first.
        true => Ok((Wish::Kill { flatten: false }, reason(body.reason, Some(NO_REASON))?)),
        false => Ok((Wish::Release, reason(body.reason, None)?)),
    }
}

fn pause(body: PauseBody) -> Result<(Wish, String), Refusal> {
    let for_us = match body.lasting.as_deref().map(grammar::duration) {
        None => None,
        Some(Ok(lasting)) if lasting <= PAUSE_MAX && !lasting.is_zero() => {
            i64::try_from(lasting.as_micros()).ok()
        }
        Some(Ok(_)) => return Err(malformed("for: write a duration up to 30d")),
        Some(Err(problem)) => {
            return Err(malformed(format!("for: {}; {}", problem.what, problem.fix)));
        }
    };
    let wish = Wish::Pause { scope: scope(body.scope.as_deref())?, for_us };
    Ok((wish, reason(body.reason, None)?))
}

fn resume(body: ResumeBody) -> Result<(Wish, String), Refusal> {
    let from = body.from.as_deref().map(str::parse::<Level>).transpose();
    let from = from.map_err(|error| malformed(format!("from: {error}")))?;
    let wish = Wish::Resume { scope: scope(body.scope.as_deref())?, from };
    Ok((wish, reason(body.reason, None)?))
}

/// The instrument; none for all, which is written `global` or left out.
fn scope(text: Option<&str>) -> Result<Option<Symbol>, Refusal> {
    match text {
        None | Some("global") => Ok(None),
        Some(text) => Symbol::new(text)
            .map(Some)
            .map_err(|error| malformed(format!("scope: {text:?} is no symbol: {error}"))),
    }
}

fn reason(text: Option<String>, instead: Option<&str>) -> Result<String, Refusal> {
    let text = text.unwrap_or_default().trim().to_owned();
    if text.is_empty() {
        return instead.map(str::to_owned).ok_or_else(|| malformed("reason: say why"));
    }
    if text.chars().count() > REASON_CHARS_MAX || text.chars().any(char::is_control) {
        return Err(malformed("reason: write one line of at most 256 characters"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn order(route: Route, body: &str) -> (Wish, String) {
        read(route, body.as_bytes()).unwrap()
    }

    #[test]
    fn both_shapes_of_the_kill_switch_mean_the_same() {
        let kill = |body: &str| order(Route::KillSwitch, body);
        for body in [r#"{"action":"activate","reason":"x"}"#, r#"{"activate":true,"reason":"x"}"#] {
            assert_eq!(kill(body), (Wish::Kill { flatten: false }, "x".to_owned()));
        }
        assert_eq!(
            kill(r#"{"activate":true}"#),
            (Wish::Kill { flatten: false }, NO_REASON.to_owned())
        );
        for body in [
            r#"{"action":"release","reason":"x"}"#,
            r#"{"action":"deactivate","reason":"x"}"#,
            r#"{"activate":false,"reason":" x "}"#,
        ] {
            assert_eq!(kill(body), (Wish::Release, "x".to_owned()));
        }
    }

    #[test]
    fn scope_time_and_state_are_read() {
        let scope = Some(Symbol::new("BTC-USDT").unwrap());
        let pause = order(Route::Pause, r#"{"scope":"BTC-USDT","reason":"thin","for":"30m"}"#);
        let for_us = Some(1_800_000_000);
        assert_eq!(pause, (Wish::Pause { scope, for_us }, "thin".to_owned()));
        let all = order(Route::Pause, r#"{"scope":"global","reason":"thin"}"#);
        assert_eq!(all.0, Wish::Pause { scope: None, for_us: None });
        let resume = order(Route::Resume, r#"{"reason":"seen","from":"hard_stop"}"#);
        assert_eq!(resume.0, Wish::Resume { scope: None, from: Some(Level::HardStop) });
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for (route, body) in [
            (Route::KillSwitch, "{}"),
            (Route::KillSwitch, ""),
            (Route::KillSwitch, "[]"),
            (Route::KillSwitch, r#"{"action":"override","reason":"x"}"#),
            (Route::KillSwitch, r#"{"action":"activate","activate":true}"#),
            (Route::KillSwitch, r#"{"activate":"true"}"#),
            (Route::KillSwitch, r#"{"activate":true,"flatten":true}"#),
            (Route::KillSwitch, r#"{"activate":true,"activate":false}"#),
            (Route::KillSwitch, r#"{"action":"release"}"#),
            (Route::Pause, r#"{"reason":""}"#),
            (Route::Pause, r#"{"reason":"x","for":"30"}"#),
            (Route::Pause, r#"{"reason":"x","for":"31d"}"#),
            (Route::Pause, r#"{"reason":"x","scope":"BTC"}"#),
            (Route::Pause, r#"{"reason":"a\nb"}"#),
            (Route::Resume, r#"{"reason":"x","from":"off"}"#),
            (Route::Resume, r#"{"reason":"x","for":"30m"}"#),
        ] {
            let refused = read(route, body.as_bytes());
            assert!(matches!(refused, Err(Refusal::BodyMalformed(_))), "{body}: {refused:?}");
        }
    }
}
