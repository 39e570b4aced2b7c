//! The times and bounds of a websocket connection.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

/// How long each step may take, and how much is taken in.
#[derive(Clone, Debug)]
pub struct WsSettings {
    /// The token's REST call.
    pub bullet_timeout: Duration,
    /// The websocket handshake, after TCP and TLS.
    pub handshake_timeout: Duration,
    /// The welcome, after the handshake.
    pub welcome_timeout: Duration,
    /// The answer to a subscription.
    pub ack_timeout: Duration,
    /// Taking a frame off us.
    pub write_timeout: Duration,
    /// Age at which a connection is replaced by another, a share of chance earlier: the venue cuts it
    /// after 24 hours.
    pub renew_after: Duration,
    /// How long the old one is read on after the new one is up, for what was under way.
    pub overlap: Duration,
    /// Life of a connection that counts as a success: the next failure waits as the first does.
    pub lasting: Duration,
    /// Longest frame taken, in bytes. The largest pushes (fifty levels a side) have some 4000.
    pub frame_bytes_max: usize,
    /// What a read takes at most, in bytes.
    pub read_buffer_bytes: usize,
    /// Seeds waits and names. By default it is the system's chance, so that no two clients wait alike.
    pub seed: u64,
}

impl Default for WsSettings {
    fn default() -> Self {
        Self {
            bullet_timeout: Duration::from_secs(20),
            handshake_timeout: Duration::from_secs(10),
            welcome_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(10),
            renew_after: Duration::from_secs(23 * 3_600),
            overlap: Duration::from_secs(5),
            lasting: Duration::from_secs(60),
            frame_bytes_max: 1 << 20,
            read_buffer_bytes: 1 << 16,
            seed: any_seed(),
        }
    }
}

/// A seed by chance; where the system has none, any will do.
fn any_seed() -> u64 {
    let mut seed = [0; 8];
    let filled = SystemRandom::new().fill(&mut seed);
    filled.map_or(0x9e37_79b9_7f4a_7c15, |()| u64::from_le_bytes(seed))
}
