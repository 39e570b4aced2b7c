//! The queue between the loop and its writer.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{BACKLOG_MAX, BATCH_ITEMS_MAX, Handover, Ticket, Trouble, WriteFailed};

#[derive(Debug)]
pub(super) struct Shared<I> {
    pub(super) state: Mutex<State<I>>,
    /// For the loop: something became durable, or will not.
    pub(super) changed: Condvar,
    /// For the writer: there is work, or an end to it.
    pub(super) work: Condvar,
}

#[derive(Debug)]
pub(super) struct State<I> {
    /// Oldest first; an item leaves when it is durable.
    pub(super) queue: VecDeque<(u64, Arc<I>)>,
    pub(super) durable: u64,
    /// Items up to this one absorb nothing more: their content is written elsewhere too.
    pub(super) sealed: u64,
    pub(super) mark: i64,
    pub(super) trouble: Option<Trouble>,
    pub(super) failed: Option<WriteFailed>,
    pub(super) ended: bool,
    pub(super) closing: bool,
}

impl<I: Handover> State<I> {
    /// What one transaction takes, and the number of its last item.
    pub(super) fn oldest(&self) -> (Vec<Arc<I>>, Option<u64>) {
        let oldest = || self.queue.iter().take(BATCH_ITEMS_MAX);
        (
            oldest().map(|(_, item)| Arc::clone(item)).collect(),
            oldest().next_back().map(|(n, _)| *n),
        )
    }

    pub(super) fn weight(&self) -> usize {
        self.queue.iter().map(|(_, item)| item.weight()).sum()
    }

    /// Adds an item to the last one, where that is neither sealed nor in the writer's hands.
    pub(super) fn absorb(&mut self, number: u64, later: I) {
        let sealed = self.sealed;
        let last = self.queue.back_mut().filter(|(number, _)| *number > sealed);
        match last.and_then(|(last, item)| Some((last, Arc::get_mut(item)?))) {
            Some((last, item)) => {
                item.absorb(later);
                *last = number;
            }
            None => self.queue.push_back((number, Arc::new(later))),
        }
        let weight = self.weight();
        if weight > BACKLOG_MAX {
            let why = self.trouble.as_ref().map_or("", |trouble| trouble.why.as_str());
            self.failed =
                Some(WriteFailed(format!("{why}; {weight} entries wait, more have no room")));
        }
    }
}

impl<I> State<I> {
    /// The writer has nothing to do, and the end has not come.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.is_empty() && !self.closing
    }

    pub(super) fn is_over(&self) -> bool {
        self.failed.is_some() || self.ended
    }
}

pub(super) fn lock<I>(shared: &Shared<I>) -> MutexGuard<'_, State<I>> {
    shared.state.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn reached<I>(state: &State<I>, ticket: Ticket) -> Result<bool, WriteFailed> {
    if state.durable >= ticket.0 {
        return Ok(true);
    }
    match &state.failed {
        Some(failed) => Err(failed.clone()),
        None if state.ended => Err(WriteFailed("its writer thread ended".to_owned())),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Handover for () {
        fn absorb(&mut self, (): Self) {}
        fn weight(&self) -> usize {
            1
        }
    }

    fn empty() -> State<()> {
        State {
            queue: VecDeque::new(),
            durable: 7,
            sealed: 0,
            mark: 0,
            trouble: None,
            failed: None,
            ended: false,
            closing: false,
        }
    }

    #[test]
    fn an_end_is_over_whatever_brought_it_and_takes_nothing_durable_back() {
        let failed = || Some(WriteFailed("refused".to_owned()));
        for (failed, ended, later) in [
            (None, false, Ok(false)),
            (failed(), false, Err("cannot be written: refused")),
            (failed(), true, Err("cannot be written: refused")),
            (None, true, Err("cannot be written: its writer thread ended")),
        ] {
            let state = State { failed, ended, ..empty() };
            assert_eq!(state.is_over(), later.is_err());
            assert_eq!(reached(&state, Ticket(7)), Ok(true));
            let found = reached(&state, Ticket(8)).map_err(|error| error.to_string());
            assert_eq!(found, later.map_err(str::to_owned));
        }
    }

    #[test]
    fn the_writer_waits_for_work_or_the_end() {
        let queued = || VecDeque::from([(8, Arc::new(()))]);
        assert!(empty().is_idle());
        assert!(!State { queue: queued(), ..empty() }.is_idle());
        assert!(!State { closing: true, ..empty() }.is_idle());
        assert!(!State { queue: queued(), closing: true, ..empty() }.is_idle());
    }
}
