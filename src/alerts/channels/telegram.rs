//! Telegram: one `sendMessage` of the Bot API for each message.
//!
//! This is the sending half alone, and keeps no state. Commands are answered beside it, by
//! [`chat`](crate::alerts::chat), with the same [`Telegram::call`].
//!
//! The token is in the path of every call: no error of this module, and none of `net`, repeats a path;
//! what the API says about a refusal is freed from the token, should it be in there.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Outcome, http_outcome};
use crate::alerts::credentials::Keeper;
use crate::alerts::notification::{Kind, Notification, Sender};
use crate::config::settings::AlertSettings;
use crate::domain::alert::Severity;
use crate::net::dial::Origin;
use crate::net::request::{Answer, Post, RETRY_AFTER_MAX, post};
use crate::net::tls::Tls;
use crate::secret::SecretText;

/// Characters of a message (Bot API, `sendMessage`).
pub(in crate::alerts) const TEXT_CHARACTERS_MAX: usize = 4_096;

/// A chat.
#[derive(Clone, Debug)]
pub struct Telegram {
    /// Where the Bot API is.
    pub base_url: String,
    /// The chat.
    pub chat_id: String,
    /// Who keeps the bot's token.
    pub keeper: Keeper,
    /// Whom to trust.
    pub tls: Tls,
}

/// What the API says beside `result`.
#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    description: String,
    parameters: Option<Parameters>,
}

/// Further words of a refusal.
#[derive(Deserialize)]
struct Parameters {
    /// Seconds.
    retry_after: Option<u64>,
}

impl Telegram {
    /// The configured chat.
    pub fn of(settings: &AlertSettings, keeper: &Keeper, tls: &Tls) -> Self {
        Self {
            base_url: settings.telegram_base_url.clone(),
            chat_id: settings.telegram_chat_id.clone(),
            keeper: keeper.clone(),
            tls: tls.clone(),
        }
    }

    pub(super) async fn send(
        &self,
        message: &Notification,
        sender: &Sender,
        timeout: Duration,
    ) -> Outcome {
        let token = match self.keeper.telegram_token() {
            Ok(token) => token,
            Err(error) => return Outcome::try_again(error.to_string()),
        };
        let answer = self.call(&token, "sendMessage", &self.body(message, sender), timeout).await;
        judge(answer.as_ref(), token.expose())
    }

    /// Calls a method of the API. The error says what happened, without the token.
    pub async fn call(
        &self,
        token: &SecretText,
        method: &str,
        body: &Value,
        timeout: Duration,
    ) -> Result<Answer, String> {
        let origin = Origin::base(&self.base_url).map_err(|error| error.to_string())?;
        let path = format!("/bot{}/{method}", token.expose());
        let call = Post { origin, path, headers: Vec::new(), body: body.to_string() };
        post(&self.tls, &call, timeout).await
    }

    /// Plain text: nothing in it can be taken for markup. What is not urgent rings no bell.
    fn body(&self, message: &Notification, sender: &Sender) -> Value {
        let text: String = message.text(sender).chars().take(TEXT_CHARACTERS_MAX).collect();
        let silent = message.severity <= Severity::Low || message.kind == Kind::Recovery;
        json!({
            "chat_id": self.chat_id,
            "text": text,
            "disable_notification": silent,
            "link_preview_options": { "is_disabled": true },
        })
    }
}

/// As any HTTP answer, with the wait that the API asks for in its body.
pub(in crate::alerts) fn judge(answer: Result<&Answer, &String>, token: &str) -> Outcome {
    let said: Said = answer
        .ok()
        .and_then(|answer| serde_json::from_slice(&answer.body).ok())
        .unwrap_or_default();
    let words = match said.description.replace(token, "[token]") {
        words if words.is_empty() => String::new(),
        words => format!(": {}", words.chars().take(200).collect::<String>()),
    };
    let wait = said.parameters.and_then(|parameters| parameters.retry_after);
    match (http_outcome::judge(answer, &words), wait) {
        (Outcome::TryAgain { why, .. }, Some(seconds)) => {
            let after = Duration::from_secs(seconds).min(RETRY_AFTER_MAX);
            Outcome::TryAgain { why, after: Some(after) }
        }
        (outcome, _) => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn the_api_says_how_long_to_wait_and_never_the_token() {
        let busy = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7",
            "parameters":{"retry_after":7}}"#;
        let Outcome::TryAgain { why, after } = judge(Ok(&answer(429, busy)), "1:canary") else {
            panic!("not tried again")
        };
        assert_eq!(after, Some(Duration::from_secs(7)));
        assert!(why.starts_with("HTTP 429: Too Many"), "{why}");
        let refused = r#"{"ok":false,"description":"Bad Request: bot1:canary chat not found"}"#;
        let outcome = judge(Ok(&answer(400, refused)), "1:canary");
        let why = "HTTP 400: Bad Request: bot[token] chat not found".to_owned();
        assert_eq!(outcome, Outcome::Refused { why });
        assert_eq!(judge(Ok(&answer(200, "{\"ok\":true}")), "t"), Outcome::Delivered);
        let unauthorized = judge(Ok(&answer(401, "{}")), "t");
        assert_eq!(unauthorized, Outcome::try_again("HTTP 401"));
    }
}
