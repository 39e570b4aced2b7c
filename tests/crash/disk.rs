//! A disk that keeps only what was synced, rebuilt from a recording: what a power cut may leave.
//!
//! A file's content is as of its last sync, and then as chance kept sectors of what came later. Names
//! are their directory's: without its own sync a creation, a renaming or a removal may be undone, though
//! not out of order. Directories themselves are always there. A disk that lies about syncs keeps nothing of any file for certain.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::dice::Dice;
use super::recording::Call;

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// What is left after the cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Left {
    /// Everything reached the disk in time.
    All,
    /// Only what was synced.
    Synced,
    /// Only what was synced of contents, but every name: renames without their data.
    Names,
    /// What was synced, and random sectors and names of the rest.
    Some,
}

impl Left {
    /// Each way.
    pub const WAYS: [Self; 4] = [Self::All, Self::Synced, Self::Names, Self::Some];
}

/// A file, by its place on the disk.
type Id = usize;

#[derive(Clone, Debug)]
enum Edit {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Debug)]
enum Naming {
    Set(String, Id),
    Rename(String, String),
    Remove(String),
}

#[derive(Clone, Debug, Default)]
struct Content {
    synced: Vec<u8>,
    later: Vec<Edit>,
}

/// A state directory on its disk.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    contents: Vec<Content>,
    by_inode: BTreeMap<u64, Id>,
    synced_names: BTreeMap<String, Id>,
    later_names: Vec<Naming>,
}

impl Disk {
    /// The next call reaches the system.
    pub fn take(&mut self, call: &Call) {
        // An index of the WAL is memory, rebuilt by whoever opens it first.
        if call.name.ends_with("-shm") {
            return;
        }
        let (what, _) = call.kind.split_once(':').unwrap();
        match what {
            "create" => {
                self.contents.push(Content::default());
                let id = self.contents.len() - 1;
                self.by_inode.insert(call.inode, id);
                self.later_names.push(Naming::Set(call.name.clone(), id));
            }
            "write" => self.edit(call, Edit::Write(index(call.offset), call.data.clone())),
            "truncate" => self.edit(call, Edit::Length(index(call.offset))),
            "rename" => {
                self.later_names.push(Naming::Rename(call.name.clone(), call.to.clone()));
            }
            "unlink" => self.later_names.push(Naming::Remove(call.name.clone())),
            "sync" if call.kind == "sync:dir" => {
                let of_it = |naming: &Naming| directory_of(naming.name()) == call.name;
                let (synced, later): (Vec<_>, Vec<_>) = self.later_names.drain(..).partition(of_it);
                self.synced_names = named(&self.synced_names, &synced);
                self.later_names = later;
            }
            "sync" => {
                let content = self.content(call);
                for edit in std::mem::take(&mut content.later) {
                    apply(&mut content.synced, &edit);
                }
            }
            // The system believes that it wrote what it could not, and does not try again.
            "lost" if call.kind != "lost:dir" => self.content(call).later.clear(),
            _ => {}
        }
    }

    fn content(&mut self, call: &Call) -> &mut Content {
        let id = self.by_inode[&call.inode];
        &mut self.contents[id]
    }

    fn edit(&mut self, call: &Call, edit: Edit) {
        self.content(call).later.push(edit);
    }

    /// Writes what is left after a cut now into an empty directory.
    pub fn leave(&self, left: Left, dice: &mut Dice, directory: &Path) {
        fs::create_dir_all(directory).unwrap();
        let later = match left {
            Left::All | Left::Names => self.later_names.len(),
            Left::Synced => 0,
            Left::Some => dice.below(self.later_names.len() + 1),
        };
        for (name, id) in named(&self.synced_names, &self.later_names[..later]) {
            let content = &self.contents[id];
            let mut bytes = content.synced.clone();
            for edit in &content.later {
                match left {
                    Left::All => apply(&mut bytes, edit),
                    Left::Synced | Left::Names => {}
                    Left::Some => apply_some(&mut bytes, edit, dice),
                }
            }
            let path = directory.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }
}

impl Naming {
    fn name(&self) -> &str {
        match self {
            Self::Set(name, _) | Self::Rename(name, _) | Self::Remove(name) => name,
        }
    }
}

fn directory_of(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The names after these changes.
fn named(names: &BTreeMap<String, Id>, changes: &[Naming]) -> BTreeMap<String, Id> {
    let mut names = names.clone();
    for change in changes {
        match change {
            Naming::Set(name, id) => {
                names.insert(name.clone(), *id);
            }
            Naming::Rename(from, to) => {
                if let Some(id) = names.remove(from) {
                    names.insert(to.clone(), id);
                }
            }
            Naming::Remove(name) => {
                names.remove(name);
            }
        }
    }
    names
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

fn apply(bytes: &mut Vec<u8>, edit: &Edit) {
    match edit {
        Edit::Length(length) => bytes.resize(*length, 0),
        Edit::Write(offset, data) => write(bytes, *offset, data),
    }
}

fn write(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

/// Each sector of it by chance.
fn apply_some(bytes: &mut Vec<u8>, edit: &Edit, dice: &mut Dice) {
    let Edit::Write(offset, data) = edit else {
        if dice.coin() {
            apply(bytes, edit);
        }
        return;
    };
    let (mut at, mut rest) = (*offset, data.as_slice());
    while !rest.is_empty() {
        let (sector, more) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
        if dice.coin() {
            write(bytes, at, sector);
        }
        (at, rest) = (at + sector.len(), more);
    }
}
