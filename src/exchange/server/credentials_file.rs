//! The account's file: its key, what the key may do, and the first balances. Made where it is missing.
//!
//! ```toml
//! key = "6705f5c311545b000157d3eb"
//! secret = "..."
//! passphrase = "..."
//! permissions = ["General", "Spot"]   # default: these two
//! ip_whitelist = ["127.0.0.1"]        # default: every address
//!
//! [balances]
//! USDT = "10000"
//! BTC = "0.5"
//! ```
//!
//! A client reads the first three from the same file: see
//! [`credentials`], which also says who may read it.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Value;
use zeroize::Zeroizing;

use super::token::random_hex;
use crate::domain::decimal::Decimal;
use crate::domain::identifier::Asset;
use crate::exchange::kucoin::credentials::{self, Credentials, CredentialsError};

/// Access rights of a file that is made: its owner reads and writes.
const MODE: u32 = 0o600;
/// Most addresses of a whitelist: the venue's own limit.
const ADDRESSES_MAX: usize = 20;
/// Most assets with a balance.
const BALANCES_MAX: usize = 1_000;
/// Every permission the venue knows.
const PERMISSIONS: [&str; 7] =
    ["General", "Spot", "Margin", "Futures", "InnerTransfer", "Transfer", "Earn"];
/// What a key may do where its file does not say: all an agent needs.
const DEFAULT_PERMISSIONS: [&str; 2] = ["General", "Spot"];
/// The balances of a file that is made.
const DEFAULT_BALANCES: &str = "[balances]\nUSDT = \"10000\"\n";

/// The file as it is used.
#[derive(Debug)]
pub struct CredentialsFile {
    /// Key, secret and passphrase.
    pub credentials: Credentials,
    /// What the key may do, in the order of the file.
    pub permissions: Vec<String>,
    /// Addresses it may be used from; empty means every.
    pub addresses: Vec<IpAddr>,
    /// Balances at the start.
    pub balances: Vec<(Asset, Decimal)>,
}

/// What the file holds besides the secrets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(rename = "key")]
    _key: IgnoredAny,
    #[serde(rename = "secret")]
    _secret: IgnoredAny,
    #[serde(rename = "passphrase")]
    _passphrase: IgnoredAny,
    permissions: Option<Vec<String>>,
    ip_whitelist: Option<Vec<String>>,
    #[serde(default)]
    balances: BTreeMap<String, Value>,
}

impl CredentialsFile {
    /// Reads the file at `path`, or makes one with fresh random credentials where there is none.
    pub fn open_or_make(path: &Path) -> Result<Self, CredentialsError> {
        match make(path) {
            Ok(()) => {}
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => {
                let what = format!("cannot be made: {cause}");
                return Err(error(path, what, "name a file in a directory that can be written"));
            }
        }
        Self::parse(&credentials::read_private(path)?, path)
    }

    /// Reads the text of a file; `path` is named in errors, which repeat no secret.
    pub fn parse(text: &str, path: &Path) -> Result<Self, CredentialsError> {
        let credentials = Credentials::parse(text, path)?;
        let row: Row = credentials::document(text, path)?;
        let refused = |(what, fix): (String, String)| error(path, what, fix);
        Ok(Self {
            credentials,
            permissions: permissions(row.permissions).map_err(refused)?,
            addresses: addresses(row.ip_whitelist).map_err(refused)?,
            balances: balances(row.balances).map_err(refused)?,
        })
    }
}

fn error(path: &Path, what: impl Into<String>, fix: impl fmt::Display) -> CredentialsError {
    CredentialsError { path: path.to_owned(), what: what.into(), fix: fix.to_string() }
}

/// Makes the file with fresh credentials; `AlreadyExists` where there is one.
fn make(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    let random = || io::Error::other("the system gives no random numbers");
    let key = random_hex::<12>().ok_or_else(random)?;
    let secret = random_hex::<16>().ok_or_else(random)?;
    let passphrase = random_hex::<8>().ok_or_else(random)?;
    let parts = [
        "# Credentials of a simulated exchange: they open nothing else.\nkey = \"",
        &key,
        "\"\nsecret = \"",
        &secret,
        "\"\npassphrase = \"",
        &passphrase,
        "\"\n\n",
        DEFAULT_BALANCES,
    ];
    // One allocation: growing would leave copies of the secret behind.
    let mut text = Zeroizing::new(String::with_capacity(parts.iter().map(|part| part.len()).sum()));
    parts.iter().for_each(|part| text.push_str(part));
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a file would only be in the way of the next try.
        drop(fs::remove_file(path));
    }
    written
}

/// What is wrong, and what to do.
type Problem = (String, String);

fn permissions(words: Option<Vec<String>>) -> Result<Vec<String>, Problem> {
    let Some(words) = words else {
        return Ok(DEFAULT_PERMISSIONS.map(str::to_owned).to_vec());
    };
    match words.iter().find(|word| !PERMISSIONS.contains(&word.as_str())) {
        Some(word) => Err((
            format!("{word:?} is no permission"),
            format!("there are {}", PERMISSIONS.join(", ")),
        )),
        None => Ok(words),
    }
}

