//! `post ...`

use super::Word;
use crate::{
    Result,
    app::App,
    domain::{
        audit::Staff,
        posts::staff::{self, Act, Reason},
    },
    id::Id,
    model::Post,
};
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to do with posts of others.
#[derive(Clone, Debug, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostVerb {
    /// Delete posts: of people of this node everywhere, of others here
    Delete(PostArgs),
    /// Hide the files of posts behind a warning
    Sensitive(PostArgs),
}

/// Which, and why.
#[derive(Clone, Debug, Default, Args, Serialize, Deserialize)]
pub struct PostArgs {
    /// Their numbers, as at the end of their addresses on this node; without, those that the report names
    #[arg(value_name = "ID", required_unless_present = "report")]
    #[serde(default)]
    posts: Vec<String>,
    /// The number of the report that is the reason; it is closed
    #[arg(long)]
    #[serde(default)]
    report: Option<String>,
    #[command(flatten)]
    #[serde(default)]
    word: Word,
}

pub(super) async fn run(app: &App, verb: PostVerb) -> Result<Value> {
    let (act, state, arguments) = match verb {
        PostVerb::Delete(arguments) => (Act::Delete, "deleted", arguments),
        PostVerb::Sensitive(arguments) => (Act::Hide, "sensitive", arguments),
    };
    let ids: Vec<Id<Post>> = arguments.posts.iter().map(|id| id.trim().parse()).collect::<Result<_>>()?;
    let reason = Reason {
        report: arguments.report.as_deref().map(str::parse).transpose()?,
        text: arguments.word.text.unwrap_or_default(),
        quiet: arguments.word.quiet,
    };
    let done = app.write(move |tx| staff::act(tx, &Staff::console(), act, &ids, &reason)).await?;
    Ok(done.iter().map(|done| json!({ "id": done.id, "author": done.author, "state": state })).collect())
}
