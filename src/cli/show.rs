//! JSON made readable: lists become tables, objects become lines.

use serde_json::{Map, Value};

/// Longest cell of a table, characters. Addresses are shown whole: half of one leads nowhere.
const CELL: usize = 60;
/// Members of a thing within a thing that stand in its line; more of them follow it, a line each.
const INLINE: usize = 6;

pub(super) fn value(value: &Value) -> String {
    match value {
        Value::Array(rows) if rows.is_empty() => "None.".into(),
        Value::Array(rows) => table(rows),
        Value::Object(object) => lines(object),
        other => text(other),
    }
}

fn lines(object: &Map<String, Value>) -> String {
    let width = object.keys().map(String::len).max().unwrap_or(0);
    let (parts, plain): (Vec<_>, Vec<_>) =
        object.iter().filter(|(_, value)| !value.is_null()).partition(|(_, value)| follows(value));
    let said = |value: &Value| match value {
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        other => text(other),
    };
    let mut out: String =
        plain.into_iter().map(|(key, value)| format!("{:width$}  {}\n", key.replace('_', " "), said(value))).collect();
    // Lists of things within a thing, and large things, follow it, each under its name.
    for (key, value) in parts {
        out += &format!("\n{}:\n{}", key.replace('_', " "), self::value(value));
    }
    out
}

fn follows(value: &Value) -> bool {
    match value {
        Value::Array(rows) => rows.first().is_some_and(Value::is_object),
        Value::Object(members) => {
            members.len() > INLINE || members.values().any(|value| value.is_array() || value.is_object())
        }
        _ => false,
    }
}

fn table(rows: &[Value]) -> String {
    if !rows.iter().all(Value::is_object) {
        return rows.iter().map(|row| text(row) + "\n").collect();
    }
    // The columns of all rows, each behind the one that it follows in its row; those that are empty in every row say
    // nothing.
    let mut keys: Vec<&String> = Vec::new();
    for row in rows.iter().filter_map(Value::as_object) {
        let mut next = None;
        for key in row.keys() {
            let at = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
                let at = next.unwrap_or(keys.len());
                keys.insert(at, key);
                at
            });
            next = Some(at + 1);
        }
    }
    keys.retain(|key| rows.iter().any(|row| row.get(key.as_str()).is_some_and(|v| !v.is_null())));
    let cells: Vec<Vec<String>> = rows
        .iter()
        .map(|row| keys.iter().map(|key| row.get(key.as_str()).map(cell).unwrap_or_default()).collect())
        .collect();
    let widths: Vec<usize> = keys
        .iter()
        .enumerate()
        .map(|(i, key)| {
            cells.iter().filter_map(|row| row.get(i)).map(|c| c.chars().count()).max().unwrap_or(0).max(key.len())
        })
        .collect();
    let line = |cells: Vec<String>| {
        let padded: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}", width = *width)).collect();
        padded.join("  ").trim_end().to_owned() + "\n"
    };
    let mut out = line(keys.iter().map(|key| key.replace('_', " ")).collect());
    out.extend(cells.into_iter().map(line));
    out
}

fn cell(value: &Value) -> String {
    let text = text(value).replace('\n', " ");
    let is_address = |one: &str| (one.starts_with("https://") || one.starts_with("http://")) && !one.contains(' ');
    if text.split(", ").all(is_address) || text.chars().count() <= CELL {
        return text;
    }
    text.chars().take(CELL - 1).chain(['…']).collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Array(items) => items.iter().map(text_ref).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            let known = members.iter().filter(|(_, value)| !value.is_null());
            known.map(|(key, value)| format!("{key}={}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn text_ref(value: &Value) -> String {
    text(value)
}

#[cfg(test)]
mod tests {
    use super::value;
    use serde_json::json;

    #[test]
    fn lists_become_tables_and_objects_become_lines() {
        let rows = json!([{ "name": "ada", "role": "member", "mail": null }, { "name": "grace", "role": "admin", "mail": null }]);
        assert_eq!(value(&rows), "name   role\nada    member\ngrace  admin\n");
        assert_eq!(value(&json!({ "client_id": "x", "none": null, "on": true })), "client id  x\non         yes\n");
        assert_eq!(value(&json!([])), "None.");
        let mixed = json!([{ "a": 1, "d": 4 }, { "a": 2, "b": null, "c": 3, "d": 5 }, { "e": true }]);
        assert_eq!(value(&mixed), "a  c  d  e\n1     4\n2  3  5\n         yes\n");
        assert_eq!(value(&json!([1, { "a": 2 }])), "1\na=2\n");
        let nested =
            json!({ "name": "x", "rules": { "k": 5, "a": null }, "nodes": [{ "domain": "a.example", "behind": 0 }] });
        assert_eq!(value(&nested), "name   x\nrules  k=5\n\nnodes:\ndomain     behind\na.example  0\n");
        let left = json!({ "state": "left", "todo": [], "handover": { "projects": [], "questions": [] } });
        assert_eq!(value(&left), "state     left\ntodo      none\n\nhandover:\nprojects   none\nquestions  none\n");
        let many: serde_json::Map<_, _> = (0..7).map(|n| (format!("c{n}"), json!((n > 0).then_some(n)))).collect();
        let lines = (1..7).map(|n| format!("c{n}  {n}\n")).collect::<String>();
        assert_eq!(value(&json!({ "days": 90, "counted": many })), format!("days     90\n\ncounted:\n{lines}"));
        let address = format!("https://a.example/invite/{}", "x".repeat(60));
        assert_eq!(value(&json!([{ "url": address }])), format!("url\n{address}\n"));
        let two = value(&json!([{ "urls": [address, address] }]));
        assert_eq!(two, format!("urls\n{address}, {address}\n"));
    }
}
