//! `audit ...`: who did what, to whom, when and from where (OPS-02).

use crate::{Error, Result, app::App, id::Id, model::AuditEntry, store};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to do with the audit log. Nothing can be changed in it.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuditVerb {
    /// List what was done, the newest first
    List {
        /// At most so many
        #[arg(long, default_value_t = 200)]
        limit: u16,
        /// Only what is older than the entry of this number: the last one of the page before
        #[arg(long, value_name = "ID")]
        before: Option<String>,
    },
}

pub(super) async fn run(app: &App, verb: AuditVerb) -> Result<Value> {
    let AuditVerb::List { limit, before } = verb;
    let number = |text: String| {
        text.parse::<Id<AuditEntry>>()
            .map_err(|_| Error::invalid("before", "invalid", format!("`{text}` is no number")))
    };
    let before: Option<Id<AuditEntry>> = before.map(number).transpose()?;
    app.read(move |conn| Ok(store::audit::page(conn, before, limit.into())?.iter().map(describe).collect())).await
}

fn describe(entry: &AuditEntry) -> Value {
    json!({
        "id": entry.id,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "target": entry.target,
        "detail": entry.detail,
        "origin": entry.origin,
    })
}
