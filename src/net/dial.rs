//! Where a server is, and the way there: names, addresses, TCP, TLS, each with its deadline.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::tls::{Stream, Tls};

/// Addresses of a name that are tried; further ones are ignored.
const ADDRESSES_MAX: usize = 4;
/// Characters of a URL that are looked at: the venue's websocket addresses have some hundreds.
const URL_CHARACTERS_MAX: usize = 4_096;

/// Scheme, host and port of a URL.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Origin {
    secure: bool,
    host: String,
    port: u16,
}

/// Why a URL is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OriginError {
    /// Not one of `https://`, `http://`, `wss://`, `ws://`.
    Scheme,
    /// No host, a name and password before it, or a character that no host name has.
    Host,
    /// Not 1 to 65535.
    Port,
    /// No TLS to another machine: keys and orders would travel in clear.
    InClear,
    /// A base URL with a path, query or fragment.
    Path,
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "begins with neither https:// nor http://; write https://HOST",
            Self::Host => "has no usable host; write https://HOST, without user name or blanks",
            Self::Port => "has no usable port; write a number from 1 to 65535",
            Self::InClear => {
                "would send keys and orders in clear; write https://, for http:// is allowed to \
                 this machine only (127.0.0.1, [::1], localhost)"
            }
            Self::Path => "goes on after the host; leave out path and query",
        })
    }
}

impl std::error::Error for OriginError {}

impl Origin {
    /// The origin of a base URL, which ends with the host and port, or one `/` after them.
    pub fn base(url: &str) -> Result<Self, OriginError> {
        match Self::split(url)? {
            (origin, "" | "/") => Ok(origin),
            _ => Err(OriginError::Path),
        }
    }

    /// Splits a URL of any of the four schemes into its origin and the rest: path and query.
    pub fn split(url: &str) -> Result<(Self, &str), OriginError> {
        let (scheme, rest) = url.split_once("://").ok_or(OriginError::Scheme)?;
        let secure = match scheme {
            "https" | "wss" => true,
            "http" | "ws" => false,
            _ => return Err(OriginError::Scheme),
        };
        if url.len() > URL_CHARACTERS_MAX {
            return Err(OriginError::Host);
        }
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(OriginError::Host);
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            _ => (authority, None),
        };
        let host = host_of(host).ok_or(OriginError::Host)?;
        let port = match port {
            None => 80 + u16::from(secure) * (443 - 80),
            Some(text) => match text.parse::<u16>() {
                Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => port,
                _ => return Err(OriginError::Port),
            },
        };
        let origin = Self { secure, host, port };
        if !secure && !origin.is_here() {
            return Err(OriginError::InClear);
        }
        Ok((origin, path))
    }

    /// Whether TLS is spoken.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// The host name or address, without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The value of a `Host` header: with the port unless it is the scheme's own.
    pub fn authority(&self) -> String {
        let brackets = self.host.contains(':');
        let host = if brackets { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.secure, self.port) {
            (true, 443) | (false, 80) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }

    /// True for this machine by name or number.
    fn is_here(&self) -> bool {
        let number = self.host.parse::<IpAddr>();
        self.host.eq_ignore_ascii_case("localhost") || number.is_ok_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.secure { "https" } else { "http" }, self.authority())
    }
}

/// The host of an authority, without the brackets of an IPv6 address.
fn host_of(text: &str) -> Option<String> {
    if let Some(inside) = text.strip_prefix('[') {
        let inside = inside.strip_suffix(']')?;
        return inside.parse::<std::net::Ipv6Addr>().ok().map(|_| inside.to_owned());
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (!text.is_empty() && text.len() <= 253 && text.bytes().all(plain)).then(|| text.to_owned())
}

/// How long each step of a connection may take.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DialLimits {
    /// Resolving the name and connecting, all addresses together.
    pub connect: Duration,
    /// Shaking hands for TLS.
    pub tls: Duration,
}

/// Where a connection attempt ended. Nothing of a request had left.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DialError {
    /// The step.
    pub step: DialStep,
    /// What the system or TLS says, or that time ran out.
    pub what: String,
}

/// A step of a connection attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DialStep {
    /// Looking the name up.
    Resolve,
    /// TCP.
    Connect,
    /// TLS.
    Tls,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let step = match self.step {
            DialStep::Resolve => "name cannot be resolved",
            DialStep::Connect => "cannot connect",
            DialStep::Tls => "TLS fails",
        };
        write!(f, "{step}: {}", self.what)
    }
}

