//! People of other servers: taken in, kept up to date, gone.

use super::{RemoteActor, RemoteEmoji};
use crate::{
    Error, Result,
    db::Conn,
    domain::{Fact, Task, Tx, audit, charter, people, profiles::Field, projects::remote as projects, search},
    id::Id,
    model::{Account, Audience},
    store,
};

/// Seconds after which the posts of somebody who may be found now, or not any more, are indexed anew.
const INDEX_AFTER: i64 = 60;

/// Stores what an actor's own server says about it. `domain` is the right side of its handle as WebFinger confirmed it,
/// or the host of its id where nothing did (AUT-19).
///
/// # Errors
/// `Gone` for somebody who was deleted; `Forbidden` for an id of our own.
pub fn save_actor(tx: &mut Tx<'_>, actor: &RemoteActor, domain: &str) -> Result<Account> {
    if tx.site().owns_str(&actor.uri) || tx.site().owns_str(&actor.inbox) {
        return Err(Error::forbidden("an actor of another server with an address of ours"));
    }
    store::remote::lock(tx.conn, &actor.uri)?;
    let known = store::accounts::find_by_uri(tx.conn, &actor.uri)?;
    if known.is_none() && store::posts::find_by_uri(tx.conn, &actor.uri)?.is_some() {
        return Err(Error::forbidden("a post does not become somebody"));
    }
    if known.as_ref().is_some_and(|a| a.deleted_at.is_some())
        || store::remote::is_gone(tx.conn, &[&actor.uri], &actor.uri, tx.now)?
    {
        return Err(Error::Gone);
    }
    let domain = domain.to_lowercase();
    let handle = format!("{}@{domain}", actor.username.to_lowercase());
    if tx.site().is_own_name(&domain) {
        return Err(Error::forbidden("a handle of ours for an actor of another server"));
    }
    let id = known.as_ref().map_or_else(|| tx.new_id(), |a| a.id);
    let mut former = Vec::new();
    let handle = match actor.handle_confirmed {
        true => {
            former = store::remote::release_handle(tx.conn, &handle, id)?;
            handle
        }
        // Only its own server's word takes a name from whoever has it.
        false if store::remote::has_handle(tx.conn, &handle, id)? => store::remote::nobodys_handle(&handle, id),
        false => handle,
    };
    let mut account = match &known {
        Some(known) => known.clone(),
        None => Account {
            domain: Some(domain.clone()),
            ..crate::domain::accounts::blank(tx, id, actor.username.clone(), actor.kind)
        },
    };
    let before = known.as_ref().map(shown);
    account.handle = handle;
    account.uri.clone_from(&actor.uri);
    account.username.clone_from(&actor.username);
    account.domain = Some(domain);
    account.inbox_url = Some(actor.inbox.clone());
    account.shared_inbox_url.clone_from(&actor.shared_inbox);
    account.outbox_url.clone_from(&actor.outbox);
    account.followers_url.clone_from(&actor.followers);
    account.following_url.clone_from(&actor.following);
    account.featured_url.clone_from(&actor.featured);
    (account.public_key_id, account.public_key) = actor.rsa_key.clone().unzip();
    (account.ed25519_key_id, account.ed25519_key) = actor.ed25519_key.clone().unzip();
    account.created_at = actor.published.unwrap_or(account.created_at).min(tx.now);
    account.fetched_at = Some(tx.now);
    show(tx, &mut account, actor)?;
    if known.as_ref().is_none_or(|known| known.featured_url != account.featured_url) && account.featured_url.is_some() {
        tx.enqueue(&Task::ReadFeatured { account: id.raw() })?;
    }
    if known.is_none() {
        store::users::insert_account(tx.conn, &account)?;
        search::index_account(tx.conn, &account)?;
    } else {
        if before.is_some_and(|b| b != shown(&account)) {
            account.updated_at = tx.now;
        }
        if let Some(known) = known.as_ref().filter(|known| known.left_on != account.left_on) {
            note_leaving(tx, known, &account)?;
        }
        let changed = account.updated_at == tx.now;
        store::remote::update_account(tx.conn, &account)?;
        if known.as_ref().is_some_and(|known| known.indexable != account.indexable) {
            // Somebody who changes their mind all the time costs a round a while.
            let at = tx.now.plus_seconds(INDEX_AFTER);
            tx.enqueue_at(&Task::IndexPosts { author: Some(id.raw()), after: 0 }, at)?;
        }
        if changed {
            tx.record(Fact::AccountUpdated(id))?;
        }
    }
    for old in former {
        rebind(tx, old, &account)?;
    }
    people::remote::receive(tx, &account, actor)?;
    projects::receive(tx, &account, actor.project.as_ref())?;
    Ok(account)
}

