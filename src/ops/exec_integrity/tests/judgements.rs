//! Verdicts over three truths in memory.

use super::*;

#[test]
fn three_truths_that_agree_are_ok() {
    let report = judged(|_| {});
    assert_eq!(report.overall(), Fine, "{}", report.to_text());
    assert_eq!(report.to_json()["differences"], serde_json::json!([]));
}

#[test]
fn the_ledger_is_compared_with_itself_to_the_last_digit() {
    let epsilon = Decimal::EPSILON;
    type Change = fn(&mut LedgerSnapshot, Decimal);
    let cases: [(Change, &str); 9] = [
        (
            |it, by| {
                it.state.positions[0].lots[0].quantity += by;
            },
            "position_lots_differ",
        ),
        (|it, by| it.state.positions[0].transferred += by, "position_flow_differs"),
        (|it, by| it.audit.totals.get_mut(&btc()).unwrap().flow += by, "cash_not_conserved"),
        (|it, by| *it.transfers.get_mut(&btc().quote()).unwrap() += by, "cash_not_conserved"),
        (
            |it, _| it.contradictions.push(("o-9".parse().unwrap(), None, true)),
            "intent_contradicts_order",
        ),
        (
            |it, by| it.state.open_orders[0].order.as_mut().unwrap().filled = dec("0.2") + by,
            "order_overfilled",
        ),
        (|it, _| it.recent_fills[1].intended = false, "fill_without_intent"),
        (|it, _| it.recent_fills[0].venue_sequence = 2, "fill_booked_twice"),
        (|it, _| it.audit.foreign = true, "audit_totals_foreign"),
    ];
    for (change, name) in cases {
        for by in [epsilon, dec("3")] {
            let found = names(|snapshot| {
                snapshot.venue = Err("not asked".to_owned());
                snapshot.state = Ok(document());
                change(&mut snapshot.ledger, by);
            });
            assert!(found.contains(&name), "{name}: {found:?}");
        }
    }
    let bought = names(|snapshot| {
        snapshot.ledger.audit.totals.get_mut(&btc()).unwrap().bought += epsilon;
    });
    assert!(bought.contains(&"bought_differs_from_fills"), "{bought:?}");
    let gap = |cursor: u64| {
        names(|snapshot| {
            snapshot.venue = Err("not asked".to_owned());
            snapshot.ledger.state.venue_cursor = cursor;
            snapshot.ledger.recent_fills[1].venue_sequence = 3;
        })
    };
    assert_eq!(gap(1), Vec::<&str>::new(), "beyond the cursor a later fill may come first");
    assert_eq!(gap(2), ["fill_gap"]);
}

#[test]
fn a_venue_order_that_two_of_ours_claim_is_critical() {
    let report = judged(|snapshot| {
        let mut second = open_order();
        second.intent.client_order_id = "o-4".parse().unwrap();
        second.order.as_mut().unwrap().client_order_id = second.intent.client_order_id;
        snapshot.ledger.state.open_orders.push(second);
    });
    assert_eq!(report.overall(), Critical);
    assert!(report.to_text().contains("duplicate_venue_order"), "{}", report.to_text());
}

#[test]
fn state_json_is_compared_where_it_is_of_the_same_event() {
    let missing = |snapshot: &mut Snapshot| snapshot.state = Err(StateJsonError::Missing);
    assert_eq!(names(missing), ["state_json_unusable"]);
    assert_eq!(names(|it| in_state(it).sequence = 11), ["state_json_ahead"]);
    let behind = |running| {
        names(|it| {
            it.running = running;
            in_state(it).sequence = 9;
            in_state(it).positions.clear();
        })
    };
    assert_eq!(behind(true), Vec::<&str>::new());
    assert_eq!(behind(false), ["state_json_behind"]);
    type Change = fn(&mut StateDocument);
    let cases: [(Change, &str); 7] = [
        (
            |it| it.positions.get_mut("BTC-USDT").unwrap().quantity += Decimal::EPSILON,
            "state_position_quantity_differs",
        ),
        (
            |it| it.positions.get_mut("BTC-USDT").unwrap().cost += Decimal::EPSILON,
            "state_position_cost_differs",
        ),
        (
            |it| {
                let position = it.positions["BTC-USDT"].clone();
                it.positions.insert("ETH-USDT".to_owned(), position);
            },
            "state_position_unknown",
        ),
        (
            |it| it.balances.get_mut("USDT").unwrap().total += Decimal::EPSILON,
            "state_balance_differs",
        ),
        (|it| it.balances.get_mut("USDT").unwrap().hold += Decimal::EPSILON, "state_hold_differs"),
        (|it| it.open_orders.clear(), "state_order_missing"),
        (
            |it| it.open_orders.get_mut("o-3").unwrap().filled = Decimal::EPSILON,
            "state_order_differs",
        ),
    ];
    for (change, name) in cases {
        assert_eq!(names(|it| change(in_state(it))), [name]);
    }
}

