//! What the client makes of the venue's quotas and of its pleas.

use super::server::{Act, Server, answer, ok, quota, refuse};
use super::*;
use crate::exchange::kucoin::protocol::endpoint::Pool;

fn too_many(headers: &str) -> Act {
    answer(429, headers, r#"{"code":"429000","msg":"Too many requests"}"#)
}

#[test]
fn a_quota_that_is_used_up_closes_its_pool_until_it_begins_anew() {
    let server = Server::start([too_many(&quota(4000, 0, 60_000)), ok("[]")]);
    let rest = client(&server);
    run(async {
        let failure = write(&rest).await.unwrap_err();
        let Failure::RateLimited { retry_after, .. } = failure else { panic!("{failure}") };
        assert!(retry_after > Duration::from_secs(55), "{retry_after:?}");
        assert!(rest.closed_for(Pool::Spot) > Duration::from_secs(55));
        assert_eq!(rest.closed_for(Pool::Public), Duration::ZERO);
        // Not even a cancel goes out, and nobody waits a minute for it.
        let urgent = rest.with_priority(Priority::Protective);
        assert_eq!(word(&write(&urgent).await), "rate limited");
        assert_eq!(word(&read(&rest).await), "rate limited");
        let public = rest.call(Endpoint::Symbols, Endpoint::Symbols.target(""), Priority::Read);
        rest.perform(&public).await.unwrap();
    });
    let targets: Vec<_> = server.seen().into_iter().map(|seen| seen.target).collect();
    assert_eq!(targets, ["/api/v1/hf/orders", "/api/v2/symbols"]);
}

#[test]
fn a_read_waits_for_a_quota_that_begins_anew_soon() {
    let server = Server::start([too_many(&quota(4000, 0, 50)), ok("[]")]);
    let rest = client(&server);
    assert_eq!(word(&run(read(&rest))), "done");
    assert_eq!((server.seen().len(), rest.count().rate_limited), (2, 1));
}

#[test]
fn an_overloaded_venue_is_given_a_rest() {
    for act in [too_many(""), refuse(429, 429_001, "system"), refuse(429, 429_002, "connection")] {
        let server = Server::start([act, ok("[]")]);
        let rest = client(&server);
        run(async {
            assert_eq!(word(&write(&rest).await), "rate limited");
            let closed = rest.closed_for(Pool::Spot);
            assert!(closed <= Duration::from_millis(500), "{closed:?}");
            assert_eq!(word(&read(&rest).await), "done", "it waited for its turn");
        });
        assert_eq!(server.seen().len(), 2);
    }
}

#[test]
fn a_page_or_1015_stops_everything_for_a_while() {
    for (name, act) in [
        ("a page", answer(403, "", "<html><title>Access denied</title></html>")),
        ("the limit's page", answer(429, "", "<html>You are being rate limited</html>")),
        ("1015 as text", answer(429, "", "error code: 1015")),
        ("1015 as a code", answer(429, "", r#"{"code":"1015","msg":"blocked"}"#)),
    ] {
        let server = Server::start([act]);
        let rest = client(&server);
        run(async {
            assert_eq!(word(&write(&rest).await), "rate limited", "{name}");
            for pool in Pool::ALL {
                let closed = rest.closed_for(pool);
                assert!(closed > Duration::from_secs(29), "{name}: {closed:?}");
                assert!(closed <= Duration::from_secs(45), "{name}: {closed:?}");
            }
            assert_eq!(word(&read(&rest).await), "rate limited", "{name}");
        });
        assert_eq!(server.seen().len(), 1, "{name}");
    }
}

#[test]
fn the_old_limit_is_one_for_reads_and_a_halt_for_writes() {
    let server = Server::start(vec![refuse(200, 200_002, "x"); 2]);
    let mut settings = settings(&server);
    settings.read_timeout = Duration::from_millis(100);
    let rest = Rest::new(settings, Some(&credentials()));
    run(async {
        let failure = read(&rest).await.unwrap_err();
        let Failure::RateLimited { retry_after, .. } = failure else { panic!("{failure}") };
        assert_eq!(retry_after, Duration::from_secs(10));
        assert_eq!(word(&write(&rest).await), "halted");
    });
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn the_agents_share_ends_before_the_venues_quota() {
    // 390 of 1000 are left: entries and reads have had their share, exits have not.
    let server =
        Server::start([answer(200, &quota(1000, 390, 60_000), r#"{"code":"200000"}"#), ok("{}")]);
    let rest = client(&server);
    run(async {
        write(&rest).await.unwrap();
        assert_eq!(word(&write(&rest).await), "rate limited");
        assert_eq!(word(&read(&rest).await), "rate limited");
        assert_eq!(word(&write(&rest.with_priority(Priority::Protective)).await), "done");
    });
    assert_eq!(server.seen().len(), 2);
}

#[test]
fn reads_that_hang_leave_room_for_a_cancel() {
    let server = Server::start([]);
    let rest = client(&server);
    run(async {
        rest.resync().await.unwrap();
        let hang = Act::Bytes(Vec::new());
        server.then(vec![hang; 4]);
        let hanging = async {
            let reads = || read(&rest);
            drop(tokio::join!(reads(), reads(), reads(), reads(), reads()));
        };
        let cancel = async {
            while server.seen().len() < 4 {
                tokio::task::yield_now().await;
            }
            server.then([ok("{}")]);
            write(&rest.with_priority(Priority::Protective)).await
        };
        tokio::select! {
            () = hanging => panic!("there is no answer"),
            outcome = cancel => assert_eq!(word(&outcome), "done"),
        }
    });
    assert_eq!(server.seen().len(), 5, "the fifth read waits for one of the four");
}
