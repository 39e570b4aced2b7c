//! The `ibis` binary: parse, dispatch, exit code. Everything else is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    ibis::cli::run().into()
}
