//! Every route under everything a stranger, a browser and a mistake can send.

use hyper::header::HeaderValue;

use super::*;
use crate::http::route::PATHS;

const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const LOCAL: Peer = Peer::Address(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));
const PROCESS: Peer = Peer::Process { uid: 0, gid: 0, pid: 1 };

/// A request that is changed by each case.
struct Request {
    method: Method,
    uri: Uri,
    version: Version,
    headers: HeaderMap,
}

impl Request {
    /// As it should be, over TCP.
    fn good(path: &str) -> Self {
        let write = Route::find(path).is_some_and(Route::is_write);
        let method = if write { Method::POST } else { Method::GET };
        let uri = Uri::try_from(path).unwrap();
        let headers = HeaderMap::new();
        let mut request = Self { method, uri, version: Version::HTTP_11, headers };
        request.set("host", "127.0.0.1:9000");
        if write {
            request.set("content-type", "application/json");
            request.set("content-length", "17");
            request.set("authorization", &format!("Bearer {TOKEN}"));
        }
        request
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.headers.insert(name, HeaderValue::from_str(value).unwrap());
    }

    fn judged(&self, peer: Peer, rules: &Rules) -> Result<Route, Refusal> {
        let (method, uri, headers) = (&self.method, &self.uri, &self.headers);
        admit(Head { method, uri, version: self.version, headers }, peer, rules)
    }
}

fn rules(token: bool, secret_reads: bool) -> Rules {
    let address = Some("127.0.0.1:9000".parse().unwrap());
    let token = token.then(|| Token::new(TOKEN).unwrap());
    Rules::new(address, &["ibis.example.org".to_owned()], token, secret_reads)
}

