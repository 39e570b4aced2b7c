//! Answers on their way: plain text, cut to what a message takes, tried a few times and then let go. What
//! was ordered is done by then, whatever comes of the answer; and nobody who has something to order waits
//! for the answer to somebody else.

use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::alerts::channels::Outcome;
use crate::alerts::channels::telegram::{TEXT_CHARACTERS_MAX, Telegram, judge};

/// Tries of one answer.
pub const TRIES_MAX: u32 = 3;
/// The pause between them, unless Telegram asks for more.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest pause: other answers wait meanwhile.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// What takes the place of what does not fit.
const CUT: &str = "\n[cut]";

/// An answer, or a word to the chat.
#[derive(Debug)]
pub struct Words {
    /// The message that it answers.
    pub to: Option<i64>,
    /// Plain text.
    pub text: String,
}

/// Answers that wait to be sent; where there are more, the newest are let go.
pub const WAITING_MAX: usize = 32;

/// Sends what comes, in order, until nothing can come any more.
pub(super) async fn run(
    telegram: &Telegram,
    mut waiting: mpsc::Receiver<Words>,
    timeout: Duration,
) {
    while let Some(words) = waiting.recv().await {
        if let Err(why) = send(telegram, &words, timeout).await {
            log::warn!("chat: an answer did not arrive: {why}");
        }
    }
}

async fn send(telegram: &Telegram, words: &Words, timeout: Duration) -> Result<(), String> {
    let token = telegram.keeper.telegram_token().map_err(|error| error.to_string())?;
    let mut body = json!({
        "chat_id": telegram.chat_id,
        "text": fitted(&words.text),
        "link_preview_options": { "is_disabled": true },
    });
    if let (Some(to), Some(body)) = (words.to, body.as_object_mut()) {
        let reply = json!({ "message_id": to, "allow_sending_without_reply": true });
        body.insert("reply_parameters".to_owned(), reply);
    }
    for tried in 1.. {
        let answer = telegram.call(&token, "sendMessage", &body, timeout).await;
        match judge(answer.as_ref(), token.expose()) {
            Outcome::Delivered => break,
            Outcome::TryAgain { after, .. } if tried < TRIES_MAX => {
                sleep(after.unwrap_or(PAUSE).min(PAUSE_MAX)).await;
            }
            Outcome::Refused { why } | Outcome::TryAgain { why, .. } => return Err(why),
        }
    }
    Ok(())
}

/// As much of a text as a message takes.
fn fitted(text: &str) -> String {
    let text = text.trim_end();
    // Telegram counts what UTF-16 would take.
    let units = |text: &str| text.encode_utf16().count();
    if units(text) <= TEXT_CHARACTERS_MAX {
        return text.to_owned();
    }
    let mut left = TEXT_CHARACTERS_MAX - CUT.len();
    let head = text.chars().take_while(|it| match left.checked_sub(it.len_utf16()) {
        Some(less) => {
            left = less;
            true
        }
        None => false,
    });
    head.collect::<String>() + CUT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_fits_into_a_message() {
        assert_eq!(fitted("well\n"), "well");
        assert_eq!(fitted(&"x".repeat(4_096)).len(), 4_096);
        let cut = fitted(&"x".repeat(4_097));
        assert_eq!((cut.len(), cut.ends_with("x\n[cut]")), (4_096, true));
        let wide = fitted(&"\u{1f525}".repeat(4_000));
        assert!((4_090..=4_096).contains(&wide.encode_utf16().count()));
    }
}
