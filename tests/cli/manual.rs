//! What is written for people: help of every command, README's tables.

use std::fs;

use ibis::cli::exit::Exit;

use crate::support::home::Home;
use crate::support::repository;

/// Every command that does something.
const COMMANDS: [&str; 35] = [
    "agent",
    "status",
    "healthcheck",
    "exec-integrity",
    "hourly-kpi",
    "log-retention",
    "failure-report",
    "kill activate",
    "kill release",
    "kill status",
    "kill drill",
    "pause",
    "resume",
    "force-exit",
    "alerts test",
    "alerts outbox",
    "alerts deliver",
    "alerts rules",
    "end-report",
    "preflight",
    "exchange",
    "trades import",
    "trades export",
    "trades summary",
    "db check",
    "db backup",
    "db restore",
    "db restore-drill",
    "events",
    "replay",
    "validate paper",
    "drift baseline",
    "drift snapshot",
    "drift compare",
    "drift report",
];
const CODES: [Exit; 10] = [
    Exit::Ok,
    Exit::Degraded,
    Exit::Critical,
    Exit::Insufficient,
    Exit::Usage,
    Exit::Data,
    Exit::Unavailable,
    Exit::TryAgain,
    Exit::Credentials,
    Exit::Config,
];

#[test]
fn every_commands_help_names_its_exit_codes() {
    let home = Home::new();
    for command in COMMANDS {
        let ended = home.ibis(&format!("{command} --help"));
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{command}");
        let (_, codes) = ended
            .stdout
            .split_once("Exit codes: 0 ok")
            .unwrap_or_else(|| panic!("{command}: {}", ended.stdout));
        let sentence = codes.split(". ").next().unwrap().split("\n\n").next().unwrap();
        let words = sentence.split(|c: char| !c.is_ascii_digit());
        let codes: Vec<u8> = words.filter_map(|word| word.parse().ok()).collect();
        assert!(codes.contains(&64), "{command}: {codes:?}");
        for code in codes {
            assert!(CODES.iter().any(|known| *known as u8 == code), "{command}: {code}");
        }
    }
    for words in ["--help", "help", "--version", "trades --help", "db --help", "help agent"] {
        let ended = home.ibis(words);
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{words}");
    }
}

#[test]
fn no_command_is_missing_from_this_list() {
    let help = Home::new().ibis("--help").stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let names = commands.lines().take_while(|line| !line.is_empty());
    for name in names.filter_map(|line| line.split_whitespace().next()) {
        let known = COMMANDS.iter().any(|command| command.split(' ').next() == Some(name));
        assert!(known || name == "help", "{name}");
    }
}

#[test]
fn readme_has_a_row_for_each_exit_code_and_command() {
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    for code in CODES {
        let row = format!("| {} |", code as u8);
        assert!(readme.contains(&row), "README has no row {row:?}");
    }
    for command in COMMANDS {
        assert!(readme.contains(command), "README does not mention {command}");
    }
}
