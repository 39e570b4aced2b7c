//! Every way an answer can fail to come, for a read and for a write.

use super::server::{Act, Server, answer, ok, refuse};
use super::*;

/// A fault, what a write becomes, what a read becomes, and how often each is seen by the venue.
struct Fault {
    name: &'static str,
    act: Act,
    write: &'static str,
    read: &'static str,
}

/// Tries of a read in all.
const TRIES: usize = 4;

fn bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

const HEAD: &str = "HTTP/1.1 200 OK\r\n";
const PART: &str = "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"code\":\"200000\",";

fn faults() -> Vec<Fault> {
    let lost = |name, act| Fault { name, act, write: "unresolved", read: "unavailable" };
    vec![
        lost("reset after the request", Act::Reset(Vec::new())),
        lost("end after the request", Act::Close(Vec::new())),
        lost("reset within the head", Act::Reset(bytes(HEAD))),
        lost("end within the head", Act::Close(bytes(HEAD))),
        lost("end within the body", Act::Close(bytes(PART))),
        lost("reset within the body", Act::Reset(bytes(PART))),
        lost("no HTTP", Act::Close(bytes("SSH-2.0-x\r\n\r\n"))),
        lost(
            "a body cut without a length",
            Act::Close(bytes("HTTP/1.1 200 OK\r\n\r\n{\"code\":\"2000")),
        ),
        lost(
            "a chunk of no length",
            Act::Bytes(bytes("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n")),
        ),
        lost(
            "a body of 99 GB",
            Act::Bytes(bytes("HTTP/1.1 200 OK\r\ncontent-length: 99000000000\r\n\r\n")),
        ),
        lost("no JSON", answer(200, "", "hello")),
        lost("no envelope", answer(200, "", "[]")),
        lost("an empty body", answer(200, "", "")),
        lost("500", answer(500, "", "")),
        lost("502, a page", answer(502, "", "<html>Bad gateway</html>")),
        lost("504 with a code", refuse(504, 504_000, "Gateway timeout")),
        lost("500000", refuse(200, 500_000, "Internal Server Error")),
        lost("230005", refuse(200, 230_005, "The system is busy, please try later.")),
        lost("408000", refuse(200, 408_000, "timeout")),
        Fault { read: "maintenance", ..lost("503", answer(503, "", "<html>")) },
        Fault { read: "maintenance", ..lost("503000", refuse(503, 503_000, "busy")) },
    ]
}

#[test]
fn a_write_is_seen_once_and_a_read_a_few_times() {
    for Fault { name, act, write: written, read: asked } in faults() {
        let server = Server::start([]);
        let rest = client(&server);
        run(async {
            server.then([act.clone()]);
            assert_eq!(word(&write(&rest).await), written, "{name}");
            assert_eq!(server.seen().len(), 1, "{name}: a write is never sent twice");
            assert_eq!(rest.count().unresolved, 1, "{name}");
            server.then(vec![act; TRIES]);
            assert_eq!(word(&read(&rest).await), asked, "{name}");
            assert_eq!(server.seen().len(), 1 + TRIES, "{name}");
            // The client has recovered.
            server.then([ok("{}"), ok("[]")]);
            assert_eq!(word(&write(&rest).await), "done", "{name}");
            assert_eq!(word(&read(&rest).await), "done", "{name}");
        });
        assert_eq!(server.left(), 0, "{name}");
    }
}

#[test]
fn a_read_is_answered_after_it_failed() {
    let server = Server::start([Act::Reset(Vec::new()), answer(502, "", ""), ok("[]")]);
    let rest = client(&server);
    assert_eq!(word(&run(read(&rest))), "done");
    assert_eq!((server.seen().len(), rest.count().repeats), (3, 2));
}

