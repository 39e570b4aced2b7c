//! Descriptors that systemd keeps for the service while it restarts: given with FDSTORE=1, passed to the
//! next process (sd_listen_fds(3)), closed when the service stops.
//!
//! **Failure**: outside a service nothing is kept. One that cannot be taken over, or given, is said, and
//! opened anew.

use std::io::IoSlice;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixDatagram;

use rustix::net::{
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, Shutdown, sendmsg, shutdown,
};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// Names with their descriptors.
pub type Passed = Vec<(String, OwnedFd)>;

/// Takes over what systemd passed to this process. Once: a second time they are found again.
///
/// The numbers in the environment become descriptors through the process's own pidfd, which is safe
/// whatever they are: a number that is none is an error.
pub fn take() -> Passed {
    match passed() {
        Ok(passed) => passed,
        Err(error) => {
            log::warn!("what systemd kept cannot be taken over: {error}; it is opened anew");
            Passed::new()
        }
    }
}

fn passed() -> std::io::Result<Passed> {
    let named = sd_notify::listen_fds_with_names()?;
    if named.len() == 0 {
        return Ok(Passed::new());
    }
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    let own = named
        .map(|(number, name)| Ok((name, pidfd_getfd(&own, number, PidfdGetfdFlags::empty())?)));
    own.collect()
}

/// Has systemd keep a descriptor under a name. False where nobody keeps it.
pub fn keep(name: &str, descriptor: impl AsFd) -> bool {
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
    tell(&format!("FDSTOREREMOVE=1\nFDNAME={name}"), &mut SendAncillaryBuffer::default());
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
