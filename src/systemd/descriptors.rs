//! Descriptors that systemd keeps for the service while it restarts: given with FDSTORE=1, passed to the
//! next process (sd_listen_fds(3)), closed when the service stops.
//!
//! **Failure**: outside a service nothing is kept, nor where a container forbids pidfd_getfd(2): what
//! cannot be taken over again would only be in the way. One that cannot be given is said, and opened anew.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixDatagram;

use rustix::net::{
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, sendmsg, shutdown,
};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// Names with their descriptors.
pub type Passed = Vec<(String, OwnedFd)>;

/// Takes over what systemd passed to this process under these names. Once: they would be found again.
///
/// The numbers in the environment become descriptors through the process's own pidfd, which is safe
/// whatever they are: a number that is none is an error.
pub fn take(names: &[&str]) -> Passed {
    match passed() {
        Ok(passed) => passed,
        Err(error) => {
            log::warn!("what systemd kept cannot be taken over: {error}; a restart opens it anew");
            // Their numbers stay open until this process ends; the next one finds the way free.
            for name in names {
                tell(&format!("FDSTOREREMOVE=1\nFDNAME={name}"), &mut nothing());
            }
            Passed::new()
        }
    }
}

fn passed() -> std::io::Result<Passed> {
    let named = sd_notify::listen_fds_with_names()?;
    if named.len() == 0 {
        return Ok(Passed::new());
    }
    named.map(|(number, name)| Ok((name, own(number)?))).collect()
}

/// A second descriptor of what this process has open under a number.
fn own(number: RawFd) -> rustix::io::Result<OwnedFd> {
    let process = pidfd_open(getpid(), PidfdFlags::empty())?;
    pidfd_getfd(process, number, PidfdGetfdFlags::empty())
}

fn nothing() -> SendAncillaryBuffer<'static, 'static, 'static> {
    SendAncillaryBuffer::default()
}

/// Has systemd keep a descriptor under a name. False where nobody keeps it.
pub fn keep(name: &str, descriptor: impl AsFd) -> bool {
    if let Err(error) = own(descriptor.as_fd().as_raw_fd()) {
        log::debug!("{name} is not kept through a restart: {error}");
        return false;
    }
    let descriptors = [descriptor.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    tell(&format!("FDSTORE=1\nFDNAME={name}"), &mut control)
}

/// Has systemd close a socket that it keeps under a name. Nothing listens on it any more, here or there.
pub fn forget(name: &str, socket: impl AsFd) {
    // The number that was passed stays open until the process ends; the socket behind it does not listen.
    if let Err(error) = shutdown(socket, Shutdown::Both) {
        log::debug!("the socket {name} of the process before is not shut down: {error}");
    }
    tell(&format!("FDSTOREREMOVE=1\nFDNAME={name}"), &mut nothing());
}

#[expect(clippy::disallowed_methods, reason = "systemd names its socket in the environment only")]
fn tell(message: &str, control: &mut SendAncillaryBuffer<'_, '_, '_>) -> bool {
    let Some(path) = std::env::var_os("NOTIFY_SOCKET") else { return false };
    let told = UnixDatagram::unbound().and_then(|socket| {
        socket.connect(path)?;
        // A service manager that does not read must not stop the start.
        let sent = sendmsg(
            &socket,
            &[IoSlice::new(message.as_bytes())],
            control,
            SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
        );
        Ok(sent?)
    });
    if let Err(error) = &told {
        log::warn!("systemd does not keep a socket through a restart: {error}");
    }
    told.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_number_becomes_the_same_socket_and_a_wrong_one_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let second = match own(listener.as_raw_fd()) {
            Ok(second) => TcpListener::from(second),
            // A container may forbid it.
            Err(error) => return assert_eq!(error, rustix::io::Errno::PERM),
        };
        assert_eq!(second.local_addr().unwrap(), address);
        assert_eq!(own(1 << 20).unwrap_err(), rustix::io::Errno::BADF);
        drop(second);
        TcpStream::connect(address).unwrap();
        forget("http", &listener);
        assert!(TcpStream::connect(address).is_err(), "given back: nothing listens");
    }

    #[test]
    fn outside_a_service_nothing_is_passed_or_kept() {
        assert!(take(&["http"]).is_empty());
        assert!(!keep("http", TcpListener::bind("127.0.0.1:0").unwrap()));
    }
}
