//! The manners of the source, as data: what a reviewer would otherwise have to notice.

mod acceptance;
mod imports;
mod source;

use std::fs;

use crate::support::repository;
use source::{Source, files, sources};

/// Lines of a file without its inline tests.
const LINES_MAX: usize = 400;
/// Larger than this does not belong into the repository.
const BLOB_BYTES_MAX: u64 = 256 * 1024;
/// Marks of unfinished work, in two parts so that this file does not carry them.
const UNFINISHED: [(&str, &str); 3] = [("TO", "DO"), ("FIX", "ME"), ("XX", "X")];
/// Names that say nothing about what a file holds.
const EMPTY_NAMES: [&str; 8] =
    ["utils", "util", "helpers", "helper", "common", "misc", "types", "stuff"];
/// Directories whose every file is text of ours.
const TEXT: [&str; 8] =
    [".ci", "benches", "migrations", "monitoring", "scripts", "src", "tests", "units"];

/// Collects complaints, so that one run names them all.
fn assert_none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

fn complain(judge: impl Fn(&Source) -> Option<String>) {
    let complaints = sources().into_iter().filter_map(|source| {
        judge(&source).map(|complaint| format!("{}: {complaint}", source.path))
    });
    assert_none(complaints.collect());
}

#[test]
fn files_stay_short() {
    complain(|source| {
        let lines = source.production().lines().count();
        (lines > LINES_MAX).then(|| format!("{lines} lines, {LINES_MAX} are the wall"))
    });
}

#[test]
fn every_module_says_what_it_is_for() {
    complain(|source| {
        let missing = !source.text.starts_with("//! ");
        missing.then(|| "the first line is not its `//!` documentation".into())
    });
}

#[test]
fn names_say_what_a_file_holds() {
    complain(|source| {
        let empty = source.path.split(['/', '.']).find(|part| EMPTY_NAMES.contains(part))?;
        Some(format!("`{empty}` names nothing"))
    });
}

#[test]
fn no_work_is_left_unfinished() {
    let marks = UNFINISHED.map(|(head, tail)| format!("{head}{tail}"));
    complain(|source| {
        let mark = marks.iter().find(|mark| source.mentions(mark))?;
        Some(format!("carries a {mark}"))
    });
}

#[test]
fn text_is_plain_ascii_and_names_no_path_of_this_machine() {
    let here = format!("{}/", repository().display());
    let mut complaints = Vec::new();
    for path in TEXT.iter().flat_map(|directory| files(directory)) {
        let text = fs::read_to_string(repository().join(&path)).unwrap_or_default();
        if let Some(line) = text.lines().position(|line| !line.is_ascii()) {
            complaints.push(format!("{path}:{}: not ASCII", line + 1));
        }
        if text.contains(&here) {
            complaints.push(format!("{path}: names {here}"));
        }
        if text.lines().any(|line| line.ends_with([' ', '\t'])) {
            complaints.push(format!("{path}: trailing blanks"));
        }
    }
    assert_none(complaints);
}

#[test]
fn no_blob_is_large() {
    let complaints = files("").into_iter().filter_map(|path| {
        let bytes = fs::metadata(repository().join(&path)).ok()?.len();
        (bytes > BLOB_BYTES_MAX).then(|| format!("{path}: {bytes} bytes"))
    });
    assert_none(complaints.collect());
}

#[test]
fn every_migration_is_compiled_in_and_explained() {
    let mut complaints = Vec::new();
    for path in files("migrations") {
        if !sources().iter().any(|source| source.text.contains(&path)) {
            complaints.push(format!("{path}: no source includes it"));
        }
        if !fs::read_to_string(repository().join(&path)).unwrap().starts_with("-- ") {
            complaints.push(format!("{path}: does not begin by saying what and why"));
        }
    }
    assert_none(complaints);
}

#[test]
fn every_source_belongs_to_a_module() {
    let all = sources();
    complain(|source| {
        let stem = source.path.trim_end_matches(".rs").trim_end_matches("/mod");
        let (parent, name) = stem.rsplit_once('/')?;
        let bench = parent == "benches" || (parent.starts_with("benches/") && name == "main");
        if ["src/main", "src/lib", "tests/main"].contains(&stem) || bench {
            return None;
        }
        let homes = [".rs", "/mod.rs", "/lib.rs", "/main.rs"].map(|end| format!("{parent}{end}"));
        let mut homes = all.iter().filter(|other| homes.contains(&other.path));
        let declared = homes.any(|home| home.mentions(&format!("mod {name};")));
        (!declared).then(|| format!("no `mod {name};` declares it"))
    });
}
