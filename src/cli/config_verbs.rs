//! `config reference` and `config check`.

use super::{Failure, print};
use crate::config::{FederationPolicy, Loaded, Origin};
use clap::Subcommand;
use serde_json::{Map, Value, json};

/// Look at settings.
#[derive(Debug, Subcommand)]
pub enum ConfigVerb {
    /// Print every setting with its meaning and default, as a commented file
    Reference,
    /// Read all settings, say where each comes from, and what is wrong
    Check,
}

/// Every setting with its meaning and default.
pub(super) fn reference(as_json: bool) -> Result<(), Failure> {
    if !as_json {
        return print(&crate::config::reference());
    }
    print(&json!({ "settings": crate::config::settings() }).to_string())
}

/// Every value that is not a default with its source; wrong ones never get this far.
pub(super) fn check(loaded: &Loaded, as_json: bool) -> Result<(), Failure> {
    let config = &loaded.config;
    let table = toml::Table::try_from(config).map_err(|e| Failure::new(e.to_string()))?;
    let value_of =
        |key: &str| key.split('.').try_fold(toml::Value::Table(table.clone()), |value, part| value.get(part).cloned());
    let mut notes = Vec::new();
    if !config.site.is_https() && !config.domain.starts_with("localhost") && !config.domain.contains(".localhost") {
        notes.push("public_url is plain http: other nodes need `scheme = \"http\"` in their peer entry for this one");
    }
    if config.site.is_https() && config.listen.ip().is_loopback() && config.trusted_proxies.is_empty() {
        notes.push(
            "behind a proxy on this machine, set trusted_proxies = [\"127.0.0.1\"] so that rate limits see clients",
        );
    }
    if config.outgoing.proxy.is_set() && config.federation.policy != FederationPolicy::Allowlist {
        notes.push(
            "under the open policy this node looks names up itself and asks outgoing.proxy for a public address: it needs a \
             resolver that knows the names of the world, or peer entries for whom the proxy is asked by name",
        );
    }
    if as_json {
        let values: Map<String, Value> = loaded
            .origins
            .iter()
            .map(|(key, origin)| {
                let value = value_of(key).and_then(|v| serde_json::to_value(v).ok()).unwrap_or(Value::Null);
                (key.clone(), json!({ "value": value, "source": origin.to_string() }))
            })
            .collect();
        let file = loaded.file.as_ref().map(|f| f.display().to_string());
        return print(&json!({ "ok": true, "file": file, "values": values, "notes": notes }).to_string());
    }
    let mut text = match &loaded.file {
        Some(file) => format!("{} is fine.\n", file.display()),
        None => "No settings file; the defaults are fine.\n".into(),
    };
    for (key, origin) in &loaded.origins {
        let value = value_of(key).map(|v| v.to_string()).unwrap_or_default();
        let source = match origin {
            Origin::File => String::new(),
            other => format!("  (from {other})"),
        };
        text.push_str(&format!("{key} = {value}{source}\n"));
    }
    text.push_str(&format!("Handles end in @{}, addresses begin with {}.\n", config.domain, config.site.base()));
    for note in notes {
        text.push_str(&format!("Note: {note}.\n"));
    }
    print(&text)
}
