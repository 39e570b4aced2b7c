//! What every command of an operator has: who says it and why, the way to the agent, the answer.

use std::fs;

use serde_json::{Value, json};

use super::exit::{Exit, Failure};
use super::{Global, print_json, print_lines};
use crate::clock;
use crate::config::Directories;
use crate::domain::operator::{CommandId, Via, Wish};
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

/// A command that was given, and what came of it.
pub(super) struct Said {
    /// The way it took.
    pub(super) line: Line,
    id: CommandId,
    word: &'static str,
    /// What came of it.
    pub(super) answer: Answer,
}

/// Gives a command, waits for its outcome, shows it.
pub(super) fn run(global: &Global, wish: Wish, reason: &str) -> anyhow::Result<Exit> {
    say(global, wish, reason)?.show(global)
}

/// Gives a command and waits for its outcome.
pub(super) fn say(global: &Global, wish: Wish, reason: &str) -> anyhow::Result<Said> {
    let (line, word) = (line(global), wish.as_str());
    let id = line.give(wish, &saying(reason)).map_err(|error| {
        let text = format!(
            "{}: the command cannot be given: {error}; name the agent's --state-dir",
            line.state_dir.display()
        );
        Failure::new(Exit::TryAgain, text)
    })?;
    let answer = line.wait(&id, clock::monotonic() + ANSWER_WAIT);
    Ok(Said { line, id, word, answer })
}

impl Said {
    /// For people.
    pub(super) fn told(&self) -> String {
        self.answer.told(self.word)
    }

    /// Shows what came of it.
    pub(super) fn show(&self, global: &Global) -> anyhow::Result<Exit> {
        self.show_more(global, &self.told(), &Value::Null)?;
        Ok(exit(&self.answer))
    }

    /// Shows what came of it, and what is known beyond that: members of one more object.
    pub(super) fn show_more(
        &self,
        global: &Global,
        text: &str,
        more: &Value,
    ) -> anyhow::Result<()> {
        if !global.json {
            return print_lines(&format!("{text}\n"));
        }
        let after = match &self.answer {
            Answer::Refused { after, .. } => after.map(|at| at.to_string()),
            Answer::Done(_) | Answer::Dead | Answer::Hung => None,
        };
        let (id, outcome) = (self.id.as_str(), outcome(&self.answer));
        let mut object = json!({ "command": id, "wish": self.word, "outcome": outcome,
            "text": text, "after": after });
        if let (Some(object), Some(more)) = (object.as_object_mut(), more.as_object()) {
            object.extend(more.clone());
        }
        print_json(&object)
    }
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
