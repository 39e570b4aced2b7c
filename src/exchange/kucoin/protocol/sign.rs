//! Signing of requests, both ends: KuCoin's HMAC-SHA256 headers, key versions 2 and 3.
//!
//! `KC-API-SIGN` is base64(HMAC(secret, timestamp + METHOD + target + body)) where target is
//! `path?query` **not** percent-encoded; `KC-API-PASSPHRASE` is base64(HMAC(secret, passphrase)). The
//! versions differ in their number only. The secret is not kept: what stays is HMAC's inner state.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use zeroize::Zeroizing;

use super::target::{Plus, decode};

/// Header: the key.
pub const KEY_HEADER: &str = "KC-API-KEY";
/// Header: milliseconds since 1970.
pub const TIMESTAMP_HEADER: &str = "KC-API-TIMESTAMP";
/// Header: the signature.
pub const SIGN_HEADER: &str = "KC-API-SIGN";
/// Header: the signed passphrase.
pub const PASSPHRASE_HEADER: &str = "KC-API-PASSPHRASE";
/// Header: the key's version.
pub const VERSION_HEADER: &str = "KC-API-KEY-VERSION";
/// The version of keys made since 2024, which is what is sent.
pub const VERSION: &str = "3";
/// The versions that sign alike, which is what is accepted.
pub const VERSIONS: [&str; 2] = ["2", "3"];
/// How far a timestamp may be from the venue's clock, in milliseconds.
pub const WINDOW_MS: i64 = 5_000;

/// Bytes of a SHA-256 in base64.
const SIGNATURE_BYTES: usize = 44;
/// Longest decimal text of an `i64`.
const INTEGER_BYTES_MAX: usize = 20;

/// A signature as it stands in its header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; SIGNATURE_BYTES]);

impl Signature {
    fn new(tag: &hmac::Tag) -> Self {
        let mut text = [0; SIGNATURE_BYTES];
        // 32 bytes fill 44 characters.
        let _ = STANDARD.encode_slice(tag.as_ref(), &mut text);
        Self(text)
    }

    /// The header's value.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(..)")
    }
}

/// An integer as text, kept inline.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct IntegerText {
    bytes: [u8; INTEGER_BYTES_MAX],
    start: usize,
}

impl IntegerText {
    fn new(value: i64) -> Self {
        let mut text = Self { bytes: [0; INTEGER_BYTES_MAX], start: INTEGER_BYTES_MAX };
        let mut rest = value.unsigned_abs();
        loop {
            text.push(b'0' + (rest % 10) as u8);
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        if value < 0 {
            text.push(b'-');
        }
        text
    }

    fn push(&mut self, byte: u8) {
        self.start = self.start.saturating_sub(1);
        if let Some(slot) = self.bytes.get_mut(self.start) {
            *slot = byte;
        }
    }

    fn as_str(&self) -> &str {
        let bytes = self.bytes.get(self.start..).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

/// The headers of a signed request. Shown as nothing but its time.
#[derive(Clone, Copy)]
pub struct SignedHeaders<'a> {
    key: &'a str,
    timestamp: IntegerText,
    sign: Signature,
    passphrase: &'a str,
}

impl fmt::Debug for SignedHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedHeaders({}, ..)", self.timestamp())
    }
}

impl SignedHeaders<'_> {
    /// The signature.
    pub fn sign(&self) -> &str {
        self.sign.as_str()
    }

    /// The timestamp as text.
    pub fn timestamp(&self) -> &str {
        self.timestamp.as_str()
    }

    /// The signed passphrase.
    pub fn passphrase(&self) -> &str {
        self.passphrase
    }

    /// Names and values, as they are sent.
    pub fn pairs(&self) -> [(&'static str, &str); 5] {
        [
            (KEY_HEADER, self.key),
            (SIGN_HEADER, self.sign.as_str()),
            (TIMESTAMP_HEADER, self.timestamp.as_str()),
            (PASSPHRASE_HEADER, self.passphrase),
            (VERSION_HEADER, VERSION),
        ]
    }
}

/// Signs the requests of one key.
#[derive(Clone)]
pub struct Signer {
    key: String,
    secret: hmac::Key,
    passphrase: Zeroizing<String>,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signer(..)")
    }
}

