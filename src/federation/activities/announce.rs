//! Announce: a boost (INT-03 to INT-05), or what a group passes on to its followers (INT-11). Whatever is embedded
//! counts for nothing: the post is the one we know, or the one its own server has (AUT-03, AUT-17).

use super::{
    Outcome, Parsed, Received,
    parsed::{self, Embedded, Inner, Kind},
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx,
        interactions::{self, arrivals::Claim},
        projects,
        quotes::policy::Consent,
        remote::{self, Announced},
    },
    federation::{
        authorizations,
        eyes::Cause,
        fetch::{self, Budget},
        import, proof,
    },
    model::{AccountKind, InteractionKind, Post},
    store, uri,
};
use std::sync::Arc;

/// The post that is passed on, and what is to be done with it.
enum What<'a> {
    /// Show it to the followers.
    Boost(&'a str),
    /// It changed: read it again.
    Again(&'a str),
    /// It is said to be gone: look.
    Gone(&'a str),
    /// It takes no more answers in this group, or takes them again: then it may be the id of the Lock.
    Lock(&'a str, bool),
    /// Somebody likes it, or takes that back: look where they said so.
    Said {
        /// The id of what they said.
        id: &'a str,
        /// Who.
        by: &'a str,
        /// The post.
        post: &'a str,
        /// They vote against it.
        against: bool,
    },
    /// A moderator of the group put it into a collection, or took it out: the pinned posts of the group, perhaps.
    Pin {
        /// The post.
        post: &'a str,
        /// The collection.
        to: &'a str,
        /// In or out.
        pinned: bool,
    },
}

/// What somebody said about a post; only their own server can tell.
fn said<'a>(activity: &'a Parsed, by: Option<&'a str>, post: &'a str) -> Option<What<'a>> {
    let (id, by) = (activity.object.as_deref()?, by?);
    uri::same_authority(id, by).then_some(What::Said { id, by, post, against: false })
}

fn pin<'a>(post: &'a str, to: Option<&'a str>, pinned: bool) -> Option<What<'a>> {
    Some(What::Pin { post, to: to?, pinned })
}

fn what(activity: &Parsed) -> Option<What<'_>> {
    match &activity.embedded {
        Embedded::Activity(Inner { kind, actor, undone: Some((undone, object)), .. }) if kind == "Undo" => {
            match undone.as_str() {
                "Lock" => Some(What::Lock(object, false)),
                "Like" | "EmojiReact" => said(activity, actor.as_deref(), object),
                _ => None,
            }
        }
        Embedded::Activity(Inner { kind, actor, object: Some(object), target, .. }) => match kind.as_str() {
            "Create" => Some(What::Boost(object)),
            "Update" => Some(What::Again(object)),
            "Delete" => Some(What::Gone(object)),
            "Lock" => Some(What::Lock(object, true)),
            // By its id alone.
            "Undo" => Some(What::Lock(object, false)),
            "Like" | "EmojiReact" => said(activity, actor.as_deref(), object),
            "Dislike" => match said(activity, actor.as_deref(), object)? {
                What::Said { id, by, post, .. } => Some(What::Said { id, by, post, against: true }),
                other => Some(other),
            },
            "Add" => pin(object, target.as_deref(), true),
            "Remove" => pin(object, target.as_deref(), false),
            _ => None,
        },
        Embedded::Activity(_) => None,
        _ => activity.object.as_deref().map(What::Boost),
    }
}

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let Some(what) = what(activity) else { return Ok(Outcome::Done) };
    if let What::Lock(object, locked) = what {
        let undone = if locked { None } else { store::thread_locks::find_by_uri(tx.conn, object)? };
        let post = undone.map_or_else(|| object.to_owned(), |lock| lock.post_uri);
        if locked && store::posts::find_by_uri(tx.conn, &post)?.is_none() {
            let wanted = received.colleague || projects::locks::is_wanted(tx, &received.signer, &post)?;
            return Ok(if wanted { Outcome::Fetch } else { Outcome::Done });
        }
        // The group says what holds in it, whoever of its moderators did it.
        projects::locks::set_moderated(tx, &received.signer.uri, &post, activity.object.as_deref(), locked)?;
        return Ok(Outcome::Done);
    }
    let object = match &what {
        What::Said { id, by, post, against } => return about_ours(tx, received, (*id, *by), post, *against),
        What::Pin { post, to, pinned } => {
            pinned_there(tx, received, (*post, *to), *pinned)?;
            return Ok(Outcome::Done);
        }
        What::Boost(object) | What::Again(object) | What::Gone(object) | What::Lock(object, _) => *object,
    };
    let known = store::posts::find_by_uri(tx.conn, object)?;
    match (&what, known) {
        (What::Boost(_), Some(post)) => match boost(tx, received, activity, &post, false)? {
            // The author of the post decides: what they are said to have agreed to has to be looked at.
            Some(_) => Ok(Outcome::Fetch),
            None => Ok(Outcome::Done),
        },
        (What::Boost(object), None) => {
            let gone = store::remote::is_gone(tx.conn, &[object], "", tx.now)?;
            // Nobody's curiosity but that of our own people makes us fetch.
            let wanted = received.colleague || store::remote::has_local_follower(tx.conn, received.signer.id)?;
            let fetchable = !tx.site().owns_str(object) && !gone && wanted;
            Ok(if fetchable { Outcome::Fetch } else { Outcome::Done })
        }
        // What was posted to a group is the group's to take away (AUTH-04), whatever the server of its author still shows.
        (What::Gone(object), Some(post)) if !post.local && post.group_id == Some(received.signer.id) => {
            remote::delete_moderated(tx, &received.signer.uri, object)?;
            Ok(Outcome::Done)
        }
        (What::Again(_) | What::Gone(_), Some(post)) if !post.local => Ok(Outcome::Fetch),
        _ => Ok(Outcome::Done),
    }
}

