//! Who asks: an address, or a process with its user.

use std::fmt;
use std::net::IpAddr;

/// The other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// Over TCP.
    Address(IpAddr),
    /// Over the socket, as the kernel names it when it connects. A user that the unit's user namespace
    /// does not map reads as 65534.
    Process {
        /// Its user.
        uid: u32,
        /// Its group.
        gid: u32,
        /// Its process; 0 where the kernel does not say.
        pid: i32,
    },
}

/// Whose requests are counted together.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Counted {
    /// An address.
    Address(IpAddr),
    /// A user.
    User(u32),
}

impl Peer {
    /// Whose requests it counts with.
    pub const fn counted(self) -> Counted {
        match self {
            Self::Address(address) => Counted::Address(address),
            Self::Process { uid, .. } => Counted::User(uid),
        }
    }

    /// True over the socket, whose mode and group say who may give orders.
    pub const fn is_process(self) -> bool {
        matches!(self, Self::Process { .. })
    }
}

/// What is recorded of who gave an order.
impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => write!(f, "token from {address}"),
            Self::Process { uid, gid, pid } => write!(f, "uid {uid} gid {gid} pid {pid}"),
        }
    }
}
