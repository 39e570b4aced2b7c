//! Addresses and host names of the configuration.

use std::net::SocketAddr;

use super::value::{Problem, Raw, Value};

/// Bytes of a host name (RFC 1035), and of a colon and a port.
const HOST_BYTES_MAX: usize = 253 + 6;
/// Host names of one key: more are a mistake.
const HOSTS_MAX: usize = 16;

/// Reads an IP address and a port. A name is none: it may mean another address tomorrow.
pub(super) fn address(text: &str) -> Result<Value, Problem> {
    text.parse::<SocketAddr>().map(Value::Address).map_err(|_| {
        let what = format!("{text:?} is not an IP address and a port");
        Problem::new(what, "write one such as \"127.0.0.1:9000\" or \"[::1]:9000\"")
    })
}

/// Reads host names, each with its port where it has one.
pub(super) fn hosts(raw: &Raw) -> Result<Value, Problem> {
    let fix = "write a list such as [\"ibis.example.org:9000\"]";
    let texts: Vec<String> = match raw {
        Raw::List(texts) => texts.clone(),
        Raw::Untyped(text) => {
            text.split(',').map(|s| s.trim().to_owned()).filter(|s| !s.is_empty()).collect()
        }
        Raw::Text(_) | Raw::Integer(_) | Raw::Float(_) | Raw::Flag(_) | Raw::Other(_) => {
            return Err(Problem::new("is not a list of host names", fix));
        }
    };
    if texts.len() > HOSTS_MAX {
        return Err(Problem::new(format!("has more than {HOSTS_MAX} names"), "remove some"));
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let bad =
        |text: &&String| text.is_empty() || text.len() > HOST_BYTES_MAX || !text.bytes().all(plain);
    match texts.iter().find(bad) {
        Some(text) => Err(Problem::new(format!("{text:?} is not a host name"), fix)),
        None => Ok(Value::Hosts(texts.iter().map(|text| text.to_ascii_lowercase()).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers_and_hosts_are_names() {
        for good in ["127.0.0.1:9000", "[::1]:0", "0.0.0.0:80"] {
            assert_eq!(address(good).unwrap().to_string(), good);
        }
        for bad in ["localhost:9000", "127.0.0.1", ":9000", ""] {
            assert!(address(bad).is_err(), "{bad}");
        }
        let untyped = |text: &str| hosts(&Raw::Untyped(text.to_owned())).map(|v| v.to_string());
        assert_eq!(untyped("").unwrap(), "");
        assert_eq!(untyped("Ibis.example.org, b:9000").unwrap(), "ibis.example.org,b:9000");
        for bad in ["http://a", "a/b", "a b", "a@b"] {
            assert!(untyped(bad).is_err(), "{bad}");
        }
        assert!(hosts(&Raw::Text("a".to_owned())).is_err());
    }
}
