//! Everything that is tested from outside the library: the command line, the units under a real
//! systemd, and the manners of the source itself. One binary, so that it links once.

mod support;
mod systemd;
mod tidy;
mod units;
