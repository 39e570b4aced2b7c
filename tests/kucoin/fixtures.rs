//! Recorded samples of the protocol: official answers, what other clients really sent, refusals.

use std::fs;
use std::path::PathBuf;

use ibis::exchange::kucoin::protocol::code::{CallKind, Cause, Class, cause, classify};
use ibis::exchange::kucoin::protocol::endpoint::{Endpoint, Permission, Pool};
use ibis::exchange::kucoin::protocol::envelope::{open, success};
use ibis::exchange::kucoin::protocol::every_message;
use ibis::exchange::kucoin::protocol::sign::{Presented, Signer, Verifier, signature};
use ibis::exchange::kucoin::protocol::target::{Plus, decode, split};
use serde_json::Value;

use super::sameness::differences;
use crate::support::shared_data;

/// The samples of the kinds whose name begins with one of these, by file name. `None` where there are
/// none at all.
fn fixtures(kinds: &[&str]) -> Option<Vec<(String, Value)>> {
    let root = shared_data()?.join("kucoin-fixtures");
    if !root.is_dir() {
        println!("skipped: no samples at {}", root.display());
        return None;
    }
    let list = |path: &PathBuf| -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let mut found = Vec::new();
    for directory in list(&root).iter().filter(|path| path.is_dir()) {
        let kind = directory.file_name().unwrap().to_str().unwrap();
        if !kinds.iter().any(|wanted| kind.starts_with(wanted)) {
            continue;
        }
        for file in list(directory) {
            let text = fs::read_to_string(&file).unwrap();
            found.push((file.display().to_string(), serde_json::from_str(&text).unwrap()));
        }
    }
    assert!(!found.is_empty(), "no {kinds:?} at {}", root.display());
    Some(found)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no text {name} in {value}"))
}

#[track_caller]
fn assert_same(name: &str, expected: &Value, got: &str) {
    let got: Value = serde_json::from_str(got).unwrap();
    let found = differences(expected, &got);
    assert!(found.is_empty(), "{name}\n{}", found.join("\n"));
}

/// The endpoint a sample is of: its path with a parameter in its braces, as a client would ask.
fn endpoint(name: &str, sample: &Value) -> Endpoint {
    let path = text(sample, "path").replace(['{', '}'], "");
    let (found, _) = Endpoint::of(text(sample, "method"), &path)
        .unwrap_or_else(|| panic!("{name}: no endpoint {path}"));
    found
}

