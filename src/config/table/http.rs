//! `[http]`: the control and monitoring interface.

use super::{Key, Kind};

/// Its keys.
pub(super) const KEYS: &[Key] = &[
    Key::new("http.enabled", Kind::Flag, "true")
        .origin("who runs an agent looks at it")
        .doc("Whether the agent serves its control and monitoring interface; with --speed max it never does."),
    Key::new("http.listen", Kind::Address, "127.0.0.1:9000")
        .origin("the port of the bot whose routes are kept")
        .doc("Address of the interface; port 0 takes any free one. An address that others reach needs http.token_file. One that is taken is said and does not stop the agent."),
    Key::new("http.socket", Kind::Path, "control.sock")
        .origin("beside what else lasts as long as the service")
        .doc("Unix socket of the interface: who may open it may give orders. A relative path lies in the runtime directory; without one there is no socket."),
    Key::new("http.token_file", Kind::OptionalPath, "")
        .origin("without a token nobody gives orders over TCP")
        .doc("File with the bearer token of at least 32 characters, mode 0600. Under systemd a credential of the file's name wins. None: orders over the socket alone."),
    Key::new("http.token_required_for_reads", Kind::Flag, "false")
        .origin("who is on this machine may look")
        .doc("Whether reading over TCP needs the token, too."),
    Key::new("http.hosts", Kind::Hosts, "")
        .origin("a foreign name is a rebound one")
        .doc("Names under which the interface is asked besides its address and localhost, with the port where it is not 80."),
    Key::new("http.requests_per_minute", Kind::Integer, "60")
        .range("1", "60000")
        .unit("requests a minute")
        .origin("the limit of the bot whose routes are kept")
        .doc("Reads that one peer may make; probes of life count on their own."),
    Key::new("http.writes_per_minute", Kind::Integer, "5")
        .range("1", "6000")
        .unit("requests a minute")
        .origin("an operator is no program")
        .doc("Orders that one peer may give, and attempts that are refused; stopping has a limit of its own."),
];
