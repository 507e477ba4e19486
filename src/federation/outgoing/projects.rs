//! Who joins and leaves projects, on the way to the other side; the end of what a project passed on, and threads in which it
//! takes no more answers.

use super::{Draft, passing_uri, send, send_to_person};
use crate::{
    Result,
    domain::{
        Tx,
        fact::Step,
        projects::{members, near},
    },
    federation::render::{self, PUBLIC, activity::Activity, context::Terms},
    id::Id,
    model::{self, Account, Post, Project, ProjectRole},
    store, uri,
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
            // What is said there is HTML.
            let message = crate::domain::html::escape(&row.message);
            let uri = row.uri.unwrap_or_else(|| tx.site().activity_uri(number));
            let mut activity = Activity::new("Join", &uri, &who.uri, group.uri.as_str()).to(&group.uri);
            activity.content = Some(&*message).filter(|message| !message.is_empty());
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

/// What a project passes on as it is: for everybody and its followers. Lemmy reads no Announce without a `cc`.
fn passed_on<'a>(tx: &Tx<'_>, group: &'a Account, uri: &'a str, what: Value) -> Activity<'a, Value> {
    Activity::new("Announce", uri, &group.uri, what).to(PUBLIC).cc(tx.site().followers_uri(&group.username))
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
        let mut delete = json!({
            "type": "Delete", "actor": author.uri, "object": post.uri,
            "to": [PUBLIC], "cc": [group.uri], "audience": group.uri,
        });
        // That which their followers get; what others called theirs nobody here knows.
        if author.is_local()
            && let Some(fields) = delete.as_object_mut()
        {
            fields.insert("id".to_owned(), json!(format!("{}#delete", post.uri)));
        }
        let json = passed_on(tx, &group, &uri, delete).document(Terms::NONE)?;
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

/// Announce{Lock} or Announce{Undo{Lock}} to the followers of a project (FEP-1b12, as Lemmy does it): by the moderator who did
/// it, whom the project names anyway, or by the project.
pub(super) fn thread_locked(
    tx: &mut Tx<'_>,
    group: Id<Account>,
    post: Id<Post>,
    by: Id<Account>,
    undo: Option<&str>,
    locked: bool,
) -> Result<()> {
    let (group, post) = (store::accounts::load(tx.conn, group)?, store::posts::load(tx.conn, post)?);
    if !group.is_local() {
        return lock_said(tx, &group, &post, by, locked);
    }
    let Some(lock) = store::thread_locks::find(tx.conn, group.id, &post.uri)? else { return Ok(()) };
    let to = store::deliveries::follower_inboxes(tx.conn, group.id)?;
    let id: Id<Project> = Id::new(group.id.raw());
    let moderators = store::projects::member_uris(tx.conn, id, ProjectRole::Moderator, true, members::MEMBERS)?;
    let by = store::accounts::load(tx.conn, by)?.uri;
    let actor = if moderators.contains(&by) { by } else { group.uri.clone() };
    let number = tx.new_id::<model::Activity>();
    let done = |kind: &str, id: &str, object: Value| {
        json!({
            "id": id, "type": kind, "actor": actor, "object": object,
            "to": [PUBLIC], "cc": [group.uri], "audience": group.uri,
        })
    };
    // An id is on the server of its actor.
    let own = |id: Option<&str>, kind: &str| match id.filter(|id| uri::same_authority(id, &actor)) {
        Some(id) => id.to_owned(),
        None => passing_uri(&group.uri, kind, number),
    };
    let mut inner = done("Lock", &own(lock.uri.as_deref(), "Lock"), json!(post.uri));
    if !locked {
        inner = done("Undo", &own(undo, "Undo"), inner);
    }
    let uri = passing_uri(&group.uri, "Announce", number);
    let json = passed_on(tx, &group, &uri, inner).document(Terms::LOCK)?;
    // Nobody learns by it of a post that does not go as far.
    let reach = near::of_account(tx.conn, &group)?.map_or(post.audience, |near| near.min(post.audience));
    let draft = Draft {
        id: number.raw(),
        uri: &uri,
        account: group.id,
        kind: "Announce",
        object: Some(&post.uri),
        post: None,
        reach,
        durable: true,
        json,
    };
    send(tx, draft, to)
}

/// Lock or Undo{Lock} to a group of another server, by a moderator of it who is here (as Lemmy does it): the group tells its
/// followers.
fn lock_said(tx: &mut Tx<'_>, group: &Account, post: &Post, by: Id<Account>, locked: bool) -> Result<()> {
    let who = store::accounts::load(tx.conn, by)?;
    let known = store::thread_locks::find(tx.conn, group.id, &post.uri)?.and_then(|lock| lock.uri);
    let number = tx.new_id::<model::Activity>();
    let done = |kind: &str, id: &str, object: Value| {
        json!({
            "id": id, "type": kind, "actor": who.uri, "object": object,
            "to": [PUBLIC], "cc": [group.uri], "audience": group.uri,
        })
    };
    // Somebody else may have locked it: an id is on the server of its actor.
    let lock = known.filter(|id| id.starts_with(&format!("{}#", who.uri)));
    let lock = lock.unwrap_or_else(|| passing_uri(&who.uri, "Lock", number));
    let inner = done("Lock", &lock, json!(post.uri));
    let (kind, uri, json) = match locked {
        true => ("Lock", lock, inner),
        false => {
            let uri = passing_uri(&who.uri, "Undo", number);
            let json = done("Undo", &uri, inner);
            ("Undo", uri, json)
        }
    };
    let json = render::document(Terms::LOCK, json)?;
    send_to_person(tx, number.raw(), &uri, &who, group, kind, Some(&post.uri), json)
}
