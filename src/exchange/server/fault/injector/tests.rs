//! Rules at work, without any connection.

use super::super::kind::QuotaHeaders;
use super::*;

fn injector(text: &str) -> Injector {
    Injector::new(&Plan::parse(text).unwrap())
}

const NOW: Duration = Duration::from_secs(1);

#[test]
fn the_same_requests_meet_the_same_faults_by_seed() {
    let plan = |seed: u32| {
        format!(
            "seed = {seed}\n[[rule]]\nfault = \"delay\"\nchance = \"0.3\"\nmin_ms = 1\n\
             max_ms = 900\n[[rule]]\nfault = \"timeout\"\nchance = \"0.1\"\n"
        )
    };
    let run = |seed: u32| -> Vec<RequestFaults> {
        let mut injector = injector(&plan(seed));
        (0..300).map(|_| injector.on_request("GET /api/v1/timestamp", NOW)).collect()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let late = run(1).iter().filter(|faults| !faults.delay_before.is_zero()).count();
    assert!((60..120).contains(&late), "{late} of 300 at 30 %");
}

#[test]
fn faults_of_different_places_add_up_and_of_one_place_the_first_wins() {
    let mut injector = injector(
        "[[rule]]\nfault = \"delay\"\nmin_ms = 5\n\
         [[rule]]\nfault = \"error\"\ncode = \"500000\"\nwhen = \"after\"\n\
         [[rule]]\nfault = \"reset\"\nwhen = \"after\"\n\
         [[rule]]\nfault = \"malformed\"\n\
         [[rule]]\nfault = \"late_cancel\"\nmin_ms = 7\n\
         [[rule]]\nfault = \"rate_limited\"\non = \"GET *\"\n",
    );
    let faults = injector.on_request("DELETE /api/v1/hf/orders/1", NOW);
    assert_eq!(faults.delay_before, Duration::from_millis(5));
    assert_eq!(faults.late_cancel, Some(Duration::from_millis(7)));
    assert_eq!((faults.before, faults.damage, faults.fill_first), (None, None, false));
    let Some(Instead::Answer(answer)) = faults.after else { panic!("the first of two wins") };
    assert_eq!(answer.http_status, 500);
    assert_eq!(answer.body, r#"{"code":"500000","msg":"Internal Server Error"}"#);
    injector.on_request("GET /x", NOW);
    let injected: Vec<u64> = injector.report().iter().map(|rule| rule.injected).collect();
    assert_eq!(injected, [2, 2, 0, 0, 2, 0], "what had no room is not counted as done");
}

#[test]
fn a_limit_says_what_its_plan_says() {
    let mut injector = injector("[[rule]]\nfault = \"rate_limited\"\nheaders = true\n");
    let faults = injector.on_request("GET /x", NOW);
    let Some(Instead::Answer(answer)) = faults.before else { panic!("limited") };
    assert_eq!((answer.http_status, answer.quota), (429, QuotaHeaders::UsedUp(1_000)));
}

#[test]
fn pushes_are_lost_in_rows_of_the_length_asked_for() {
    let mut injector = injector("[[rule]]\nfault = \"gap\"\nevery = 5\nlength = 3\nlimit = 1\n");
    let mut lost = |topic: &str| injector.on_push(topic, NOW).lost;
    let row: Vec<bool> = (0..10).map(|_| lost("/market/level2:BTC-USDT")).collect();
    assert_eq!(row, [false, false, false, false, true, true, true, false, false, false]);
    assert!(!lost("/market/match:BTC-USDT"));
}

#[test]
fn a_push_may_be_doubled_late_and_reordered_at_once() {
    let mut injector = injector(
        "[[rule]]\nfault = \"duplicate_push\"\n[[rule]]\nfault = \"delay_push\"\nmin_ms = 3\n\
         [[rule]]\nfault = \"reorder_push\"\non = \"/account/*\"\n",
    );
    let faults = injector.on_push("/account/balance", NOW);
    assert!(faults.twice && faults.reordered && !faults.lost);
    assert_eq!(faults.delay, Duration::from_millis(3));
    assert!(!injector.on_push("/market/match:A-B", NOW).reordered);
}

#[test]
fn connections_and_tokens_are_asked_by_their_kind() {
    let mut injector = injector(
        "[[rule]]\nfault = \"disconnect\"\non = \"private\"\nmin_ms = 10\nmax_ms = 20\n\
         how = \"reset\"\n[[rule]]\nfault = \"token_expiry\"\non = \"public\"\nafter_ms = 4\n",
    );
    assert_eq!(injector.on_connection("public", NOW), None);
    let Some((ending, after)) = injector.on_connection("private", NOW) else { panic!("none") };
    assert_eq!(ending, Ending::Reset);
    assert!((10..=20).contains(&after.as_millis()), "{after:?}");
    assert_eq!(injector.on_token("private", NOW), None);
    assert_eq!(injector.on_token("public", NOW), Some(Duration::from_millis(4)));
}
