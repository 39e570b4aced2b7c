//! An agent whose disk and clock can be made to fail while it runs.

use std::borrow::Borrow;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::support::home::{Home, Running};
use crate::support::{has, repository, skip, succeed};

/// Trades often, and closes what it holds within a minute of the market's time.
pub const BUSY: &str = "[strategy]\nfast_candles = 1\nslow_candles = 2\ncandle_interval = \"1s\"\n\
    hold_max = \"1m\"\nreentry_cooldown = \"0s\"\n";

/// What is preloaded; none where there is no compiler to make it.
fn shim() -> Option<&'static PathBuf> {
    static SHIM: OnceLock<Option<PathBuf>> = OnceLock::new();
    let shim = SHIM.get_or_init(|| {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("fault.so");
        let source = repository().join("tests/storage/fault.c");
        let mut compile = Command::new("cc");
        compile.args(["-O1", "-shared", "-fPIC", "-o"]).arg(&path).arg(source).arg("-ldl");
        has("cc").then(|| {
            succeed(&mut compile);
            path
        })
    });
    if shim.is_none() {
        skip("cc is missing (Debian: apt-get install gcc)");
    }
    shim.as_ref()
}

/// A home whose agent can be troubled.
pub struct Faulty<H> {
    pub home: H,
    shim: PathBuf,
}

impl Faulty<Home> {
    /// None where the faults cannot be made.
    pub fn new(configuration: &str) -> Option<Self> {
        let home = Home::new();
        home.write("ibis.toml", configuration);
        Self::of(home)
    }
}

impl<'a> Faulty<&'a Home> {
    /// Over a home that is configured already; none where the faults cannot be made.
    pub fn over(home: &'a Home) -> Option<Self> {
        Self::of(home)
    }
}

impl<H: Borrow<Home>> Faulty<H> {
    fn of(home: H) -> Option<Self> {
        let shim = shim()?.clone();
        for directory in ["control", "run"] {
            fs::create_dir_all(home.borrow().path(directory)).unwrap();
        }
        Some(Self { home, shim })
    }

    /// Starts the agent with these further words.
    pub fn start(&self, words: &str) -> Running {
        let home = self.home.borrow();
        let path = |name: &str| home.path(name).to_str().unwrap().to_owned();
        let (under, control, runtime) = (path("data"), path("control"), path("run"));
        let variables = [
            ("LD_PRELOAD", self.shim.to_str().unwrap()),
            ("IBIS_FAULT_UNDER", &under),
            ("IBIS_FAULT_CONTROL", &control),
            ("RUNTIME_DIRECTORY", &runtime),
        ];
        home.start(&format!("agent --config ibis.toml {words}"), &variables)
    }

    /// Begins a fault.
    pub fn begin(&self, fault: &str, content: &str) {
        // At once: the shim reads it at any time.
        let home = self.home.borrow();
        home.write("control/new", content);
        fs::rename(home.path("control/new"), home.path("control").join(fault)).unwrap();
    }

    /// Ends it.
    pub fn end(&self, fault: &str) {
        fs::remove_file(self.home.borrow().path("control").join(fault)).unwrap();
    }
}

/// The client order id that a line is about.
pub fn order_of(line: &str) -> String {
    let is_id = |word: &&str| word.starts_with("ibis-") && word.matches('-').count() == 2;
    line.split_whitespace().find(is_id).unwrap_or_else(|| panic!("no order in {line}")).to_owned()
}
