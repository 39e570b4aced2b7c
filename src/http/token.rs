//! The bearer token: read from a systemd credential or a private file, kept once, wiped when dropped.
//! No error repeats it, and nothing prints it.

use std::path::{Path, PathBuf};

use crate::secret::{self, SecretError, SecretText, Wanted};

/// Fewer characters could be guessed: 32 of base 64 are 192 bits.
pub const TOKEN_CHARS_MIN: usize = 32;
/// More are a mistake: the name of another file, say.
pub const TOKEN_CHARS_MAX: usize = 256;
/// What the file is to hold.
const WANTED: Wanted = Wanted { thing: "token", content: "a token there: openssl rand -hex 32" };

/// A token.
#[derive(Debug)]
pub struct Token(SecretText);

impl Token {
    /// The token in `file`, or in the systemd credential of the same name in `directory`, which wins.
    /// Without one a process that needs it exits with 77.
    pub fn load(file: &Path, directory: Option<&Path>) -> Result<Self, SecretError> {
        let (text, path) = secret::load(file, directory, WANTED)?;
        let fix = format!("write {}, mode 0600", WANTED.content);
        Self::new(&text).map_err(|what| SecretError::new(&path, what, fix))
    }

    /// A text as a token.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let text = text.trim_end_matches(['\r', '\n']);
        if text.len() < TOKEN_CHARS_MIN || text.len() > TOKEN_CHARS_MAX {
            return Err("is not 32 to 256 characters long");
        }
        match text.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Self(SecretText::new(text.to_owned()))),
            false => Err("has blanks or characters beyond ASCII"),
        }
    }

    /// True for the same text. Takes as long for every text of the same length, so that it cannot be
    /// guessed from its beginning on.
    pub fn is(&self, given: &str) -> bool {
        let (ours, given) = (self.0.expose().as_bytes(), given.as_bytes());
        let differing = ours.iter().zip(given).fold(0, |sum, (a, b)| sum | (a ^ b));
        std::hint::black_box(differing) == 0 && ours.len() == given.len()
    }

    /// True for the same token.
    pub fn is_same(&self, other: &Self) -> bool {
        self.is(other.0.expose())
    }
}

/// Where the token is looked for: the configured path, if one is.
pub fn path(configured: &str) -> Option<PathBuf> {
    (!configured.is_empty()).then(|| PathBuf::from(configured))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    const GOOD: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn only_the_very_same_text_is_the_token() {
        let token = Token::new(&format!("{GOOD}\n")).unwrap();
        assert!(token.is(GOOD));
        let longer = format!("{GOOD}0");
        let cased = GOOD.to_uppercase();
        for other in ["", &GOOD[1..], &GOOD[..31], &longer, &cased] {
            assert!(!token.is(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token([secret])");
        let long = "a".repeat(TOKEN_CHARS_MAX + 1);
        for bad in ["", "short", &long, "0123456789abcdef 0123456789abcdef"] {
            assert!(Token::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_file_must_be_private_and_a_credential_wins() {
        let directory = std::env::temp_dir().join(format!("ibis-token-{}", std::process::id()));
        fs::create_dir_all(directory.join("credentials")).unwrap();
        let file = directory.join("http.token");
        let credentials = directory.join("credentials");
        let load = |file: &Path| Token::load(file, Some(&credentials)).map_err(|e| e.to_string());
        assert!(load(&file).unwrap_err().contains("cannot be read"));
        fs::write(&file, GOOD).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let error = load(&file).unwrap_err();
        assert!(error.contains("mode 0640") && !error.contains(GOOD), "{error}");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(load(&file).unwrap().is(GOOD));
        let other = "f".repeat(40);
        fs::write(credentials.join("http.token"), &other).unwrap();
        assert!(load(&file).unwrap().is(&other));
        assert!(load(&directory).unwrap_err().contains("no regular file"));
        fs::remove_dir_all(&directory).unwrap();
    }
}
