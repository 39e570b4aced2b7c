//! The directories a process works in. systemd names them in the environment; the one path written
//! here is where a person's look goes on an installed machine ([`Directories::to_look_at`]).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// State directory where neither `--state-dir` nor systemd names one.
const STATE_DIRECTORY_DEFAULT: &str = "./data";
/// What `StateDirectory=ibis` of the installed units means.
const STATE_DIRECTORY_INSTALLED: &str = "/var/lib/ibis";
/// What `RuntimeDirectory=ibis` of the installed units means.
const RUNTIME_DIRECTORY_INSTALLED: &str = "/run/ibis";

/// Where this process keeps and finds its files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Directories {
    /// The ledger and its projections: `--state-dir`, else `$STATE_DIRECTORY`, else `./data`.
    pub state: PathBuf,
    /// Sockets, gone when the service stops: `$RUNTIME_DIRECTORY`. None outside a service.
    pub runtime: Option<PathBuf>,
    /// `$CONFIGURATION_DIRECTORY`. None outside a service.
    pub configuration: Option<PathBuf>,
    /// What LoadCredential= put there: `$CREDENTIALS_DIRECTORY`. None outside a service.
    pub credentials: Option<PathBuf>,
    /// Somebody named the state directory.
    named: bool,
}

impl Directories {
    /// The directories of this process; `state_dir` is the command line's.
    #[expect(clippy::disallowed_methods, reason = "this module is where the environment is read")]
    pub fn of_process(state_dir: Option<&Path>) -> Self {
        Self::resolve(state_dir, |name| std::env::var_os(name))
    }

    /// As [`Directories::of_process`] with the environment as an argument.
    pub fn resolve(state_dir: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let first = |name: &str| {
            let list = variable(name)?;
            std::env::split_paths(&list).find(|path| !path.as_os_str().is_empty())
        };
        let named = state_dir.map(Path::to_owned).or_else(|| first("STATE_DIRECTORY"));
        Self {
            named: named.is_some(),
            state: named.unwrap_or_else(|| PathBuf::from(STATE_DIRECTORY_DEFAULT)),
            runtime: first("RUNTIME_DIRECTORY"),
            configuration: first("CONFIGURATION_DIRECTORY"),
            credentials: first("CREDENTIALS_DIRECTORY"),
        }
    }

    /// Where a command that looks at an agent finds its state: as `state`, but on a machine where
    /// ibis is installed and nothing else is named or there, the service's directory. The agent
    /// itself never works there unless told to.
    pub fn to_look_at(self) -> PathBuf {
        let installed = Path::new(STATE_DIRECTORY_INSTALLED);
        if !self.named && !self.state.exists() && installed.exists() {
            return installed.to_owned();
        }
        self.state
    }

    /// Where a command for an agent is put: its state directory, and what takes it where that cannot.
    pub fn to_give_orders_in(self) -> (PathBuf, Option<PathBuf>) {
        let runtime = self.runtime.clone();
        let state = self.to_look_at();
        let installed = Path::new(RUNTIME_DIRECTORY_INSTALLED);
        let is_service = state == Path::new(STATE_DIRECTORY_INSTALLED) && installed.exists();
        (state, runtime.or_else(|| is_service.then(|| installed.to_owned())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_line_then_systemd_then_default() {
        let bare = Directories::resolve(None, |_| None);
        assert_eq!(bare.state, Path::new("./data"));
        assert_eq!((bare.runtime, bare.configuration), (None, None));
        let service = |name: &str| match name {
            "STATE_DIRECTORY" => Some("/var/lib/ibis:/var/lib/other".into()),
            "RUNTIME_DIRECTORY" => Some("/run/ibis".into()),
            "CONFIGURATION_DIRECTORY" => Some("".into()),
            _ => None,
        };
        let under_systemd = Directories::resolve(None, service);
        assert_eq!(under_systemd.state, Path::new("/var/lib/ibis"));
        assert_eq!(under_systemd.runtime.as_deref(), Some(Path::new("/run/ibis")));
        assert_eq!(under_systemd.configuration, None);
        let named = Directories::resolve(Some(Path::new("/x")), service);
        assert_eq!(named.state, Path::new("/x"));
    }
}
