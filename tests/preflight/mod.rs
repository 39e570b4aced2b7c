//! `ibis preflight`, the profiles, and the guardian of the configuration, as the built program does them.

mod live;
mod paper;

use serde_json::Value;

use crate::support::home::Ended;

/// The check of this name.
#[track_caller]
fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no check {name:?} in {report}"))
}

/// Every check that says more than ok, by name and verdict.
fn odd(report: &Value) -> Vec<(&str, &str)> {
    let checks = report["checks"].as_array().unwrap().iter();
    let told =
        checks.map(|check| (check["name"].as_str().unwrap(), check["verdict"].as_str().unwrap()));
    told.filter(|(_, verdict)| *verdict != "ok").collect()
}

/// The report of a look, which never says more than its exit code does, and always what to do.
#[track_caller]
fn report(ended: &Ended) -> Value {
    let report = ended.parsed();
    assert_eq!(report["exit_code"], ended.code.unwrap(), "{report}");
    for check in report["checks"].as_array().unwrap() {
        let fine = check["verdict"] == "ok";
        assert_eq!(fine, check["advice"] == "", "{check}");
    }
    report
}