/// Whether somebody's own server is asked for what a group passes on of theirs: about a post of ours, in a group that people
/// here have to do with.
fn about_ours(
    tx: &mut Tx<'_>,
    received: &Received,
    (id, by): (&str, &str),
    post: &str,
    against: bool,
) -> Result<Outcome> {
    let group = &received.signer;
    if group.kind != AccountKind::Group || tx.site().owns_str(by) {
        return Ok(Outcome::Done);
    }
    let Some(post) = store::posts::find_by_uri(tx.conn, post)?.filter(|post| post.local) else {
        return Ok(Outcome::Done);
    };
    // It only takes a like back: nobody is asked where there is none.
    if against {
        let liked = match store::accounts::find_by_uri(tx.conn, by)? {
            Some(who) => store::reactions::find_favourite(tx.conn, post.id, who.id)?.is_some(),
            None => false,
        };
        return Ok(if liked { Outcome::Fetch } else { Outcome::Done });
    }
    let known = store::reactions::find_favourite_by_uri(tx.conn, id)?.is_some()
        || store::emoji_reactions::find_by_uri(tx.conn, id)?.is_some();
    let wanted = !known
        && (store::remote::has_local_follower(tx.conn, group.id)?
            || store::posts::find_boost(tx.conn, post.id, group.id)?.is_some());
    Ok(if wanted { Outcome::Fetch } else { Outcome::Done })
}

/// A group says what stands first in it (FEP-1b12), whoever of its moderators put it there.
fn pinned_there(tx: &mut Tx<'_>, received: &Received, (post, to): (&str, &str), pinned: bool) -> Result<()> {
    let group = &received.signer;
    if group.kind != AccountKind::Group || group.featured_url.as_deref() != Some(to) {
        return Ok(());
    }
    match store::posts::find_by_uri(tx.conn, post)? {
        Some(post) => remote::receive_pin(tx, group, &post, pinned),
        None => Ok(()),
    }
}

