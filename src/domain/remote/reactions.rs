//! Boosts, likes, pins and reports that arrive, and taking them back.

use super::{Addressing, posts::believed, remember, visibility};
use crate::{
    Error, Result,
    domain::{
        Tx,
        emoji_reactions::{self, RemoteReaction},
        follows,
        posts::{self, NewBoost},
        reactions, reports,
        visibility::sees,
    },
    id::Id,
    limits,
    model::{Account, AccountKind, Collection, Post, Visibility},
    store::{self, reactions::Shelf},
    time::Timestamp,
    uri,
};

/// Hours after which a boost is no news any more.
const NEWS_HOURS: i64 = 6;
/// Things one report may name (AUT-13).
const REPORTED: usize = 50;

/// A boost as it was announced.
#[derive(Clone, Debug)]
pub struct Announced {
    /// The id of the Announce.
    pub uri: String,
    /// When, as claimed.
    pub published: Option<Timestamp>,
    /// For whom.
    pub addressing: Addressing,
    /// By somebody of our own organisation (POST-15).
    pub colleague: bool,
}

/// Somebody elsewhere boosts a post (INT-03 to INT-05): counted once per account; posts that are not for everybody only
/// by their own author; nothing of people who are blocked here (AUT-26).
pub fn receive_boost(tx: &mut Tx<'_>, booster: &Account, post: &Post, announced: &Announced) -> Result<()> {
    store::remote::lock(tx.conn, &announced.uri)?;
    if booster.is_unavailable() || store::remote::is_gone(tx.conn, &[&announced.uri], &booster.uri, tx.now)? {
        return Ok(());
    }
    let original = store::posts::original(tx.conn, post)?;
    let author = store::accounts::load(tx.conn, original.account_id)?;
    let own = original.account_id == booster.id;
    let allowed = original.visibility <= Visibility::Unlisted || own && original.visibility == Visibility::Private;
    if !allowed || author.is_unavailable() || !sees(tx.conn, booster, &original, tx.now)? {
        return Ok(());
    }
    let wanted = original.local || announced.colleague || store::remote::has_local_follower(tx.conn, booster.id)?;
    if !wanted {
        return Ok(());
    }
    let created_at = believed(announced.published, tx.now);
    let news = created_at >= tx.now.plus_seconds(-NEWS_HOURS * 3600);
    // A group passes on what was sent to it: no news for the author (INT-11).
    let relayed = booster.kind == AccountKind::Group && original.local;
    let new = NewBoost {
        id: posts::free_id(tx, created_at)?,
        uri: announced.uri.clone(),
        url: None,
        account: booster.id,
        local: false,
        visibility: visibility(&announced.addressing, booster.followers_url.as_deref()).min(Visibility::Private),
        created_at,
        fresh: news && !relayed,
    };
    posts::insert_boost(tx, &original, new).map(|_| ())
}

/// Somebody elsewhere likes a post (INT-01), or reacts to it (INT-08); what they cannot see they cannot like (AUT-25).
pub fn receive_like(
    tx: &mut Tx<'_>,
    actor: &Account,
    post: &Post,
    uri: Option<&str>,
    reaction: Option<&RemoteReaction>,
) -> Result<()> {
    let original = store::posts::original(tx.conn, post)?;
    if let Some(uri) = uri {
        store::remote::lock(tx.conn, uri)?;
        if store::remote::is_gone(tx.conn, &[uri], &actor.uri, tx.now)? {
            return Ok(());
        }
    }
    if actor.is_unavailable() || !sees(tx.conn, actor, &original, tx.now)? {
        return Ok(());
    }
    emoji_reactions::receive(tx, actor, &original, uri, reaction)
}

/// Somebody elsewhere votes against a post: they like it no more. What they said with emoji stands.
pub fn receive_dislike(tx: &mut Tx<'_>, actor: &Account, post: &Post) -> Result<()> {
    let original = store::posts::original(tx.conn, post)?;
    match store::reactions::find_favourite(tx.conn, original.id, actor.id)? {
        Some(favourite) if !favourite.implied => reactions::unlike_as(tx, actor.id, original.id),
        _ => Ok(()),
    }
}

