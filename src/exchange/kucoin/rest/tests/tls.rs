//! Calls over TLS: whom the client believes, and what it knows when TLS fails.

use rustls::pki_types::CertificateDer;

use super::certificate;
use super::server::{Act, Server, ok};
use super::*;
use crate::net::tls::Tls;

/// A venue with a certificate for `name`, and a client that trusts it.
fn trusted(name: &str, script: Vec<Act>) -> (Server, Rest) {
    let (certificate, key) = certificate::make(name);
    let server = Server::start_tls(script, certificate.clone(), key);
    let rest = trusting(&server, certificate);
    (server, rest)
}

fn trusting(server: &Server, certificate: CertificateDer<'_>) -> Rest {
    let mut settings = settings(server);
    settings.tls = Tls::trusting(&[certificate]).unwrap();
    Rest::new(settings, Some(&credentials()))
}

#[test]
fn calls_over_tls_share_a_connection_until_it_ends() {
    let Act::Bytes(answered) = ok("{}") else { unreachable!() };
    let script = vec![ok("{}"), ok("[]"), Act::Close(answered), ok("{}"), Act::Reset(Vec::new())];
    let (server, rest) = trusted("localhost", script);
    run(async {
        write(&rest).await.unwrap();
        read(&rest).await.unwrap();
        write(&rest).await.unwrap();
        reuse::the_end_is_heard_of(&rest).await;
        write(&rest).await.unwrap();
        assert_eq!(word(&write(&rest).await), "unresolved");
    });
    let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0, 0, 0, 1, 1]);
}

#[test]
fn a_stranger_is_told_nothing() {
    let (server, _) = trusted("localhost", vec![]);
    let unknown = Rest::new(settings(&server), Some(&credentials()));
    let other = trusting(&server, certificate::make("localhost").0);
    let (misnamed, rest) = trusted("example.com", vec![]);
    for (server, rest) in [(&server, unknown), (&server, other), (&misnamed, rest)] {
        let failure = run(write(&rest)).unwrap_err();
        assert_eq!(failure.word(), "unavailable");
        assert!(
            failure.to_string().contains("nothing was sent: TLS fails: invalid peer"),
            "{failure}"
        );
        assert_eq!((server.seen().len(), server.times_asked(), rest.count().requests), (0, 0, 0));
    }
}

#[test]
fn a_venue_that_does_not_speak_tls_is_unavailable() {
    for (name, act) in [
        ("plain HTTP", Act::Close(b"HTTP/1.1 400 x\r\n\r\n".to_vec())),
        ("nothing", Act::Bytes(Vec::new())),
        ("an end", Act::Close(Vec::new())),
    ] {
        let server = Server::start_without_reading(act);
        let mut settings = RestSettings::new(&server.url().replace("http:", "https:")).unwrap();
        settings.tls_timeout = Duration::from_millis(50);
        let rest = Rest::new(settings, None);
        let symbols = rest.call(Endpoint::Symbols, Endpoint::Symbols.target(""), Priority::Read);
        let failure = run(rest.perform(&symbols)).unwrap_err();
        assert_eq!(failure.word(), "unavailable", "{name}");
        assert!(failure.to_string().contains("TLS fails"), "{name}: {failure}");
    }
}