#[test]
fn every_answer_is_read_to_its_values() {
    let Some(samples) = fixtures(&["rest-"]) else { return };
    for (name, sample) in &samples {
        let endpoint = endpoint(name, sample);
        let status = u16::try_from(sample["http_status"].as_u64().unwrap()).unwrap();
        let raw = text(sample, "response_raw");
        let envelope = open(status, raw.as_bytes(), endpoint.kind()).unwrap();
        let data = envelope.data.map_or("null", |data| data.get());
        let written = every_message::answer(endpoint, data)
            .unwrap_or_else(|| panic!("{name}: {endpoint:?} has no type"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!written.contains("\"unknown\""), "{name}: a word is not known: {written}");
        let whole = success(&serde_json::from_str::<Value>(&written).unwrap());
        assert_same(name, &sample["response"], &whole);
    }
}

#[test]
fn every_body_is_written_as_it_was_sent() {
    let Some(samples) = fixtures(&["rest-"]) else { return };
    for (name, sample) in &samples {
        let body = &sample["request"]["body"];
        if body.is_null() {
            continue;
        }
        let written = every_message::body(endpoint(name, sample), &body.to_string())
            .unwrap_or_else(|| panic!("{name}: its body has no type"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same(name, body, &written);
    }
}

#[test]
fn the_table_of_endpoints_agrees() {
    let Some(samples) = fixtures(&["rest-"]) else { return };
    for (name, sample) in &samples {
        let endpoint = endpoint(name, sample);
        let pool = match text(sample, "rate_limit_pool") {
            "Spot" => Pool::Spot,
            "Management" => Pool::Management,
            "Public" => Pool::Public,
            other => panic!("{name}: no pool {other}"),
        };
        let permission = match text(sample, "permission") {
            "NULL" => Permission::None,
            "General" => Permission::General,
            "Spot" => Permission::Spot,
            other => panic!("{name}: no permission {other}"),
        };
        let weight = sample["rate_limit_weight"].as_i64().unwrap();
        let row = (endpoint.pool(), endpoint.weight(), endpoint.permission());
        assert_eq!(row, (pool, weight, permission), "{name}");
        assert_eq!(endpoint.is_signed(), sample["signed"], "{name}");
        assert!(endpoint.weight_max() >= weight, "{name}");
    }
}

#[test]
fn every_private_push_is_read_to_its_values() {
    let Some(samples) = fixtures(&["ws-private"]) else { return };
    for (name, sample) in &samples {
        let message = &sample["message"];
        let head = every_message::server_frame(&message.to_string())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same(name, message, &head);
        let topic = text(message, "topic");
        let data = every_message::private_push(topic, &message["data"].to_string())
            .unwrap_or_else(|| panic!("{name}: {topic} has no type"))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same(name, &message["data"], &data);
        assert!(!data.contains("\"unknown\""), "{name}: a word is not known: {data}");
    }
}

#[test]
fn every_control_frame_is_read_to_its_values() {
    let Some(samples) = fixtures(&["ws-control"]) else { return };
    for (name, sample) in &samples {
        let frame = sample["message"].to_string();
        let written = match text(sample, "direction") {
            "in" => every_message::server_frame(&frame),
            "out" => every_message::client_frame(&frame),
            other => panic!("{name}: no direction {other}"),
        };
        let written = written.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_same(name, &sample["message"], &written);
        assert!(!written.contains("\"unknown\""), "{name}: its type is not known: {written}");
    }
}

/// What may have happened behind a class of the samples.
fn causes(class: &str) -> &'static [Cause] {
    match class {
        "auth" => &[Cause::Credentials, Cause::Clock],
        "funds" => &[Cause::Funds],
        "order-limit" => &[Cause::OrderLimit],
        "order-not-found" => &[Cause::OrderNotFound],
        "order-size" => &[Cause::OrderSize, Cause::Price],
        "parameter" => &[Cause::Parameter],
        "rate-limit" => &[Cause::RateLimit],
        "route" => &[Cause::Route],
        "server" => &[Cause::Server, Cause::Maintenance],
        "symbol-state" => &[Cause::SymbolState],
        other => panic!("no class {other}"),
    }
}

#[test]
fn every_refusal_is_classified() {
    let Some(samples) = fixtures(&["error"]) else { return };
    for (name, sample) in &samples {
        let status = u16::try_from(sample["http_status"].as_u64().unwrap()).unwrap();
        let body = sample["response"].to_string();
        let refused = open(status, body.as_bytes(), CallKind::Write).unwrap_err();
        let class = text(sample, "class");
        assert!(causes(class).contains(&refused.cause), "{name}: {class} is {:?}", refused.cause);
        let unresolved = refused.class == Class::Unresolved;
        assert_eq!(unresolved, class == "server", "{name}: a write is {:?}", refused.class);
        let read = classify(status, refused.code, &refused.message, CallKind::Read);
        assert_ne!(read, Class::Unresolved, "{name}: a read has no effect to be unsure of");
        assert_eq!(refused.message, text(&sample["response"], "msg"), "{name}");
        let asked = cause(status, refused.code, &refused.message, CallKind::Write);
        assert_eq!(asked, refused.cause, "{name}");
    }
}

#[test]
fn every_signature_is_made_and_accepted() {
    let Some(samples) = fixtures(&["signing"]) else { return };
    for (name, sample) in &samples {
        let (secret, passphrase) = (text(sample, "secret"), text(sample, "passphrase"));
        let (timestamp, method) = (text(sample, "timestamp"), text(sample, "method"));
        let (path, body) = (text(sample, "path_signed"), text(sample, "body"));
        let expected = text(&sample["expect"], "KC-API-SIGN");
        let signer = Signer::new("key", secret.as_bytes(), passphrase);
        let headers = signer.headers(timestamp.parse().unwrap(), method, path, body.as_bytes());
        assert_eq!(headers.sign(), expected, "{name}");
        assert_eq!(
            signature(secret.as_bytes(), timestamp, method, path, body.as_bytes()).as_str(),
            expected,
            "{name}"
        );
        assert_eq!(headers.timestamp(), timestamp, "{name}");
        let verifier = Verifier::new(secret.as_bytes(), passphrase);
        if let Some(signed) = sample["expect"]["KC-API-PASSPHRASE"].as_str() {
            assert_eq!(headers.passphrase(), signed, "{name}");
        }
        let presented = Presented { timestamp, sign: expected, passphrase: headers.passphrase() };
        assert!(verifier.is_passphrase(&presented), "{name}");
        let wire = text(sample, "path_on_wire");
        assert!(verifier.is_signature(&presented, method, wire, body.as_bytes()), "{name}");
        assert_eq!(decode(wire, Plus::Plus).unwrap(), path, "{name}");
    }
}

#[test]
fn what_other_clients_sent_is_accepted() {
    let Some(samples) = fixtures(&["client-requests"]) else { return };
    let mut signed = 0;
    for (name, sample) in &samples {
        for request in sample["requests"].as_array().unwrap() {
            let body = request["body"].as_str().unwrap_or_default();
            if text(request, "m") == "WS>" {
                let written = every_message::client_frame(body).unwrap();
                assert_same(name, &serde_json::from_str(body).unwrap(), &written);
                continue;
            }
            let (method, target) = (text(request, "m"), text(request, "raw"));
            let (path, _) = split(target);
            if !path.starts_with("/api/") {
                continue;
            }
            let (endpoint, _) = Endpoint::of(method, path)
                .unwrap_or_else(|| panic!("{name}: no endpoint {method} {path}"));
            if !body.is_empty() {
                let written = every_message::body(endpoint, body).unwrap().unwrap();
                let sent = serde_json::from_str(body).unwrap();
                assert_same(name, &sent, &written);
            }
            signed += usize::from(is_signed_rightly(name, sample, request));
            assert!(
                !endpoint.is_signed() || !request["headers"]["KC-API-SIGN"].is_null(),
                "{name}: {endpoint:?} would be refused"
            );
        }
    }
    assert!(signed > 0, "no request was signed");
}

/// Checks a request's signature, where it has one, and that a change to anything breaks it.
fn is_signed_rightly(name: &str, sample: &Value, request: &Value) -> bool {
    let headers = &request["headers"];
    let Some(sign) = headers["KC-API-SIGN"].as_str() else { return false };
    let presented = Presented {
        timestamp: text(headers, "KC-API-TIMESTAMP"),
        sign,
        passphrase: text(headers, "KC-API-PASSPHRASE"),
    };
    let credentials = &sample["credentials"];
    let (secret, passphrase) = (text(credentials, "secret"), text(credentials, "passphrase"));
    let verifier = Verifier::new(secret.as_bytes(), passphrase);
    let (method, target) = (text(request, "m"), text(request, "raw"));
    let body = request["body"].as_str().unwrap_or_default().as_bytes();
    assert!(verifier.is_passphrase(&presented), "{name}: passphrase");
    assert!(verifier.is_signature(&presented, method, target, body), "{name}: {target}");
    assert!(!verifier.is_signature(&presented, method, &format!("{target}0"), body), "{name}");
    assert!(!verifier.is_signature(&presented, method, target, b"{}"), "{name}");
    let other = Verifier::new(b"other", passphrase);
    assert!(!other.is_signature(&presented, method, target, body), "{name}");
    assert!(!other.is_passphrase(&presented), "{name}");
    true
}
