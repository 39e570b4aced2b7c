//! The control interface's thread, kept up: trading does not need it, an operator does.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use super::restarts::Restarts;
use crate::http::Service;

/// The interface, and how often it ended.
pub(super) struct Interface {
    service: Rc<RefCell<Service>>,
    restarts: Restarts,
}

impl Interface {
    pub(super) fn new(service: Rc<RefCell<Service>>) -> Self {
        Self { service, restarts: Restarts::default() }
    }

    /// Starts it again where it ended and its time has come. Returns why that is too often, if so.
    pub(super) fn look(&mut self, now: Duration) -> Option<String> {
        let has_ended = self.service.borrow().has_ended();
        if self.restarts.look(has_ended, now) {
            log::warn!("the control interface ended; it is started again");
            if let Err(error) = self.service.borrow_mut().revive() {
                log::error!("the control interface cannot be started: {error}");
            }
        }
        let ends = self.restarts.is_failing()?;
        Some(format!("the control interface ended {ends} times within 10 min"))
    }
}
