//! A webhook: each message as one JSON object, see [`Notification::to_json`].
//!
//! `Idempotency-Key` names the message, the same however often it is sent: a receiver can tell a
//! message that comes twice. `text` in the object is what chat services show.

use std::time::Duration;

use super::{Outcome, http_outcome};
use crate::alerts::credentials::Keeper;
use crate::alerts::notification::{Notification, Sender};
use crate::net::dial::Origin;
use crate::net::request::{Post, post};
use crate::net::tls::Tls;

/// An address that takes JSON.
#[derive(Clone)]
pub(super) struct Webhook {
    pub(super) url: String,
    pub(super) keeper: Keeper,
    pub(super) tls: Tls,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook").finish_non_exhaustive()
    }
}

impl Webhook {
    pub(super) async fn send(
        &self,
        message: &Notification,
        sender: &Sender,
        timeout: Duration,
    ) -> Outcome {
        let call = match self.call(message, sender) {
            Ok(call) => call,
            Err(why) => return Outcome::try_again(why),
        };
        let answer = post(&self.tls, &call, timeout).await;
        // A service that repeats its address in an error repeats a secret: its words stay out.
        http_outcome::judge(answer.as_ref(), "")
    }

    fn call(&self, message: &Notification, sender: &Sender) -> Result<Post, String> {
        let (origin, path) = Origin::split(&self.url).map_err(|error| error.to_string())?;
        let (token, secret_path) = self.keeper.webhook().map_err(|error| error.to_string())?;
        let path = secret_path.as_ref().map_or(path, |secret| secret.expose());
        let path = if path.is_empty() { "/" } else { path };
        let key = format!("{}-{}", sender.instance, message.id);
        let mut headers = vec![("idempotency-key", key)];
        if let Some(token) = token {
            headers.push(("authorization", format!("Bearer {}", token.expose())));
        }
        let body = message.to_json(sender).to_string();
        Ok(Post { origin, path: path.to_owned(), headers, body })
    }
}
