//! A backup by its timer's service, and a restore as README tells it.

use super::{AGENT, IBIS, trading};
use crate::support::text;

#[test]
fn a_backup_is_made_drilled_and_restored() {
    let Some(machine) = trading("") else { return };
    machine.until("journalctl -u ibis-agent | grep -q 'filled:'");
    for job in ["ibis-backup", "ibis-restore-drill"] {
        machine.succeed(&format!("systemctl start {job}"));
        assert_eq!(machine.show(&format!("{job}.service"), "ExecMainStatus"), "0");
    }
    let file = machine.succeed("ls /var/lib/ibis/backups/ibis-*.db");
    let restore = format!("{IBIS} db restore {}", file.trim());
    let refused = machine.run(&restore);
    assert_eq!(refused.status.code(), Some(75), "{}", text(&refused));
    machine.succeed("systemctl stop ibis-agent");
    // By root: what it makes must still be the agent's.
    let told = machine.succeed(&restore);
    assert!(told.contains("next: start the agent"), "{told}");
    machine.succeed("systemctl start ibis-agent");
    assert_eq!(machine.show(AGENT, "ActiveState"), "active");
    machine.succeed("systemctl stop ibis-agent");
    machine.succeed(&format!("{IBIS} db check"));
    machine.succeed(&format!("{IBIS} exec-integrity"));
    machine.succeed("systemctl start ibis-backup");
}
