//! Verdicts on a board that stands still, and on one that does not.

use super::*;
use crate::config::Settings;
use crate::domain::hold::{Hold, HoldCode, Level};
use crate::domain::time::Timestamp;
use crate::http::board::Board;
use crate::http::view::tests::view;
use Severity::{Critical, Degraded, Ok as Fine};

const NOW: Timestamp = Timestamp::from_ms(1_771_532_639_000);

/// A board that was left `age` ago, seen now.
fn left(age: Duration, change: impl FnOnce(&mut crate::http::view::View)) -> Sight {
    let board = Board::new();
    board.reach(Phase::Ready);
    let mut view = view();
    change(&mut view);
    let turned = board.turned_at();
    board.publish(view, turned);
    Sight::at(&board, turned + age, NOW)
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn hold(scope: Option<&str>, code: HoldCode, level: Level) -> Hold {
    let scope = scope.map(|scope| crate::domain::symbol::Symbol::new(scope).unwrap());
    Hold { scope, code, level, reason: "a test".to_owned(), set_at: NOW, until: None }
}

fn verdict(sight: &Sight) -> Severity {
    overall(&checks(sight, &Settings::defaults().health))
}

#[test]
fn a_frozen_loop_is_not_alive_from_three_minutes_on() {
    for (age, alive) in [(0, true), (179, true), (180, false), (100_000, false)] {
        let sight = left(seconds(age), |view| view.data.stale_after = None);
        assert_eq!(livez(&sight).is_ok(), alive, "{age}");
        assert_eq!(unready(&sight).is_empty(), alive, "{age}");
        let severity = [Fine, Degraded, Critical][usize::from(age >= 120) + usize::from(!alive)];
        assert_eq!(verdict(&sight), severity, "{age}");
    }
}

#[test]
fn data_grows_old_while_nothing_arrives() {
    let fresh = |view: &mut crate::http::view::View| {
        view.data.age = seconds(2);
        view.data.stale_after = Some(seconds(30));
    };
    for (age, data_age, ready, severity) in [
        (0, 2, true, Fine),
        (28, 30, true, Fine),
        (29, 31, false, Fine),
        (58, 60, false, Degraded),
        (170, 172, false, Degraded),
    ] {
        let sight = left(seconds(age), fresh);
        assert_eq!(sight.data_age(), Some(seconds(data_age)));
        assert_eq!(unready(&sight).is_empty(), ready, "{age}");
        assert_eq!(verdict(&sight), severity, "{age}");
    }
}

#[test]
fn ready_means_reconciled_and_free_to_enter() {
    let named = |sight: &Sight, word: &str| {
        let reasons = unready(sight);
        assert!(reasons.iter().any(|reason| reason.contains(word)), "{word}: {reasons:?}");
    };
    let state = |level| {
        left(Duration::ZERO, move |view: &mut crate::http::view::View| {
            view.state = level;
            view.holds = vec![hold(None, HoldCode::Operator, level)];
        })
    };
    for (level, ready, severity) in [
        (Level::Running, true, Fine),
        (Level::Degraded, true, Degraded),
        (Level::SoftPause, false, Degraded),
        (Level::HardStop, false, Critical),
        (Level::KillSwitch, false, Critical),
    ] {
        let sight = state(level);
        assert_eq!(unready(&sight).is_empty(), ready, "{level}");
        assert_eq!(verdict(&sight), severity, "{level}");
    }
    named(&state(Level::KillSwitch), "kill_switch");
    for code in [HoldCode::Startup, HoldCode::ReconcileMismatch] {
        let sight = left(Duration::ZERO, |view| {
            view.holds = vec![hold(None, code, Level::Degraded)];
        });
        named(&sight, "not reconciled");
        let of_one = left(Duration::ZERO, |view| {
            view.holds = vec![hold(Some("BTC-USDT"), code, Level::SoftPause)];
        });
        assert!(unready(&of_one).is_empty(), "one instrument does not keep the others");
    }
}

#[test]
fn before_and_after_it_trades_it_is_alive_and_not_ready() {
    for phase in [Phase::Starting, Phase::Reconciling, Phase::Draining, Phase::Stopped] {
        let board = Board::new();
        board.reach(phase);
        let sight = Sight::at(&board, board.turned_at(), NOW);
        assert!(livez(&sight).is_ok());
        assert_eq!(unready(&sight), [format!("the agent is {}", phase.as_str())]);
        assert_eq!(sight.state(), Level::SoftPause, "nothing is known");
        assert_eq!(verdict(&sight), Degraded);
    }
}
