//! Why the exchange does not do what it was asked to: KuCoin's code and words, and how they are sent.

use std::borrow::Cow;

use crate::domain::execution::VenueReason;
use crate::exchange::kucoin::protocol::code::Code;
use crate::exchange::kucoin::protocol::envelope;
use crate::exchange::kucoin::protocol::refusal::{PARAMETER, Refusal};
use crate::exchange::server::answer::Answer;

/// HTTP status of a business refusal.
const OK: u16 = 200;

/// A refusal on its way out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Denial {
    http_status: u16,
    code: Code,
    pub msg: Cow<'static, str>,
}

impl Denial {
    /// A wrong parameter, in words of its own.
    pub(super) fn parameter(msg: impl Into<Cow<'static, str>>) -> Self {
        Self { msg: msg.into(), ..PARAMETER.into() }
    }

    /// A business refusal.
    pub(super) fn business(code: u32, msg: impl Into<Cow<'static, str>>) -> Self {
        Self { http_status: OK, code: Code::new(code), msg: msg.into() }
    }

    /// The answer.
    pub(super) fn answer(&self) -> Answer {
        Answer { http_status: self.http_status, body: envelope::refusal(self.code, &self.msg) }
    }
}

impl From<Refusal> for Denial {
    fn from(refusal: Refusal) -> Self {
        let Refusal { http_status, code, msg } = refusal;
        Self { http_status, code, msg: Cow::Borrowed(msg) }
    }
}

impl From<VenueReason> for Denial {
    fn from(reason: VenueReason) -> Self {
        Self::business(reason.code, reason.text)
    }
}