/// What somebody is said to have said counts as they say it themselves.
async fn as_said_there(app: &App, id: &str, by: &str, budget: &Budget) -> Result<()> {
    if proof::is_revoked(app, by) {
        return Ok(());
    }
    let document = fetch::document(app, id, budget).await?;
    let said = parsed::parse(&document.json)?.at_home(app.site());
    // The Undo of a Follow, say, would end once more what began anew since.
    let is_a_like = match (&said.kind, &said.embedded) {
        (Kind::Undo, Embedded::Activity(inner)) => matches!(inner.kind.as_str(), "Like" | "EmojiReact" | "Dislike"),
        (kind, _) => matches!(kind, Kind::Like | Kind::Dislike),
    };
    if !is_a_like || said.actor != by || said.id.as_deref() != Some(id) {
        return Err(Error::forbidden("their own server says something else"));
    }
    let signer = import::account(app, by, budget).await?;
    if signer.is_unavailable() {
        return Ok(());
    }
    let theirs = Received { signer, recipient: None, colleague: false, activity: Arc::new(said) };
    app.write(move |tx| super::apply(tx, &theirs).map(|_| ())).await
}

/// `agreed`: the author of the post agrees, which was looked at. Answers what has to be looked at first.
fn boost(tx: &mut Tx<'_>, received: &Received, activity: &Parsed, post: &Post, agreed: bool) -> Result<Option<Claim>> {
    let Some(id) = &activity.id else { return Ok(None) };
    if store::remote::is_relay(tx.conn, &tx.site().instance_actor_uri(), received.signer.id)? {
        // It only says that the post is there (COLL-07).
        return Ok(None);
    }
    let original = match post.boost_of_id {
        Some(original) => &store::posts::load(tx.conn, original)?,
        None => post,
    };
    let consent = interactions::consent(tx.conn, original, InteractionKind::Boost, &received.signer)?;
    if !agreed && consent != Consent::Automatic {
        let Some(stamp) = &activity.stamp else { return Ok(None) };
        // Nobody here would see it: nothing is fetched for it.
        if !received.colleague && !store::remote::has_local_follower(tx.conn, received.signer.id)? {
            return Ok(None);
        }
        let author = store::accounts::load(tx.conn, original.account_id)?.uri;
        return Ok(Some(Claim { stamp: stamp.clone(), author, object: id.clone(), target: original.uri.clone() }));
    }
    let announced = Announced {
        uri: id.clone(),
        published: activity.published,
        addressing: activity.addressing.clone(),
        colleague: received.colleague,
    };
    remote::receive_boost(tx, &received.signer, post, &announced)?;
    if let Some(stamp) = activity.stamp.as_ref().filter(|_| agreed) {
        interactions::arrivals::note_boost(tx, &received.signer, original, id, stamp)?;
    }
    Ok(None)
}

pub(super) async fn resolve(app: &App, received: &Received, activity: &Parsed, budget: &Budget) -> Result<()> {
    match what(activity) {
        Some(What::Boost(object)) => {
            let (relay, instance) = (received.signer.id, app.site().instance_actor_uri());
            if app.glance(move |conn| store::remote::is_relay(conn, &instance, relay)).await? {
                return import::relayed(app, object, budget).await;
            }
            let Some(post) = import::post_named(app, object, &Cause::of_activity(received, activity), budget).await?
            else {
                return Ok(());
            };
            let (received, activity) = (received.clone(), activity.clone());
            let again = async |agreed: bool| {
                let (received, activity) = (received.clone(), activity.clone());
                let done = app.write(move |tx| {
                    let post = store::posts::load(tx.conn, post.id)?;
                    boost(tx, &received, &activity, &post, agreed)
                });
                done.await
            };
            let Some(claim) = again(false).await? else { return Ok(()) };
            if authorizations::is_genuine(app, &claim, authorizations::BOOST, budget).await? {
                again(true).await?;
            }
            Ok(())
        }
        Some(What::Again(object) | What::Gone(object)) => import::post_again(app, object, budget).await,
        Some(What::Said { id, by, .. }) => as_said_there(app, id, by, budget).await,
        Some(What::Lock(object, true)) => {
            let cause = Cause::of_activity(received, activity);
            if import::post_named(app, object, &cause, budget).await?.is_none() {
                return Ok(());
            }
            let (group, post, lock) = (received.signer.uri.clone(), object.to_owned(), activity.object.clone());
            app.write(move |tx| projects::locks::set_moderated(tx, &group, &post, lock.as_deref(), true)).await
        }
        Some(What::Lock(..) | What::Pin { .. }) | None => Ok(()),
    }
}
