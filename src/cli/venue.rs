//! One visit to the venue, for a command that is no agent.

use std::path::Path;

use super::exit::{Exit, Failure};
use crate::config::{Directories, Settings};
use crate::exchange::kucoin::credentials::Credentials;
use crate::exchange::kucoin::rest::{Rest, RestSettings};

/// Asks the venue something, with the configured credentials where the question needs them.
pub(super) fn visit<T>(
    settings: &Settings,
    needs_account: bool,
    question: impl AsyncFnOnce(Rest) -> T,
) -> anyhow::Result<T> {
    let exchange = &settings.exchange;
    let credentials = match needs_account {
        false => None,
        true => {
            let file = Path::new(&exchange.credentials_file);
            let directory = Directories::of_process(None).credentials;
            let loaded = Credentials::load(file, directory.as_deref());
            Some(loaded.map_err(|error| Failure::new(Exit::Credentials, error.to_string()))?)
        }
    };
    let mut client = RestSettings::new(&exchange.base_url)
        .map_err(|error| Failure::new(Exit::Config, format!("exchange.base_url: {error}")))?;
    client.connect_timeout = exchange.request_timeout;
    client.tls_timeout = exchange.request_timeout;
    client.answer_timeout = exchange.request_timeout;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    Ok(local.block_on(&runtime, question(Rest::new(client, credentials.as_ref()))))
}
