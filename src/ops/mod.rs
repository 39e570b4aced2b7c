//! Oneshot jobs: gather (I/O), judge (pure), report.

pub mod exact_number;
pub mod trades;