/// The handle of an account leads to another id now, as its own server confirmed (DISC-19): the account goes on under that
/// one, and those here who follow it follow again.
fn rebind(tx: &mut Tx<'_>, old: Id<Account>, now: &Account) -> Result<()> {
    let old = store::accounts::load(tx.conn, old)?;
    if old.is_unavailable() || old.moved_to_id.is_some() || now.moved_to_id == Some(old.id) {
        return Ok(());
    }
    store::remote::set_moved(tx.conn, old.id, now.id, tx.now)?;
    tx.record(Fact::AccountMoved(old.id))?;
    tx.enqueue(&Task::MoveFollowers { from: old.id.raw(), to: now.id.raw() })
}

/// Somebody of another node of the organisation has left, or is back: the log of this node says when it heard of it.
fn note_leaving(tx: &mut Tx<'_>, before: &Account, now: &Account) -> Result<()> {
    if !crate::domain::projects::is_inside(tx.conn, now)? {
        return Ok(());
    }
    let (action, day) = match now.left_on.or(before.left_on) {
        Some(day) if now.left_on.is_some() => ("account.leave", day.date()),
        _ => ("account.rehire", String::new()),
    };
    let by = charter::adopt::by_node(now.domain.as_deref().unwrap_or_default());
    audit::write(tx, &by, action, &now.handle, &day)
}

/// What people see of an account.
fn shown(a: &Account) -> impl PartialEq + use<> {
    (
        a.display_name.clone(),
        a.note.clone(),
        a.fields.clone(),
        a.avatar_remote_url.clone(),
        a.header_remote_url.clone(),
        a.locked,
        a.suspended_by_origin,
        a.left_on,
        (a.show_media, a.show_media_replies, a.show_featured),
    )
}

/// The part of a document that only concerns the profile.
fn show(tx: &mut Tx<'_>, account: &mut Account, actor: &RemoteActor) -> Result<()> {
    account.kind = actor.kind;
    account.url = actor.url.clone().or_else(|| Some(actor.uri.clone()));
    account.display_name.clone_from(&actor.display_name);
    account.note = actor.note.as_str().to_owned();
    account.fields = fields_json(actor, &account.fields);
    account.emojis = emojis_json(tx, &actor.uri, &actor.emojis)?;
    if account.avatar_remote_url != actor.avatar {
        // The copy is of another picture; the new one is fetched when somebody looks.
        account.avatar = None;
        account.avatar_remote_url.clone_from(&actor.avatar);
    }
    account.avatar_description.clone_from(&actor.avatar_description);
    if account.header_remote_url != actor.header {
        account.header = None;
        account.header_remote_url.clone_from(&actor.header);
    }
    account.header_description.clone_from(&actor.header_description);
    account.locked = actor.locked;
    account.discoverable = actor.discoverable;
    account.indexable = actor.indexable;
    account.show_media = actor.show_media;
    account.show_media_replies = actor.show_media_replies;
    account.show_featured = actor.show_featured;
    account.memorial = actor.memorial;
    account.suspended_by_origin = actor.suspended;
    account.left_on = actor.left_on;
    if let Some(day) = charter::revocation::since(tx.conn, &actor.uri)? {
        // The word of the organisation counts more than that of their own node.
        (account.left_on, account.discoverable) = (actor.left_on.or(Some(day.midnight())), false);
    }
    account.also_known_as = serde_json::json!(actor.also_known_as).to_string();
    account.attribution_domains = serde_json::json!(actor.attribution_domains).to_string();
    account.moved_to_id = match &actor.moved_to {
        None => None,
        Some(to) => match store::accounts::find_by_uri(tx.conn, to)? {
            Some(target) if names(&target, &account.uri) && target.id != account.id => Some(target.id),
            _ => account.moved_to_id,
        },
    };
    Ok(())
}

/// Whether somebody says to have moved to an account that has to be read before that is believed: it is not known here, or
/// did not name them when it was read last (MOVE-03).
pub fn went_somewhere(conn: &mut Conn, actor: &RemoteActor) -> Result<bool> {
    let Some(to) = &actor.moved_to else { return Ok(false) };
    let target = store::accounts::find_by_uri(conn, to)?;
    Ok(target.is_none_or(|target| !target.is_local() && !names(&target, &actor.uri)))
}

/// The account that somebody says to have moved to was read: they are shown as moved when it names them, too (MOVE-03).
pub fn show_moved(tx: &mut Tx<'_>, account: Id<Account>, target: &Account) -> Result<Account> {
    let mut account = store::accounts::load(tx.conn, account)?;
    if target.id != account.id && names(target, &account.uri) && account.moved_to_id != Some(target.id) {
        account.moved_to_id = Some(target.id);
        store::remote::update_account(tx.conn, &account)?;
    }
    Ok(account)
}

