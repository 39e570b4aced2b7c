//! Secrets: texts that are wiped when dropped and never printed, from files that nobody else reads.
//!
//! A systemd credential of the file's name wins over the file itself ([`locate`]). No error of this
//! module repeats what a file holds.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use zeroize::Zeroizing;

/// Bytes of a file with secrets: far more than three texts and an account need.
pub const SECRET_FILE_BYTES_MAX: usize = 64 * 1024;
/// Bytes of one secret. KuCoin's are 24, 36 and at most 32, a Telegram bot's token has 46.
pub const SECRET_BYTES_MAX: usize = 256;
/// Permission bits of group and others: none may be set.
const OTHERS: u32 = 0o077;

/// Why there is no secret. A process that cannot do without exits with 77 (CREDENTIALS).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SecretError {
    /// The file that was to be read.
    pub path: PathBuf,
    /// What is wrong; never what the file holds.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl SecretError {
    /// An error about a file: what is wrong, what to do.
    pub fn new(path: &Path, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { path: path.to_owned(), what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path.display(), self.what, self.fix)
    }
}

impl std::error::Error for SecretError {}

/// What a file is to hold, as the advice of errors says it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// What it is: `API key`.
    pub thing: &'static str,
    /// How it is written: `the API key there as key, secret and passphrase`.
    pub content: &'static str,
}

/// A text that is wiped when dropped and never printed.
#[derive(Default)]
pub struct SecretText(Zeroizing<String>);

impl SecretText {
    /// Takes a text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text. Keep it no longer than needed, and copy it nowhere.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl<'de> serde::Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(Taker)
    }
}

/// Takes a text over where the parser owns it, so that no copy is left behind.
struct Taker;

impl Visitor<'_> for Taker {
    type Value = SecretText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text in quotes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<SecretText, E> {
        Ok(SecretText::new(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<SecretText, E> {
        Ok(SecretText::new(text))
    }
}

/// Who keeps a file private.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keeper {
    /// The service manager: its credentials lie on a file system of their own, for this service.
    Systemd,
    /// The file's own mode and owner.
    Mode,
}

/// Which file counts: `directory` (`$CREDENTIALS_DIRECTORY`, where set) and in it the file of the
/// configured name, if there is one; else the configured file.
pub fn locate(file: &Path, directory: Option<&Path>) -> (PathBuf, Keeper) {
    let credential = directory.zip(file.file_name()).map(|(directory, name)| directory.join(name));
    match credential {
        // Where looking is refused, reading will say why.
        Some(path) if path.try_exists().unwrap_or(true) => (path, Keeper::Systemd),
        _ => (file.to_owned(), Keeper::Mode),
    }
}

/// The text of `file`, or of the systemd credential of the same name, which wins; and which file it
/// was. From here on no dump of this process is written, and nobody but root looks into it.
pub fn load(
    file: &Path,
    directory: Option<&Path>,
    wanted: Wanted,
) -> Result<(Zeroizing<String>, PathBuf), SecretError> {
    let (path, keeper) = locate(file, directory);
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    hidden.map_err(|error| {
        let what = format!("cannot be kept out of core dumps: {error}");
        SecretError::new(&path, what, "see whether a sandbox forbids prctl")
    })?;
    Ok((read(&path, keeper, wanted)?, path))
}

/// The text of a file of at most [`SECRET_FILE_BYTES_MAX`] that no one else can read: regular, owned
/// by this user or root, without permission bits for group and others.
pub fn read_private(path: &Path, wanted: Wanted) -> Result<Zeroizing<String>, SecretError> {
    read(path, Keeper::Mode, wanted)
}

fn read(path: &Path, keeper: Keeper, wanted: Wanted) -> Result<Zeroizing<String>, SecretError> {
    let refused = |error: std::io::Error| {
        let fix = match keeper {
            Keeper::Systemd => "check LoadCredential= of the unit".to_owned(),
            Keeper::Mode => format!("write {}, mode 0600", wanted.content),
        };
        SecretError::new(path, format!("cannot be read: {error}"), fix)
    };
    // Without waiting: a pipe of that name must not hold the start up.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(nonblocking).open(path).map_err(refused)?;
    check_private(&file, path, keeper, wanted)?;
    // One allocation for all of it: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(SECRET_FILE_BYTES_MAX + 1));
    let limit = u64::try_from(SECRET_FILE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    file.take(limit).read_to_string(&mut text).map_err(refused)?;
    if text.len() > SECRET_FILE_BYTES_MAX {
        let what = format!("is larger than {SECRET_FILE_BYTES_MAX} bytes");
        return Err(SecretError::new(
            path,
            what,
            format!("name the file with the {}", wanted.thing),
        ));
    }
    Ok(text)
}

/// Looks at the opened file, not at its name, so that nobody can change it in between.
fn check_private(
    file: &File,
    path: &Path,
    keeper: Keeper,
    wanted: Wanted,
) -> Result<(), SecretError> {
    let metadata = file.metadata().map_err(|error| {
        SecretError::new(path, format!("cannot be looked at: {error}"), "check the file")
    })?;
    if !metadata.is_file() {
        let fix = format!("name the file with the {}", wanted.thing);
        return Err(SecretError::new(path, "is no regular file", fix));
    }
    if keeper == Keeper::Systemd {
        return Ok(());
    }
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS != 0 {
        let what = format!("has mode {mode:04o}: others may read it");
        let fix = format!("chmod 600 it, and make a new {} if others could have", wanted.thing);
        return Err(SecretError::new(path, what, fix));
    }
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own && metadata.uid() != 0 {
        let what = format!("belongs to user {}, neither {own} nor root", metadata.uid());
        return Err(SecretError::new(path, what, "chown it to the user who runs this"));
    }
    Ok(())
}

/// Parses a file into `T`. The error names the line, never what it holds.
pub fn document<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, SecretError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let what = format!("line {line} is not as it should be");
        SecretError::new(path, what, "write TOML such as key = \"...\", each on its own line")
    })
}

/// A text that is there, printable and not too long.
pub fn usable(
    name: &str,
    text: Option<SecretText>,
    path: &Path,
    fix: &str,
) -> Result<SecretText, SecretError> {
    let what = match &text {
        None => format!("has no {name}"),
        Some(text) if text.expose().is_empty() => format!("has an empty {name}"),
        Some(text) if text.expose().len() > SECRET_BYTES_MAX => {
            format!("has a {name} of more than {SECRET_BYTES_MAX} bytes")
        }
        Some(text) if !text.expose().bytes().all(|byte| byte.is_ascii_graphic()) => {
            format!("has a {name} with blanks or characters outside ASCII")
        }
        Some(_) => return Ok(text.unwrap_or_default()),
    };
    Err(SecretError::new(path, what, fix))
}