/// What an Undo names, when its id tells nothing.
#[derive(Clone, Copy, Debug)]
pub struct Named<'u> {
    /// The kind of the activity.
    pub kind: &'u str,
    /// What it was about.
    pub object: &'u str,
    /// The emoji of a reaction.
    pub emoji: Option<&'u str>,
}

/// `by` takes something back: the activity of this id, or the one of this kind about this object. Only what is theirs
/// (AUT-08, AUT-09, AUTH-10). Unknown ids are remembered (FOL-08, INT-09).
pub fn undo(tx: &mut Tx<'_>, by: &Account, id: Option<&str>, named: Option<Named<'_>>) -> Result<()> {
    if let Some(id) = id
        && undo_known(tx, by, id)?
    {
        return Ok(());
    }
    if let Some(named) = named
        && undo_by_object(tx, by, named)?
    {
        return Ok(());
    }
    match id {
        Some(id) => remember(tx, id, &by.uri),
        None => Ok(()),
    }
}

/// Undoes what is known by this id alone. True when anything is, whoever it belongs to: then nothing else may be meant by it.
///
/// # Errors
/// Those of the database.
pub fn undo_known(tx: &mut Tx<'_>, by: &Account, id: &str) -> Result<bool> {
    store::remote::lock(tx.conn, id)?;
    undo_by_id(tx, by, id)
}

fn undo_by_id(tx: &mut Tx<'_>, by: &Account, id: &str) -> Result<bool> {
    if undo_standing(tx, by, id)? {
        return Ok(true);
    }
    // It stood already when it came under this id.
    let Some(standing) = store::repeats::standing(tx.conn, by.id, id)? else { return Ok(false) };
    store::repeats::forget(tx.conn, &standing)?;
    undo_standing(tx, by, &standing)
}

fn undo_standing(tx: &mut Tx<'_>, by: &Account, id: &str) -> Result<bool> {
    if let Some(follow) = store::follows::find_by_uri(tx.conn, id)? {
        if follow.account_id == by.id {
            follows::unfollow(tx, by.id, follow.target_id)?;
        }
        return Ok(true);
    }
    if let Some(favourite) = store::reactions::find_favourite_by_uri(tx.conn, id)? {
        if favourite.account_id == by.id {
            reactions::unlike_as(tx, by.id, favourite.post_id)?;
        }
        return Ok(true);
    }
    if let Some(reaction) = store::emoji_reactions::find_by_uri(tx.conn, id)? {
        if reaction.account_id == by.id {
            emoji_reactions::take_back(tx, &reaction)?;
        }
        return Ok(true);
    }
    if let Some(post) = store::posts::find_by_uri(tx.conn, id)? {
        if post.account_id == by.id && post.is_boost() {
            posts::remove_boost(tx, &post)?;
        }
        return Ok(true);
    }
    if let Some(block) = store::remote::find_block_by_uri(tx.conn, id)? {
        if block.account_id == by.id {
            follows::unblock(tx, by.id, block.target_id)?;
        }
        return Ok(true);
    }
    Ok(false)
}

