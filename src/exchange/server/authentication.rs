//! Who a request is from: key, time, passphrase, signature, address and permission, in the gateway's order.

use std::collections::BTreeSet;
use std::net::IpAddr;

use hyper::HeaderMap;
use hyper::header::HeaderName;

use super::credentials_file::CredentialsFile;
use super::refusal::KEY_GENERATION;
use crate::exchange::kucoin::protocol::endpoint::Permission;
use crate::exchange::kucoin::protocol::refusal::{self, Refusal};
use crate::exchange::kucoin::protocol::sign::{Presented, VERSIONS, Verifier, WINDOW_MS};

const KEY: HeaderName = HeaderName::from_static("kc-api-key");
const SIGN: HeaderName = HeaderName::from_static("kc-api-sign");
const TIMESTAMP: HeaderName = HeaderName::from_static("kc-api-timestamp");
const PASSPHRASE: HeaderName = HeaderName::from_static("kc-api-passphrase");
const VERSION: HeaderName = HeaderName::from_static("kc-api-key-version");
/// The version of a key whose header is missing: those keys sent their passphrase in clear.
const FIRST_VERSION: &str = "1";

/// The parts of a request that are signed.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'a str,
    /// `path?query` as it came.
    pub target: &'a str,
    /// The body as it came.
    pub body: &'a [u8],
}

/// What the exchange knows of the account's key.
#[derive(Debug)]
pub struct Authentication {
    key: String,
    verifier: Verifier,
    addresses: Vec<IpAddr>,
    permissions: Vec<String>,
}

impl Authentication {
    /// The key of a credentials file.
    pub fn new(file: &CredentialsFile) -> Self {
        Self {
            key: file.credentials.key().to_owned(),
            verifier: Verifier::new(
                file.credentials.secret().as_bytes(),
                file.credentials.passphrase(),
            ),
            addresses: file.addresses.clone(),
            permissions: file.permissions.clone(),
        }
    }

    /// What the key may do, without what was `revoked`.
    pub fn permissions<'a>(
        &'a self,
        revoked: &'a BTreeSet<String>,
    ) -> impl Iterator<Item = &'a str> {
        self.permissions.iter().filter(|word| !revoked.contains(*word)).map(String::as_str)
    }

    /// True where the request of these headers is this key's, signed within five seconds of `now_ms`.
    pub fn check(
        &self,
        headers: &HeaderMap,
        signed: Signed<'_>,
        address: IpAddr,
        now_ms: i64,
    ) -> Result<(), Refusal> {
        let header = |name: &HeaderName| {
            headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| !text.is_empty())
        };
        let (Some(key), Some(sign), Some(timestamp), Some(passphrase)) =
            (header(&KEY), header(&SIGN), header(&TIMESTAMP), header(&PASSPHRASE))
        else {
            return Err(refusal::HEADER_MISSING);
        };
        let presented = Presented { timestamp, sign, passphrase };
        let in_time = presented
            .timestamp_ms()
            .and_then(|timestamp| now_ms.checked_sub(timestamp))
            .is_some_and(|off| (-WINDOW_MS..=WINDOW_MS).contains(&off));
        if !in_time {
            return Err(refusal::TIMESTAMP);
        }
        match header(&VERSION).unwrap_or(FIRST_VERSION) {
            FIRST_VERSION => return Err(KEY_GENERATION),
            version if !VERSIONS.contains(&version) => return Err(refusal::VERSION),
            _ => {}
        }
        if key != self.key {
            return Err(refusal::KEY);
        }
        if !self.verifier.is_passphrase(&presented) {
            return Err(refusal::PASSPHRASE);
        }
        if !self.verifier.is_signature(&presented, signed.method, signed.target, signed.body) {
            return Err(refusal::SIGNATURE);
        }
        if !self.addresses.is_empty() && !self.addresses.contains(&address) {
            return Err(refusal::ADDRESS);
        }
        Ok(())
    }

    /// Whether the key may do what an endpoint asks, without what was `revoked`.
    pub fn permit(&self, needed: Permission, revoked: &BTreeSet<String>) -> Result<(), Refusal> {
        let word = match needed {
            Permission::None => return Ok(()),
            Permission::General => "General",
            Permission::Spot => "Spot",
        };
        match self.permissions(revoked).any(|held| held == word) {
            true => Ok(()),
            false => Err(refusal::PERMISSION),
        }
    }
}

#[cfg(test)]
mod tests;
