//! Where the venue is and how long it may take.

use std::time::Duration;

use crate::net::dial::{DialLimits, Origin, OriginError};
use crate::net::tls::Tls;

/// First wait before a read is tried again. A choice.
const BACK_OFF_BASE: Duration = Duration::from_millis(100);

/// Settings of a [`Rest`](super::Rest). The defaults are choices: several times what a far venue takes
/// on a bad day, and less than what an exit can wait.
#[derive(Clone, Debug)]
pub struct RestSettings {
    /// Where the venue is.
    pub origin: Origin,
    /// Whom TLS trusts.
    pub tls: Tls,
    /// Time to resolve the name and connect. Default 5 s.
    pub connect_timeout: Duration,
    /// Time to shake hands for TLS. Default 5 s.
    pub tls_timeout: Duration,
    /// Time from sending a request to the end of the answer's head. Default 10 s.
    pub answer_timeout: Duration,
    /// Time from there to the end of its body. Default 20 s: the list of symbols is a megabyte.
    pub body_timeout: Duration,
    /// Time after which a read is not tried again. Default 30 s.
    pub read_timeout: Duration,
    /// First wait before a read is tried again; it doubles from there.
    pub(super) back_off_base: Duration,
}

impl RestSettings {
    /// The settings for a base URL such as `https://api.kucoin.com`.
    pub fn new(base_url: &str) -> Result<Self, OriginError> {
        Ok(Self {
            origin: Origin::base(base_url)?,
            tls: Tls::new(),
            connect_timeout: Duration::from_secs(5),
            tls_timeout: Duration::from_secs(5),
            answer_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(20),
            read_timeout: Duration::from_secs(30),
            back_off_base: BACK_OFF_BASE,
        })
    }

    pub(super) fn dial_limits(&self) -> DialLimits {
        DialLimits { connect: self.connect_timeout, tls: self.tls_timeout }
    }
}