#[test]
fn an_order_in_flight_is_no_difference_and_one_past_the_grace_is() {
    for (ms, differs) in [(GRACE_MS - 1, false), (GRACE_MS, true), (GRACE_MS + 1, true)] {
        let found = |expected: &'static str, change: &dyn Fn(&mut Snapshot)| {
            let found = names(change);
            assert_eq!(found.contains(&expected), differs, "{expected} at {ms} ms: {found:?}");
        };
        found("order_missing_at_venue", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            at_venue(it).open_orders.clear();
        });
        found("order_unresolved", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            it.ledger.state.open_orders[0].order = None;
            at_venue(it).open_orders.clear();
        });
        found("order_filled_differs", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            at_venue(it).open_orders[0].filled = dec("0.1");
        });
        found("order_without_intent", &|it| {
            let mut stranger = at_venue(it).open_orders[0].clone();
            stranger.client_order_id = "o-8".parse().unwrap();
            stranger.at = ago(ms);
            at_venue(it).open_orders.push(stranger);
        });
        found("fill_missing_in_ledger", &|it| {
            let mut late = execution(3, Side::Buy, "1", "100");
            late.at = ago(ms);
            at_venue(it).executions.push(late);
        });
        found("balance_hold", &|it| {
            it.ledger.changed_at.insert("o-3".parse().unwrap(), ago(ms));
            let held = Balance::new(dec("0.5"), dec("0.1")).unwrap();
            at_venue(it).balances.insert(btc().base(), held);
        });
    }
    let terms = names(|it| at_venue(it).open_orders[0].price = Some(dec("151")));
    assert_eq!(terms, ["order_terms_differ"]);
}

#[test]
fn without_an_agent_nothing_is_in_flight_and_what_waits_for_it_is_degraded() {
    let report = judged(|it| {
        it.running = false;
        it.ledger.changed_at.insert("o-3".parse().unwrap(), NOW);
        at_venue(it).open_orders.clear();
    });
    assert!(report.to_text().contains("order_missing_at_venue"), "{}", report.to_text());
    assert_eq!(report.overall(), Degraded);
}

#[test]
fn fills_are_compared_both_ways() {
    let unknown = names(|it| at_venue(it).executions.truncate(1));
    assert_eq!(unknown, ["fill_unknown_to_venue"]);
    let differs = names(|it| at_venue(it).executions[1].quantity = dec("0.4"));
    assert_eq!(differs, ["fill_differs"]);
}

#[test]
fn balances_are_exact_with_late_fills_taken_into_account_and_dust_noted() {
    let late = |paid: &str| {
        judged(|it| {
            let mut late = execution(3, Side::Buy, "2", "200");
            late.at = ago(1);
            late.client_order_id = "o-9".parse().unwrap();
            let venue = at_venue(it);
            venue.executions.push(late);
            let base = Balance::new(dec("2.5"), dec("0.2")).unwrap();
            let quote = Balance::new(dec("9959.8") - dec(paid), Decimal::ZERO).unwrap();
            venue.balances = BTreeMap::from([(btc().base(), base), (btc().quote(), quote)]);
        })
    };
    assert_eq!(late("200.1").overall(), Fine, "{}", late("200.1").to_text());
    assert_eq!(late("202").overall(), Critical);
    // At 120 a coin, dust is less than 1: 0.00833 is, 0.00834 is not. Money is no dust.
    for (code, off, severity, name) in [
        ("BTC", "0.00833", Fine, "dust"),
        ("BTC", "0.00834", Critical, "balance_total"),
        ("USDT", "0.000001", Critical, "balance_total"),
        ("XYZ", "0.000001", Degraded, "other_asset"),
    ] {
        let report = judged(|it| off_by(it, code, off));
        assert_eq!(report.overall(), severity, "{code} {off}");
        assert!(report.to_text().contains(name), "{}", report.to_text());
    }
}

