//! What alerts keep secret: read anew for each attempt, so that a mended file is taken over, and wiped
//! after it.
//!
//! ```toml
//! telegram_token = "123456:ABC..."      # as BotFather gave it
//! webhook_token = "..."                 # sent as Authorization: Bearer
//! webhook_path = "/services/T0/B0/..."  # takes the place of the path of alerts.webhook_url
//! ping_path = "/uuid"                   # takes the place of the path of alerts.ping_url
//! ```
//!
//! Each is needed only where its channel needs it. The file is private or a credential of systemd: see
//! [`secret::load`].

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::Settings;
use crate::secret::{self, SecretError, SecretText, Wanted, usable};

/// What the file holds.
const SECRETS: Wanted = Wanted {
    thing: "alerts' secrets",
    content: "the secrets of alerts there, such as telegram_token",
};

/// What to do about a secret that may be missing.
const CORRECT: &str = "correct it, or leave it out";

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
    ping_path: Option<SecretText>,
}

impl Keeper {
    /// The one that the configuration names; `directory` is `$CREDENTIALS_DIRECTORY`.
    pub fn of(settings: &Settings, directory: Option<PathBuf>) -> Self {
        Self { file: PathBuf::from(&settings.alerts.credentials_file), directory }
    }

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
        let Some((secrets, path)) = self.load_if_there()? else { return Ok((None, None)) };
        let token = match secrets.webhook_token {
            None => None,
            some => Some(usable("webhook_token", some, &path, CORRECT)?),
        };
        Ok((token, path_of("webhook", secrets.webhook_path, &path)?))
    }

    /// The path of the ping, where there is one; none where there is no file.
    pub fn ping(&self) -> Result<Option<SecretText>, SecretError> {
        match self.load_if_there()? {
            Some((secrets, path)) => path_of("ping", secrets.ping_path, &path),
            None => Ok(None),
        }
    }

    /// What the file holds; `None` where there is none.
    fn load_if_there(&self) -> Result<Option<(Secrets, PathBuf)>, SecretError> {
        let (path, _) = secret::locate(&self.file, self.directory.as_deref());
        if path.try_exists().unwrap_or(true) { self.load().map(Some) } else { Ok(None) }
    }

    fn load(&self) -> Result<(Secrets, PathBuf), SecretError> {
        let (text, path) = secret::load(&self.file, self.directory.as_deref(), SECRETS)?;
        let secrets = secret::document(&text, Path::new(&path))?;
        Ok((secrets, path))
    }
}

/// The secret path of an address of `[alerts]`, where one is given.
fn path_of(
    of: &str,
    text: Option<SecretText>,
    file: &Path,
) -> Result<Option<SecretText>, SecretError> {
    if text.is_none() {
        return Ok(None);
    }
    let name = format!("{of}_path");
    let secret = usable(&name, text, file, CORRECT)?;
    if secret.expose().starts_with('/') {
        return Ok(Some(secret));
    }
    let fix = format!("begin it with /, after the host of alerts.{of}_url");
    Err(SecretError::new(file, format!("{name} is no path"), &fix))
}