/// What a change of a good request leads to: for writes, for reads.
type Case = (&'static str, fn(&mut Request), Option<&'static str>, Option<&'static str>);

const CASES: &[Case] = &[
    ("nothing", |_| {}, None, None),
    ("localhost", |r| r.set("host", "LOCALHOST:9000"), None, None),
    ("a configured name", |r| r.set("host", "ibis.example.org"), None, None),
    ("charset", |r| r.set("content-type", "application/json; charset=utf-8"), None, None),
    ("own origin", |r| r.set("origin", "http://127.0.0.1:9000"), None, None),
    ("same origin", |r| r.set("sec-fetch-site", "same-origin"), None, None),
    ("no token", |r| drop(r.headers.remove("authorization")), Some("token_missing"), None),
    ("bad token", |r| r.set("authorization", "Bearer nope"), Some("token_wrong"), None),
    (
        "half a token",
        |r| r.set("authorization", &format!("Bearer {}", &TOKEN[1..])),
        Some("token_wrong"),
        None,
    ),
    (
        "another scheme",
        |r| r.set("authorization", &format!("Basic {TOKEN}")),
        Some("token_wrong"),
        None,
    ),
    (
        "two tokens",
        |r| {
            let other = HeaderValue::from_static("Bearer other");
            r.headers.append("authorization", other.clone());
            r.headers.append("authorization", other);
        },
        Some("token_wrong"),
        None,
    ),
    (
        "a rebound name",
        |r| r.set("host", "evil.example.com:9000"),
        Some("host_foreign"),
        Some("host_foreign"),
    ),
    (
        "another port",
        |r| r.set("host", "127.0.0.1:9001"),
        Some("host_foreign"),
        Some("host_foreign"),
    ),
    ("no port", |r| r.set("host", "127.0.0.1"), Some("host_foreign"), Some("host_foreign")),
    (
        "the socket's name",
        |r| r.set("host", "localhost"),
        Some("host_foreign"),
        Some("host_foreign"),
    ),
    ("no host", |r| drop(r.headers.remove("host")), Some("host_missing"), Some("host_missing")),
    (
        "two hosts",
        |r| assert!(r.headers.append("host", HeaderValue::from_static("127.0.0.1:9000"))),
        Some("host_missing"),
        Some("host_missing"),
    ),
    (
        "a proxy's target",
        |r| r.uri = Uri::try_from(format!("http://127.0.0.1:9000{}", r.uri.path())).unwrap(),
        Some("host_foreign"),
        Some("host_foreign"),
    ),
    (
        "foreign origin",
        |r| r.set("origin", "https://evil.example.com"),
        Some("origin_foreign"),
        Some("origin_foreign"),
    ),
    ("null origin", |r| r.set("origin", "null"), Some("origin_foreign"), Some("origin_foreign")),
    (
        "foreign page",
        |r| r.set("sec-fetch-site", "cross-site"),
        Some("origin_foreign"),
        Some("origin_foreign"),
    ),
    (
        "same site",
        |r| r.set("sec-fetch-site", "same-site"),
        Some("origin_foreign"),
        Some("origin_foreign"),
    ),
    ("HTTP/1.0", |r| r.version = Version::HTTP_10, Some("version"), Some("version")),
    ("GET", |r| r.method = Method::GET, Some("method"), None),
    ("HEAD", |r| r.method = Method::HEAD, Some("method"), None),
    ("POST", |r| r.method = Method::POST, None, Some("method")),
    ("PUT", |r| r.method = Method::PUT, Some("method"), Some("method")),
    ("DELETE", |r| r.method = Method::DELETE, Some("method"), Some("method")),
    ("OPTIONS", |r| r.method = Method::OPTIONS, Some("method"), Some("method")),
    ("text/plain", |r| r.set("content-type", "text/plain"), Some("content_type"), None),
    (
        "a form",
        |r| r.set("content-type", "application/x-www-form-urlencoded"),
        Some("content_type"),
        None,
    ),
    ("no type", |r| drop(r.headers.remove("content-type")), Some("content_type"), None),
    (
        "oversize",
        |r| r.set("content-length", "16385"),
        Some("body_too_large"),
        Some("body_unexpected"),
    ),
    ("as large as may be", |r| r.set("content-length", "16384"), None, Some("body_unexpected")),
    (
        "chunks",
        |r| {
            r.headers.remove("content-length");
            r.set("transfer-encoding", "chunked");
        },
        None,
        Some("body_unexpected"),
    ),
];

#[test]
fn every_route_under_every_case() {
    let rules = rules(true, false);
    for (path, route) in PATHS {
        for (name, change, for_write, for_read) in CASES {
            let mut request = Request::good(path);
            change(&mut request);
            let expected = if route.is_write() { for_write } else { for_read };
            let judged = request.judged(LOCAL, &rules);
            let found = judged.as_ref().err().map(|refusal| refusal.code().1);
            assert_eq!(found, *expected, "{name}: {path}: {judged:?}");
            if expected.is_none() {
                assert_eq!(judged, Ok(route));
            }
        }
    }
}

#[test]
fn paths_are_exact() {
    for path in ["/", "/Status", "/status/", "/metrics/x", "//status", "/api/v1/ping", "/kill"] {
        assert_eq!(Request::good(path).judged(LOCAL, &rules(true, false)), Err(Refusal::NotFound));
    }
    let query = Request::good("/status?pretty=1").judged(LOCAL, &rules(true, false));
    assert_eq!(query, Ok(Route::Status));
}

#[test]
fn the_socket_needs_no_token_but_everything_else() {
    let rules = rules(false, true);
    for (path, route) in PATHS {
        let mut request = Request::good(path);
        request.headers.remove("authorization");
        let over_tcp = request.judged(LOCAL, &rules);
        assert_eq!(over_tcp, Err(Refusal::TokenUnset), "{path}: no token opens TCP");
        assert_eq!(request.judged(PROCESS, &rules), Err(Refusal::HostForeign), "{path}");
        request.set("host", "localhost");
        assert_eq!(request.judged(PROCESS, &rules), Ok(route), "{path}");
        request.set("origin", "http://localhost");
        assert_eq!(request.judged(PROCESS, &rules), Err(Refusal::OriginForeign), "{path}");
        request.headers.remove("origin");
        request.method = Method::OPTIONS;
        assert_eq!(request.judged(PROCESS, &rules), Err(Refusal::Method(route)), "{path}");
    }
}

#[test]
fn reads_are_secret_where_that_is_wanted_or_others_reach_them() {
    let token = || Some(Token::new(TOKEN).unwrap());
    let remote = Rules::new(Some("0.0.0.0:9000".parse().unwrap()), &[], token(), false);
    for (rules, host) in [(rules(true, true), "127.0.0.1:9000"), (remote, "0.0.0.0:9000")] {
        for (path, route) in PATHS {
            let mut request = Request::good(path);
            request.set("host", host);
            request.headers.remove("authorization");
            assert_eq!(request.judged(LOCAL, &rules), Err(Refusal::TokenMissing), "{path}");
            request.set("authorization", &format!("bearer {TOKEN}"));
            assert_eq!(request.judged(LOCAL, &rules), Ok(route), "{path}");
        }
    }
}
