//! `[alerts]`: who is told what.

use super::{Key, Kind};

/// The words of a severity, the most urgent first.
const SEVERITY: Kind = Kind::Word(&["critical", "high", "medium", "low", "info"]);

/// A channel's least severity.
const fn least(name: &'static str, default: &'static str) -> Key {
    Key::new(name, SEVERITY, default)
        .origin("what a person should hear of; info is the story, which the journal and the ledger have")
        .doc("Least severity that this channel is told.")
}

/// The shortest time between two messages about the same thing.
const fn floor(name: &'static str, default: &'static str) -> Key {
    Key::new(name, Kind::Duration, default)
        .range("1s", "7d")
        .origin("seed 001, alert_manager.py")
        .doc("Shortest time between two messages of this severity about the same thing; what happens meanwhile is counted and told then.")
}

/// In the order of the sample file.
pub(super) const KEYS: &[Key] = &[
    Key::new("alerts.telegram_chat_id", Kind::Text, "")
        .origin("nobody is told unless someone says whom")
        .doc("Chat that Telegram messages go to: a number, negative for a group, or @channel. Empty is off. The bot's token is telegram_token of alerts.credentials_file."),
    Key::new("alerts.telegram_users", Kind::Text, "")
        .origin("nobody gives orders unless someone says who")
        .doc("Who may give commands in that chat: numbers of Telegram users, \"11,22\". Everybody else is ignored, in a group, too. Empty is no commands at all."),
    least("alerts.telegram_severity", "low"),
    Key::new("alerts.telegram_base_url", Kind::Url, "https://api.telegram.org")
        .origin("Telegram's Bot API")
        .doc("Where the Bot API is: Telegram's, or a server of one's own."),
    Key::new("alerts.webhook_url", Kind::Text, "")
        .origin("nobody is told unless someone says whom")
        .doc("Each alert is posted here as one JSON object. Empty is off. A secret path goes into alerts.credentials_file as webhook_path, a bearer token as webhook_token."),
    least("alerts.webhook_severity", "low"),
    Key::new("alerts.alertmanager_url", Kind::Text, "")
        .origin("nobody is told unless someone says whom")
        .doc("Prometheus Alertmanager, without /api/v2/alerts: \"http://127.0.0.1:9093\". Empty is off."),
    least("alerts.alertmanager_severity", "low"),
    Key::new("alerts.command", Kind::Text, "")
        .origin("nobody is told unless someone says whom")
        .doc("Program, by its absolute path, that is run for each alert: JSON on its standard input, IBIS_ALERT_* in its environment, no shell. Empty is off."),
    least("alerts.command_severity", "low"),
    least("alerts.journal_severity", "low"),
    Key::new("alerts.ping_url", Kind::Text, "")
        .origin("nobody is told unless someone says whom")
        .doc("A dead man's switch at another place, such as Healthchecks: asked for (GET) as long as the agent works, so that its silence is noticed there when machine, network or agent die. Empty is off. A secret path goes into alerts.credentials_file as ping_path."),
    Key::new("alerts.ping_interval", Kind::Duration, "60s")
        .range("1s", "1h")
        .origin("seed 000's heartbeat of 60 s")
        .doc("How often it is asked for; let the other side wait at least twice as long."),
    Key::new("alerts.credentials_file", Kind::Path, "/etc/ibis/alerts.toml")
        .origin("beside ibis.toml")
        .doc("telegram_token, webhook_token, webhook_path, ping_path as TOML, mode 0600. Under systemd a credential of the file's name wins."),
    Key::new("alerts.request_timeout", Kind::Duration, "8s")
        .range("100ms", "30s")
        .origin("seed 001's eight seconds for Telegram")
        .doc("What one attempt to tell a channel may take, the command included."),
    floor("alerts.floor_critical", "1m"),
    floor("alerts.floor_high", "5m"),
    floor("alerts.floor_medium", "15m"),
    floor("alerts.floor_low", "1h"),
    floor("alerts.floor_info", "4h"),
    Key::new("alerts.repeat_critical", Kind::Duration, "30m")
        .range("1m", "7d")
        .origin("long enough to act, short enough not to forget")
        .doc("What is critical and has not ended is said again this often."),
    Key::new("alerts.repeat_other", Kind::Duration, "4h")
        .range("1m", "7d")
        .origin("twice a working day")
        .doc("What is less than critical and has not ended is said again this often."),
];
