//! Who is heard: people on the list, in the configured chat. Everybody else gets no answer, not even
//! that there is one.

use std::time::Duration;

use super::update::Message;

/// How often strangers are spoken of in the journal.
const SPEAK_EVERY: Duration = Duration::from_secs(3_600);

/// The configured chat and the people who may give commands in it.
#[derive(Debug)]
pub struct Door {
    chat: String,
    users: Vec<u64>,
    /// Commands of others since they were last spoken of.
    strangers: u64,
    spoke_at: Option<Duration>,
}

impl Door {
    /// `chat` is a number, or `@name` of a public one.
    pub fn new(chat: String, users: Vec<u64>) -> Self {
        Self { chat, users, strangers: 0, spoke_at: None }
    }

    /// Whether a command is heard, `now` by the monotonic clock. Others are counted, and spoken of in the
    /// journal once an hour.
    pub fn admits(&mut self, message: &Message, now: Duration) -> bool {
        if self.is_here(message) && self.users.contains(&message.user) {
            return true;
        }
        self.strangers = self.strangers.saturating_add(1);
        if self.spoke_at.is_none_or(|spoke_at| now >= spoke_at + SPEAK_EVERY) {
            let count = std::mem::take(&mut self.strangers);
            log::warn!(
                "chat: ignored {count} commands of people, or in chats, that are not configured"
            );
            self.spoke_at = Some(now);
        }
        false
    }

    fn is_here(&self, message: &Message) -> bool {
        match (self.chat.strip_prefix('@'), &message.chat_name) {
            (Some(name), Some(found)) => name.eq_ignore_ascii_case(found),
            (Some(_), None) => false,
            (None, _) => self.chat == message.chat.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;

    #[test]
    fn a_person_on_the_list_in_the_configured_chat_is_heard_and_nobody_else() {
        let message = |chat, chat_name: Option<&str>, user| Message {
            id: 1,
            at: Timestamp::default(),
            chat,
            chat_name: chat_name.map(str::to_owned),
            user,
            user_name: None,
            text: "/kill".to_owned(),
        };
        let now = Duration::from_secs(9);
        let mut door = Door::new("-5".to_owned(), vec![11]);
        for (chat, user, heard) in
            [(-5, 11, true), (-5, 12, false), (11, 11, false), (5, 11, false)]
        {
            assert_eq!(door.admits(&message(chat, Some("ops"), user), now), heard, "{chat} {user}");
        }
        assert_eq!(door.strangers, 2, "the first was spoken of at once");
        door.admits(&message(-5, None, 12), now + SPEAK_EVERY);
        assert_eq!((door.strangers, door.spoke_at), (0, Some(now + SPEAK_EVERY)));
        let mut door = Door::new("@Ops".to_owned(), vec![11]);
        assert!(door.admits(&message(-5, Some("ops"), 11), now));
        assert!(!door.admits(&message(-5, Some("other"), 11), now));
        assert!(!door.admits(&message(-5, None, 11), now));
    }
}
