//! Every defect of the five systems before has a test that would have found it, by its number.

use std::collections::BTreeSet;

use super::source::sources;

/// As many as there are: `1 kill survives 1000 ticks` to `28 tests import the shipped types`.
const TESTS: u32 = 28;

/// The numbers that the tests of a text have: by a comment above them, or in their own names.
fn numbers(text: &str) -> BTreeSet<u32> {
    let (mut found, mut commented, mut is_test) = (BTreeSet::new(), None, false);
    for line in text.lines().map(str::trim_start) {
        if let Some(rest) = line.strip_prefix("/// Acceptance test ") {
            commented = leading(rest);
        }
        is_test |= line == "#[test]";
        if let Some(rest) = line.strip_prefix("fn ") {
            let own = rest.strip_prefix("acceptance_").and_then(leading);
            found.extend(commented.or(own).filter(|_| is_test));
            (commented, is_test) = (None, false);
        }
    }
    found
}

/// The number that a text begins with.
fn leading(text: &str) -> Option<u32> {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[test]
fn every_acceptance_test_is_there() {
    let found: BTreeSet<u32> = sources().iter().flat_map(|source| numbers(&source.text)).collect();
    let missing: Vec<u32> = (1..=TESTS).filter(|number| !found.contains(number)).collect();
    assert_eq!(missing, Vec::<u32>::new(), "acceptance tests without a test");
}
