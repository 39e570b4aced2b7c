//! The sockets: passed on by systemd from the process before, or opened anew.
//!
//! systemd keeps both while the service restarts (`FileDescriptorStoreMax=`), so that who connects
//! meanwhile waits for the next process and is not refused. It does not start a stopped agent for a
//! connection, as a socket unit would: stopped means stopped.

use std::fmt::Display;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::config::settings::HttpSettings;
use crate::systemd::descriptors::{self, Passed};

/// The names that systemd keeps the sockets under.
const TCP_NAME: &str = "http";
const SOCKET_NAME: &str = "control";
/// Who may open the socket: its owner and its group.
const SOCKET_MODE: u32 = 0o660;

/// Open sockets, and what is to be said of them once the agent is ready.
#[derive(Debug, Default)]
pub struct Listeners {
    /// Over TCP.
    pub tcp: Option<TcpListener>,
    /// The address that was really taken.
    pub address: Option<SocketAddr>,
    /// On this machine, for who may open it.
    pub socket: Option<UnixListener>,
    /// Its path, where it has to be removed at the end: systemd does not keep it.
    pub removed: Option<PathBuf>,
    /// Lines for a person: what serves, what does not and what to do.
    pub served: Vec<String>,
    /// As `served`, of what does not.
    pub failed: Vec<String>,
}

impl Listeners {
    /// Opens what is configured; what cannot be is told of.
    pub fn open(settings: &HttpSettings, runtime: Option<&Path>, passed: Passed) -> Self {
        let mut listeners = Self::default();
        let (mut tcp, mut socket) = (None, None);
        for (name, descriptor) in passed {
            match name.as_str() {
                TCP_NAME => tcp = Some(descriptor),
                SOCKET_NAME => socket = Some(descriptor),
                _ => {}
            }
        }
        listeners.open_tcp(settings.listen, tcp);
        let path = Path::new(&settings.socket);
        let path = match (path.is_absolute(), runtime) {
            (true, _) => Some(path.to_owned()),
            (false, Some(runtime)) => Some(runtime.join(path)),
            (false, None) => None,
        };
        if let Some(path) = path {
            listeners.open_socket(&path, socket);
        }
        listeners
    }

    fn open_tcp(&mut self, wanted: SocketAddr, passed: Option<OwnedFd>) {
        match tcp(wanted, passed) {
            Ok((listener, address)) => {
                self.served.push(format!("http://{address}"));
                self.address = Some(address);
                self.tcp = Some(listener);
            }
            Err(error) => {
                let fix = "set another http.listen, or http.enabled = false";
                self.fail(&format!("{wanted} is not served: {error}; {fix}"));
            }
        }
    }

    fn open_socket(&mut self, path: &Path, passed: Option<OwnedFd>) {
        match socket(path, passed) {
            Ok((listener, kept)) => {
                self.served.push(format!("unix:{}", path.display()));
                self.removed = (!kept).then(|| path.to_owned());
                self.socket = Some(listener);
            }
            Err(error) => {
                self.fail(&format!("{} is not served: {error}; set http.socket", path.display()));
            }
        }
    }

    fn fail(&mut self, what: &dyn Display) {
        self.failed.push(format!("control interface: {what}"));
    }
}

fn tcp(wanted: SocketAddr, passed: Option<OwnedFd>) -> io::Result<(TcpListener, SocketAddr)> {
    if let Some(listener) = passed.map(TcpListener::from) {
        // Another kind of socket, or one of an older configuration, is given back.
        if let Ok(address) = listener.local_addr()
            && address.ip() == wanted.ip()
            && [address.port(), 0].contains(&wanted.port())
        {
            listener.set_nonblocking(true)?;
            return Ok((listener, address));
        }
        descriptors::forget(TCP_NAME, listener);
    }
    let listener = TcpListener::bind(wanted)?;
    listener.set_nonblocking(true)?;
    descriptors::keep(TCP_NAME, &listener);
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// The socket, and whether systemd keeps it.
fn socket(path: &Path, passed: Option<OwnedFd>) -> io::Result<(UnixListener, bool)> {
    if let Some(listener) = passed.map(UnixListener::from) {
        let same = listener.local_addr().is_ok_and(|own| own.as_pathname() == Some(path));
        if same && is_socket(path) {
            listener.set_nonblocking(true)?;
            return Ok((listener, true));
        }
        descriptors::forget(SOCKET_NAME, listener);
    }
    // What a killed process left behind: nobody answers there.
    if is_socket(path) && UnixStream::connect(path).is_err() {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    listener.set_nonblocking(true)?;
    let kept = descriptors::keep(SOCKET_NAME, &listener);
    Ok((listener, kept))
}

fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}
