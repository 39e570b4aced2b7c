//! What every command of an operator has: who says it and why, the way to the agent, the answer.

use std::fs;

use serde_json::json;

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines};
use crate::clock;
use crate::config::Directories;
use crate::domain::operator::{Via, Wish};
use crate::ops::command::{ANSWER_WAIT, Answer, Line, Saying};

/// Characters of a reason: a sentence.
const REASON_CHARS_MAX: usize = 256;

/// Reads a reason: one line.
pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    let fits = text.chars().count() <= REASON_CHARS_MAX && !text.chars().any(char::is_control);
    match (text.is_empty(), fits) {
        (false, true) => Ok(text.to_owned()),
        (true, _) => Err("say why".to_owned()),
        (false, false) => Err(format!("write one line of at most {REASON_CHARS_MAX} characters")),
    }
}

/// The way to the agent.
pub(super) fn line(global: &Global) -> Line {
    let (state_dir, runtime_dir) =
        Directories::of_process(global.state_dir.as_deref()).to_give_orders_in();
    Line { state_dir, runtime_dir }
}

/// Who says it, and why.
pub(super) fn saying(reason: &str) -> Saying {
    Saying { by: who(), via: Via::Cli, reason: reason.to_owned() }
}

/// The user, and with sudo the one behind it.
#[expect(clippy::disallowed_methods, reason = "sudo says in the environment who typed")]
fn who() -> String {
    let user = user_of(rustix::process::getuid().as_raw());
    match std::env::var("SUDO_USER") {
        Ok(behind) if !behind.is_empty() && behind.chars().all(|it| it.is_ascii_graphic()) => {
            format!("{behind} as {user}")
        }
        _ => user,
    }
}

fn user_of(uid: u32) -> String {
    let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let number = uid.to_string();
    let of = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        (fields.nth(1) == Some(number.as_str())).then_some(name)
    };
    users.lines().find_map(of).unwrap_or_else(|| format!("uid {uid}"))
}

/// Gives a command, waits for its outcome, shows it.
pub(super) fn run(global: &Global, wish: Wish, reason: &str) -> anyhow::Result<Exit> {
    let (line, word) = (line(global), wish.as_str());
    let id = line.give(wish, &saying(reason)).map_err(|error| {
        let text = format!(
            "{}: the command cannot be given: {error}; name the agent's --state-dir",
            line.state_dir.display()
        );
        Failure::new(Exit::TryAgain, text)
    })?;
    let answer = line.wait(&id, clock::monotonic() + ANSWER_WAIT);
    let told = answer.told(word);
    if global.json {
        let after = match &answer {
            Answer::Refused { after, .. } => after.map(|at| at.to_string()),
            Answer::Done(_) | Answer::Dead | Answer::Hung => None,
        };
        let (outcome, text) = (outcome(&answer), &told);
        let id = id.as_str();
        print_json(
            &json!({ "command": id, "wish": word, "outcome": outcome, "text": text, "after": after }),
        )?;
    } else {
        print_lines(&format!("{told}\n"))?;
    }
    Ok(exit(&answer))
}

fn outcome(answer: &Answer) -> &'static str {
    match answer {
        Answer::Done(_) => "done",
        Answer::Refused { .. } => "refused",
        Answer::Dead => "waits_for_a_start",
        Answer::Hung => "waits_for_the_agent",
    }
}

fn exit(answer: &Answer) -> Exit {
    match answer {
        Answer::Done(_) => Exit::Ok,
        Answer::Refused { after: Some(_), .. } => Exit::TryAgain,
        Answer::Refused { after: None, .. } | Answer::Dead | Answer::Hung => Exit::Degraded,
    }
}
