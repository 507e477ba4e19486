//! `report ...`

use crate::{
    Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{audit::Staff, reports},
    id::Id,
    model::{Account, Post, Report},
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
            let site = app.site().clone();
            app.read(move |conn| {
                let list = store::reports::list(conn, all, 1_000)?;
                let ids: Vec<Id<Account>> = list.iter().flat_map(|r| [r.account_id, r.target_id]).collect();
                let accounts = store::accounts::list(conn, &ids)?;
                let who = |id: Id<Account>| accounts.iter().find(|a| a.id == id);
                let told = list.iter().map(|r| describe(conn, &site, r, who(r.account_id), who(r.target_id)));
                told.collect::<Result<Vec<_>>>().map(Value::from)
            })
            .await
        }
        ReportVerb::Close { id } => {
            let (id, site): (Id<Report>, _) = (id.parse()?, app.site().clone());
            app.write(move |tx| {
                reports::close(tx, &Staff::console(), id)?;
                let report = store::reports::load(tx.conn, id)?;
                let from = store::accounts::find(tx.conn, report.account_id)?;
                let about = store::accounts::find(tx.conn, report.target_id)?;
                describe(tx.conn, &site, &report, from.as_ref(), about.as_ref())
            })
            .await
        }
    }
}

fn describe(
    conn: &mut Conn,
    site: &Site,
    report: &Report,
    from: Option<&Account>,
    about: Option<&Account>,
) -> Result<Value> {
    // As text: programs that read numbers as floating point would round them.
    let ids = |json: &str| -> Vec<String> {
        serde_json::from_str::<Vec<i64>>(json).unwrap_or_default().iter().map(i64::to_string).collect()
    };
    let posts: Vec<Id<Post>> =
        serde_json::from_str::<Vec<i64>>(&report.post_ids).unwrap_or_default().into_iter().map(Id::new).collect();
    let there = store::posts::list(conn, &posts)?;
    // Whoever looks at a report wants to look at what it is about: a number leads nowhere.
    let addresses: Vec<&str> = posts
        .iter()
        .filter_map(|id| there.iter().find(|post| post.id == *id))
        .map(|post| post.url.as_deref().unwrap_or(&post.uri))
        .collect();
    Ok(json!({
        "id": report.id,
        "from": report.from_host.clone().or(from.map(Account::acct)),
        "about": about.map(Account::acct),
        "about_address": about.map(|about| match (&about.url, about.is_local()) {
            (_, true) => site.profile_url(&about.username),
            (url, false) => url.clone().unwrap_or_else(|| about.uri.clone()),
        }),
        "comment": report.comment,
        "posts": ids(&report.post_ids),
        "post_addresses": addresses,
        "collections": ids(&report.collection_ids),
        "created_at": report.created_at,
        "closed_at": report.closed_at,
    }))
}
