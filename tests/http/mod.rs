//! The control interface of a running agent, as a client meets it.

mod bounds;
mod reading;
mod refusals;
mod sockets;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::home::{Home, Running};
use crate::support::http::Door;

/// The secret of these tests; it is nowhere in what anybody is told.
pub const TOKEN: &str = "c4n4ry-0f-the-b34rer-t0ken-0f-a-te5t";
/// Every route that changes nothing.
pub const READS: [&str; 8] = [
    "/livez",
    "/readyz",
    "/health",
    "/healthz",
    "/status",
    "/trading/status",
    "/holds",
    "/metrics",
];
/// Limits that a test does not meet by accident.
pub const GENEROUS: &str = "requests_per_minute = 60000\nwrites_per_minute = 6000\n";

/// An agent with its interface.
pub struct Served {
    pub agent: Running,
    pub tcp: Door,
    pub socket: Door,
    pub home: Home,
}

impl Served {
    /// Starts an agent with these words; `http` are lines of `[http]`, `more` further sections.
    pub fn start(words: &str, http: &str, more: &str) -> Self {
        let (mut agent, home) = launch(Home::new(), words, http, more, &[]);
        let (tcp, socket) = doors(&agent.line("control interface: http"));
        Self { agent, tcp, socket, home }
    }
}

/// Starts an agent in a home of its own.
pub fn launch(
    home: Home,
    words: &str,
    http: &str,
    more: &str,
    variables: &[(&str, &str)],
) -> (Running, Home) {
    let token = home.write("http.token", TOKEN);
    fs::set_permissions(&token, fs::Permissions::from_mode(0o600)).unwrap();
    fs::create_dir_all(home.path("run")).unwrap();
    let listen = if http.contains("listen") { "" } else { "listen = \"127.0.0.1:0\"\n" };
    let token = format!("token_file = {:?}\n", token.to_str().unwrap());
    home.write("ibis.toml", format!("[http]\n{listen}{token}{http}\n{more}"));
    let runtime = home.path("run");
    let mut all = vec![("RUNTIME_DIRECTORY", runtime.to_str().unwrap())];
    all.extend_from_slice(variables);
    let agent = home.start(&format!("agent --config ibis.toml {words}"), &all);
    (agent, home)
}

/// Both doors, from the line that tells them.
pub fn doors(line: &str) -> (Door, Door) {
    let words = || line.split([' ', ',', '=']);
    let tcp = words().find_map(|word| word.strip_prefix("http://")).unwrap();
    let socket = words().find_map(|word| word.strip_prefix("unix:")).unwrap();
    (Door::Tcp(tcp.parse().unwrap()), Door::Socket(socket.into()))
}
