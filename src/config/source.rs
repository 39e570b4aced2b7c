//! Where configuration comes from, and in which order. Later wins:
//!
//! 1. the built-in defaults;
//! 2. `/usr/lib/ibis/config.d/*.toml`, `/etc/ibis/ibis.toml`, `/etc/ibis/config.d/*.toml`,
//!    `/run/ibis/config.d/*.toml`, each by name, where they exist and no `--config` is given; under
//!    systemd `$CONFIGURATION_DIRECTORY` takes the place of `/etc/ibis`;
//! 3. each `--config FILE` in turn, which must exist;
//! 4. environment variables `IBIS__SECTION__KEY`;
//! 5. options of the command line that set a key.
//!
//! **Limits**: 256 files in a directory.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::{ConfigError, Origin};
use super::key::VARIABLE_PREFIX;

/// Files one directory may hold: far more than any person would write.
const DIRECTORY_FILES_MAX: usize = 256;

/// What [`super::load`] reads.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sources {
    /// Stands before every absolute system path: empty, or a staging root in tests.
    pub root: PathBuf,
    /// `$CONFIGURATION_DIRECTORY` (a colon-separated list; the first counts), where set.
    pub configuration_directory: Option<PathBuf>,
    /// The `--config` files in order.
    pub files: Vec<PathBuf>,
    /// Environment variables; those without the prefix `IBIS__` are ignored.
    pub variables: Vec<(String, String)>,
    /// Options that set a key: the option as typed, the key, the value.
    pub options: Vec<(String, &'static str, String)>,
}

impl Sources {
    /// The sources of this process: `files` from the command line, the rest from the environment.
    pub fn of_process(files: Vec<PathBuf>) -> Self {
        let text = |text: OsString| text.to_string_lossy().into_owned();
        let variables: Vec<(String, String)> = std::env::vars_os()
            .map(|(name, value)| (text(name), text(value)))
            .filter(|(name, _)| name.starts_with(VARIABLE_PREFIX))
            .collect();
        let configuration_directory = super::directory::Directories::of_process(None).configuration;
        Self { files, variables, configuration_directory, ..Self::default() }
    }

    /// The files to read, in order.
    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, ConfigError> {
        if !self.files.is_empty() {
            return Ok(self.files.clone());
        }
        let etc = match &self.configuration_directory {
            Some(directory) => directory.clone(),
            None => self.rooted("etc/ibis"),
        };
        let mut paths = list(&self.rooted("usr/lib/ibis/config.d"))?;
        if exists(&etc.join("ibis.toml"))? {
            paths.push(etc.join("ibis.toml"));
        }
        paths.extend(list(&etc.join("config.d"))?);
        paths.extend(list(&self.rooted("run/ibis/config.d"))?);
        Ok(paths)
    }

    fn rooted(&self, path: &str) -> PathBuf {
        if self.root.as_os_str().is_empty() {
            Path::new("/").join(path)
        } else {
            self.root.join(path)
        }
    }
}

/// Whether the file is there. Not being allowed to look is an error, not an absence.
fn exists(path: &Path) -> Result<bool, ConfigError> {
    path.try_exists().map_err(|error| unreadable(path, &error))
}

/// The `*.toml` files of a directory by name; none where it does not exist.
fn list(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let entries = match std::fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(directory, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(directory, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
        if paths.len() > DIRECTORY_FILES_MAX {
            let what = format!("more than {DIRECTORY_FILES_MAX} files");
            let origin = Origin::File(directory.to_owned(), None);
            return Err(ConfigError::new(origin, what, "remove those that are not needed"));
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn unreadable(path: &Path, error: &std::io::Error) -> ConfigError {
    let origin = Origin::File(path.to_owned(), None);
    let fix = "run as a user who may read it, or name a file with --config";
    ConfigError::new(origin, format!("cannot look here ({error})"), fix)
}
