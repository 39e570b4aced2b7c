//! A command line or a configuration that is wrong is refused in one line, before anything opens.

use crate::support::home::{Home, end};

#[test]
fn a_wrong_command_line_is_64() {
    let home = Home::new();
    for (words, named) in [
        ("stauts", "'status'"),
        ("agent --replya x", "'--replay'"),
        ("agent --speed fast", "1 to 1000000"),
        ("agent --speed 0", "1 to 1000000"),
        ("agent --max-runtime 6", "\"6s\""),
        ("agent --seed x", "--seed"),
        ("trades import", "<FILE>"),
        ("db", "--help"),
        ("status extra", "extra"),
        ("agent --replay none.csv", "none.csv"),
    ] {
        let ended = home.ibis(words);
        if words == "db" {
            assert_eq!(ended.code, Some(64), "{ended:?}");
            assert!(ended.stderr.contains("check"), "its help: {ended:?}");
        } else {
            let line = ended.refused(64);
            assert!(line.contains(named), "{words}: {line}");
        }
    }
    assert!(!home.path("data").exists());
}

#[test]
fn a_wrong_configuration_is_78_and_says_where_and_what_to_do() {
    for (text, told) in [
        ("[risk]\nnotional_mni = \"11\"", ["bad.toml:2", "did you mean risk.notional_min?"]),
        ("[marekt]\nseed = 1", ["bad.toml:2", "did you mean market.seed?"]),
        ("[market]\nstale_after = 30", ["bad.toml:2", "write \"30s\""]),
        ("[strategy]\nstop_loss = 0.035", ["bad.toml:2", "write \"3.5%\""]),
        ("[strategy]\nstop_loss = \"60%\"", ["bad.toml:2", "from 0.1% to 50%"]),
        ("\n\n[agent]\nmode = \"live\"", ["bad.toml:4", "mode = \"paper\""]),
        ("[risk]\nnotional_max = 10", ["bad.toml:2", "risk.notional_min"]),
        ("[risk\n", ["bad.toml:1", ";"]),
        ("[market]\nsymbols = [\"NO-SUCH\"]", ["market.symbols", "BTC-USDT"]),
    ] {
        let home = Home::new();
        home.write("bad.toml", text);
        let ended = home.ibis("agent --speed max --max-runtime 1h --config bad.toml");
        let line = ended.refused(78);
        for told in told {
            assert!(line.contains(told), "{text:?}: {line}");
        }
    }
}

#[test]
fn every_command_that_reads_it_refuses_a_wrong_configuration() {
    let home = Home::new();
    home.write("bad.toml", "[risk]\nnotional_mni = 11");
    for words in ["agent", "status", "healthcheck", "exec-integrity", "log-retention"] {
        for file in ["bad.toml", "none.toml"] {
            let ended = home.ibis(&format!("{words} --config {file}"));
            assert!(ended.refused(78).contains(file), "{words}");
        }
        let mut command = home.command(words);
        let ended = end(command.env("IBIS__MARKET__STALE_AFTER", "30"));
        assert!(ended.refused(78).contains("IBIS__MARKET__STALE_AFTER"), "{words}");
    }
    assert!(!home.path("data").exists());
}
