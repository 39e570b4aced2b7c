//! What alerts keep secret: read anew for each attempt, so that a mended file is taken over, and wiped
//! after it.
//!
//! ```toml
//! telegram_token = "123456:ABC..."      # as BotFather gave it
//! webhook_token = "..."                 # sent as Authorization: Bearer
//! webhook_path = "/services/T0/B0/..."  # takes the place of the path of alerts.webhook_url
//! ```
//!
//! Each is needed only where its channel needs it. The file is private or a credential of systemd: see
//! [`secret::load`].

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::secret::{self, SecretError, SecretText, Wanted, usable};

/// What the file holds.
const SECRETS: Wanted = Wanted {
    thing: "alerts' secrets",
    content: "the secrets of alerts there, such as telegram_token",
};

/// Where the secrets are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keeper {
    /// The configured file.
    pub file: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`.
    pub directory: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Secrets {
    telegram_token: Option<SecretText>,
    webhook_token: Option<SecretText>,
    webhook_path: Option<SecretText>,
}

impl Keeper {
    /// The token of the Telegram bot.
    pub fn telegram_token(&self) -> Result<SecretText, SecretError> {
        let (secrets, path) = self.load()?;
        let fix = "write telegram_token = \"...\" as BotFather gave it";
        let token = usable("telegram_token", secrets.telegram_token, &path, fix)?;
        // It becomes part of a path.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":_-".contains(&byte);
        match token.expose().bytes().all(plain) {
            true => Ok(token),
            false => Err(SecretError::new(&path, "telegram_token is none", fix)),
        }
    }

    /// Bearer token and path of the webhook, each where there is one; none where there is no file.
    pub fn webhook(&self) -> Result<(Option<SecretText>, Option<SecretText>), SecretError> {
        let (path, _) = secret::locate(&self.file, self.directory.as_deref());
        if !path.try_exists().unwrap_or(true) {
            return Ok((None, None));
        }
        let (secrets, path) = self.load()?;
        let of = |name, text: Option<SecretText>| match text {
            None => Ok(None),
            some => usable(name, some, &path, "correct it, or leave it out").map(Some),
        };
        let to = of("webhook_path", secrets.webhook_path)?;
        if to.as_ref().is_some_and(|to| !to.expose().starts_with('/')) {
            let fix = "begin it with /, after the host of alerts.webhook_url";
            return Err(SecretError::new(&path, "webhook_path is no path", fix));
        }
        Ok((of("webhook_token", secrets.webhook_token)?, to))
    }

    fn load(&self) -> Result<(Secrets, PathBuf), SecretError> {
        let (text, path) = secret::load(&self.file, self.directory.as_deref(), SECRETS)?;
        let secrets = secret::document(&text, Path::new(&path))?;
        Ok((secrets, path))
    }
}
