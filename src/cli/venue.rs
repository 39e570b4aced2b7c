//! One visit to the venue, for a command that is no agent.

use std::path::Path;

use crate::config::{Directories, Settings};
use crate::exchange::kucoin::credentials::Credentials;
use crate::exchange::kucoin::rest::{Rest, RestSettings};

/// Asks the venue with the configured credentials; the answer, or one line of why there is none.
pub(super) fn ask<T, E: std::fmt::Display>(
    settings: &Settings,
    question: impl AsyncFnOnce(Rest) -> Result<T, E>,
) -> Result<T, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let exchange = &settings.exchange;
    let directory = Directories::of_process(None).credentials;
    let credentials =
        Credentials::load(Path::new(&exchange.credentials_file), directory.as_deref())
            .map_err(|error| text(&error))?;
    let client = RestSettings::new(&exchange.base_url).map_err(|error| text(&error))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| text(&error))?;
    let local = tokio::task::LocalSet::new();
    local
        .block_on(&runtime, async { question(Rest::new(client, Some(&credentials))).await })
        .map_err(|error| text(&error))
}
