//! Websocket tokens: what `bullet-public` and `bullet-private` give out and a connection shows.
//!
//! A token carries its access and its end, under a key of this process: nothing is stored, and none
//! outlives the exchange. As the venue's it holds `=`, which a client must percent-encode.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use ring::hmac;
use ring::rand::{self, SecureRandom, SystemRandom};

/// Bytes of a token's content: access, end in microseconds, a number used once.
const CONTENT_LENGTH: usize = 1 + 8 + 16;

/// What a token opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// Public topics.
    Public,
    /// All topics.
    Private,
}

impl Access {
    /// The word of fault plans and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// Why a token opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TokenProblem {
    /// Not one of this exchange's.
    Invalid,
    /// Its time is over.
    Expired,
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Invalid => "token is invalid",
            Self::Expired => "token is expired",
        })
    }
}

/// Gives out tokens and knows them again.
#[derive(Debug)]
pub struct Tokens {
    key: hmac::Key,
    random: SystemRandom,
}

impl Tokens {
    /// With a fresh key; `None` where the system gives no random numbers.
    pub fn new() -> Option<Self> {
        let random = SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).ok()?;
        Some(Self { key, random })
    }

    /// A token that is valid until `end`, on the clock of [`Tokens::check`].
    pub fn issue(&self, access: Access, end: Duration) -> String {
        let mut content = [0; CONTENT_LENGTH];
        let end = u64::try_from(end.as_micros()).unwrap_or(u64::MAX);
        content[0] = u8::from(access == Access::Private);
        content[1..9].copy_from_slice(&end.to_be_bytes());
        // Only to make two tokens differ: without it they still cannot be forged.
        self.random.fill(&mut content[9..]).ok();
        let tag = hmac::sign(&self.key, &content);
        format!("{}.{}", URL_SAFE.encode(content), URL_SAFE.encode(tag))
    }

    /// What a token opens at `now`.
    pub fn check(&self, token: &str, now: Duration) -> Result<Access, TokenProblem> {
        let invalid = TokenProblem::Invalid;
        let (content, tag) = token.split_once('.').ok_or(invalid)?;
        let content = URL_SAFE.decode(content).or(Err(invalid))?;
        let tag = URL_SAFE.decode(tag).or(Err(invalid))?;
        hmac::verify(&self.key, &content, &tag).or(Err(invalid))?;
        let (access, rest) = content.split_first().ok_or(invalid)?;
        let end = rest.first_chunk::<8>().ok_or(invalid)?;
        if now >= Duration::from_micros(u64::from_be_bytes(*end)) {
            return Err(TokenProblem::Expired);
        }
        Ok(if *access == 1 { Access::Private } else { Access::Public })
    }
}

/// Random bytes as lower-case hexadecimal digits; `None` where the system gives none.
pub fn random_hex<const N: usize>() -> Option<String> {
    let bytes: [u8; N] = random_bytes()?;
    Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn random_bytes<const N: usize>() -> Option<[u8; N]>
where
    [u8; N]: rand::RandomlyConstructable,
{
    rand::generate(&SystemRandom::new()).ok().map(|random| random.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_opens_what_it_was_issued_for_until_its_end() {
        let tokens = Tokens::new().unwrap();
        let second = Duration::from_secs;
        let (public, private) =
            (tokens.issue(Access::Public, second(9)), tokens.issue(Access::Private, second(9)));
        assert_eq!(tokens.check(&public, second(8)), Ok(Access::Public));
        assert_eq!(tokens.check(&private, second(8)), Ok(Access::Private));
        assert_eq!(tokens.check(&private, second(9)), Err(TokenProblem::Expired));
        assert!(public.contains('='), "a client must encode it: {public}");
        assert_ne!(public, tokens.issue(Access::Public, second(9)));
    }

    #[test]
    fn what_was_not_issued_here_opens_nothing() {
        let (tokens, others) = (Tokens::new().unwrap(), Tokens::new().unwrap());
        let token = others.issue(Access::Private, Duration::MAX);
        let mut forged = tokens.issue(Access::Public, Duration::MAX);
        forged.replace_range(0..1, if forged.starts_with('A') { "B" } else { "A" });
        for text in [token.as_str(), forged.as_str(), "", ".", "a.b", "2neAiuYv=.x"] {
            assert_eq!(tokens.check(text, Duration::ZERO), Err(TokenProblem::Invalid), "{text}");
        }
    }
}
