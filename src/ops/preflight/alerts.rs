//! Whether somebody would hear of it: channels that are on, and secrets that can be read. Nothing is sent:
//! that is `ibis alerts test`.

use std::path::PathBuf;

use super::finding::Finding;
use crate::alerts::channels::ChannelName;
use crate::alerts::credentials::Keeper;
use crate::alerts::rules::Rules;
use crate::config::Settings;
use crate::config::settings::Mode;

/// What the secrets are wanted for, and why they cannot be had.
fn missing(settings: &Settings, keeper: &Keeper) -> Option<String> {
    let alerts = &settings.alerts;
    let telegram = || keeper.telegram_token().err();
    let webhook = || keeper.webhook().err();
    let ping = || keeper.ping().err();
    let wants: [(&str, &dyn Fn() -> _); 3] = [
        (&alerts.telegram_chat_id, &telegram),
        (&alerts.webhook_url, &webhook),
        (&alerts.ping_url, &ping),
    ];
    let wanted = wants.iter().filter(|(key, _)| !key.is_empty());
    wanted.filter_map(|(_, error)| error()).map(|error| error.to_string()).next()
}

/// The check; `credentials` is `$CREDENTIALS_DIRECTORY`. Trading does not depend on it: it only warns.
pub fn look(settings: &Settings, credentials: Option<PathBuf>) -> Finding {
    let name = "alerts";
    let channels = Rules::from(&*settings.alerts).channels;
    let mut told: Vec<&str> = channels.iter().map(|(channel, _)| channel.as_str()).collect();
    if !settings.alerts.ping_url.is_empty() {
        told.push("dead man's switch");
    }
    let value = told.join(", ");
    if let Some(why) = missing(settings, &Keeper::of(settings, credentials)) {
        return Finding::warn(name, value, format!("{why}; then run: ibis alerts test"));
    }
    let alone = told == [ChannelName::Journal.as_str()];
    if alone && settings.agent.mode == Mode::Live {
        let advice = "nobody is told but who reads the journal: name a channel in [alerts], then run: \
                      ibis alerts test";
        return Finding::warn(name, "journal alone", advice);
    }
    Finding::ok(name, value)
}