/// Whether `account` says that it is also known as `uri` (MOVE-01).
pub fn names(account: &Account, uri: &str) -> bool {
    serde_json::from_str::<Vec<String>>(&account.also_known_as).unwrap_or_default().iter().any(|a| a == uri)
}

fn fields_json(actor: &RemoteActor, before: &str) -> String {
    if actor.fields.is_empty() {
        return "[]".to_owned();
    }
    let old: Vec<Field> = serde_json::from_str(before).unwrap_or_default();
    let fields: Vec<Field> = actor
        .fields
        .iter()
        .map(|(name, value)| {
            let seen = old.iter().find(|f| f.name == *name && f.value == value.as_str()).and_then(|f| f.verified_at);
            Field {
                name: name.clone(),
                value: value.as_str().to_owned(),
                source: None,
                verified_at: seen,
                generated: None,
            }
        })
        .collect();
    serde_json::to_string(&fields).unwrap_or_else(|_| "[]".to_owned())
}

/// As rows keep them; the newest picture of each is remembered for the whole server, in what came before too (POST-10).
pub(super) fn emojis_json(tx: &mut Tx<'_>, author: &str, emojis: &[RemoteEmoji]) -> Result<String> {
    if emojis.is_empty() {
        return Ok("[]".to_owned());
    }
    let mut list = Vec::with_capacity(emojis.len());
    for emoji in emojis {
        crate::domain::emojis::remember_picture(tx, crate::uri::host(author), &emoji.url)?;
        let updated = emoji.updated.map(|at| at.min(tx.now));
        if let Some(updated) = updated {
            let id = tx.new_id();
            store::emojis::learn(tx.conn, id, crate::uri::host(author), &emoji.shortcode, &emoji.url, updated)?;
        }
        list.push(
            serde_json::json!({ "shortcode": emoji.shortcode, "url": emoji.url, "at": updated.map(|at| at.millis()) }),
        );
    }
    Ok(serde_json::Value::from(list).to_string())
}

/// Whether an actor document that arrived in an Update may be believed without reading it from its origin: nothing in
/// it that decides where activities go or whose signature counts differs from what is known (AUTH-06, AUT-24).
pub fn is_profile_only(account: &Account, actor: &RemoteActor) -> bool {
    let key = |known: (&Option<String>, &Option<Vec<u8>>), new: &Option<(String, Vec<u8>)>| {
        (known.0.as_deref(), known.1.as_deref())
            == (new.as_ref().map(|n| n.0.as_str()), new.as_ref().map(|n| n.1.as_slice()))
    };
    account.uri == actor.uri
        && account.username == actor.username
        && account.inbox_url.as_deref() == Some(actor.inbox.as_str())
        && account.shared_inbox_url == actor.shared_inbox
        && account.outbox_url == actor.outbox
        && account.followers_url == actor.followers
        && account.following_url == actor.following
        && account.featured_url == actor.featured
        && key((&account.public_key_id, &account.public_key), &actor.rsa_key)
        && key((&account.ed25519_key_id, &account.ed25519_key), &actor.ed25519_key)
}

/// A new profile of somebody known (UPD-03), after [`is_profile_only`] said yes.
pub fn update_profile(tx: &mut Tx<'_>, account: &Account, actor: &RemoteActor) -> Result<()> {
    let domain = account.domain.clone().unwrap_or_default();
    save_actor(tx, actor, &domain).map(|_| ())
}

/// Somebody of another server is gone for good (DEL-06): hidden at once, the rest goes in the background.
pub fn delete_actor(tx: &mut Tx<'_>, account: &Account) -> Result<()> {
    if account.is_local() || account.deleted_at.is_some() {
        return Ok(());
    }
    tx.record(Fact::AccountDeleted(account.id))?;
    store::posts::bury(tx.conn, &account.uri, Some(&account.uri), Audience::Open, tx.now)?;
    store::remote::clear_gone(tx.conn, account, tx.now)?;
    store::remote::remove_relations(tx.conn, account.id)?;
    tx.enqueue(&Task::PurgeAccount { account: account.id.raw() })
}

/// Rows removed in one transaction of a purge.
const CHUNK: i64 = 200;

/// One chunk of what a deleted account leaves behind; false when nothing is left.
pub fn purge_some(tx: &mut Tx<'_>, account: Id<Account>) -> Result<bool> {
    let owner = store::accounts::load(tx.conn, account)?;
    if owner.deleted_at.is_none() {
        return Ok(false);
    }
    let posts = store::remote::some_posts(tx.conn, account, CHUNK)?;
    for post in &posts {
        crate::domain::posts::remove(tx, *post)?;
    }
    if !posts.is_empty() {
        return Ok(true);
    }
    if store::remote::remove_some_favourites(tx.conn, account, CHUNK)? > 0 {
        return Ok(true);
    }
    store::remote::remove_relations(tx.conn, account)?;
    Ok(false)
}
