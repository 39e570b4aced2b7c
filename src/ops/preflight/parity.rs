//! The ledger against the account, as `exec-integrity` compares them; read only, and nothing stored.

use std::path::Path;

use super::finding::{Class, Finding};
use crate::config::Settings;
use crate::domain::time::Timestamp;
use crate::durable::sqlite::OpenErrorKind;
use crate::engine::reconcile::DifferenceKind;
use crate::ops::exec_integrity::difference::{Difference, Repair};
use crate::ops::exec_integrity::{AskVenue, differences, gather};
use crate::ops::report::Severity;
use crate::store;

/// Both checks, in their order.
const NAMES: [&str; 2] = ["parity", "orphan orders"];
/// Reads before a difference counts, where an agent moves meanwhile.
const LOOKS: u32 = 2;
/// Differences told; `ibis exec-integrity` lists more.
const TOLD: usize = 3;
/// Orders at the venue that nothing in the ledger explains.
const ORPHANS: [DifferenceKind; 3] = [
    DifferenceKind::ForeignOrder,
    DifferenceKind::OrderWithoutIntent,
    DifferenceKind::EndedOrderAtWork,
];

/// Compares, asking the account by `ask`.
pub fn look(
    state_dir: &Path,
    settings: &Settings,
    ask: AskVenue<'_>,
    now: impl Fn() -> Timestamp,
) -> [Finding; 2] {
    let ledger = match store::open_reader(state_dir) {
        Ok(ledger) => ledger,
        Err(error) if matches!(error.kind, OpenErrorKind::Missing) => {
            return NAMES.map(|name| Finding::ok(name, "no ledger yet"));
        }
        Err(_) => return unknown("see the check of the ledger"),
    };
    let mut found = Vec::new();
    for _ in 0..LOOKS {
        let snapshot = match gather::gather(state_dir, &ledger, ask, now()) {
            Ok(snapshot) => snapshot,
            Err(error) => return unknown(&error.to_string()),
        };
        // The first start takes over what it finds.
        if snapshot.ledger.head == 0 {
            return NAMES.map(|name| Finding::ok(name, "nothing booked yet"));
        }
        if let Err(why) = &snapshot.venue {
            return unknown(why);
        }
        let groups = differences(&snapshot, settings).into_iter();
        found =
            groups.filter(|(group, _)| *group == "venue").flat_map(|(_, found)| found).collect();
        if found.is_empty() || !snapshot.running {
            break;
        }
    }
    judge(&found)
}

fn unknown(why: &str) -> [Finding; 2] {
    NAMES.map(|name| Finding::insufficient(name, "not compared", why))
}

/// Judges what differs.
pub fn judge(found: &[Difference]) -> [Finding; 2] {
    let is_orphan =
        |difference: &&Difference| ORPHANS.iter().any(|orphan| orphan.as_str() == difference.name);
    let counts = |difference: &&Difference| difference.severity != Severity::Ok;
    let differing = found.iter().filter(counts);
    let (orphans, others): (Vec<&Difference>, Vec<&Difference>) = differing.partition(is_orphan);
    let [parity, orphan_orders] = NAMES;
    [judged(parity, &others, "ledger and account agree"), judged(orphan_orders, &orphans, "none")]
}

/// What the agent settles by itself when it reconciles is no reason not to start it.
fn judged(name: &str, found: &[&Difference], fine: &str) -> Finding {
    if found.is_empty() {
        return Finding::ok(name, fine);
    }
    let told = found
        .iter()
        .take(TOLD)
        .map(|it| format!("{} {}: {} | {}", it.name, it.subject, it.left, it.right));
    let more = found.len().saturating_sub(TOLD);
    let more = if more > 0 { vec![format!("{more} more")] } else { Vec::new() };
    let value = told.chain(more).collect::<Vec<_>>().join(", ");
    let needs_a_person =
        |it: &&&Difference| it.severity == Severity::Critical && it.repair != Repair::Agent;
    if found.iter().any(|it| needs_a_person(&it)) {
        let advice = "nobody can prove which side is right; see: ibis exec-integrity";
        return Finding::fail(name, value, advice, Class::Held);
    }
    let advice = "the agent settles what it can when it reconciles; see: ibis exec-integrity";
    Finding::warn(name, value, advice)
}
