//! The control interface under a real systemd: who connects during a restart waits and is served, a
//! stopped agent stays stopped, and the sandbox leaves `/proc/self`.

use std::os::unix::net::UnixStream;

use super::{AGENT, restarted, trading};
use crate::support::http::{Door, Reply};
use crate::support::machine::Machine;

const SOCKET: &str = "/run/ibis/control.sock";
/// Nobody serves for so long after a crash.
const PAUSE: &str = "RestartSec=3s\n";
/// Asks over TCP, in the machine, without more than its shell.
const ASK: &str = "ask() { exec 3<>/dev/tcp/127.0.0.1/9000 || return 1; \
    printf 'GET /livez HTTP/1.1\\r\\nHost: 127.0.0.1:9000\\r\\nConnection: close\\r\\n\\r\\n' >&3; \
    head -n1 <&3; exec 3>&-; }";

/// The socket as this process reaches it.
fn socket(machine: &Machine) -> Door {
    Door::Socket(machine.path(SOCKET))
}

#[test]
fn who_connects_while_nobody_runs_is_served_by_the_next_process() {
    let Some(machine) = trading(PAUSE) else { return };
    let pid = machine.show(AGENT, "MainPID");
    assert_eq!(machine.succeed(&format!("stat -c '%a %U:%G' {SOCKET}")).trim(), "660 ibis:ibis");
    assert_eq!(socket(&machine).get("/livez").status, 200);
    assert_eq!(machine.show(AGENT, "NFileDescriptorStore"), "2");
    machine.succeed(&format!("systemctl kill -s KILL --kill-who=main {AGENT}"));
    machine.until(&format!("[ $(systemctl show {AGENT} -p SubState --value) = auto-restart ]"));
    assert_eq!(machine.show(AGENT, "MainPID"), "0", "nobody serves now");
    // Both connect at once and wait for their answers.
    let tcp = machine.succeed(&format!("{ASK}; ask"));
    assert!(tcp.starts_with("HTTP/1.1 200"), "{tcp:?}");
    assert_eq!(socket(&machine).get("/livez").status, 200);
    assert_eq!(restarted(&machine, &pid), 1);
    assert_eq!(machine.show(AGENT, "NFileDescriptorStore"), "2", "kept again, and no more");
}

#[test]
fn nobody_is_refused_while_the_agent_is_restarted_again_and_again() {
    let Some(machine) = trading("RestartSec=100ms\n[Unit]\nStartLimitIntervalSec=0\n") else {
        return;
    };
    machine.write(
        "/opt/ask",
        &format!("{ASK}\nuntil [ -e /run/enough ]; do ask || echo refused; done\n"),
    );
    machine.succeed("systemd-run -q --unit asking -p StandardOutput=file:/run/asked bash /opt/ask");
    machine.until("[ -s /run/asked ]");
    for _ in 0..3 {
        let pid = machine.show(AGENT, "MainPID");
        machine.succeed("systemctl restart ibis-agent");
        machine.until(&format!("[ $(systemctl show {AGENT} -p MainPID --value) != {pid} ]"));
        let asked = "wc -l < /run/asked";
        machine.succeed(&format!("n=$({asked}); until [ $({asked}) -gt $n ]; do sleep 0.05; done"));
    }
    machine.succeed("touch /run/enough");
    machine.until("! systemctl -q is-active asking");
    let asked = machine.succeed("sort /run/asked | uniq -c");
    assert!(asked.contains("HTTP/1.1 200") && !asked.contains("refused"), "{asked}");
}

#[test]
fn a_stopped_agent_stays_stopped_whoever_knocks() {
    let Some(machine) = trading("") else { return };
    machine.succeed("systemctl stop ibis-agent");
    assert!(!machine.run(&format!("{ASK}; ask")).status.success(), "nobody listens");
    assert!(UnixStream::connect(machine.path(SOCKET)).is_err());
    assert_eq!(machine.show(AGENT, "ActiveState"), "inactive");
    assert_eq!(machine.show(AGENT, "NFileDescriptorStore"), "0");
    machine.succeed("systemctl start ibis-agent");
    assert_eq!(socket(&machine).get("/livez").status, 200);
}

#[test]
fn an_operator_of_the_group_may_and_others_may_not() {
    let Some(machine) = trading("") else { return };
    // Root of the machine is known inside the unit's own user namespace, too.
    let body = r#"{"reason": "a test", "for": "5m"}"#;
    let paused = socket(&machine).post("/pause", body);
    assert_eq!(paused.status, 200, "{paused:?}");
    let holds = socket(&machine).get("/holds").json();
    assert!(
        holds["holds"][0]["reason"].as_str().unwrap().starts_with("uid 0 gid 0 pid"),
        "{holds}"
    );
    let connect =
        format!("python3 -c 'import socket; socket.socket(socket.AF_UNIX).connect(\"{SOCKET}\")'");
    if machine.run("command -v python3").status.success() {
        machine.succeed(&format!("runuser -u nobody -g ibis -- {connect}"));
        assert!(!machine.run(&format!("runuser -u nobody -- {connect}")).status.success());
    }
}

#[test]
fn the_sandbox_shows_a_process_to_itself() {
    let Some(machine) = trading("") else { return };
    let metrics: Reply = socket(&machine).get("/metrics");
    let value = |name: &str| -> u64 {
        let line = metrics.body.lines().find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{}", metrics.body));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(value("ibis_process_resident_memory_bytes") > 1 << 20);
    assert!(value("ibis_process_threads") > 1 && value("ibis_process_open_fds") > 3);
    let exposed = machine.succeed("systemd-analyze security --no-pager ibis-agent | tail -n1");
    assert!(exposed.contains(": 1.2 OK"), "{exposed}");
}