impl std::error::Error for DialError {}

impl DialError {
    fn new(step: DialStep, what: &impl fmt::Display) -> Self {
        Self { step, what: what.to_string() }
    }

    fn late(step: DialStep, limit: Duration) -> Self {
        Self { step, what: format!("no answer in {} ms", limit.as_millis()) }
    }
}

/// Connects to an origin: TCP without delay (TCP_NODELAY), then TLS where the origin wants it.
pub async fn dial(origin: &Origin, tls: &Tls, limits: DialLimits) -> Result<Stream, DialError> {
    let until = Instant::now() + limits.connect;
    let late = |step| DialError::late(step, limits.connect);
    let addresses = timeout_at(until, resolve(origin))
        .await
        .map_err(|_| late(DialStep::Resolve))?
        .map_err(|error| DialError::new(DialStep::Resolve, &error))?;
    let tcp = connect(&addresses, until).await.map_err(|error| match error {
        Some(error) => DialError::new(DialStep::Connect, &error),
        None => late(DialStep::Connect),
    })?;
    tcp.set_nodelay(true).map_err(|error| DialError::new(DialStep::Connect, &error))?;
    if !origin.secure {
        return Ok(Stream::Plain(tcp));
    }
    let shaken = tokio::time::timeout(limits.tls, tls.handshake(&origin.host, tcp)).await;
    shaken
        .map_err(|_| DialError::late(DialStep::Tls, limits.tls))?
        .map_err(|error| DialError::new(DialStep::Tls, &error))
}

/// The addresses of an origin, the system's preferred first.
async fn resolve(origin: &Origin) -> io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await?;
    let allowed = found.filter(|address| origin.secure || address.ip().is_loopback());
    let addresses: Vec<_> = allowed.take(ADDRESSES_MAX).collect();
    if addresses.is_empty() {
        return Err(io::Error::other("it has no usable address"));
    }
    Ok(addresses)
}

/// Tries one address after another, each with its share of the time. `None`: time ran out.
async fn connect(addresses: &[SocketAddr], until: Instant) -> Result<TcpStream, Option<io::Error>> {
    let mut last = None;
    for (index, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - index).unwrap_or(1);
        let now = Instant::now();
        let share = until.saturating_duration_since(now) / left;
        match timeout_at(now + share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = Some(error),
            Err(_) => {}
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_urls_of_the_venue() {
        let (origin, rest) = Origin::split("wss://ws-api-spot.kucoin.com/?token=a:b").unwrap();
        assert_eq!(
            (origin.secure(), origin.host(), rest),
            (true, "ws-api-spot.kucoin.com", "/?token=a:b")
        );
        assert_eq!(origin.authority(), "ws-api-spot.kucoin.com");
        let origin = Origin::base("http://127.0.0.1:8080/").unwrap();
        assert_eq!((origin.to_string().as_str(), origin.port), ("http://127.0.0.1:8080", 8080));
        assert_eq!(Origin::base("http://[::1]").unwrap().to_string(), "http://[::1]");
        assert_eq!(Origin::base("https://api.kucoin.com").unwrap().port, 443);
        assert_eq!(Origin::base("http://LOCALHOST:1").unwrap().authority(), "LOCALHOST:1");
    }

    #[test]
    fn refuses_what_would_travel_in_clear_or_is_no_origin() {
        for (url, error) in [
            ("http://api.kucoin.com", OriginError::InClear),
            ("ws://10.0.0.1:80/x", OriginError::InClear),
            ("http://127.0.0.1.evil.example", OriginError::InClear),
            ("http://localhost.evil.example", OriginError::InClear),
            ("ftp://a", OriginError::Scheme),
            ("api.kucoin.com", OriginError::Scheme),
            ("https://", OriginError::Host),
            ("https://user:word@host", OriginError::Host),
            ("https://a b", OriginError::Host),
            ("https://[::zz]", OriginError::Host),
            ("https://a:0", OriginError::Port),
            ("https://a:+1", OriginError::Port),
            ("https://a:70000", OriginError::Port),
            ("https://a/api", OriginError::Path),
            ("https://a?x", OriginError::Path),
        ] {
            assert_eq!(Origin::base(url).unwrap_err(), error, "{url}");
        }
    }
}