fn addresses(words: Option<Vec<String>>) -> Result<Vec<IpAddr>, Problem> {
    let words = words.unwrap_or_default();
    if words.len() > ADDRESSES_MAX {
        let what = format!("ip_whitelist has {} addresses", words.len());
        return Err((what, format!("keep at most {ADDRESSES_MAX}")));
    }
    let address = |word: &String| {
        let what = || format!("{word:?} in ip_whitelist is no IP address");
        word.parse().map_err(|_| (what(), "write such as \"127.0.0.1\"".to_owned()))
    };
    words.iter().map(address).collect()
}

fn balances(rows: BTreeMap<String, Value>) -> Result<Vec<(Asset, Decimal)>, Problem> {
    if rows.len() > BALANCES_MAX {
        let what = format!("[balances] has {} assets", rows.len());
        return Err((what, format!("keep at most {BALANCES_MAX}")));
    }
    let row = |(name, value): (String, Value)| {
        let asset = Asset::new(&name).map_err(|error| {
            (format!("[balances] {name:?} is {error}"), "write such as USDT".to_owned())
        })?;
        let written = value.as_str().and_then(|text| Decimal::parse(text).ok());
        let amount = written.or_else(|| value.as_integer().map(Decimal::from_int));
        let amount = amount.filter(|amount| !amount.is_negative()).ok_or_else(|| {
            let fix = format!("write as in {name} = \"0.5\", 0 or more");
            (format!("[balances] {name} is no amount"), fix)
        })?;
        Ok((asset, amount))
    };
    rows.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const GOOD: &str = "key = \"k\"\nsecret = \"s3cret\"\npassphrase = \"phrase\"\n";

    fn parse(text: &str) -> Result<CredentialsFile, CredentialsError> {
        CredentialsFile::parse(text, Path::new("here.toml"))
    }

    #[test]
    fn all_but_the_credentials_has_defaults() {
        let file = parse(GOOD).unwrap();
        assert_eq!(file.credentials.key(), "k");
        assert_eq!(file.permissions, DEFAULT_PERMISSIONS);
        assert!(file.addresses.is_empty() && file.balances.is_empty());
        let more = "permissions = [\"General\"]\nip_whitelist = [\"10.0.0.1\", \"::1\"]\n\
            [balances]\nUSDT = 10\nBTC = \"0.5\"\n";
        let file = parse(&format!("{GOOD}{more}")).unwrap();
        assert_eq!(file.permissions, ["General"]);
        assert_eq!(file.addresses.len(), 2);
        let half = Decimal::parse("0.5").unwrap();
        let balance = |name: &str, amount| (Asset::new(name).unwrap(), amount);
        let expected = [balance("BTC", half), balance("USDT", Decimal::from_int(10))];
        assert_eq!(file.balances, expected);
    }

    #[test]
    fn a_mistake_is_told_without_a_secret() {
        let cases = [
            ("permissions = [\"Everything\"]", "is no permission; there are General"),
            ("ip_whitelist = [\"home\"]", "is no IP address"),
            ("ip_whitelist = \"home\"", "line 4 is not as it should be"),
            ("[balances]\nUSDT = 1.5", "write as in USDT = \"0.5\""),
            ("[balances]\nUSDT = \"-1\"", "0 or more"),
            ("secrets = 1", "is not as it should be"),
        ];
        for (text, expected) in cases {
            let message = parse(&format!("{GOOD}{text}")).unwrap_err().to_string();
            assert!(message.starts_with("here.toml: ") && message.contains(expected), "{message}");
            assert!(!message.contains("s3cret"), "{message}");
        }
        let debug = format!("{:?}", parse(GOOD).unwrap());
        assert!(!debug.contains("s3cret") && !debug.contains("phrase"), "{debug}");
    }

    #[test]
    fn a_missing_file_is_made_for_its_owner_alone_and_then_kept() {
        let directory = std::env::temp_dir().join(format!("ibis-account-{}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        let path = directory.join("account.toml");
        let made = CredentialsFile::open_or_make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        let usdt = (Asset::new("USDT").unwrap(), Decimal::from_int(10_000));
        assert_eq!(made.balances, [usdt]);
        let again = CredentialsFile::open_or_make(&path).unwrap();
        assert_eq!(made.credentials.secret(), again.credentials.secret());
        let other = CredentialsFile::open_or_make(&directory.join("other.toml")).unwrap();
        assert_ne!(made.credentials.secret(), other.credentials.secret());
        let nowhere = CredentialsFile::open_or_make(&directory.join("no/account.toml"));
        assert!(nowhere.unwrap_err().to_string().contains("cannot be made"));
        fs::remove_dir_all(&directory).unwrap();
    }
}
