//! Things that must survive a crash or a power cut: SQLite files, atomically replaced files, locks.
//!
//! Shared by the ledger ([`crate::store`]) and the paper venue's account, which are separate files.

pub mod atomic_file;
pub mod database_home;
pub mod frame_file;
pub mod group_commit;
pub mod instance_lock;
pub mod online_copy;
pub mod owner;
pub mod sqlite;
