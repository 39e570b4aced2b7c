//! stub
pub mod private;
