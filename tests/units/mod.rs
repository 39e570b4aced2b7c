//! The unit files: what systemd's own tools say of them, and what those tools do not look at.

mod agreement;
mod gates;
mod manners;
mod packaging;
mod unit_file;
