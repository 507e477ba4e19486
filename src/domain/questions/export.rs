//! The archive of answers as data (N18), for files that are kept when the node is gone.

use crate::{
    Result,
    config::Site,
    db::Conn,
    domain::{Viewer, concierge::page::handle, visibility},
    id::Id,
    model::{Audience, Post},
    store,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A question or an answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Text {
    /// Its object id.
    pub uri: String,
    /// Its page.
    pub url: String,
    /// `@user@domain`.
    pub author: String,
    /// The name they go by.
    pub name: String,
    /// When it was written.
    pub published: Timestamp,
    /// Clean markup.
    pub content: String,
    /// BCP 47.
    pub language: Option<String>,
    /// How far it goes: `site`, `organisation`, `open`.
    pub audience: String,
}

/// What the author of an answer said of it later.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Said {
    /// It still holds.
    pub holds: bool,
    /// When they said so.
    pub at: Timestamp,
}

/// A question with its accepted answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Number of the question at this node; smaller ones are older.
    pub id: i64,
    /// Hashtags, normal form.
    pub tags: Vec<String>,
    /// What was asked.
    pub question: Text,
    /// What was answered.
    pub answer: Text,
    /// When the answer was accepted, as far as this node knows.
    pub accepted: Option<Timestamp>,
    /// What its author said of it since.
    pub still_true: Option<Said>,
}

fn text(conn: &mut Conn, site: &Site, post: &Post) -> Result<Text> {
    let by = store::accounts::load(conn, post.account_id)?;
    Ok(Text {
        uri: post.uri.clone(),
        url: post.url.clone().unwrap_or_else(|| post.uri.clone()),
        author: handle(site, &by),
        name: if by.display_name.is_empty() { by.username.clone() } else { by.display_name.clone() },
        published: post.created_at,
        content: post.content.clone(),
        language: post.language.clone(),
        audience: post.audience.as_str().to_owned(),
    })
}

/// Answered questions older than a number, newest first, that everybody of an audience may read; and how far it looked,
/// none at the end.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn entries(
    conn: &mut Conn,
    site: &Site,
    reader: Audience,
    below: Option<i64>,
    limit: i64,
    now: Timestamp,
) -> Result<(Vec<Entry>, Option<i64>)> {
    let viewer = Viewer::anybody_in(reader);
    let pairs = store::questions::answered(conn, &[], visibility::condition(viewer), below, limit)?;
    let next = pairs.last().map(|(question, _)| question.raw()).filter(|_| pairs.len() as i64 >= limit);
    let answers: Vec<Id<Post>> = pairs.iter().map(|(_, answer)| *answer).collect();
    let reviews = store::reviews::list(conn, &answers)?;
    let mut entries = Vec::with_capacity(pairs.len());
    for (question, answer) in pairs {
        let (Some(asked), Some(given)) = (store::posts::find(conn, question)?, store::posts::find(conn, answer)?)
        else {
            continue;
        };
        if !visibility::can_see(conn, viewer, &given, now)? {
            continue;
        }
        let review = reviews.iter().find(|review| review.answer == answer);
        entries.push(Entry {
            id: question.raw(),
            tags: store::posts::tag_names(conn, question)?,
            question: text(conn, site, &asked)?,
            answer: text(conn, site, &given)?,
            accepted: store::questions::find(conn, question)?.and_then(|question| question.ended_at),
            still_true: review.map(|review| Said { holds: review.holds, at: review.said_at }),
        });
    }
    Ok((entries, next))
}
