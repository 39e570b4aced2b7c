//! What an HTTP answer means for a message.

use super::Outcome;
use crate::net::request::Answer;

/// Bytes of a channel's own words that are kept.
const WORDS_BYTES_MAX: usize = 200;

/// What an answer, or its absence, means. `words` are the channel's own about a refusal.
///
/// A status that a mended configuration, a lifted ban or time cures (401, 403, 404, 405, 407, 408, 425,
/// 429, 5xx, a redirect) is tried again; any other 4xx is about this very message.
pub(super) fn judge(answer: Result<&Answer, &String>, words: &str) -> Outcome {
    let answer = match answer {
        Ok(answer) => answer,
        Err(why) => return Outcome::try_again(why),
    };
    let why = format!("HTTP {}{words}", answer.status);
    match answer.status {
        200..=299 => Outcome::Delivered,
        401 | 403 | 404 | 405 | 407 | 408 | 425 | 429 => {
            Outcome::TryAgain { why, after: answer.retry_after }
        }
        400..=499 => Outcome::Refused { why },
        _ => Outcome::TryAgain { why, after: answer.retry_after },
    }
}

/// The beginning of a body, as a part of a sentence; nothing where it is no text.
pub(super) fn words(answer: Result<&Answer, &String>) -> String {
    let Ok(answer) = answer else { return String::new() };
    let Ok(text) = std::str::from_utf8(&answer.body) else { return String::new() };
    let mut plain: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    plain.retain(|c| !c.is_control());
    match plain.char_indices().find(|(at, _)| *at >= WORDS_BYTES_MAX) {
        _ if plain.is_empty() => String::new(),
        Some((end, _)) => format!(": {}...", plain.get(..end).unwrap_or_default()),
        None => format!(": {plain}"),
    }
}