/// The venue has more of an asset.
fn off_by(snapshot: &mut Snapshot, code: &str, amount: &str) {
    let balance = at_venue(snapshot).balances.entry(code.parse().unwrap()).or_default();
    balance.adjust(dec(amount));
}

#[test]
fn what_the_venue_explains_waits_for_the_agents_next_look() {
    let moved = |amounts: &[&str]| {
        let report = judged(|it| {
            off_by(it, "USDT", "30");
            let usdt = btc().quote();
            at_venue(it).movements = amounts.iter().map(|it| (usdt, dec(it))).collect();
        });
        (report.overall(), report.to_text().contains("movement"))
    };
    assert_eq!(moved(&["40", "-10", "7"]), (Degraded, true), "the newest two make it");
    assert_eq!(moved(&["40", "-11"]), (Critical, false));
    assert_eq!(moved(&[]), (Critical, false));
}

#[test]
fn a_strangers_order_is_noted_with_what_it_holds_and_a_strangers_fill_is_a_fill() {
    let stranger = |it: &mut Snapshot, symbol: &str| {
        let mut order = at_venue(it).open_orders[0].clone();
        order.client_order_id = "somebody".parse().unwrap();
        order.symbol = symbol.parse().unwrap();
        at_venue(it).open_orders.push(order);
        let held = Balance::new(dec("0.5"), dec("0.3")).unwrap();
        at_venue(it).balances.insert(btc().base(), held);
    };
    assert_eq!(names(|it| stranger(it, "BTC-USDT")), ["foreign_order"]);
    let elsewhere = names(|it| stranger(it, "BTC-EUR"));
    assert_eq!(elsewhere, Vec::<&str>::new(), "not traded here");
    let fill = names(|it| {
        it.ledger.recent_fills[1].intended = false;
        it.ledger.recent_fills[1].client_order_id = "somebody".parse().unwrap();
        at_venue(it).executions[1].client_order_id = "somebody".parse().unwrap();
    });
    assert_eq!(fill, Vec::<&str>::new());
    let ended = names(|it| {
        let mut order = at_venue(it).open_orders[0].clone();
        order.client_order_id = "o-2".parse().unwrap();
        at_venue(it).open_orders.push(order);
        it.ledger.ended.insert("o-2".parse().unwrap());
    });
    assert_eq!(ended, ["ended_order_at_work"]);
}

#[test]
fn an_instrument_that_is_listed_no_more_lists_no_fills() {
    let gone = names(|it| {
        at_venue(it).executions.truncate(1);
        at_venue(it).unlisted.insert(btc());
    });
    assert_eq!(gone, Vec::<&str>::new());
    assert_eq!(names(|it| at_venue(it).last_sequence = 1), ["venue_fill_counter"]);
}

#[test]
fn an_account_that_cannot_be_asked_is_insufficient_and_masks_nothing() {
    let unasked = |it: &mut Snapshot| it.venue = Err("no paper.db".to_owned());
    assert_eq!(judged(unasked).overall(), Insufficient);
    let worse = judged(|it| {
        it.venue = Err("no paper.db".to_owned());
        in_state(it).sequence = 11;
    });
    assert_eq!(worse.overall(), Critical);
}

#[test]
fn stale_sells_and_blocked_capital_are_judged_at_the_originals_thresholds() {
    for (ms, severity) in [(179_999, Fine), (180_000, Degraded), (180_001, Degraded)] {
        let report = judged(|it| it.ledger.state.open_orders[0].created_at = ago(ms));
        assert_eq!(report.overall(), severity, "{ms}");
    }
    // 0.5 BTC at 120 and 40 USDT: 0.2 in the sell is 24 %, all of it is 60 %; without cash 100 %.
    let blocked = |cash: &str| {
        judge::judge(
            &{
                let mut snapshot = agreeing();
                let state = &mut snapshot.ledger.state;
                state.open_orders[0].intent.quantity = dec("0.5");
                let balance = Balance::new(dec(cash), Decimal::ZERO).unwrap();
                state.balances.insert(btc().quote(), balance);
                snapshot
            },
            &settings(),
        )
        .checks
        .into_iter()
        .find(|check| check.id == "blocked_capital")
        .unwrap()
        .severity
    };
    assert_eq!([blocked("40"), blocked("20"), blocked("19.9")], [Fine, Fine, Degraded]);
}
