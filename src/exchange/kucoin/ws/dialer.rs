//! Where tokens and connections come from: what a websocket client is given from outside.

use std::rc::Rc;

use futures_util::future::LocalBoxFuture;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::exchange::kucoin::protocol::bullet::Bullet;
use crate::exchange::kucoin::rest::Rest;
use crate::net::dial::{DialLimits, Origin, dial};
use crate::net::tls::Tls;

/// A connection, whatever carries it.
pub trait Socket: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Socket for S {}

/// Asks the venue for a token, or says why there is none.
pub type BulletSource = Rc<dyn Fn() -> LocalBoxFuture<'static, Result<Bullet<'static>, String>>>;

/// Connects to an origin, or says why not. It bounds its own time.
pub type Dialer = Rc<dyn Fn(Origin) -> LocalBoxFuture<'static, Result<Box<dyn Socket>, String>>>;

/// Public tokens from the REST client.
pub fn public_bullets(rest: &Rest) -> BulletSource {
    let rest = rest.clone();
    Rc::new(move || {
        let rest = rest.clone();
        Box::pin(async move { rest.bullet_public().await.map_err(|failure| failure.to_string()) })
    })
}

/// Private tokens from the REST client, which must have credentials.
pub fn private_bullets(rest: &Rest) -> BulletSource {
    let rest = rest.clone();
    Rc::new(move || {
        let rest = rest.clone();
        Box::pin(async move { rest.bullet_private().await.map_err(|failure| failure.to_string()) })
    })
}

/// Connects by TCP, and by TLS where the origin wants it.
pub fn dialer(tls: Tls, limits: DialLimits) -> Dialer {
    Rc::new(move |origin| {
        let tls = tls.clone();
        Box::pin(async move {
            let stream = dial(&origin, &tls, limits).await.map_err(|error| error.to_string())?;
            let socket: Box<dyn Socket> = Box::new(stream);
            Ok(socket)
        })
    })
}
