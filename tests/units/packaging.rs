//! `scripts/install` into a directory: what lands where, twice, and away again.

use std::fs;

use super::unit_file::{services, timers};
use crate::support::stage::Stage;

const BACKOFF: &str = "usr/lib/systemd/system/ibis-agent.service.d/60-restart-backoff.conf";
const CONFIG: &str = "etc/ibis/ibis.toml";

#[test]
fn every_unit_is_staged() {
    let stage = Stage::install("252");
    let files = stage.files();
    for unit in services().iter().chain(&timers()) {
        assert!(files.contains(&format!("usr/lib/systemd/system/{}", unit.name)), "{files:?}");
    }
    for file in ["usr/bin/ibis", CONFIG, "usr/lib/systemd/catalog/ibis.catalog"] {
        assert!(files.iter().any(|staged| staged == file), "{file} is not among {files:?}");
    }
}

#[test]
fn secrets_of_alerts_are_credentials_of_whoever_tells() {
    let files = Stage::install("252").files();
    for unit in ["ibis-agent", "ibis-failure@"] {
        let file = format!("usr/share/ibis/alerts/{unit}.service.d/50-alerts.conf");
        assert!(files.contains(&file), "{file} is not among {files:?}");
    }
}

#[test]
fn newer_managers_get_the_backoff() {
    assert!(!Stage::install("252").files().iter().any(|file| file == BACKOFF));
    let stage = Stage::install("254");
    assert!(stage.files().iter().any(|file| file == BACKOFF));
    stage.run(&[], "252");
    assert!(!stage.files().iter().any(|file| file == BACKOFF), "left by the newer installation");
}

#[test]
fn an_untouched_configuration_follows_the_sample_an_edited_one_stays() {
    let stage = Stage::install("252");
    let [config, sample] = [CONFIG, "usr/share/ibis/ibis.toml"].map(|file| stage.root().join(file));
    for path in [&config, &sample] {
        fs::write(path, "# of an older version\n").unwrap();
    }
    stage.run(&[], "252");
    let current = fs::read_to_string(&sample).unwrap();
    assert_eq!(fs::read_to_string(&config).unwrap(), current, "it was never edited");
    let edited = current + "# edited\n";
    fs::write(&config, &edited).unwrap();
    let said = stage.run(&[], "252");
    assert!(said.contains("was edited and is kept"), "{said}");
    assert_eq!(fs::read_to_string(&config).unwrap(), edited);
}

#[test]
fn uninstalling_keeps_what_was_edited_and_nothing_else() {
    let stage = Stage::install("254");
    fs::write(stage.root().join(CONFIG), "# edited\n").unwrap();
    stage.run(&["--uninstall"], "254");
    assert_eq!(stage.files(), [CONFIG]);
    fs::remove_file(stage.root().join(CONFIG)).unwrap();
    stage.run(&[], "252");
    stage.run(&["--uninstall"], "252");
    assert_eq!(stage.files(), Vec::<String>::new());
}
