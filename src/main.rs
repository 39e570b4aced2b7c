//! The `ibis` binary: parse, log, dispatch, exit code.
fn main() {}
