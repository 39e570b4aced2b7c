//! Who is told what, and how often: what the configuration says about alerts.

use super::channels::ChannelName;
use super::floors::Floors;
use crate::config::settings::AlertSettings;
use crate::domain::alert::Severity;

/// Who is told what, and how often.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rules {
    /// How often one thing may be told of.
    pub floors: Floors,
    /// The channels that are on, each with the least severity it is told.
    pub channels: Vec<(ChannelName, Severity)>,
}

impl From<&AlertSettings> for Rules {
    fn from(settings: &AlertSettings) -> Self {
        let on = |name: ChannelName| match name {
            ChannelName::Telegram => !settings.telegram_chat_id.is_empty(),
            ChannelName::Webhook => !settings.webhook_url.is_empty(),
            ChannelName::Alertmanager => !settings.alertmanager_url.is_empty(),
            ChannelName::Command => !settings.command.is_empty(),
            ChannelName::Journal => true,
        };
        let least = |name: ChannelName| match name {
            ChannelName::Telegram => settings.telegram_severity,
            ChannelName::Webhook => settings.webhook_severity,
            ChannelName::Alertmanager => settings.alertmanager_severity,
            ChannelName::Command => settings.command_severity,
            ChannelName::Journal => settings.journal_severity,
        };
        let channels = ChannelName::ALL.into_iter().filter(|name| on(*name));
        Self {
            floors: Floors::from(settings),
            channels: channels.map(|name| (name, least(name))).collect(),
        }
    }
}
