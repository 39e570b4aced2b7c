//! Connections that are used again, and those that look as if they could be.

use super::server::{Act, Server, answer, ok};
use super::*;

/// Waits until no connection waits that looks as if it could be used.
pub(super) async fn the_end_is_heard_of(rest: &Rest) {
    let transport = &rest.shared.transport;
    while let Some(kept) = transport.waiting() {
        transport.keep(kept);
        tokio::task::yield_now().await;
    }
}

fn connections(server: &Server) -> Vec<usize> {
    server.seen().iter().map(|seen| seen.connection).collect()
}

#[test]
fn one_connection_serves_one_call_after_another() {
    let server = Server::start(vec![ok("[]"); 4]);
    let rest = client(&server);
    run(async {
        for _ in 0..2 {
            read(&rest).await.unwrap();
            write(&rest).await.unwrap();
        }
    });
    assert_eq!(connections(&server), [0; 4]);
    assert_eq!(rest.count().connections, 1);
}

#[test]
fn calls_at_once_have_connections_of_their_own() {
    let server = Server::start(vec![ok("[]"); 6]);
    let rest = client(&server);
    run(async {
        rest.resync().await.unwrap();
        let calls = tokio::join!(write(&rest), read(&rest), read(&rest));
        assert!(calls.0.is_ok() && calls.1.is_ok() && calls.2.is_ok());
        let calls = tokio::join!(write(&rest), read(&rest), read(&rest));
        assert!(calls.0.is_ok() && calls.1.is_ok() && calls.2.is_ok());
    });
    assert_eq!(rest.count().connections, 3);
}

#[test]
fn a_connection_that_the_venue_ends_is_not_used_again() {
    let Act::Bytes(answered) = ok("{}") else { unreachable!() };
    let Act::Bytes(announced) = answer(200, "connection: close\r\n", r#"{"code":"200000"}"#) else {
        unreachable!()
    };
    let unasked = [answered.clone(), b"HTTP/1.1 408 x\r\ncontent-length: 0\r\n\r\n".to_vec()];
    for (name, act) in [
        ("an end after the answer", Act::Close(answered.clone())),
        ("a reset after the answer", Act::Reset(answered)),
        ("an end that was announced", Act::Bytes(announced)),
        ("an answer nobody asked for", Act::Bytes(unasked.concat())),
    ] {
        let server = Server::start([]);
        let rest = client(&server);
        run(async {
            rest.resync().await.unwrap();
            server.then([act, ok("{}")]);
            let first = write(&rest).await;
            // A reset may overtake the answer.
            assert!(first.is_ok() || name.contains("reset"), "{name}: {first:?}");
            the_end_is_heard_of(&rest).await;
            let second = write(&rest).await;
            assert!(second.is_ok(), "{name}: {second:?}");
        });
        let seen = connections(&server);
        assert_eq!(seen.len(), 2, "{name}");
        assert_ne!(seen[0], seen[1], "{name}");
    }
}

#[test]
fn a_connection_that_dies_under_a_write_leaves_it_unresolved() {
    let server = Server::start([ok("{}"), Act::Reset(Vec::new())]);
    let rest = client(&server);
    run(async {
        assert_eq!(word(&write(&rest).await), "done");
        assert_eq!(word(&write(&rest).await), "unresolved");
    });
    assert_eq!(server.seen().len(), 2, "the second was not sent again");
}

#[test]
fn a_write_that_never_left_a_kept_connection_goes_out_on_a_new_one() {
    let server = Server::start([ok("{}"), ok("{}")]);
    let rest = client(&server);
    run(async {
        assert_eq!(word(&write(&rest).await), "done");
        // The socket can no longer send, and nothing has arrived that would tell.
        let kept = rest.shared.transport.waiting().unwrap();
        kept.stop_sending();
        rest.shared.transport.keep(kept);
        assert_eq!(word(&write(&rest).await), "done");
    });
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_ne!(seen[0].connection, seen[1].connection);
    assert_eq!(rest.count().repeats, 1);
}

#[test]
fn a_call_that_is_given_up_takes_its_connection_along() {
    let server = Server::start([Act::Bytes(Vec::new()), ok("{}")]);
    let rest = client(&server);
    run(async {
        rest.resync().await.unwrap();
        let seen = async {
            while server.seen().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = write(&rest) => panic!("there is no answer"),
            () = seen => {}
        }
        assert_eq!(word(&write(&rest).await), "done");
    });
    assert_ne!(connections(&server)[0], connections(&server)[1]);
}

#[test]
fn a_connection_that_is_reset_unread_is_no_answer() {
    let server = Server::start([]);
    let rest = client(&server);
    run(async {
        rest.resync().await.unwrap();
        drop(rest.shared.transport.waiting());
        server.then([Act::ResetUnread]);
        let outcome = write(&rest).await;
        // Whether bytes were taken before the reset was heard of is chance; that it was not served is not.
        assert!(["unresolved", "unavailable"].contains(&word(&outcome)), "{outcome:?}");
        assert_eq!(server.seen().len(), 0);
        server.then([Act::ResetUnread, ok("[]")]);
        assert_eq!(word(&read(&rest).await), "done");
    });
}
