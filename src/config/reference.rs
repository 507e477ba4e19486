//! The commented reference file, printed from the doc comments of the settings themselves, so that it cannot drift.

use super::Config;
use std::collections::BTreeMap;
use toml::{Table, Value};

const SOURCES: [&str; 7] = [
    include_str!("../config.rs"),
    include_str!("federation.rs"),
    include_str!("mail.rs"),
    include_str!("questions.rs"),
    include_str!("s3.rs"),
    include_str!("translation.rs"),
    include_str!("values.rs"),
];

struct Field {
    name: String,
    kind: String,
    docs: Vec<String>,
}

/// Every setting with its meaning and its default, as a `watercooler.toml` in which each line is commented out.
pub fn reference() -> String {
    let structs = parse();
    let defaults = Table::try_from(Config::default()).unwrap_or_default();
    let mut out = String::from(
        "# watercooler.toml: every setting with its default. Remove the `#` before what you change.\n\
         # The environment wins over this file (WATERCOOLER_FEDERATION__POLICY=allowlist), flags win over both.\n",
    );
    let fields = structs.get("Config").map(Vec::as_slice).unwrap_or_default();
    let (sections, plain): (Vec<_>, Vec<_>) = fields.iter().partition(|f| structs.contains_key(&f.kind));
    for field in plain.into_iter().filter(|f| f.kind != "Site") {
        write_field(&mut out, field, defaults.get(&field.name), &structs, "");
    }
    let empty = Table::new();
    for section in sections {
        out.push_str(&format!("\n{}[{}]\n", comment(&section.docs), section.name));
        let values = defaults.get(&section.name).and_then(Value::as_table).unwrap_or(&empty);
        let fields = structs.get(&section.kind).map(Vec::as_slice).unwrap_or_default();
        let (inner, plain): (Vec<_>, Vec<_>) = fields.iter().partition(|f| structs.contains_key(&f.kind));
        for field in plain {
            write_field(&mut out, field, values.get(&field.name), &structs, &section.name);
        }
        for part in inner {
            let name = format!("{}.{}", section.name, part.name);
            let values = values.get(&part.name).and_then(Value::as_table).unwrap_or(&empty);
            out.push_str(&format!("\n{}[{name}]\n", comment(&part.docs)));
            for field in structs.get(&part.kind).into_iter().flatten() {
                write_field(&mut out, field, values.get(&field.name), &structs, &name);
            }
        }
    }
    out
}

/// Every setting: its key, its meaning, and its default where it has one. Keys within entries of a list are written
/// `federation.peer[].domain`.
pub fn settings() -> Vec<Setting> {
    let structs = parse();
    let defaults = Value::Table(Table::try_from(Config::default()).unwrap_or_default());
    let mut out = Vec::new();
    list(&mut out, "Config", "", Some(&defaults), &structs);
    out
}

/// Keys of values that are never printed, in sections and not in lists.
pub(super) fn secret_keys() -> Vec<String> {
    let structs = parse();
    let mut keys = Vec::new();
    secrets(&mut keys, "Config", "", &structs);
    keys
}

fn secrets(keys: &mut Vec<String>, kind: &str, prefix: &str, structs: &BTreeMap<String, Vec<Field>>) {
    for field in structs.get(kind).into_iter().flatten() {
        let key = format!("{prefix}{}", field.name);
        if structs.contains_key(&field.kind) {
            secrets(keys, &field.kind, &format!("{key}."), structs);
        } else if ["Secret", "Option<Secret>", "Database", "Proxies"].contains(&field.kind.as_str()) {
            keys.push(key);
        }
    }
}

/// One setting.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Setting {
    /// Its dotted key.
    pub key: String,
    /// What it means.
    pub meaning: String,
    /// Its default; none for what is not set.
    pub default: Option<Value>,
}

