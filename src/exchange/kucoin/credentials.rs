//! The API key: read from a systemd credential or a private file, kept once, wiped when dropped.
//!
//! ```toml
//! key = "66f0a1b2c3d4e5f6a7b8c9d0"
//! secret = "0f3c1a2b-..."
//! passphrase = "..."
//! ```
//!
//! Further keys are allowed and ignored: the simulated exchange keeps its account in the same file
//! and reads it by [`document`] into a struct of its own, with [`SecretText`] for what is secret.
//!
//! No error of this module repeats what a file holds, and nothing here prints a secret. What this
//! cannot wipe: the HMAC state derived from the secret, which the signer keeps for as long as it
//! signs, and the bytes the kernel has read ahead.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};
use zeroize::Zeroizing;

/// Bytes of a credentials file: far more than three texts and an account need.
pub const CREDENTIALS_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a key, secret or passphrase. KuCoin's are 24, 36 and at most 32.
pub const SECRET_BYTES_MAX: usize = 256;
/// Permission bits of group and others: none may be set.
const OTHERS: u32 = 0o077;

/// Why there are no credentials. The process that meets one exits with 77 (CREDENTIALS).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialsError {
    /// The file that was to be read.
    pub path: PathBuf,
    /// What is wrong; never what the file holds.
    pub what: String,
    /// What to do.
    pub fix: String,
}

impl CredentialsError {
    fn new(path: &Path, what: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { path: path.to_owned(), what: what.into(), fix: fix.into() }
    }
}

impl fmt::Display for CredentialsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.path.display(), self.what, self.fix)
    }
}

impl std::error::Error for CredentialsError {}

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

/// Key, secret and passphrase of a KuCoin API key.
pub struct Credentials {
    key: SecretText,
    secret: SecretText,
    passphrase: SecretText,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What [`Credentials::parse`] reads of a file.
#[derive(serde::Deserialize)]
struct Keys {
    key: Option<SecretText>,
    secret: Option<SecretText>,
    passphrase: Option<SecretText>,
}

impl Credentials {
    /// The credentials of `file`, or of the systemd credential of the same name, which wins: see
    /// [`locate`]. A file must be private: see [`read_private`].
    pub fn load(file: &Path, directory: Option<&Path>) -> Result<Self, CredentialsError> {
        let (path, keeper) = locate(file, directory);
        // From here on no dump of this process is written, and nobody but root looks into it.
        let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable);
        hidden.map_err(|error| {
            let what = format!("cannot be kept out of core dumps: {error}");
            CredentialsError::new(&path, what, "see whether a sandbox forbids prctl")
        })?;
        Self::parse(&read(&path, keeper)?, &path)
    }

    /// Reads the three texts. `path` is named in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, CredentialsError> {
        let keys: Keys = document(text, path)?;
        Ok(Self {
            key: usable("key", keys.key, path)?,
            secret: usable("secret", keys.secret, path)?,
            passphrase: usable("passphrase", keys.passphrase, path)?,
        })
    }

    /// The API key, which travels as it is.
    pub fn key(&self) -> &str {
        self.key.expose()
    }

    /// The secret that signs. It never travels.
    pub fn secret(&self) -> &str {
        self.secret.expose()
    }

    /// The passphrase, which travels signed.
    pub fn passphrase(&self) -> &str {
        self.passphrase.expose()
    }
}

/// Who keeps a credentials file private.
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

/// The text of a file of at most [`CREDENTIALS_BYTES_MAX`] that no one else can read: regular, owned
/// by this user or root, without permission bits for group and others.
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, CredentialsError> {
    read(path, Keeper::Mode)
}

fn read(path: &Path, keeper: Keeper) -> Result<Zeroizing<String>, CredentialsError> {
    let refused = |error: std::io::Error| {
        let fix = match keeper {
            Keeper::Systemd => "check LoadCredential= of the unit",
            Keeper::Mode => "write the API key there as key, secret and passphrase, mode 0600",
        };
        CredentialsError::new(path, format!("cannot be read: {error}"), fix)
    };
    // Without waiting: a pipe of that name must not hold the start up.
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(nonblocking).open(path).map_err(refused)?;
    check_private(&file, path, keeper)?;
    // One allocation for all of it: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(CREDENTIALS_BYTES_MAX + 1));
    let limit = u64::try_from(CREDENTIALS_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    file.take(limit).read_to_string(&mut text).map_err(refused)?;
    if text.len() > CREDENTIALS_BYTES_MAX {
        let what = format!("is larger than {CREDENTIALS_BYTES_MAX} bytes");
        return Err(CredentialsError::new(path, what, "name the file with the API key"));
    }
    Ok(text)
}

/// Looks at the opened file, not at its name, so that nobody can change it in between.
fn check_private(file: &File, path: &Path, keeper: Keeper) -> Result<(), CredentialsError> {
    let metadata = file.metadata().map_err(|error| {
        CredentialsError::new(path, format!("cannot be looked at: {error}"), "check the file")
    })?;
    if !metadata.is_file() {
        return Err(CredentialsError::new(
            path,
            "is no regular file",
            "name the file with the API key",
        ));
    }
    if keeper == Keeper::Systemd {
        return Ok(());
    }
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS != 0 {
        let what = format!("has mode {mode:04o}: others may read it");
        let fix = "chmod 600 it, and make a new API key if others could have";
        return Err(CredentialsError::new(path, what, fix));
    }
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own && metadata.uid() != 0 {
        let what = format!("belongs to user {}, neither {own} nor root", metadata.uid());
        return Err(CredentialsError::new(path, what, "chown it to the user who runs this"));
    }
    Ok(())
}

/// Parses a credentials file into `T`. The error names the line, never what it holds.
pub fn document<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, CredentialsError> {
    toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let what = format!("line {line} is not as it should be");
        CredentialsError::new(path, what, "write TOML such as key = \"...\", each on its own line")
    })
}

