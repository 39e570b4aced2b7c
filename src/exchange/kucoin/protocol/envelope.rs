//! The envelope of every REST answer: `{"code":"200000","data":...}` or `{"code":"...","msg":"..."}`.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::code::{CallKind, Cause, Class, Code, cause};
use super::wire_text::WireText;

/// Characters of a body without an envelope that are kept as its message.
const MESSAGE_CHARACTERS_MAX: usize = 200;
/// What an absent `data` is read as.
const NULL: &str = "null";

/// An answer whose code was read and whose data was not.
#[derive(Clone, Debug, Deserialize)]
pub struct Envelope<'a> {
    /// The venue's code.
    pub code: Code,
    /// The venue's message, on refusals.
    #[serde(borrow, default)]
    pub msg: Option<WireText<'a>>,
    /// What was asked for, on success; `None` for `null` too.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of a body.
    pub fn parse(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// Reads the data. Ask for an `Option` where the venue may answer `null`.
    pub fn data<T: Deserialize<'a>>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.data.map_or(NULL, RawValue::get))
    }
}

/// An answer that is no success, judged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused<'a> {
    /// What to do.
    pub class: Class,
    /// What happened.
    pub cause: Cause,
    /// The HTTP status.
    pub http_status: u16,
    /// The venue's code; `None` where the body is no envelope.
    pub code: Option<Code>,
    /// The venue's message, or the beginning of the body that is no envelope.
    pub message: Cow<'a, str>,
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "code {code}, ")?,
            None => write!(f, "HTTP {} without a code, ", self.http_status)?,
        }
        write!(f, "{:?}", self.message)
    }
}

/// Opens an answer: its envelope on success, what to do about it otherwise. A success is HTTP 200 with
/// code 200000; anything else is judged by [`cause`].
pub fn open(http_status: u16, body: &[u8], kind: CallKind) -> Result<Envelope<'_>, Refused<'_>> {
    let (code, message) = match Envelope::parse(body) {
        Ok(envelope) if envelope.code == Code::SUCCESS && http_status < 300 => {
            return Ok(envelope);
        }
        Ok(envelope) => {
            (Some(envelope.code), envelope.msg.map(WireText::into_cow).unwrap_or_default())
        }
        Err(_) => (None, beginning(body)),
    };
    let cause = cause(http_status, code, &message, kind);
    Err(Refused { class: cause.class(kind), cause, http_status, code, message })
}

/// The first characters of a body, as text.
fn beginning(body: &[u8]) -> Cow<'_, str> {
    let shown = body.get(..body.len().min(4 * MESSAGE_CHARACTERS_MAX)).unwrap_or_default();
    let text = String::from_utf8_lossy(shown);
    match text.char_indices().nth(MESSAGE_CHARACTERS_MAX) {
        None => text,
        Some((end, _)) => Cow::Owned(text.get(..end).unwrap_or_default().to_owned()),
    }
}

/// The body of a success.
pub fn success(data: &(impl Serialize + ?Sized)) -> String {
    #[derive(Serialize)]
    struct Success<'a, T: ?Sized> {
        code: Code,
        data: &'a T,
    }
    serde_json::to_string(&Success { code: Code::SUCCESS, data })
        .expect("objects of the protocol have text keys and nothing that fails")
}

/// The body of a refusal.
pub fn refusal(code: Code, msg: &str) -> String {
    #[derive(Serialize)]
    struct Refusal<'a> {
        code: Code,
        msg: &'a str,
    }
    serde_json::to_string(&Refusal { code, msg }).expect("two texts make an object")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(http_status: u16, body: &str) -> Result<Envelope<'_>, Refused<'_>> {
        open(http_status, body.as_bytes(), CallKind::Write)
    }

    #[test]
    fn opens_a_success_and_its_data() {
        let body = success("success");
        assert_eq!(body, r#"{"code":"200000","data":"success"}"#);
        assert_eq!(read(200, &body).unwrap().data::<&str>().unwrap(), "success");
        for body in [r#"{"code":"200000"}"#, r#"{"code":200000,"data":null}"#] {
            let envelope = read(200, body).unwrap();
            assert_eq!(envelope.data::<Option<i64>>().unwrap(), None, "{body}");
            assert!(envelope.data::<i64>().is_err(), "{body}");
        }
    }

    #[test]
    fn judges_what_is_no_success() {
        let body = refusal(Code::new(200_004), "Balance insufficient!");
        assert_eq!(body, r#"{"code":"200004","msg":"Balance insufficient!"}"#);
        let refused = read(200, &body).unwrap_err();
        assert_eq!((refused.class, refused.cause), (Class::Rejected, Cause::Funds));
        assert_eq!(refused.to_string(), r#"code 200004, "Balance insufficient!""#);
        for (status, body, shown) in [
            (502, "<html>\nbad", r#"HTTP 502 without a code, "<html>\nbad""#),
            (200, r#"{"code":"2000"#, r#"HTTP 200 without a code, "{\"code\":\"2000""#),
            (200, r#"{"data":1}"#, r#"HTTP 200 without a code, "{\"data\":1}""#),
            (500, r#"{"code":"200000","data":1}"#, r#"code 200000, """#),
        ] {
            let refused = read(status, body).unwrap_err();
            assert_eq!(refused.class, Class::Unresolved, "{body}");
            assert_eq!(refused.to_string(), shown);
        }
    }

    #[test]
    fn a_long_page_is_cut() {
        let page = "\u{20ac}".repeat(1_000);
        let refused = read(502, &page).unwrap_err();
        assert_eq!(refused.message.chars().count(), MESSAGE_CHARACTERS_MAX);
    }
}