fn undo_by_object(tx: &mut Tx<'_>, by: &Account, named: Named<'_>) -> Result<bool> {
    let Named { kind, object, emoji } = named;
    match kind {
        "Follow" | "Block" => {
            let Some(target) = store::accounts::find_by_uri(tx.conn, object)? else { return Ok(false) };
            if kind == "Block" {
                let there = store::follows::find_block(tx.conn, by.id, target.id)?.is_some();
                follows::unblock(tx, by.id, target.id)?;
                return Ok(there);
            }
            let there = store::follows::find(tx.conn, by.id, target.id)?.is_some();
            follows::unfollow(tx, by.id, target.id)?;
            Ok(there)
        }
        "Like" | "EmojiReact" | "Announce" => {
            let Some(post) = store::posts::find_by_uri(tx.conn, object)? else { return Ok(false) };
            if kind == "Announce" {
                let Some(boost) = store::posts::find_boost(tx.conn, post.id, by.id)? else { return Ok(false) };
                posts::remove_boost(tx, &boost)?;
                return Ok(true);
            }
            if let Some(emoji) = emoji
                && emoji_reactions::unreact_as(tx, by.id, post.id, emoji)?
            {
                return Ok(true);
            }
            let Some(known) = store::reactions::find_favourite(tx.conn, post.id, by.id)? else { return Ok(false) };
            // Another emoji than those that stand is none of them.
            if emoji.is_none() || !known.implied {
                reactions::unlike_as(tx, by.id, post.id)?;
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Whether this may stand among what an account elsewhere pins: a post of its own, or one that was posted to it, where it is a
/// group.
pub fn may_pin(owner: &Account, post: &Post) -> bool {
    post.account_id == owner.id || owner.kind == AccountKind::Group && post.group_id == Some(owner.id)
}

/// An account elsewhere pins or unpins a post of its own (COLL-02), a group one that was posted to it.
pub fn receive_pin(tx: &mut Tx<'_>, owner: &Account, post: &Post, pinned: bool) -> Result<()> {
    if !may_pin(owner, post) || post.is_boost() || post.visibility == Visibility::Direct {
        return Ok(());
    }
    if !pinned {
        return store::reactions::unshelve(tx.conn, Shelf::Pins, owner.id, post.id).map(|_| ());
    }
    if store::reactions::shelved(tx.conn, Shelf::Pins, owner.id)? < 4 * limits::PINS as i64 {
        let row: Id<Post> = tx.new_id();
        store::reactions::shelve(tx.conn, Shelf::Pins, row, owner.id, post.id, tx.now)?;
    }
    Ok(())
}

/// What an account elsewhere pins, newest pin first, as its featured collection says (COLL-01); with `complete`, other
/// pins of it are over.
pub fn receive_pins(tx: &mut Tx<'_>, owner: &Account, pinned: &[Id<Post>], complete: bool) -> Result<()> {
    if complete {
        for post in store::timelines::pinned(tx.conn, owner.id)?.into_iter().filter(|p| !pinned.contains(p)) {
            store::reactions::unshelve(tx.conn, Shelf::Pins, owner.id, post)?;
        }
    }
    for post in pinned.iter().rev() {
        let post = store::posts::load(tx.conn, *post)?;
        receive_pin(tx, owner, &post, true)?;
    }
    Ok(())
}

/// A report from another server (MOD-04): about people of this node only, one report for each. `named` are accounts,
/// posts and collections in any order, `comment` is plain text.
pub fn receive_flag(tx: &mut Tx<'_>, by: &Account, named: &[String], comment: &str, uri: Option<&str>) -> Result<()> {
    let own: Vec<&str> = named.iter().map(String::as_str).filter(|u| tx.site().owns_str(u)).take(REPORTED).collect();
    let mut posts = store::remote::posts_by_uri(tx.conn, &own)?;
    let mut accounts = store::remote::accounts_by_uri(tx.conn, &own)?;
    let collections: Vec<Id<Collection>> = own.iter().filter_map(|url| tx.site().local_collection(url)).collect();
    let collections = store::collections::several(tx.conn, &collections)?;
    // Misskey names the page of a post, or of a profile, where it has one; Pleroma the activity that brought the post.
    for address in own {
        let address = address.strip_suffix("/activity").unwrap_or(address);
        if let Some((_, id)) = tx.site().local_post::<Post>(address) {
            posts.extend(store::posts::find(tx.conn, id)?.filter(|post| posts.iter().all(|known| known.id != post.id)));
        } else if let Some(name) = tx.site().local_username(address) {
            accounts.extend(store::accounts::find_local(tx.conn, &name)?);
        }
    }
    posts.retain(|post| post.local && !post.is_boost());
    let mut targets: Vec<Id<Account>> = Vec::new();
    let people = accounts.iter().filter(|a| a.is_local()).map(|a| a.id);
    let authors = posts.iter().map(|p| p.account_id).chain(collections.iter().map(|c| c.account_id));
    for target in people.chain(authors) {
        if !targets.contains(&target) {
            targets.push(target);
        }
    }
    for target in targets {
        let filing = reports::Filing {
            posts: posts.iter().filter(|p| p.account_id == target).map(|p| p.id).collect(),
            collections: collections.iter().filter(|c| c.account_id == target).map(|c| c.id).collect(),
            comment: comment.to_owned(),
            uri: uri.map(str::to_owned),
            from_host: Some(uri::host(&by.uri).to_owned()),
            ..reports::Filing::default()
        };
        match reports::file(tx, by.id, target, filing) {
            // Too many from one server, or nobody left to report: dropped.
            Ok(_) | Err(Error::NotFound | Error::RateLimited { .. }) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
