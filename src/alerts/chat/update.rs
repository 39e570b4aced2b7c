//! What `getUpdates` brings, as far as it is of interest. An update that cannot be read is one without a
//! message: it is confirmed, and nothing holds up what comes after it.

use serde::Deserialize;
use serde_json::Value;

use crate::domain::time::Timestamp;

/// The last second that can be written as a date in every time zone: 9999-12-30T22:00:00Z.
const SECOND_MAX: i64 = 253_402_207_200;

/// One update.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Update {
    /// Its number: larger ones are later.
    pub id: i64,
    /// What somebody wrote; none for anything else.
    pub message: Option<Message>,
}

/// A message with text that a person wrote here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its number in its chat.
    pub id: i64,
    /// When, in whole seconds.
    pub at: Timestamp,
    /// The chat's number.
    pub chat: i64,
    /// The chat's public name, without `@`.
    pub chat_name: Option<String>,
    /// The writer's number.
    pub user: u64,
    /// The writer's public name, without `@`.
    pub user_name: Option<String>,
    /// The text.
    pub text: String,
}

#[derive(Deserialize)]
struct Envelope {
    result: Vec<Value>,
}

#[derive(Deserialize)]
struct RawMessage {
    message_id: i64,
    date: i64,
    chat: RawChat,
    from: RawUser,
    text: String,
    /// There for what somebody else wrote, somewhere else.
    forward_origin: Option<Value>,
    /// There for what a program wrote in somebody's name.
    via_bot: Option<Value>,
}

#[derive(Deserialize)]
struct RawChat {
    id: i64,
    username: Option<String>,
}

#[derive(Deserialize)]
struct RawUser {
    id: u64,
    #[serde(default)]
    is_bot: bool,
    username: Option<String>,
}

/// Reads an answer's body. The error is that it is none.
pub fn read(body: &[u8]) -> Result<Vec<Update>, String> {
    let envelope: Envelope = serde_json::from_slice(body)
        .map_err(|_| "the answer to getUpdates is no list of updates".to_owned())?;
    Ok(envelope.result.into_iter().filter_map(update).collect())
}

fn update(mut raw: Value) -> Option<Update> {
    let id = raw.get("update_id")?.as_i64()?;
    let message = raw.get_mut("message").map(Value::take);
    let message = message.and_then(|message| serde_json::from_value(message).ok());
    Some(Update { id, message: message.and_then(own) })
}

/// What a person wrote here; neither programs nor what was passed on is heard.
fn own(raw: RawMessage) -> Option<Message> {
    let own = !raw.from.is_bot && raw.forward_origin.is_none() && raw.via_bot.is_none();
    own.then(|| Message {
        id: raw.message_id,
        at: Timestamp::from_us(raw.date.clamp(0, SECOND_MAX) * 1_000_000),
        chat: raw.chat.id,
        chat_name: raw.chat.username,
        user: raw.from.id,
        user_name: raw.from.username,
        text: raw.text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_a_person_wrote_here_is_a_message_and_the_rest_is_passed_over() {
        let message = |more: Value| {
            let mut message = json!({ "message_id": 5, "date": 7, "chat": { "id": -9 },
                "from": { "id": 11, "username": "ada" }, "text": "/status" });
            message.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "update_id": 1, "message": message })
        };
        let read = |update: &Value| {
            let body = json!({ "ok": true, "result": [update] }).to_string();
            read(body.as_bytes()).unwrap()
        };
        let found = read(&message(json!({})));
        let at = Timestamp::from_ms(7_000);
        let expected = Message {
            id: 5,
            at,
            chat: -9,
            chat_name: None,
            user: 11,
            user_name: Some("ada".to_owned()),
            text: "/status".to_owned(),
        };
        assert_eq!(found, [Update { id: 1, message: Some(expected) }]);
        for other in [
            message(json!({ "forward_origin": { "type": "user" } })),
            message(json!({ "via_bot": { "id": 3 } })),
            message(json!({ "from": { "id": 11, "is_bot": true } })),
            message(json!({ "text": null })),
            message(json!({ "from": null })),
            message(json!({ "date": "now" })),
            json!({ "update_id": 1, "edited_message": {} }),
            json!({ "update_id": 1, "message": 7 }),
        ] {
            assert_eq!(read(&other), [Update { id: 1, message: None }], "{other}");
        }
        assert_eq!(
            read(&json!({ "message": {} })),
            [],
            "without a number there is nothing to confirm"
        );
        let late = read(&message(json!({ "date": i64::MAX })));
        assert!(
            late[0].message.as_ref().unwrap().at.to_string().starts_with("9999-12-30T22:00:00")
        );
        for bad in ["", "{}", "[]", "{\"ok\":true,\"result\":true}"] {
            assert!(super::read(bad.as_bytes()).is_err(), "{bad}");
        }
    }
}
