//! `announcement ...`

use crate::{
    Error, Result,
    app::App,
    domain::{
        announcements::{self, Draft},
        audit::Staff,
    },
    id::Id,
    model::Announcement,
    store,
    time::Timestamp,
};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to tell everybody of this node.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnnouncementVerb {
    /// Tell everybody something
    Create {
        /// What; links, @people, #hashtags and :emoji: of this node become what they are in posts
        text: String,
        #[command(flatten)]
        #[serde(flatten)]
        when: When,
        /// Beginning and end are whole days
        #[arg(long)]
        all_day: bool,
    },
    /// List all of them, the newest first
    List,
    /// Say it differently
    Edit {
        /// Its number
        id: String,
        /// What to say instead
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        #[serde(flatten)]
        when: When,
        /// Whether beginning and end are whole days
        #[arg(long)]
        all_day: Option<bool>,
    },
    /// Take one back
    Delete {
        /// Its number
        id: String,
    },
}

/// When what it is about begins and ends.
#[derive(Clone, Debug, Args, Serialize, Deserialize)]
pub struct When {
    /// When it begins: a day such as 2026-12-01, or a moment such as 2026-12-01T09:00:00Z; empty for none
    #[arg(long)]
    starts_at: Option<String>,
    /// When it ends, and the announcement goes
    #[arg(long)]
    ends_at: Option<String>,
}

fn moment(text: Option<String>) -> Result<Option<Option<Timestamp>>> {
    let Some(text) = text else { return Ok(None) };
    if text.trim().is_empty() {
        return Ok(Some(None));
    }
    let wrong =
        || Error::invalid("at", "invalid", format!("`{text}` is no day or moment such as 2026-12-01T09:00:00Z"));
    Timestamp::parse(&text).map(|at| Some(Some(at))).ok_or_else(wrong)
}

impl AnnouncementVerb {
    /// The number of the one it is about.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Create { .. } | Self::List => None,
            Self::Edit { id, .. } | Self::Delete { id } => Some(id),
        }
    }
}

pub(super) async fn run(app: &App, verb: AnnouncementVerb) -> Result<Value> {
    let console = Staff::console();
    match verb {
        AnnouncementVerb::Create { text, when, all_day } => {
            let (starts_at, ends_at) = (moment(when.starts_at)?, moment(when.ends_at)?);
            let draft = Draft { text: Some(text), starts_at, ends_at, all_day: Some(all_day) };
            let row = app.write(move |tx| announcements::create(tx, &console, draft)).await?;
            Ok(describe(&row))
        }
        AnnouncementVerb::List => {
            let rows = app.read(|conn| store::announcements::list(conn, 1_000)).await?;
            Ok(rows.iter().map(describe).collect())
        }
        AnnouncementVerb::Edit { id, text, when, all_day } => {
            let id: Id<Announcement> = id.parse()?;
            let (starts_at, ends_at) = (moment(when.starts_at)?, moment(when.ends_at)?);
            let draft = Draft { text, starts_at, ends_at, all_day };
            let row = app.write(move |tx| announcements::edit(tx, &console, id, draft)).await?;
            Ok(describe(&row))
        }
        AnnouncementVerb::Delete { id } => {
            let id: Id<Announcement> = id.parse()?;
            app.write(move |tx| announcements::delete(tx, &console, id)).await?;
            Ok(json!({ "id": id, "state": "deleted" }))
        }
    }
}

fn describe(row: &Announcement) -> Value {
    json!({
        "id": row.id,
        "text": row.text,
        "starts_at": row.starts_at,
        "ends_at": row.ends_at,
        "all_day": row.all_day,
        "published_at": row.published_at,
        "updated_at": row.updated_at,
    })
}
