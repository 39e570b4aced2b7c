//! Who may know whom: imports point one way, so that a change stays where it was made.

use std::collections::BTreeSet;

use super::assert_none;
use super::source::{Source, mentions, sources};

/// A module and what it may import of this crate, itself aside.
const MAY_IMPORT: [(&str, &[&str]); 21] = [
    ("domain", &[]),
    ("clock", &["domain"]),
    ("histogram", &[]),
    ("strategy", &["domain"]),
    ("risk", &["domain"]),
    ("engine", &["domain", "risk", "strategy"]),
    ("durable", &["domain"]),
    ("net", &[]),
    ("secret", &[]),
    ("systemd", &["clock", "domain"]),
    ("config", &["domain", "net", "risk", "strategy"]),
    ("market", &["domain"]),
    ("recorder", &["clock", "domain", "engine"]),
    ("exchange", &["clock", "domain", "durable", "histogram", "market", "net", "risk", "secret"]),
    ("store", &["domain", "durable", "engine", "risk"]),
    ("alerts", &["clock", "config", "domain", "durable", "net", "secret", "store"]),
    (
        "agent",
        &[
            "alerts",
            "clock",
            "config",
            "domain",
            "durable",
            "engine",
            "exchange",
            "histogram",
            "http",
            "market",
            "net",
            "ops",
            "recorder",
            "risk",
            "store",
            "strategy",
            "systemd",
        ],
    ),
    (
        "ops",
        &[
            "alerts", "clock", "config", "domain", "durable", "engine", "exchange", "recorder",
            "store", "systemd",
        ],
    ),
    ("http", &["clock", "config", "domain", "histogram", "ops", "secret", "store", "systemd"]),
    ("monitoring", &["alerts", "config", "domain", "exchange", "http", "ops", "store"]),
    (
        "cli",
        &[
            "agent",
            "alerts",
            "clock",
            "config",
            "domain",
            "durable",
            "engine",
            "exchange",
            "http",
            "market",
            "monitoring",
            "ops",
            "recorder",
            "risk",
            "store",
            "strategy",
            "systemd",
        ],
    ),
];
/// The functional core: the same events give the same actions.
const PURE: [&str; 4] = ["domain", "engine", "risk", "strategy"];
/// The world, which the core neither sees nor touches.
const IMPURE: [&str; 13] = [
    "jiff::Zoned",
    "log::",
    "rusqlite",
    "rustix",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::{",
    "tokio",
];

/// The top-level module of a file of the library.
fn module(source: &Source) -> Option<&str> {
    let rest = source.path.strip_prefix("src/")?;
    let name = rest.split(['/', '.']).next()?;
    (!["lib", "main"].contains(&name)).then_some(name)
}

/// The top-level modules a file imports, by `crate::` or by as many `super::` as lead there.
fn imports(source: &Source) -> BTreeSet<String> {
    let code = source.code();
    let directories = source.path.matches('/').count().saturating_sub(1);
    let depth = if source.path.ends_with("/mod.rs") { directories } else { directories + 1 };
    let mut found = BTreeSet::new();
    for root in ["crate::".to_owned(), "super::".repeat(depth)] {
        for (at, _) in code.match_indices(&root) {
            found.extend(heads(&code[at + root.len()..]));
        }
    }
    found.remove("super");
    found
}

/// The first segment of a path, or of each path in a group.
fn heads(path: &str) -> Vec<String> {
    let word = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(group) = path.strip_prefix('{') else { return vec![word(path)] };
    let mut level = 0;
    let mut heads = vec![word(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => level += 1,
            '}' if level == 0 => break,
            '}' => level -= 1,
            ',' if level == 0 => heads.push(word(&group[at + 1..])),
            _ => {}
        }
    }
    heads.retain(|head| !head.is_empty());
    heads
}

#[test]
fn imports_point_one_way() {
    let modules: BTreeSet<&str> = MAY_IMPORT.iter().map(|(module, _)| *module).collect();
    let mut complaints = Vec::new();
    for source in &sources() {
        let Some(module) = module(source) else { continue };
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            complaints.push(format!("{}: `{module}` is not in the import table", source.path));
            continue;
        };
        for import in imports(source) {
            let known = modules.contains(import.as_str());
            if known && import != module && !allowed.contains(&import.as_str()) {
                complaints.push(format!("{}: {module} must not import {import}", source.path));
            }
        }
    }
    assert_none(complaints);
}

#[test]
fn the_core_is_pure() {
    let mut complaints = Vec::new();
    for source in &sources() {
        let pure = module(source).is_some_and(|module| PURE.contains(&module));
        for thing in IMPURE.iter().filter(|thing| pure && mentions(&source.code(), thing)) {
            complaints.push(format!("{}: pure code must not know {thing}", source.path));
        }
    }
    assert_none(complaints);
}

#[test]
fn the_table_has_no_cycle() {
    let (mut done, mut left) = (BTreeSet::new(), MAY_IMPORT.to_vec());
    while !left.is_empty() {
        let before = left.len();
        let ready =
            |allowed: &[&str], done: &BTreeSet<&str>| allowed.iter().all(|m| done.contains(m));
        for (module, allowed) in &left {
            if ready(allowed, &done) {
                done.insert(*module);
            }
        }
        left.retain(|(module, _)| !done.contains(module));
        assert!(left.len() < before, "a cycle among {left:?}");
    }
}

#[test]
fn every_way_to_write_an_import_is_seen() {
    let of = |path: &str, text: &str| {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        imports(&source).into_iter().collect::<Vec<_>>()
    };
    assert_eq!(of("src/a/b.rs", "use crate::store::load; // crate::agent"), ["store"]);
    assert_eq!(
        of("src/a/b.rs", "use crate::{store::{x, y}, risk, ops::z};"),
        ["ops", "risk", "store"]
    );
    assert_eq!(of("src/a/b.rs", "use super::super::risk::x; use super::own;"), ["risk"]);
    assert_eq!(of("src/a/mod.rs", "let x = super::risk::x();"), ["risk"]);
    assert_eq!(of("src/a/b/c.rs", "use super::super::own; fn f() {}"), Vec::<String>::new());
    assert_eq!(
        of("src/a/b.rs", "#[cfg(test)]\nmod tests {\nuse crate::agent;\n}"),
        Vec::<String>::new()
    );
}
