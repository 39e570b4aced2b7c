//! A unit file as its directives.

use std::fs;
use std::path::{Path, PathBuf};

use crate::support::repository;

/// One `Key=Value` line.
#[derive(Debug, PartialEq, Eq)]
pub struct Directive {
    pub section: String,
    pub key: String,
    pub value: String,
}

/// A unit or drop-in of the repository.
#[derive(Debug)]
pub struct UnitFile {
    pub name: String,
    pub directives: Vec<Directive>,
    /// The last group of lines of `[Service]`: by the manners of this project, the sandbox.
    pub sandbox: Vec<String>,
}

impl UnitFile {
    /// Reads and takes apart a unit file.
    pub fn read(path: &Path) -> UnitFile {
        let text = fs::read_to_string(path).unwrap();
        let mut section = String::new();
        let mut directives = Vec::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                name.clone_into(&mut section);
                continue;
            }
            let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("{path:?}: {line}"));
            let (key, value) = (key.to_owned(), value.to_owned());
            directives.push(Directive { section: section.clone(), key, value });
        }
        let service = text.split("\n[Service]\n").nth(1).unwrap_or("");
        let service = service.split("\n[Install]").next().unwrap_or("").trim_end();
        let sandbox = service.rsplit("\n\n").next().unwrap_or("").lines().map(str::to_owned);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        UnitFile { name, directives, sandbox: sandbox.collect() }
    }

    /// Every value of a key, in order.
    pub fn values<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        let found = self.directives.iter().filter(move |directive| directive.key == key);
        found.map(|directive| directive.value.as_str())
    }

    /// True where the key is set, to anything.
    pub fn has(&self, key: &str) -> bool {
        self.values(key).next().is_some()
    }
}

/// The paths under `units/` with one of these suffixes, sorted; drop-ins are not among them.
pub fn paths(suffix: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(repository().join("units"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    paths.sort();
    paths
}

/// Every service.
pub fn services() -> Vec<UnitFile> {
    paths(".service").iter().map(|path| UnitFile::read(path)).collect()
}

/// Every timer.
pub fn timers() -> Vec<UnitFile> {
    paths(".timer").iter().map(|path| UnitFile::read(path)).collect()
}
