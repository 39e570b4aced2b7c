//! The local checks of `preflight` at a start, before anything is written or sent. Live mode alone is
//! refused for them: paper risks nothing. The venue's own checks follow when it is reached.

use std::path::Path;

use super::error::AgentError;
use crate::clock;
use crate::config::Settings;
use crate::config::settings::Mode;
use crate::ops::preflight::{Class, Depth, Evidence, Finding, Preflight, judge};
use crate::ops::report::Severity;

/// Says what the profile locked; in live mode looks, logs what is odd, and refuses what must not trade.
pub(super) fn check(settings: &Settings, state_dir: &Path) -> Result<(), AgentError> {
    for locked in settings.locked() {
        log::warn!("profile {}: {locked}", settings.agent.profile.as_str());
    }
    if settings.agent.mode == Mode::Paper {
        return Ok(());
    }
    let evidence = Evidence::gather(state_dir, Depth::Start, clock::wall_now());
    let found = Preflight { findings: judge(&evidence, settings) };
    for finding in found.findings.iter().filter(|finding| finding.severity != Severity::Ok) {
        log::warn!("preflight: {finding}");
    }
    found.refusal().map_or(Ok(()), |finding| Err(refused(finding)))
}

/// A failed check, by what a person can do about it.
fn refused(finding: &Finding) -> AgentError {
    let text = finding.to_string();
    match finding.class {
        Some(Class::Held | Class::Busy) | None => AgentError::Busy(text),
        Some(Class::Venue) => AgentError::Venue(text),
        Some(Class::Config) => AgentError::Mismatch(text),
        Some(Class::Credentials) => AgentError::Credentials(text),
        Some(Class::Data) => AgentError::OtherLedger(text),
    }
}