fn list(
    out: &mut Vec<Setting>,
    kind: &str,
    prefix: &str,
    values: Option<&Value>,
    structs: &BTreeMap<String, Vec<Field>>,
) {
    for field in structs.get(kind).into_iter().flatten().filter(|field| field.kind != "Site") {
        let key = format!("{prefix}{}", field.name);
        let value = values.and_then(|values| values.get(&field.name));
        let item = field.kind.strip_prefix("Vec<").and_then(|rest| rest.strip_suffix('>'));
        match (structs.contains_key(&field.kind), item.filter(|item| structs.contains_key(*item))) {
            (true, _) => list(out, &field.kind, &format!("{key}."), value, structs),
            (false, Some(item)) => list(out, item, &format!("{key}[]."), None, structs),
            (false, None) => {
                out.push(Setting { key, meaning: field.docs.join(" "), default: value.cloned() });
            }
        }
    }
}

fn write_field(
    out: &mut String,
    field: &Field,
    value: Option<&Value>,
    structs: &BTreeMap<String, Vec<Field>>,
    section: &str,
) {
    out.push('\n');
    out.push_str(&comment(&field.docs));
    let item = field.kind.strip_prefix("Vec<").and_then(|rest| rest.strip_suffix('>'));
    if let Some(fields) = item.and_then(|item| structs.get(item)) {
        out.push_str(&format!("# [[{section}.{}]]\n", field.name));
        for inner in fields {
            for line in &inner.docs {
                out.push_str(&format!("#   # {line}\n"));
            }
            out.push_str(&format!("#   {} = {}\n", inner.name, example(&inner.name)));
        }
        return;
    }
    match value {
        Some(Value::Table(table)) if table.is_empty() => out.push_str(&format!("# {} = \"\"\n", field.name)),
        Some(value) => out.push_str(&format!("# {} = {value}\n", field.name)),
        None => out.push_str(&format!("# {} = {}\n", field.name, example(&field.name))),
    }
}

/// Values shown where there is no default.
fn example(name: &str) -> &'static str {
    match name {
        "domain" => "\"hr.corp.example\"",
        "addresses" => "[\"10.20.0.0/16\"]",
        "port" => "8443",
        "scheme" => "\"https\"",
        "ca_file" => "\"corp-root.pem\"",
        "endpoint" => "\"https://s3.example.org\"",
        "bucket" => "\"files\"",
        "access_key_id" => "\"watercooler\"",
        "secret_access_key" => "\"file:s3-key\"",
        "files_url" => "\"https://files.example.org\"",
        "public_url" => "\"https://social.example.org\"",
        "default_discoverable" | "default_indexable" => "false",
        "trusted" => "[]",
        "listen" => "\"127.0.0.1:9100\"",
        "token" => "\"file:metrics-token\"",
        "url" => "\"http://127.0.0.1:5000\"",
        "api_key" => "\"file:translation-key\"",
        "server" => "\"file:mail-server\"",
        "from" => "\"Watercooler <noreply@example.org>\"",
        "thumbnail" => "\"thumbnail.png\"",
        "privacy_policy" => "\"privacy.md\"",
        "terms_of_service" => "\"terms\"",
        _ => "\"\"",
    }
}

fn comment(docs: &[String]) -> String {
    docs.iter().map(|line| format!("# {line}\n")).collect()
}

/// Structs of the settings modules: name, then fields with their docs and the text of their type.
fn parse() -> BTreeMap<String, Vec<Field>> {
    let mut structs: BTreeMap<String, Vec<Field>> = BTreeMap::new();
    let mut docs: Vec<String> = Vec::new();
    let mut current: Option<String> = None;
    for line in SOURCES.iter().flat_map(|source| source.lines()) {
        let text = line.trim();
        if let Some(doc) = text.strip_prefix("///") {
            docs.push(doc.trim().to_owned());
        } else if let Some(rest) = line.strip_prefix("pub struct ") {
            current = rest.strip_suffix(" {").map(str::to_owned);
            docs.clear();
        } else if line == "}" {
            current = None;
        } else if let (Some(name), Some((field, kind))) =
            (&current, text.strip_prefix("pub ").and_then(|rest| rest.split_once(": ")))
        {
            let field = Field {
                name: field.to_owned(),
                kind: kind.trim_end_matches(',').to_owned(),
                docs: std::mem::take(&mut docs),
            };
            structs.entry(name.clone()).or_default().push(field);
        } else if !text.starts_with("#[") {
            docs.clear();
        }
    }
    structs
}
