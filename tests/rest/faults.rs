//! The client's promises under faults: what happened at the exchange, and what the client says of it.

use ibis::exchange::kucoin::protocol::endpoint::Pool;
use ibis::exchange::kucoin::protocol::order::TimeInForce;
use ibis::exchange::kucoin::rest::{Failure, Priority};

use super::*;

/// One rule that acts once on placing.
fn plan(text: &str) -> String {
    format!("[[rule]]\non = \"POST /api/v1/hf/orders\"\nlimit = 1\n{text}\n")
}

#[test]
fn an_unresolved_order_is_there_or_is_not_and_is_never_there_twice() {
    for (text, took_effect) in [
        ("fault = \"reset\"\nwhen = \"before\"", false),
        ("fault = \"reset\"\nwhen = \"after\"", true),
        ("fault = \"timeout\"\nwhen = \"after\"", true),
        ("fault = \"half_open\"", false),
        ("fault = \"error\"\ncode = \"500000\"\nwhen = \"after\"", true),
        ("fault = \"html\"\nhttp = 502", false),
    ] {
        let exchange = disturbed(&plan(text));
        let mut settings = settings(&exchange);
        settings.answer_timeout = Duration::from_secs(1);
        let path = exchange.ready["credentials_file"].as_str().unwrap();
        let rest = Rest::new(settings, Some(&Credentials::load(Path::new(path), None).unwrap()));
        run(async {
            let order = buy(&rest, "0.95", TimeInForce::Gtc).await;
            let id = order.client_oid.as_deref().unwrap();
            let failure = rest.place(&order, Priority::Entry).await.unwrap_err();
            assert!(matches!(failure, Failure::Unresolved(_)), "{text}: {failure}");
            let found = rest.order_by_client_id(SYMBOL, id).await;
            assert_eq!(found.is_ok(), took_effect, "{text}: {found:?}");
            // Sent again under the same id it is there once, whatever happened before.
            let again = rest.place(&order, Priority::Entry).await;
            assert_eq!(again.is_ok(), !took_effect, "{text}: {again:?}");
            assert_eq!(rest.open_orders(SYMBOL).await.unwrap().len(), 1, "{text}");
        });
        assert_eq!(exchange.injected(), [1], "{text}");
    }
}

#[test]
fn the_agents_own_share_keeps_it_clear_of_the_venues_limit() {
    let exchange = traded("--quota 200");
    let rest = client(&exchange);
    run(async {
        let order = buy(&rest, "0.95", TimeInForce::Gtc).await;
        rest.place(&order, Priority::Entry).await.unwrap();
        let mut reads = 0;
        let failure = loop {
            match rest.open_orders(SYMBOL).await {
                Ok(_) => reads += 1,
                Err(failure) => break failure,
            }
        };
        assert!(failure.venue().is_none(), "our own budget refused it: {failure}");
        assert!(reads > 20, "{reads}");
        assert!(rest.place_test(&order).await.is_err());
        // What is left is for getting out.
        rest.cancel_by_client_id(SYMBOL, order.client_oid.as_deref().unwrap()).await.unwrap();
        rest.dead_man_set(60, &[SYMBOL]).await.unwrap();
        assert_eq!(rest.closed_for(Pool::Spot), Duration::ZERO);
    });
}

#[test]
fn reads_get_through_a_bad_line() {
    let faults = ["reset", "malformed", "truncated", "cut", "html", "rate_limited"];
    let plan: String = faults
        .iter()
        .map(|fault| {
            format!("[[rule]]\nfault = \"{fault}\"\non = \"GET /api/v1/hf/*\"\nchance = \"0.05\"\n")
        })
        .collect();
    let exchange = Exchange::with_plan(&format!("seed = 3\n{plan}"));
    let rest = client(&exchange);
    run(async {
        for _ in 0..40 {
            rest.open_orders(SYMBOL).await.unwrap();
        }
    });
    assert!(rest.count().repeats > 5, "{:?}", rest.count());
}
