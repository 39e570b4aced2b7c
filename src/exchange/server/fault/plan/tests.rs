//! What a plan may say, and how it is told what it may not.

use super::*;
use crate::exchange::server::fault::PLAN_HELP;
use crate::exchange::server::fault::kind::{Ending, RequestFault, Span, When};

/// The TOML blocks of the documentation.
fn examples() -> Vec<&'static str> {
    PLAN_HELP
        .split("```toml\n")
        .skip(1)
        .map(|block| block.split("```").next().unwrap_or(""))
        .collect()
}

#[test]
fn every_example_of_the_documentation_is_a_plan_and_every_fault_has_one() {
    let plans: Vec<Plan> = examples().into_iter().map(|text| Plan::parse(text).unwrap()).collect();
    let shown: Vec<&str> =
        plans.iter().flat_map(|plan| plan.rules.iter().map(|rule| rule.name)).collect();
    for word in catalogue::words() {
        assert!(shown.contains(&word), "{word} has no example");
    }
    assert_eq!(plans[0].seed, 7);
    let defaults = Plan::parse("").unwrap();
    assert_eq!(plans[0].settings, defaults.settings, "the documentation shows the defaults");
}

#[test]
fn a_rule_is_what_it_says() {
    let text = "[[rule]]\nfault = \"delay\"\non = \"POST *\"\nchance = \"0.05\"\nmin_ms = 20\n\
        when = \"after\"\nfrom_s = 1\nuntil_s = 9\nlimit = 3\n";
    let rule = &Plan::parse(text).unwrap().rules[0];
    let span = Span { min_ms: 20, max_ms: 20 };
    assert_eq!(rule.kind, Kind::Request(RequestFault::Delay(When::After, span)));
    assert_eq!(rule.frequency, Frequency::Chance(50_000));
    assert_eq!((rule.on_text.as_str(), rule.limit), ("POST *", Some(3)));
    assert!(rule.on.matches("POST /x") && !rule.on.matches("GET /x"));
    assert_eq!(rule.window.from, Duration::from_secs(1));
    assert_eq!(rule.window.until, Some(Duration::from_secs(9)));
    let half_open = Plan::parse("[[rule]]\nfault = \"half_open\"\n").unwrap();
    let expected = Kind::Request(RequestFault::End(When::Before, Ending::HalfOpen));
    assert_eq!(half_open.rules[0].kind, expected);
    let gap = Plan::parse("[[rule]]\nfault = \"gap\"\n").unwrap();
    assert_eq!(gap.rules[0].on_text, "/market/level2:*");
}

#[test]
fn a_mistake_is_told_with_its_place_and_its_remedy() {
    let of = |text: &str| Plan::parse(text).unwrap_err().to_string();
    let rule = |text: &str| of(&format!("[[rule]]\nfault = \"duplicate_push\"\n[[rule]]\n{text}"));
    let cases = [
        (of("seed = [\n"), "line "),
        (of("sed = 1"), "does not know `sed`; it takes seed, [quota]"),
        (of("seed = -1"), "seed = -1: write a whole number from 0"),
        (of("rule = 1"), "`rule` must be written as [[rule]]"),
        (of("[quota]\nspots = 1"), "[quota] does not know `spots`; it takes spot, management"),
        (of("[websocket]\nping_timeout_ms = 0"), "[websocket] ping_timeout_ms = 0: write a whole"),
        (rule(""), "rule 2: has no `fault`"),
        (rule("fault = \"dealy\""), "rule 2 (dealy): is no fault; the faults are delay, timeout"),
        (rule("fault = \"delay\""), "rule 2 (delay): has no `min_ms`"),
        (rule("fault = \"delay\"\nmin_ms = 5\nmax_ms = 4"), "max_ms = 4 is below min_ms = 5"),
        (rule("fault = \"delay\"\nmin_ms = 5\nwhen = \"now\""), "write one of before, after"),
        (rule("fault = \"delay\"\nmin_ms = 5\nchance = 0.5"), "write as in chance = \"0.01\""),
        (rule("fault = \"delay\"\nmin_ms = 5\nchance = \"2\""), "from 0.000001 to 1"),
        (rule("fault = \"delay\"\nmin_ms = 5\nchance = \"0.0000001\""), "from 0.000001 to 1"),
        (rule("fault = \"timeout\"\nevery = 2\nchance = \"0.5\""), "both `chance` and `every`"),
        (rule("fault = \"timeout\"\nfrom_s = 5\nuntil_s = 5"), "until_s is not after from_s"),
        (rule("fault = \"halt\""), "rule 2 (halt): has no `symbol`"),
        (rule("fault = \"halt\"\nsymbol = \"A-B\"\non = \"x\""), "does not know `on`"),
        (rule("fault = \"increments\"\nsymbol = \"A-B\""), "changes nothing"),
        (rule("fault = \"error\"\ncode = \"1\""), "has no text of its own; add `msg`"),
    ];
    for (message, expected) in cases {
        assert!(message.contains(expected), "{message:?} lacks {expected:?}");
        assert_eq!(message.lines().count(), 1, "{message:?}");
    }
    let missing = Plan::read(Path::new("/nowhere/plan.toml")).unwrap_err().to_string();
    assert!(missing.starts_with("fault plan /nowhere/plan.toml: "), "{missing}");
}
