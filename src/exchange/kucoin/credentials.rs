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
use std::path::Path;

use zeroize::Zeroizing;

use crate::secret::{self, Wanted, usable};
pub use crate::secret::{SecretError as CredentialsError, SecretText, document};

/// What a credentials file holds.
const API_KEY: Wanted =
    Wanted { thing: "API key", content: "the API key there as key, secret and passphrase" };

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
    /// [`secret::locate`]. A file must be private: see [`read_private`].
    pub fn load(file: &Path, directory: Option<&Path>) -> Result<Self, CredentialsError> {
        let (text, path) = secret::load(file, directory, API_KEY)?;
        Self::parse(&text, &path)
    }

    /// Reads the three texts. `path` is named in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, CredentialsError> {
        let keys: Keys = document(text, path)?;
        let usable = |name, text| {
            let fix = format!("write {name} = \"...\" as KuCoin shows it when the API key is made");
            usable(name, text, path, &fix)
        };
        Ok(Self {
            key: usable("key", keys.key)?,
            secret: usable("secret", keys.secret)?,
            passphrase: usable("passphrase", keys.passphrase)?,
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

/// The text of a private file: see [`secret::read_private`].
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, CredentialsError> {
    secret::read_private(path, API_KEY)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use rustix::process::DumpableBehavior;

    use super::*;
    use crate::secret::{Keeper, SECRET_FILE_BYTES_MAX, locate};

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
        let large = "#".repeat(SECRET_FILE_BYTES_MAX + 1);
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
