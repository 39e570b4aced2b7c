//! The listening socket.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::exchange::Exchange;
use super::http;

/// Pause after a connection that could not be accepted: the process may be out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// What the system may hold of a stream that its client does not read, in bytes; a choice.
const SEND_BUFFER_BYTES: u32 = 256 * 1024;
/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;

/// Opens the socket; refuses an address that others than this machine reach, unless `remote`.
pub fn bind(address: SocketAddr, remote: bool) -> io::Result<TcpListener> {
    if !address.ip().is_loopback() && !remote {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "not a loopback address; the exchange has no TLS: add --allow-remote if others may see \
             all of it",
        ));
    }
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    socket.set_reuseaddr(true)?;
    // Accepted streams have it from their listener.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Accepts connections, each in a task of its own.
pub async fn accept(listener: TcpListener, exchange: Rc<Exchange>) {
    let most = usize::try_from(exchange.settings.http.connections_max).unwrap_or(usize::MAX);
    loop {
        let (stream, peer) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                log::warn!("a connection could not be accepted: {error}");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        if exchange.connections() >= most {
            exchange.counters.connections_refused.add();
            continue;
        }
        exchange.counters.connections.add();
        // Without it the connection only is slower.
        stream.set_nodelay(true).ok();
        spawn_local(http::serve(Rc::clone(&exchange), stream, peer));
    }
}
