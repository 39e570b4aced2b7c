//! `ibis kill release`: with a token, which is never on the command line.

use std::path::Path;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{Global, operator, settings};
use crate::config::{Directories, Settings};
use crate::domain::operator::Wish;
use crate::http::token::{self, Token};

/// Runs it.
pub fn run(global: &Global, reason: &str, token_file: &Path) -> anyhow::Result<Exit> {
    let settings = settings(global)?;
    admit(&settings, token_file)?;
    operator::run(global, Wish::Release, reason)
}

/// Refuses who does not have the token.
fn admit(settings: &Settings, token_file: &Path) -> Result<(), Failure> {
    let refused = |why: String| Failure::new(Exit::Credentials, why);
    let configured = token::path(&settings.http.token_file).ok_or_else(|| {
        refused(
            "there is no token to release with; make one: (umask 077; openssl rand -hex 32 > \
             /etc/ibis/http.token), and name it as http.token_file"
                .to_owned(),
        )
    })?;
    let credentials = Directories::of_process(None).credentials;
    let ours = Token::load(&configured, credentials.as_deref());
    let ours = ours.map_err(|error| refused(error.to_string()))?;
    let given = Token::load(token_file, None).map_err(|error| refused(error.to_string()))?;
    match ours.is_same(&given) {
        true => Ok(()),
        false => Err(refused(format!("{}: not the token", token_file.display()))),
    }
}
