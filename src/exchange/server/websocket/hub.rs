//! Who listens to what.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use tokio_tungstenite::tungstenite::Utf8Bytes;

use super::outbox::Outbox;
use crate::exchange::server::fault::Ending;

/// A connection, for as long as it lasts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct MemberId(u64);

/// The connections and their topics.
#[derive(Debug, Default)]
pub struct Hub {
    last: u64,
    members: BTreeMap<MemberId, Rc<Outbox>>,
    topics: BTreeMap<String, BTreeSet<MemberId>>,
}

impl Hub {
    /// Adds a connection.
    pub fn join(&mut self, outbox: Rc<Outbox>) -> MemberId {
        self.last += 1;
        let id = MemberId(self.last);
        self.members.insert(id, outbox);
        id
    }

    /// Removes a connection, which has left its topics.
    pub fn leave(&mut self, id: MemberId) {
        self.members.remove(&id);
    }

    /// Connections there are.
    pub fn connections(&self) -> usize {
        self.members.len()
    }

    /// Pushes of `topic` go to `id` from here on.
    pub fn listen(&mut self, id: MemberId, topic: &str) {
        match self.topics.get_mut(topic) {
            Some(listeners) => listeners.insert(id),
            None => self.topics.entry(topic.to_owned()).or_default().insert(id),
        };
    }

    /// No more of them.
    pub fn ignore(&mut self, id: MemberId, topic: &str) {
        if let Some(listeners) = self.topics.get_mut(topic) {
            listeners.remove(&id);
            if listeners.is_empty() {
                self.topics.remove(topic);
            }
        }
    }

    /// Puts a frame into the outbox of everyone who listens; returns how many those are.
    pub fn deliver(&self, topic: &str, frame: &Utf8Bytes) -> usize {
        let listeners = self.topics.get(topic).into_iter().flatten();
        let outboxes = listeners.filter_map(|id| self.members.get(id));
        outboxes.inspect(|outbox| outbox.push(frame.clone())).count()
    }

    /// Ends every connection in order.
    pub fn close_all(&self) {
        for outbox in self.members.values() {
            outbox.end(Ending::Close);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_reaches_those_who_listen_and_nobody_else() {
        let mut hub = Hub::default();
        let outboxes = [(); 3].map(|()| Rc::new(Outbox::new(1)));
        let [a, b, c] = outboxes.each_ref().map(|outbox| hub.join(Rc::clone(outbox)));
        hub.listen(a, "/market/match:BTC-USDT");
        hub.listen(b, "/market/match:BTC-USDT");
        hub.listen(c, "/market/match:ETH-USDT");
        hub.ignore(b, "/market/match:BTC-USDT");
        assert_eq!(hub.deliver("/market/match:BTC-USDT", &Utf8Bytes::from("1")), 1);
        let got = outboxes.map(|outbox| outbox.pop().is_some());
        assert_eq!(got, [true, false, false]);
        hub.ignore(a, "/market/match:BTC-USDT");
        hub.leave(a);
        assert_eq!(
            (hub.connections(), hub.topics.len()),
            (2, 1),
            "nothing is kept of what is gone"
        );
    }
}
