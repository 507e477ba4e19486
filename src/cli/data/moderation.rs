//! `report ...`

use crate::{
    Error, Result,
    app::App,
    domain::{audit::Staff, reports},
    id::Id,
    model::{Account, Report},
    store,
};
use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to do with reports.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportVerb {
    /// List open reports, the newest first
    List {
        /// Closed ones too
        #[arg(long)]
        all: bool,
    },
    /// Close a report
    Close {
        /// Its number
        id: String,
    },
}

pub(super) async fn report(app: &App, verb: ReportVerb) -> Result<Value> {
    match verb {
        ReportVerb::List { all } => {
            app.read(move |conn| {
                let list = store::reports::list(conn, all, 1_000)?;
                let ids: Vec<Id<Account>> = list.iter().flat_map(|r| [r.account_id, r.target_id]).collect();
                let accounts = store::accounts::list(conn, &ids)?;
                let name = |id: Id<Account>| accounts.iter().find(|a| a.id == id).map(Account::acct);
                Ok(list.iter().map(|r| describe(r, name(r.account_id), name(r.target_id))).collect())
            })
            .await
        }
        ReportVerb::Close { id } => {
            let id: Id<Report> = id.parse()?;
            app.write(move |tx| {
                reports::close(tx, &Staff::console(), id)?;
                let report = store::reports::load(tx.conn, id)?;
                let mut name = |id| Ok::<_, Error>(store::accounts::find(tx.conn, id)?.map(|account| account.acct()));
                let (from, about) = (name(report.account_id)?, name(report.target_id)?);
                Ok(describe(&report, from, about))
            })
            .await
        }
    }
}

fn describe(report: &Report, from: Option<String>, about: Option<String>) -> Value {
    // As text: programs that read numbers as floating point would round them.
    let ids = |json: &str| -> Vec<String> {
        serde_json::from_str::<Vec<i64>>(json).unwrap_or_default().iter().map(i64::to_string).collect()
    };
    json!({
        "id": report.id,
        "from": report.from_host.clone().or(from),
        "about": about,
        "comment": report.comment,
        "posts": ids(&report.post_ids),
        "collections": ids(&report.collection_ids),
        "created_at": report.created_at,
        "closed_at": report.closed_at,
    })
}