impl Signer {
    /// Prepares the key. The passphrase is signed here and not kept in clear.
    pub fn new(key: &str, secret: &[u8], passphrase: &str) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let signed = Signature::new(&hmac::sign(&secret, passphrase.as_bytes()));
        Self { key: key.to_owned(), secret, passphrase: Zeroizing::new(signed.as_str().to_owned()) }
    }

    /// The key.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Signs a request. `timestamp_ms` is the venue's time; `target` is `path?query` without percent
    /// coding ([`Target::signed`](super::target::Target::signed)); `body` is what is sent, byte for byte.
    pub fn headers(
        &self,
        timestamp_ms: i64,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> SignedHeaders<'_> {
        let timestamp = IntegerText::new(timestamp_ms);
        let tag = tag(&self.secret, timestamp.as_str(), method, target, body);
        SignedHeaders {
            key: &self.key,
            timestamp,
            sign: Signature::new(&tag),
            passphrase: &self.passphrase,
        }
    }
}

fn tag(key: &hmac::Key, timestamp: &str, method: &str, target: &str, body: &[u8]) -> hmac::Tag {
    let mut context = hmac::Context::with_key(key);
    for part in [timestamp.as_bytes(), method.as_bytes(), target.as_bytes(), body] {
        context.update(part);
    }
    context.sign()
}

/// What a request presents as proof of its key, from its headers. Shown as nothing but its time.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// `KC-API-TIMESTAMP`, as it came.
    pub timestamp: &'a str,
    /// `KC-API-SIGN`, as it came.
    pub sign: &'a str,
    /// `KC-API-PASSPHRASE`, as it came.
    pub passphrase: &'a str,
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Presented({:?}, ..)", self.timestamp)
    }
}

impl Presented<'_> {
    /// The timestamp in milliseconds, where it is one.
    pub fn timestamp_ms(&self) -> Option<i64> {
        self.timestamp.parse().ok()
    }
}

/// Verifies the requests of one key. Compares in constant time.
pub struct Verifier {
    secret: hmac::Key,
    passphrase: Zeroizing<String>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Verifier(..)")
    }
}

impl Verifier {
    /// Prepares a key's secret and passphrase.
    pub fn new(secret: &[u8], passphrase: &str) -> Self {
        Self {
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret),
            passphrase: Zeroizing::new(passphrase.to_owned()),
        }
    }

    /// True where the presented passphrase is this key's.
    pub fn is_passphrase(&self, presented: &Presented<'_>) -> bool {
        self.is_tag_of(presented.passphrase, self.passphrase.as_bytes())
    }

    /// True where the presented signature is this key's over the request. `target` is as it came on the
    /// wire; its decoded form and, for clients that sign what they send, itself are accepted.
    pub fn is_signature(
        &self,
        presented: &Presented<'_>,
        method: &str,
        target: &str,
        body: &[u8],
    ) -> bool {
        let mut message = Vec::with_capacity(target.len() + body.len() + 32);
        let mut signs = |target: &str| {
            message.clear();
            for part in [presented.timestamp.as_bytes(), method.as_bytes(), target.as_bytes(), body]
            {
                message.extend_from_slice(part);
            }
            self.is_tag_of(presented.sign, &message)
        };
        let coded = target.contains(['%', '+']);
        signs(target)
            || coded && decode(target, Plus::Plus).is_some_and(|target| signs(&target))
            || coded && decode(target, Plus::Space).is_some_and(|target| signs(&target))
    }

    fn is_tag_of(&self, presented: &str, message: &[u8]) -> bool {
        // Room for what decodes to more than a tag, which `verify` refuses.
        let mut tag = [0; SIGNATURE_BYTES];
        STANDARD
            .decode_slice(presented.trim(), &mut tag)
            .ok()
            .and_then(|length| tag.get(..length))
            .is_some_and(|tag| hmac::verify(&self.secret, message, tag).is_ok())
    }
}