#[test]
fn patience_ends_in_head_and_body() {
    for (name, act) in [
        ("no answer", Act::Bytes(Vec::new())),
        ("half a head", Act::Bytes(bytes(HEAD))),
        ("half a body", Act::Bytes(bytes(PART))),
    ] {
        let server = Server::start([]);
        let rest = impatient(&server, 100);
        run(async {
            rest.resync().await.unwrap();
            server.then([act.clone()]);
            let failure = write(&rest).await.unwrap_err();
            assert_eq!(failure.word(), "unresolved", "{name}: {failure}");
            assert!(failure.to_string().contains("100 ms"), "{failure}");
            assert_eq!(server.seen().len(), 1, "{name}");
            server.then(vec![act; TRIES]);
            assert_eq!(word(&read(&rest).await), "unavailable", "{name}");
            assert_eq!(server.seen().len(), 1 + TRIES, "{name}");
        });
    }
}

#[test]
fn an_endless_body_is_cut_off() {
    let chunk = "8000\r\n".to_owned() + &"x".repeat(0x8000) + "\r\n";
    let endless = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_owned();
    let server = Server::start([Act::Bytes((endless + &chunk.repeat(9)).into_bytes())]);
    let failure = run(write(&client(&server))).unwrap_err();
    assert!(failure.to_string().contains("more than 262144 bytes"), "{failure}");
    assert_eq!(failure.word(), "unresolved");
}

#[test]
fn nothing_is_unresolved_where_nothing_was_sent() {
    // Nobody listens.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let settings = RestSettings::new(&format!("http://{address}")).unwrap();
    let rest = Rest::new(settings, None);
    let public = rest.call(Endpoint::Symbols, Endpoint::Symbols.target(""), Priority::Read);
    let failure = run(rest.perform(&public)).unwrap_err();
    assert_eq!(failure.word(), "unavailable");
    assert!(failure.to_string().contains("nothing was sent"), "{failure}");
    assert_eq!(rest.count().requests, 0);
}

#[test]
fn what_the_venue_refuses_is_told_by_what_to_do() {
    for (status, code, message, expected) in [
        (200, 200_004, "Balance insufficient!", "rejected"),
        (200, 400_100, "Order size increment invalid.", "rejected"),
        (200, 600_101, "The order funds should more then 0.1 USDT.", "rejected"),
        (200, 400_100, "order_not_exist_or_not_allow_to_cancel", "not found"),
        (200, 102_426, "Duplicate client order id", "duplicate"),
        (200, 200_001, "suspended", "halted"),
        (200, 600_203, "Symbol cannot be traded", "halted"),
        (401, 400_003, "KC-API-KEY not exists", "unauthorized"),
        (401, 400_004, "Invalid KC-API-PASSPHRASE", "unauthorized"),
        (401, 400_005, "Invalid KC-API-SIGN", "unauthorized"),
        (403, 400_006, "The requested ip address is not in the api whitelist", "unauthorized"),
        (403, 400_007, "Access denied", "unauthorized"),
        (200, 400_700, "under risk control", "unauthorized"),
        (404, 404_000, "URL not found", "rejected"),
    ] {
        let server = Server::start(vec![refuse(status, code, message); 2]);
        let rest = client(&server);
        run(async {
            for outcome in [write(&rest).await, read(&rest).await] {
                let failure = outcome.unwrap_err();
                assert_eq!(failure.word(), expected, "{failure}");
                let venue = failure.venue().unwrap();
                assert_eq!((venue.http_status, venue.message.as_str()), (status, message));
                assert_eq!(venue.code.unwrap().number(), code);
            }
        });
        assert_eq!(server.seen().len(), 2, "{message}: neither is tried again");
    }
}

#[test]
fn an_answer_that_is_not_as_documented_is_malformed_or_unresolved() {
    let server = Server::start(vec![ok(r#"{"token":"canary"}"#); 2]);
    let rest = client(&server);
    run(async {
        let opened = write(&rest).await.unwrap();
        let failure = opened.decode::<i64>(&order(&rest)).unwrap_err();
        assert_eq!(failure.word(), "unresolved");
        let endpoint = Endpoint::BulletPublic;
        let call = rest.call(endpoint, endpoint.target(""), Priority::Read);
        let failure = rest.perform(&call).await.unwrap().decode::<i64>(&call).unwrap_err();
        assert_eq!(failure.word(), "malformed");
        assert!(!format!("{failure} {failure:?}").contains("canary"), "{failure}");
    });
}
