//! Who joins and leaves projects, on the way to the other side; and the end of what a project passed on.

use super::{Draft, passing_uri, send, send_to_person};
use crate::{
    Result,
    domain::{Tx, fact::Step},
    federation::render::{PUBLIC, activity::Activity, context::Terms},
    id::Id,
    model::{self, Account, Post, Project},
    store,
};
use serde_json::{Value, json};

/// A Join as it was sent.
fn join(uri: Option<&str>, person: &str, project: &str) -> Value {
    match uri {
        Some(uri) => json!({"type": "Join", "actor": person, "object": project, "id": uri}),
        None => json!({"type": "Join", "actor": person, "object": project}),
    }
}

pub(super) fn membership(tx: &mut Tx<'_>, project: Id<Account>, person: Id<Account>, step: Step) -> Result<()> {
    let id: Id<Project> = Id::new(project.raw());
    let Some(row) = store::projects::member(tx.conn, id, person)? else { return Ok(()) };
    let (group, who) = (store::accounts::load(tx.conn, project)?, store::accounts::load(tx.conn, person)?);
    let number = tx.new_id::<model::Activity>();
    match (step, who.is_local(), group.is_local()) {
        (Step::Asked, true, false) => {
            let uri = row.uri.unwrap_or_else(|| tx.site().activity_uri(number));
            let mut activity = Activity::new("Join", &uri, &who.uri, group.uri.as_str()).to(&group.uri);
            activity.content = Some(row.message.as_str()).filter(|message| !message.is_empty());
            let json = activity.document(Terms::NONE)?;
            send_to_person(tx, number.raw(), &uri, &who, &group, "Join", Some(&group.uri), json)
        }
        (Step::Left, true, false) => {
            let uri = passing_uri(&who.uri, "Leave", number);
            let json =
                Activity::new("Leave", &uri, &who.uri, group.uri.as_str()).to(&group.uri).document(Terms::NONE)?;
            send_to_person(tx, number.raw(), &uri, &who, &group, "Leave", Some(&group.uri), json)
        }
        (Step::Accepted | Step::Refused, false, true) => {
            let kind = if step == Step::Accepted { "Accept" } else { "Reject" };
            let uri = passing_uri(&group.uri, kind, number);
            let object = join(row.uri.as_deref(), &who.uri, &group.uri);
            let json = Activity::new(kind, &uri, &group.uri, object).to(&who.uri).document(Terms::NONE)?;
            send_to_person(tx, number.raw(), &uri, &group, &who, kind, row.uri.as_deref(), json)
        }
        _ => Ok(()),
    }
}

/// Announce{Delete} to the followers of each project that passed a post on: their servers have copies of it that its
/// author's server may not know of (FEP-1b12).
pub(super) fn post_ended(tx: &mut Tx<'_>, id: Id<Post>) -> Result<()> {
    let boosts = store::projects::passed_on(tx.conn, id)?;
    if boosts.is_empty() {
        return Ok(());
    }
    let post = store::posts::load(tx.conn, id)?;
    let author = store::accounts::load(tx.conn, post.account_id)?;
    for boost in boosts {
        let group = store::accounts::load(tx.conn, boost.account_id)?;
        let to = store::deliveries::follower_inboxes(tx.conn, group.id)?;
        let number = tx.new_id::<model::Activity>();
        let uri = passing_uri(&group.uri, "Announce", number);
        let delete = json!({"type": "Delete", "actor": author.uri, "object": post.uri});
        let json = Activity::new("Announce", &uri, &group.uri, delete).to(PUBLIC).document(Terms::NONE)?;
        let draft = Draft {
            id: number.raw(),
            uri: &uri,
            account: group.id,
            kind: "Announce",
            object: Some(&post.uri),
            post: None,
            reach: post.audience,
            durable: true,
            json,
        };
        send(tx, draft, to)?;
    }
    Ok(())
}
