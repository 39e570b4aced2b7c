//! A running exchange, ended when dropped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use ibis::exchange::kucoin::credentials::Credentials;
use ibis::exchange::kucoin::protocol::sign::Signer;
use serde_json::Value;

use super::http::Http;
use super::socket::Socket;
use crate::support::home::Home;
use crate::support::succeed;

/// An exchange in a directory of its own.
pub struct Exchange {
    pub home: Home,
    pub ready: Value,
    pub address: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Exchange {
    /// Starts `ibis exchange` with these further words; returns once it can be reached.
    pub fn start(words: &str) -> Self {
        Self::start_in(Home::new(), words)
    }

    /// Starts it with a fault plan.
    pub fn with_plan(plan: &str) -> Self {
        let home = Home::new();
        home.write("plan.toml", plan);
        Self::start_in(home, "--faults plan.toml")
    }

    pub fn start_in(home: Home, words: &str) -> Self {
        let mut command = home.own_process(&format!("exchange {words}"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"));
        let address = ready["listening"].as_str().unwrap().to_owned();
        Self { home, ready, address, child, stdout }
    }

    /// The account's signer.
    pub fn signer(&self) -> Signer {
        let path = Path::new(self.ready["credentials_file"].as_str().unwrap());
        let account = Credentials::load(path, None).unwrap();
        Signer::new(account.key(), account.secret().as_bytes(), account.passphrase())
    }

    /// A new HTTP connection that signs as the account.
    pub fn http(&self) -> Http {
        Http::connect(&self.address, self.signer())
    }

    /// A new websocket with a token of its own, welcomed.
    pub fn public(&self) -> Socket {
        self.socket("/api/v1/bullet-public")
    }

    /// As [`Exchange::public`], for private topics too.
    pub fn private(&self) -> Socket {
        self.socket("/api/v1/bullet-private")
    }

    fn socket(&self, bullet: &str) -> Socket {
        let mut socket = self.visit(bullet);
        assert_eq!(socket.receive()["type"], "welcome");
        socket
    }

    /// A new websocket with a token of its own, whatever it hears first.
    pub fn visit(&self, bullet: &str) -> Socket {
        let bullet = self.http().post(bullet, "").data();
        Socket::connect(&self.address, bullet["token"].as_str().unwrap(), "here")
    }

    /// Sends it a signal by its name.
    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        succeed(Command::new("kill").args(["-s", name, &pid]));
    }

    /// Ends it with a signal by its name; returns its report.
    #[track_caller]
    pub fn end(mut self, signal: &str) -> Value {
        self.signal(signal);
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?}"))
    }

    /// Ends it; returns how often each rule of its plan acted.
    #[track_caller]
    pub fn injected(self) -> Vec<u64> {
        let report = self.end("TERM");
        let rules = report["faults"].as_array().unwrap();
        rules.iter().map(|rule| rule["injected"].as_u64().unwrap()).collect()
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
