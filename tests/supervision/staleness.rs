//! Acceptance test 16: what does not come grows old.

use crate::exchange::process::Exchange;
use crate::support::home::Home;

/// The age of the data in a heartbeat line, in milliseconds.
fn age_ms(line: &str) -> u64 {
    let rest = line.split_once("data ").unwrap().1;
    rest.split_once(" ms old").unwrap().0.parse().unwrap()
}

/// Acceptance test 16.
#[test]
fn staleness_grows_while_nothing_arrives() {
    let exchange = Exchange::start("--seed 3");
    let home = Home::new();
    home.write(
        "ibis.toml",
        format!(
            "[market]\nsource = \"kucoin\"\nsymbols = [\"BTC-USDT\"]\nstale_after = \"2s\"\n\
             [exchange]\nbase_url = {}\nrequest_timeout = \"1s\"\n\
             [conditions]\nheartbeat_interval = \"1s\"\nconnection_down_max = \"1s\"\n\
             [http]\nenabled = false\n",
            exchange.ready["base_url"]
        ),
    );
    let mut agent = home.start("agent --config ibis.toml", &[]);
    agent.line("market data comes");
    agent.line("heartbeat: running");
    exchange.signal("STOP");
    agent.line("hold stale_data sets soft_pause");
    let mut before = 2_000;
    for _ in 0..4 {
        let age = age_ms(&agent.line("heartbeat: soft_pause"));
        assert!(age > before, "{age} ms after {before} ms");
        before = age;
    }
    // Neither pushes nor answers: the venue is away, too.
    agent.line("hold venue_unavailable sets soft_pause");
    exchange.signal("CONT");
    agent.line("hold stale_data is over");
    agent.line("hold venue_unavailable is over");
    agent.signal("TERM");
    assert_eq!(agent.wait().code, Some(0));
}
