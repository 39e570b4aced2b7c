//! What an operator reads: fields, message ids, and the catalog that explains them.

use std::collections::BTreeSet;

use super::{AGENT, trading};

#[test]
fn entries_carry_fields_and_the_catalog_explains_them() {
    let Some(machine) = trading("") else { return };
    let own = "_SYSTEMD_UNIT=ibis-agent.service";
    machine.until(&format!("journalctl -o json {own} | grep -q MESSAGE_ID"));
    let entries = machine.journal(own);
    let ids: BTreeSet<&str> = entries.iter().filter_map(|e| e["MESSAGE_ID"].as_str()).collect();
    assert!(!ids.is_empty());
    for id in ids {
        let catalog = machine.succeed(&format!("journalctl --dump-catalog {id}"));
        assert!(catalog.contains("Defined-By: ibis"), "{catalog}");
    }
    assert!(entries.iter().all(|entry| entry["IBIS_COMPONENT"] == "agent"), "{entries:?}");
    assert!(entries.iter().all(|entry| entry["SYSLOG_IDENTIFIER"] == "ibis"), "{entries:?}");
    let explained = machine.succeed(&format!("journalctl -x --no-pager -u {AGENT}"));
    assert!(explained.contains("-- Defined-By: ibis") || explained.contains("Defined-By: ibis"));
}
