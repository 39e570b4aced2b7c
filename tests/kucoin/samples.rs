//! Samples of our own, one at least of every message there is.

use ibis::exchange::kucoin::protocol::endpoint::Endpoint;
use ibis::exchange::kucoin::protocol::every_message::{self, Rewritten};
use serde_json::Value;

use super::sameness::differences;

/// A message and where it stands.
#[derive(Debug)]
pub struct Sample {
    place: String,
    pub json: &'static str,
}

/// `answer ENDPOINT JSON`, `body ENDPOINT JSON`, `push TOPIC JSON`, `client JSON`, `server JSON`.
pub fn samples() -> Vec<Sample> {
    let lines = include_str!("samples.txt").lines();
    let of = |line: &'static str| {
        let words = if line.starts_with(['c', 's']) { 1 } else { 2 };
        let (at, _) = line.match_indices(' ').nth(words - 1).unwrap();
        Sample { place: line[..at].to_owned(), json: &line[at + 1..] }
    };
    lines.map(of).collect()
}

fn rewritten(sample: &Sample) -> Rewritten {
    let endpoint = |name: &str| {
        Endpoint::all().find(|endpoint| format!("{endpoint:?}") == name).expect("an endpoint")
    };
    match sample.place.split_once(' ') {
        Some(("answer", name)) => every_message::answer(endpoint(name), sample.json).unwrap(),
        Some(("body", name)) => every_message::body(endpoint(name), sample.json).unwrap(),
        Some(("push", topic)) => every_message::private_push(topic, sample.json).unwrap(),
        None if sample.place == "client" => every_message::client_frame(sample.json),
        None if sample.place == "server" => every_message::server_frame(sample.json),
        other => panic!("{other:?} is no place"),
    }
}

#[test]
fn every_message_is_read_and_written_again() {
    for sample in samples() {
        let written =
            rewritten(&sample).unwrap_or_else(|error| panic!("{}: {error}", sample.place));
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let found = differences(&parse(sample.json), &parse(&written));
        assert!(found.is_empty(), "{}\n{}", sample.place, found.join("\n"));
        assert!(!written.contains("\"unknown\""), "{}: {written}", sample.place);
    }
}

#[test]
fn every_endpoint_has_a_sample() {
    let samples = samples();
    for endpoint in Endpoint::all() {
        for (kind, rewrite) in [
            ("answer", every_message::answer as fn(Endpoint, &str) -> Option<Rewritten>),
            ("body", every_message::body),
        ] {
            let place = format!("{kind} {endpoint:?}");
            let has_sample = samples.iter().any(|sample| sample.place == place);
            assert_eq!(has_sample, rewrite(endpoint, "").is_some(), "{place}");
        }
    }
}

#[test]
fn fields_that_must_be_there_are_missed_by_name() {
    let order = samples().into_iter().find(|sample| sample.place == "answer Order").unwrap();
    for field in ["id", "symbol", "side", "dealSize", "dealFunds", "fee", "active", "cancelExist"] {
        let mut object: Value = serde_json::from_str(order.json).unwrap();
        object.as_object_mut().unwrap().remove(field);
        let error = every_message::answer(Endpoint::Order, &object.to_string()).unwrap();
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with(&format!("missing field `{field}`")), "{error}");
    }
}
