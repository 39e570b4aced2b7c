//! A dead man's switch at another place: an address that is asked for as long as the agent works.
//!
//! What the channels cannot tell, because the machine, its network or the whole process died, the other
//! side notices by the silence. So nothing is asked for while no work is proved or the ledger cannot be
//! used, and a failure is not made up for: the next time comes soon enough.

use std::path::PathBuf;
use std::time::Duration;

use super::credentials::Keeper;
use crate::config::Settings;
use crate::net::dial::Origin;
use crate::net::request::get;
use crate::net::tls::Tls;

/// The other side.
#[derive(Clone)]
pub struct DeadMan {
    url: String,
    keeper: Keeper,
    tls: Tls,
    timeout: Duration,
    /// How often it is asked for.
    pub every: Duration,
}

impl std::fmt::Debug for DeadMan {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadMan").field("every", &self.every).finish_non_exhaustive()
    }
}

impl DeadMan {
    /// The one that the configuration names, if any; `credentials` is `$CREDENTIALS_DIRECTORY`.
    pub fn of(settings: &Settings, credentials: Option<PathBuf>) -> Option<Self> {
        let alerts = &settings.alerts;
        (!alerts.ping_url.is_empty()).then(|| Self {
            url: alerts.ping_url.clone(),
            keeper: Keeper::of(settings, credentials),
            tls: Tls::new(),
            timeout: alerts.request_timeout,
            every: alerts.ping_interval,
        })
    }

    /// Asks once. The error says why nobody was told, and holds no address.
    pub async fn ping(&self) -> Result<(), String> {
        let (origin, path) = Origin::split(&self.url).map_err(|error| error.to_string())?;
        let secret = self.keeper.ping().map_err(|error| error.to_string())?;
        let path = secret.as_ref().map_or(path, |secret| secret.expose());
        let path = if path.is_empty() { "/" } else { path };
        let answer = get(&self.tls, &origin, path, self.timeout).await?;
        match answer.status {
            200..=299 => Ok(()),
            status => Err(format!("HTTP {status}")),
        }
    }
}