/// A text that is there, printable and not too long.
fn usable(
    name: &str,
    text: Option<SecretText>,
    path: &Path,
) -> Result<SecretText, CredentialsError> {
    let fix = format!("write {name} = \"...\" as KuCoin shows it when the API key is made");
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
    Err(CredentialsError::new(path, what, fix))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const TEXT: &str = "key = \"canary-key\"\nsecret = 'canary-secret'\npassphrase = \"canary\\u002dphrase\"\n\
        permissions = \"General,Spot\"\n[balances]\nUSDT = \"10000\"\n";

    fn parse(text: &str) -> Result<Credentials, CredentialsError> {
        Credentials::parse(text, Path::new("/etc/ibis/kucoin.toml"))
    }

    fn scratch(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("ibis-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn file(directory: &Path, text: &str, mode: u32) -> PathBuf {
        let path = directory.join("kucoin.toml");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn reads_the_three_texts_and_ignores_the_rest() {
        let credentials = parse(TEXT).unwrap();
        assert_eq!(credentials.key(), "canary-key");
        assert_eq!(credentials.secret(), "canary-secret");
        assert_eq!(credentials.passphrase(), "canary-phrase");
        assert!(!format!("{credentials:?} {:?}", credentials.key).contains("canary"));
    }

    #[test]
    fn errors_name_the_file_and_the_mend_never_the_content() {
        let long = format!("key = \"{}\"", "canary".repeat(100));
        for (text, what) in [
            ("", "has no key"),
            ("key = \"canary\"\nsecret = \"canary\"", "has no passphrase"),
            ("key = \"\"", "has an empty key"),
            ("key = \"can ary\"", "has a key with blanks"),
            ("key = \"can\\nary\"", "has a key with blanks"),
            (&long, "has a key of more than 256 bytes"),
            ("key = \"canary\"\nsecret = canary", "line 2 is"),
            ("key = \"canary\"\n\npassphrase = 17", "line 3 is"),
            ("key = \"canary\"\nkey = \"canary\"", "line 2 is"),
        ] {
            let error = parse(text).unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(error.what.starts_with(what), "{error}");
            assert!(said.contains("/etc/ibis/kucoin.toml: ") && !said.contains("canary"), "{said}");
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let directory = scratch("credentials-mode");
        for mode in [0o600, 0o400] {
            assert!(Credentials::load(&file(&directory, TEXT, mode), None).is_ok(), "{mode:o}");
            let dumps = rustix::process::dumpable_behavior().unwrap();
            assert_eq!(dumps, DumpableBehavior::NotDumpable);
        }
        for mode in [0o640, 0o604, 0o660, 0o644] {
            let error = Credentials::load(&file(&directory, TEXT, mode), None).unwrap_err();
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        let error = Credentials::load(&directory, None).unwrap_err();
        assert_eq!(error.what, "is no regular file");
        let error = Credentials::load(&directory.join("absent.toml"), None).unwrap_err();
        assert!(error.what.starts_with("cannot be read"), "{error}");
        let large = "#".repeat(CREDENTIALS_BYTES_MAX + 1);
        let error = Credentials::load(&file(&directory, &large, 0o600), None).unwrap_err();
        assert!(error.what.starts_with("is larger"), "{error}");
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn the_credential_of_systemd_wins_whatever_its_mode() {
        let (directory, credentials) =
            (scratch("credentials-file"), scratch("credentials-systemd"));
        let path = file(&directory, TEXT, 0o600);
        assert_eq!(locate(&path, Some(&credentials)), (path.clone(), Keeper::Mode));
        let other = TEXT.replace("canary-key", "canary-other");
        file(&credentials, &other, 0o440);
        assert_eq!(Credentials::load(&path, Some(&credentials)).unwrap().key(), "canary-other");
        assert_eq!(Credentials::load(&path, None).unwrap().key(), "canary-key");
        fs::remove_dir_all(&directory).unwrap();
        fs::remove_dir_all(&credentials).unwrap();
    }
}