/// The signature of one request, for those who sign once: see [`Signer::headers`] for the arguments.
pub fn signature(
    secret: &[u8],
    timestamp: &str,
    method: &str,
    target: &str,
    body: &[u8],
) -> Signature {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    Signature::new(&tag(&key, timestamp, method, target, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The official vector of KuCoin's documentation.
    const SECRET: &str = "f03a5284-5c39-4aaa-9b20-dea10bdcf8e3";
    const SIGN: &str = "7QP/oM0ykidMdrfNEUmng8eZjg/ZvPafjIqmxiVfYu4=";
    const TARGET: &str = "/api/v1/deposit-addresses";
    const BODY: &[u8] = br#"{"currency":"BTC"}"#;

    #[test]
    fn signs_the_official_vector() {
        let sign = signature(SECRET.as_bytes(), "1547015186532", "POST", TARGET, BODY);
        assert_eq!(sign.as_str(), SIGN);
        let signer = Signer::new("key", SECRET.as_bytes(), "pass");
        let headers = signer.headers(1_547_015_186_532, "POST", TARGET, BODY);
        assert_eq!(headers.sign(), SIGN);
        assert_eq!(headers.timestamp(), "1547015186532");
        let names = headers.pairs().map(|(name, _)| name);
        assert_eq!(
            names,
            [KEY_HEADER, SIGN_HEADER, TIMESTAMP_HEADER, PASSPHRASE_HEADER, VERSION_HEADER]
        );
    }

    #[test]
    fn verifies_what_it_signs_and_nothing_else() {
        let (wire, plain) = ("/p?s=A%2CB+C", "/p?s=A,B C");
        let verifier = Verifier::new(SECRET.as_bytes(), "pass");
        let signer = Signer::new("key", SECRET.as_bytes(), "pass");
        for target in [wire, plain, "/p?s=A,B+C"] {
            let headers = signer.headers(-5, "GET", target, b"");
            let presented = Presented {
                timestamp: headers.timestamp(),
                sign: headers.sign(),
                passphrase: headers.passphrase(),
            };
            assert_eq!(presented.timestamp_ms(), Some(-5));
            assert!(verifier.is_passphrase(&presented));
            assert!(verifier.is_signature(&presented, "GET", wire, b""), "{target}");
            assert!(!verifier.is_signature(&presented, "GET", wire, b"x"));
            assert!(!verifier.is_signature(&presented, "POST", wire, b""));
            let other = Verifier::new(b"other", "pass");
            assert!(!other.is_passphrase(&presented));
            assert!(!other.is_signature(&presented, "GET", wire, b""));
        }
        let wrong = Verifier::new(SECRET.as_bytes(), "Pass");
        let headers = signer.headers(1, "GET", "/p", b"");
        for (passphrase, right) in
            [(headers.passphrase(), false), ("pass", false), ("", false), (&"A".repeat(99), false)]
        {
            let presented = Presented { timestamp: "1", sign: headers.sign(), passphrase };
            assert_eq!(wrong.is_passphrase(&presented), right, "{passphrase:?}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let signer = Signer::new("the-key", b"the-secret", "the-pass");
        let headers = signer.headers(1, "GET", "/", b"");
        let presented =
            Presented { timestamp: "1", sign: headers.sign(), passphrase: headers.passphrase() };
        let verifier = Verifier::new(b"the-secret", "the-pass");
        let shown = format!("{signer:?} {verifier:?} {headers:?} {presented:?} {:?}", headers.sign);
        for secret in ["the-key", "the-secret", "the-pass", headers.passphrase(), headers.sign()] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    proptest! {
        #[test]
        fn integers_print_as_everywhere(value in any::<i64>()) {
            let text = IntegerText::new(value);
            prop_assert_eq!(text.as_str(), value.to_string());
        }

        #[test]
        fn any_header_is_judged_without_panic(
            timestamp in ".{0,30}", sign in ".{0,80}", target in ".{0,60}", body in any::<Vec<u8>>(),
        ) {
            let presented = Presented { timestamp: &timestamp, sign: &sign, passphrase: &sign };
            let verifier = Verifier::new(b"secret", "pass");
            prop_assert!(!verifier.is_signature(&presented, "GET", &target, &body));
            prop_assert!(!verifier.is_passphrase(&presented));
        }
    }
}
