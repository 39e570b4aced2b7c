//! Whether two JSON documents say the same, decimals compared as numbers.

use ibis::domain::decimal::Decimal;
use serde_json::Value;

/// Where `got` says something else than `expected`, one line each. `null` and absence are the same;
/// text that differs is the same where both are decimals of one value.
pub fn differences(expected: &Value, got: &Value) -> Vec<String> {
    let mut found = Vec::new();
    compare(expected, got, "", &mut found);
    found
}

fn compare(expected: &Value, got: &Value, path: &str, found: &mut Vec<String>) {
    match (expected, got) {
        (Value::Object(expected), Value::Object(got)) => {
            let names =
                expected.keys().chain(got.keys().filter(|name| !expected.contains_key(*name)));
            for name in names {
                let side = |object: &serde_json::Map<String, Value>| {
                    object.get(name).cloned().unwrap_or(Value::Null)
                };
                compare(&side(expected), &side(got), &format!("{path}.{name}"), found);
            }
        }
        (Value::Array(expected), Value::Array(got)) if expected.len() == got.len() => {
            for (at, (expected, got)) in expected.iter().zip(got).enumerate() {
                compare(expected, got, &format!("{path}[{at}]"), found);
            }
        }
        (Value::String(expected), Value::String(got)) if same_text(expected, got) => {}
        _ if expected == got => {}
        _ => found.push(format!("{path}: expected {expected}, got {got}")),
    }
}

fn same_text(expected: &str, got: &str) -> bool {
    let value = |text: &str| Decimal::parse(text).ok();
    expected == got || value(expected).is_some() && value(expected) == value(got)
}

#[test]
fn tells_alike_from_unlike() {
    let of = |expected: &str, got: &str| {
        let parse = |text: &str| serde_json::from_str(text).unwrap();
        differences(&parse(expected), &parse(got))
    };
    assert!(of(r#"{"a":"1.50","b":null}"#, r#"{"a":"1.5","c":null}"#).is_empty());
    for (expected, got) in [
        (r#"{"a":"1.5"}"#, r#"{"a":"1.51"}"#),
        (r#"{"a":"1.5"}"#, r#"{"a":1.5}"#),
        (r#"{"a":1}"#, r#"{"a":2}"#),
        (r#"{"a":1}"#, "{}"),
        ("{}", r#"{"a":false}"#),
        ("[1,2]", "[1]"),
        ("[1,2]", "[1,3]"),
        (r#""a""#, r#""b""#),
    ] {
        assert_eq!(of(expected, got).len(), 1, "{expected} {got}");
    }
}
