//! What a job last found, as the ledger keeps it.

use rusqlite::Connection;
use serde_json::Value;

use crate::ops::job_run;
use crate::store::kpi as hours;

/// `/kpi`: the plain figures of the last hourly report.
pub fn kpi(ledger: &Connection) -> anyhow::Result<String> {
    let body = match hours::last_hour(ledger)? {
        Some(hour) => hours::body(ledger, hour)?,
        None => None,
    };
    let Some(body) = body else {
        return Ok("no hour was reported yet; ibis-hourly-kpi.timer does it".to_owned());
    };
    let body: Value = serde_json::from_str(&body)?;
    Ok(plain(&body).join("\n"))
}

/// The last verdict of a job, and what was not well.
pub fn report(ledger: &Connection, job: &str) -> anyhow::Result<String> {
    let Some((run, body)) = job_run::last_report(ledger, job)? else {
        return Ok(format!("{job} never ran"));
    };
    let mut lines = vec![format!("{job}: {} at {}", run.severity, run.ended_at)];
    let checks = body.get("checks").and_then(Value::as_array).into_iter().flatten();
    for check in checks {
        let word = |name: &str| check.get(name).and_then(Value::as_str).unwrap_or_default();
        if word("severity") != "OK" {
            let (severity, id) = (word("severity"), word("id"));
            lines.push(format!("{severity}: {id}: {} {}", word("value"), word("detail")));
        }
    }
    Ok(lines.join("\n"))
}

/// A line for each member that is one value.
fn plain(object: &Value) -> Vec<String> {
    let members = object.as_object().into_iter().flatten();
    let line = |(name, value): (&String, &Value)| match value {
        Value::String(text) => Some(format!("{name}: {text}")),
        Value::Bool(_) | Value::Number(_) => Some(format!("{name}: {value}")),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    };
    members.filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::Timestamp;
    use crate::ops::report::{Check, Report, Severity};
    use crate::store::{LEDGER, ledger_path};
    use serde_json::json;

    #[test]
    fn the_last_report_is_told_and_what_was_well_is_left_out() {
        let home = std::env::temp_dir().join(format!("ibis-job-shown-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&home));
        std::fs::create_dir_all(&home).unwrap();
        let mut ledger = LEDGER.open_writer(&ledger_path(&home)).unwrap();
        assert_eq!(report(&ledger, "x").unwrap(), "x never ran");
        assert!(kpi(&ledger).unwrap().starts_with("no hour was reported"));
        let bad = Check::new("orders", Severity::Critical, "1 lost").because("look");
        let checks = vec![Check::new("fills", Severity::Ok, "3"), bad];
        let at = Timestamp::from_ms(0);
        job_run::insert(&mut ledger, &Report::new("x", at, checks), at, at).unwrap();
        let text = report(&ledger, "x").unwrap();
        assert_eq!(text, format!("x: CRITICAL at {at}\nCRITICAL: orders: 1 lost look"));
        std::fs::remove_dir_all(&home).unwrap();
        let shown = plain(&json!({ "hour": "h", "n": 1.5, "none": null, "deep": { "x": 1 } }));
        assert_eq!(shown, ["hour: h", "n: 1.5"]);
    }
}
