//! systemd: what it is told (notify, journal) and asked (units). Everything here does nothing, and
//! costs nothing, where there is no systemd.

mod bus;
pub mod descriptors;
pub mod journal;
pub mod live_line;
pub mod message_id;
pub mod notify;
pub mod panic;
pub mod record;
mod systemctl;
pub mod time_sync;
pub mod unit;
