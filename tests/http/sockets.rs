//! Where the interface listens, and what happens where it cannot.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;

use super::{GENEROUS, READS, Served, TOKEN, launch};
use crate::support::home::Home;
use crate::support::http::Door;

#[test]
fn a_port_that_is_taken_stops_no_agent() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("listen = \"{}\"\n{GENEROUS}", taken.local_addr().unwrap());
    let (mut agent, home) = launch(Home::new(), "", &listen, "", &[]);
    let line = agent.line("is not served");
    assert!(line.contains(" WARN ") && line.contains("set another http.listen"), "{line}");
    let socket = Door::Socket(home.path("run/control.sock"));
    assert_eq!(socket.get("/readyz").status, 200);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}

#[test]
fn the_socket_is_for_owner_and_group_and_a_dead_ones_is_taken_over() {
    let home = Home::new();
    fs::create_dir_all(home.path("run")).unwrap();
    drop(UnixListener::bind(home.path("run/control.sock")).unwrap());
    let (mut agent, home) = launch(home, "", GENEROUS, "", &[]);
    agent.line("control interface: http");
    let path = home.path("run/control.sock");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
    assert_eq!(Door::Socket(path.clone()).get("/livez").status, 200);
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
    assert!(!path.exists(), "left behind");
}

#[test]
fn without_a_runtime_directory_there_is_tcp_alone_and_off_is_off() {
    let home = Home::new();
    home.write("ibis.toml", "[http]\nlisten = \"127.0.0.1:0\"\n");
    let mut agent = home.start("agent --config ibis.toml", &[]);
    let line = agent.line("control interface: http");
    assert!(!line.contains("unix:"), "{line}");
    agent.kill();
    home.write("ibis.toml", "[http]\nenabled = false\nlisten = \"127.0.0.1:0\"\n");
    let mut agent = home.start("agent --config ibis.toml --max-runtime 1s", &[]);
    agent.line("ready:");
    let ended = agent.wait();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.stderr.contains("control interface"), "{ended:?}");
}

#[test]
fn a_bad_token_or_address_stops_the_start() {
    let home = Home::new();
    let start = |http: &str| {
        home.write("ibis.toml", format!("[http]\n{http}"));
        home.ibis("agent --config ibis.toml")
    };
    let refused = start("listen = \"0.0.0.0:0\"\n");
    assert!(refused.refused(78).contains("no loopback address"), "{refused:?}");
    let token = home.write("http.token", TOKEN);
    let file = format!("listen = \"127.0.0.1:0\"\ntoken_file = {token:?}\n");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = start(&file);
    assert!(refused.refused(77).contains("others may read it"), "{refused:?}");
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    home.write("http.token", "short");
    let refused = start(&file);
    assert!(refused.refused(77).contains("32 to 256 characters"), "{refused:?}");
    fs::remove_file(&token).unwrap();
    assert!(start(&file).refused(77).contains("cannot be read"));
}

/// Acceptance test 23.
#[test]
fn nothing_secret_is_in_any_answer_or_line() {
    let mut served = Served::start("--speed 600", GENEROUS, "[agent]\nlog_level = \"trace\"\n");
    served.agent.line("filled:");
    let right = format!("Content-Type: application/json\r\nAuthorization: Bearer {TOKEN}\r\n");
    let mut said = String::new();
    for door in [&served.tcp, &served.socket] {
        for path in READS {
            let reply = door.ask("GET", path, &right, "");
            said.push_str(&format!("{reply:?}"));
        }
        for path in ["/kill-switch", "/pause", "/resume"] {
            for body in ["{}", "{\"reason\":", r#"{"reason":"x","unknown":1}"#] {
                said.push_str(&format!("{:?}", door.ask("POST", path, &right, body)));
            }
        }
    }
    served.agent.signal("TERM");
    let ended = served.agent.wait();
    assert_eq!(ended.code, Some(0));
    assert!(said.len() > 10_000 && !said.contains(TOKEN));
    assert!(!ended.stderr.contains(TOKEN) && !ended.stdout.contains(TOKEN));
    for (path, content) in served.home.files("data") {
        assert!(!content.windows(TOKEN.len()).any(|it| it == TOKEN.as_bytes()), "{path:?}");
    }
}
