//! Endpoints: what a request is, what it costs and who may send it.

use std::fmt;

use super::code::CallKind;
pub use super::endpoint_table::Endpoint;
use super::endpoint_table::ROWS;
use super::target::Target;

/// Length of a quota's window, in milliseconds. It begins with the first request.
pub const QUOTA_WINDOW_MS: i64 = 30_000;

/// HTTP method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// Asks.
    Get,
    /// Places or sets; its parameters are a JSON body.
    Post,
    /// Cancels.
    Delete,
}

impl Method {
    /// `GET`, `POST` or `DELETE`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A quota that endpoints share.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Pool {
    /// Orders and the like, counted by account.
    Spot,
    /// Balances and keys, counted by account.
    Management,
    /// Public data, counted by address.
    Public,
}

impl Pool {
    /// Every pool.
    pub const ALL: [Self; 3] = [Self::Spot, Self::Management, Self::Public];

    /// Its name, for a person.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Spot => "spot",
            Self::Management => "management",
            Self::Public => "public",
        }
    }

    /// The weight a window of [`QUOTA_WINDOW_MS`] holds for an account of the lowest tier, VIP0.
    pub const fn quota(self) -> i64 {
        match self {
            Self::Spot => 4_000,
            Self::Management | Self::Public => 2_000,
        }
    }
}

/// What a key must be allowed to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permission {
    /// Nothing: the endpoint is public, and a signature is not looked at.
    None,
    /// To read.
    General,
    /// To trade.
    Spot,
}

/// What is known about an endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    endpoint: Endpoint,
    method: Method,
    path: &'static str,
    /// Bytes of the path before its parameter; all of it where there is none.
    head: usize,
    pool: Pool,
    weight: i64,
    permission: Permission,
}

impl Row {
    pub(super) const fn new(
        endpoint: Endpoint,
        (method, path): (Method, &'static str),
        (pool, weight): (Pool, i64),
        permission: Permission,
    ) -> Self {
        let bytes = path.as_bytes();
        let mut head = 0;
        while head < bytes.len() && bytes[head] != b'{' {
            head += 1;
        }
        Self { endpoint, method, path, head, pool, weight, permission }
    }

    fn has_parameter(&self) -> bool {
        self.head < self.path.len()
    }
}

impl Endpoint {
    /// The endpoint of a request and the parameter in its path, or `""`. `path` is without query.
    pub fn of<'a>(method: &str, path: &'a str) -> Option<(Self, &'a str)> {
        let mut with_parameter = None;
        for row in ROWS.iter().filter(|row| row.method.as_str() == method) {
            if !row.has_parameter() {
                if row.path == path {
                    return Some((row.endpoint, ""));
                }
            } else if let Some((head, parameter)) = path.split_at_checked(row.head)
                && row.path.starts_with(head)
                && !parameter.is_empty()
                && !parameter.contains('/')
            {
                with_parameter = Some((row.endpoint, parameter));
            }
        }
        with_parameter
    }

    /// Every endpoint.
    pub fn all() -> impl Iterator<Item = Self> {
        ROWS.iter().map(|row| row.endpoint)
    }

    fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Its method.
    pub fn method(self) -> Method {
        self.row().method
    }

    /// Its path, with the name of its parameter in braces.
    pub fn path(self) -> &'static str {
        self.row().path
    }

    /// The quota it is counted in.
    pub fn pool(self) -> Pool {
        self.row().pool
    }

    /// What it takes from that quota by the specification.
    pub fn weight(self) -> i64 {
        self.row().weight
    }

    /// The most that any source says it takes: what a caller's own budget should count. The
    /// documentation's worked example has 2 for an order, another client counts 4 for 100 levels.
    pub fn weight_max(self) -> i64 {
        if matches!(self, Self::Place | Self::PlaceSync) {
            2
        } else if self == Self::BookPart {
            4
        } else {
            self.weight()
        }
    }

    /// What the key must be allowed to do.
    pub fn permission(self) -> Permission {
        self.row().permission
    }

    /// True where the request must be signed.
    pub fn is_signed(self) -> bool {
        self.permission() != Permission::None
    }

    /// Whether it can change anything. The dry run of an order and the tokens cannot.
    pub fn kind(self) -> CallKind {
        match (self.method(), self) {
            (Method::Get, _)
            | (
                _,
                Self::PlaceTest | Self::OldPlaceTest | Self::BulletPublic | Self::BulletPrivate,
            ) => CallKind::Read,
            (Method::Post | Method::Delete, _) => CallKind::Write,
        }
    }

    /// The target of a request, with `parameter` where the path has one.
    pub fn target(self, parameter: &str) -> Target {
        let row = self.row();
        let mut target = Target::new(row.path.get(..row.head).unwrap_or_default());
        if row.has_parameter() {
            target.push_segment(parameter);
        }
        target
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_is_found_by_its_own_target() {
        for (at, endpoint) in Endpoint::all().enumerate() {
            assert_eq!(endpoint as usize, at, "{endpoint:?} has its row at its place");
            let target = endpoint.target("A_b-9.");
            let parameter = if endpoint.path().contains('{') { "A_b-9." } else { "" };
            let found = Endpoint::of(endpoint.method().as_str(), target.wire());
            assert_eq!(found, Some((endpoint, parameter)));
        }
        assert!(Endpoint::all().count() > 70);
    }

    #[test]
    fn fixed_paths_come_before_parameters() {
        let of = Endpoint::of;
        assert_eq!(
            of("DELETE", "/api/v1/hf/orders/cancelAll"),
            Some((Endpoint::CancelEverything, ""))
        );
        assert_eq!(of("DELETE", "/api/v1/hf/orders/67"), Some((Endpoint::Cancel, "67")));
        assert_eq!(of("GET", "/api/v1/accounts/ledgers"), Some((Endpoint::Ledgers, "")));
        assert_eq!(
            of("GET", "/api/v1/market/orderbook/level2_20"),
            Some((Endpoint::BookPart, "20"))
        );
        for (method, path) in [
            ("GET", "/api/v1/hf/orders/"),
            ("GET", "/api/v1/hf/orders/a/b"),
            ("POST", "/api/v1/timestamp"),
            ("get", "/api/v1/timestamp"),
            ("GET", "/api/v1/timestamp/"),
            ("GET", "/api/v1/market/orderbook/level2_"),
            ("GET", ""),
            ("GET", "\u{e9}/\u{e9}"),
        ] {
            assert_eq!(of(method, path), None, "{method} {path}");
        }
    }

    #[test]
    fn rows_say_what_the_reference_says() {
        let place = Endpoint::Place;
        assert_eq!(
            (place.pool(), place.weight(), place.permission()),
            (Pool::Spot, 1, Permission::Spot)
        );
        assert!(place.is_signed() && place.kind() == CallKind::Write);
        assert_eq!(Endpoint::PlaceTest.kind(), CallKind::Read);
        assert!(Endpoint::BookFull.is_signed() && !Endpoint::BookPart.is_signed());
        let target = Endpoint::Order.target("a b").with("symbol", "BTC-USDT");
        assert_eq!(target.signed(), "/api/v1/hf/orders/a b?symbol=BTC-USDT");
        assert_eq!(target.wire(), "/api/v1/hf/orders/a%20b?symbol=BTC-USDT");
    }
}
