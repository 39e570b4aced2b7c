//! The files of the repository, and what is code in them.

use std::fs;
use std::path::Path;

use crate::support::repository;

/// What is made, not written.
const NOT_OURS: [&str; 3] = [".git", "data", "target"];

/// A Rust file, by its path from the root of the repository.
#[derive(Debug)]
pub struct Source {
    pub path: String,
    pub text: String,
}

impl Source {
    /// The text before the inline test module, which stands last; nothing of a module of tests.
    pub fn production(&self) -> &str {
        let tests = self.path.ends_with("/tests.rs") || self.path.contains("/tests/");
        if self.path.starts_with("src/") && tests {
            return "";
        }
        let mut at = 0;
        for line in self.text.split_inclusive('\n') {
            let rest = &self.text[at + line.len()..];
            let opens = rest.lines().next().is_some_and(|next| {
                let next = next.strip_prefix("pub ").unwrap_or(next);
                let next = next.strip_prefix("pub(crate) ").unwrap_or(next);
                next.starts_with("mod ") && next.ends_with('{')
            });
            if line.trim_end() == "#[cfg(test)]" && opens {
                return &self.text[..at];
            }
            at += line.len();
        }
        &self.text
    }

    /// The production text without comments.
    pub fn code(&self) -> String {
        let lines = self.production().lines().map(|line| line.split("//").next().unwrap_or(""));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// True where the word stands, not as a part of a longer one.
    pub fn mentions(&self, word: &str) -> bool {
        mentions(&self.text, word)
    }
}

/// True where a word or path stands in a text by itself.
pub fn mentions(text: &str, word: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let begins = !before.is_some_and(|c| part_of_word(c) || c == ':');
        let ends = !word.ends_with(part_of_word) || !after.is_some_and(part_of_word);
        begins && ends
    })
}

/// Every Rust file of ours, sorted.
pub fn sources() -> Vec<Source> {
    let rust = ["benches", "src", "tests"].iter().flat_map(|directory| files(directory));
    rust.filter(|path| path.ends_with(".rs"))
        .map(|path| Source { text: fs::read_to_string(repository().join(&path)).unwrap(), path })
        .collect()
}

/// Every file under a directory of the repository, by its path from the root, sorted.
pub fn files(directory: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&repository().join(directory), &mut found);
    found.sort();
    found
}

fn walk(directory: &Path, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if NOT_OURS.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if kind.is_dir() {
            walk(&path, found);
        } else if kind.is_file() {
            let path = path.strip_prefix(repository()).unwrap();
            found.push(path.to_string_lossy().into_owned());
        }
    }
}

#[test]
fn production_ends_where_the_inline_tests_begin() {
    let of = |text: &str| Source { path: String::new(), text: text.to_owned() };
    let source = of("use a;\n#[cfg(test)]\nuse b;\n#[cfg(test)]\npub mod tests {\n}\n");
    assert_eq!(source.production(), "use a;\n#[cfg(test)]\nuse b;\n");
    assert_eq!(of("use a;").production(), "use a;");
    assert!(mentions("log::info!()", "log::") && !mentions("catalog::info()", "log::"));
    assert!(mentions("a XY b", "XY") && !mentions("a XYZ", "XY"));
}
