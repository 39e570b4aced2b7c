//! Passes bytes between an agent and an exchange, and notes when a push went in and an order came out.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What a market push is known by, and what an order begins with.
const PUSHES: [&[u8]; 2] = [b"\"/market/match:", b"\"/spotMarket/level1:"];
const ORDER: &[u8] = b"POST /api/v1/hf/orders ";

/// A running tap.
pub struct Tap {
    /// Where the agent connects to.
    pub address: String,
    latencies: Receiver<Duration>,
}

impl Tap {
    /// Starts to listen, for connections to `upstream`.
    pub fn start(upstream: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, latencies) = channel();
        let (upstream, pushed) = (upstream.to_owned(), Arc::new(Mutex::new(None)));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Ok(venue) = TcpStream::connect(&upstream) else { return };
                connect(client, venue, Arc::clone(&pushed), sender.clone());
            }
        });
        Self { address, latencies }
    }

    /// Waits for so many orders, or as long as that.
    pub fn samples(&self, orders: usize, wait_max: Duration) -> Vec<Duration> {
        let deadline = Instant::now() + wait_max;
        let mut samples = Vec::with_capacity(orders);
        while samples.len() < orders {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.latencies.recv_timeout(left) {
                Ok(latency) => samples.push(latency),
                Err(_) => break,
            }
        }
        samples
    }
}

/// When the last push that no order followed yet was handed on.
type Pushed = Arc<Mutex<Option<Instant>>>;

fn connect(client: TcpStream, venue: TcpStream, pushed: Pushed, latencies: Sender<Duration>) {
    client.set_nodelay(true).unwrap();
    venue.set_nodelay(true).unwrap();
    let (to_venue, to_client) = (venue.try_clone().unwrap(), client.try_clone().unwrap());
    let seen = Arc::clone(&pushed);
    std::thread::spawn(move || {
        pass(client, to_venue, |bytes| {
            if bytes.starts_with(ORDER)
                && let Some(at) = seen.lock().unwrap().take()
            {
                latencies.send(at.elapsed()).ok();
            }
        });
    });
    std::thread::spawn(move || {
        pass(venue, to_client, |bytes| {
            let is_push = |mark: &&[u8]| bytes.windows(mark.len()).any(|window| window == *mark);
            if PUSHES.iter().any(is_push) {
                *pushed.lock().unwrap() = Some(Instant::now());
            }
        });
    });
}

/// Looks at what comes in, then hands it on.
fn pass(mut from: TcpStream, mut to: TcpStream, mut look: impl FnMut(&[u8])) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        look(&bytes[..length]);
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    to.shutdown(Shutdown::Both).ok();
}
