//! Configuration in three stages: fragments (a file each) are merged into an input that remembers
//! where each value came from, which is validated into [`Settings`].
//!
//! One table ([`table::KEYS`]) declares every key; parsing, errors with the nearest known key, the
//! environment's names and the sample file derive from it.
//!
//! **Failure**: [`ConfigError`], one line; the process exits with 78, which systemd does not restart.

pub mod directory;
pub mod error;
pub mod fragment;
pub mod input;
pub mod key;
pub mod relation;
pub mod sample;
pub mod settings;
pub mod source;
pub mod table;
pub mod value;

use std::path::PathBuf;

pub use directory::Directories;
pub use error::{ConfigError, Origin};
pub use settings::Settings;
pub use source::Sources;

use input::Input;
use key::VARIABLE_PREFIX;

/// What [`load`] found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loaded {
    /// The validated settings.
    pub settings: Settings,
    /// Every key's value with where it came from.
    pub input: Input,
    /// The files read, in order.
    pub files: Vec<PathBuf>,
}

/// Reads, merges and validates all sources.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut input = Input::defaults();
    let files = sources.paths()?;
    for file in &files {
        for entry in fragment::read(file)? {
            input.apply(&entry)?;
        }
    }
    let mut variables: Vec<&(String, String)> = sources.variables.iter().collect();
    variables.sort_unstable();
    for (variable, text) in variables {
        let Some(name) = variable.strip_prefix(VARIABLE_PREFIX) else { continue };
        let name = name.replacen("__", ".", 1).to_ascii_lowercase();
        let origin = Origin::Variable(variable.clone());
        input.apply(&input::untyped(&name, text, origin))?;
    }
    for (option, name, text) in &sources.options {
        input.apply(&input::untyped(name, text, Origin::Option(option.clone())))?;
    }
    Ok(Loaded { settings: Settings::validate(&input)?, input, files })
}
