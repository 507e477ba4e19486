//! Favourites (with those that emoji reactions imply), boosts, bookmarks, pins and muted conversations. An action on a boost acts on the original. The same
//! functions serve the client API and the inbox.

use super::{
    Fact, Tx, Viewer, emoji_reactions, interactions, moves,
    posts::{self, NewBoost},
    visibility::{visible_original, visible_post},
};
use crate::{
    Error, Result,
    id::Id,
    limits,
    model::{Account, Audience, Favourite, InteractionKind, Post, Visibility},
    store::{
        self,
        posts::Counter,
        reactions::{self, Shelf},
    },
};

/// A local person likes a post; twice is once. Where its author decides about that, they are asked, and a no takes it back.
/// Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see, `Forbidden` for what its author does not let them like.
pub fn favourite(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = visible_original(tx.conn, Viewer::from(account), id, tx.now)?;
    let known = reactions::find_favourite(tx.conn, post.id, account)?.is_some_and(|known| !known.implied);
    let uri = match !known && interactions::must_ask(tx, &post, InteractionKind::Favourite, account)? {
        true => {
            let id: Id<Favourite> = tx.new_id();
            let uri = tx.site().activity_uri(id);
            let reach = (Visibility::Direct, Audience::Open);
            interactions::ask(tx, InteractionKind::Favourite, account, &post, (None, uri.clone()), reach)?;
            Some(uri)
        }
        false => None,
    };
    favourite_as(tx, account, &post, uri)?;
    posts::may_be_found_by(tx, account, &post)?;
    Ok(post.id)
}

/// Somebody, here or elsewhere, likes a post. `uri` is the id of a Like that arrived.
pub fn favourite_as(tx: &mut Tx<'_>, account: Id<Account>, post: &Post, uri: Option<String>) -> Result<()> {
    let known = reactions::find_favourite(tx.conn, post.id, account)?;
    if let Some(stands) = known.as_ref().filter(|known| !known.implied) {
        return came_again(tx, account, stands.uri.as_deref(), uri.as_deref());
    }
    let id = tx.new_id();
    let uri = uri.unwrap_or_else(|| tx.site().activity_uri(id));
    if let Some(implied) = known {
        reactions::set_like(tx.conn, implied.id, id, Some(&uri))?;
        return tx.record(Fact::PostFavourited(id));
    }
    insert(
        tx,
        Favourite { id, account_id: account, post_id: post.id, uri: Some(uri), created_at: tx.now, implied: false },
    )
}

/// What somebody elsewhere did and did not take back arrives under another id: either of them takes it back.
pub(super) fn came_again(tx: &mut Tx<'_>, account: Id<Account>, stands: Option<&str>, uri: Option<&str>) -> Result<()> {
    match (stands, uri) {
        (Some(stands), Some(uri)) if stands != uri => store::repeats::note(tx.conn, account, stands, uri, tx.now),
        _ => Ok(()),
    }
}

/// Somebody who reacts to a post is counted among those who like it.
pub(super) fn imply_favourite(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<()> {
    let id = tx.new_id();
    insert(tx, Favourite { id, account_id: account, post_id: post, uri: None, created_at: tx.now, implied: true })
}

fn insert(tx: &mut Tx<'_>, favourite: Favourite) -> Result<()> {
    if !reactions::insert_favourite(tx.conn, &favourite)? {
        return Ok(());
    }
    store::posts::count(tx.conn, favourite.post_id, Counter::Favourites, 1)?;
    tx.record(Fact::PostFavourited(favourite.id))
}

/// A local person takes a favourite back, and with it their emoji reactions, which show as one; none there is fine.
/// Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn unfavourite(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = reacted_to(tx, account, id)?;
    unfavourite_as(tx, account, post.id)?;
    Ok(post.id)
}

/// Takes a favourite back, here or elsewhere, and the emoji reactions that it stands for.
pub fn unfavourite_as(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<()> {
    emoji_reactions::end_all(tx, account, post)?;
    let Some(favourite) = reactions::find_favourite(tx.conn, post, account)? else { return Ok(()) };
    end(tx, &favourite)
}

/// Takes a Like of somebody elsewhere back; while reactions of theirs stand, they are counted on.
pub fn unlike_as(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<()> {
    let Some(favourite) = reactions::find_favourite(tx.conn, post, account)? else { return Ok(()) };
    if favourite.implied || store::emoji_reactions::of(tx.conn, post, account)?.is_empty() {
        return unfavourite_as(tx, account, post);
    }
    reactions::set_like(tx.conn, favourite.id, favourite.id, None)
}

/// The favourite of somebody goes that stood for reactions, when none is left.
pub(super) fn no_longer_imply(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<()> {
    match reactions::find_favourite(tx.conn, post, account)?.filter(|favourite| favourite.implied) {
        Some(favourite) if store::emoji_reactions::of(tx.conn, post, account)?.is_empty() => end(tx, &favourite),
        _ => Ok(()),
    }
}

fn end(tx: &mut Tx<'_>, favourite: &Favourite) -> Result<()> {
    tx.record(Fact::PostUnfavourited(favourite.id))?;
    if let Some(uri) = &favourite.uri
        && let Some(asked) = store::interactions::find_by_uri(tx.conn, uri)?
    {
        store::interactions::delete(tx.conn, asked.id)?;
    }
    reactions::delete_favourite(tx.conn, favourite.id)?;
    store::posts::count(tx.conn, favourite.post_id, Counter::Favourites, -1)
}

/// A post to take something back from: who once reacted may do so though they do not see the post any more.
pub(super) fn reacted_to(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Post> {
    match visible_original(tx.conn, Viewer::from(account), id, tx.now) {
        Err(Error::NotFound) => {
            let post = store::posts::load(tx.conn, id)?;
            let mine = reactions::find_favourite(tx.conn, id, account)?.is_some()
                || reactions::is_shelved(tx.conn, Shelf::Bookmarks, account, id)?
                || store::posts::find_boost(tx.conn, id, account)?.is_some();
            if mine { Ok(post) } else { Err(Error::NotFound) }
        }
        other => other,
    }
}

/// A local person boosts a post; twice is once. Followers-only posts may be boosted by their author alone, direct ones
/// by nobody. Answers the boost; the original while its author is asked.
///
/// # Errors
/// `NotFound` for what they may not see, `Forbidden` for what may not be boosted, or not by them.
pub fn boost(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>, visibility: Option<Visibility>) -> Result<Id<Post>> {
    let original = visible_original(tx.conn, Viewer::from(account), id, tx.now)?;
    let own = original.account_id == account;
    let allowed = match original.visibility {
        Visibility::Public | Visibility::Unlisted => true,
        Visibility::Private => own,
        Visibility::Direct => false,
    };
    if !allowed {
        return Err(Error::forbidden("This action is not allowed"));
    }
    if let Some(known) = store::posts::find_boost(tx.conn, original.id, account)? {
        return Ok(known.id);
    }
    let visibility = match visibility {
        Some(Visibility::Direct) => return Err(Error::invalid("visibility", "invalid", "A boost cannot be direct")),
        Some(visibility) => visibility,
        None => match store::posts::defaults(tx.conn, account)?.visibility {
            Visibility::Direct => Visibility::Private,
            other => other,
        },
    };
    let booster = store::accounts::load(tx.conn, account)?;
    moves::stays(&booster)?;
    if interactions::must_ask(tx, &original, InteractionKind::Boost, account)? {
        interactions::begin_boost(tx, &booster, &original, visibility)?;
        return Ok(original.id);
    }
    let id: Id<Post> = tx.new_id();
    let new = NewBoost {
        id,
        uri: tx.site().post_activity_uri(&booster.username, id),
        url: Some(tx.site().post_url(&booster.username, id)),
        account,
        local: true,
        visibility,
        created_at: tx.now,
        fresh: true,
    };
    let written = posts::insert_boost(tx, &original, new)?;
    posts::may_be_found_by(tx, account, &original)?;
    written.map(|b| b.id).ok_or_else(|| Error::internal("a new boost has a known id"))
}

/// A local person takes a boost back, naming it or the original; none there is fine. Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn unboost(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let original = reacted_to(tx, account, id)?;
    if let Some(boost) = store::posts::find_boost(tx.conn, original.id, account)? {
        posts::remove_boost(tx, &boost)?;
    }
    interactions::forget(tx, account, &original, InteractionKind::Boost)?;
    Ok(original.id)
}

/// Keeps a post for later, privately. Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn bookmark(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = visible_original(tx.conn, Viewer::from(account), id, tx.now)?;
    let row: Id<Post> = tx.new_id();
    reactions::shelve(tx.conn, Shelf::Bookmarks, row, account, post.id, tx.now)?;
    posts::may_be_found_by(tx, account, &post)?;
    Ok(post.id)
}

/// Takes a bookmark back. Answers the original.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn unbookmark(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = reacted_to(tx, account, id)?;
    reactions::unshelve(tx.conn, Shelf::Bookmarks, account, post.id)?;
    Ok(post.id)
}

/// Shows a post of one's own first on one's profile.
///
/// # Errors
/// `NotFound` for what they may not see; `Invalid` for posts of others, boosts, direct posts and above five.
pub fn pin(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = visible_post(tx.conn, Viewer::from(account), id, tx.now)?;
    let refuse = |code, reason: String| Err(Error::invalid("status", code, reason));
    if post.account_id != account {
        return refuse("invalid", "Someone else's post cannot be pinned".into());
    }
    if post.is_boost() {
        return refuse("invalid", "A boost cannot be pinned".into());
    }
    if post.visibility == Visibility::Direct {
        return refuse("invalid", "Posts that are only visible to mentioned users cannot be pinned".into());
    }
    if reactions::is_shelved(tx.conn, Shelf::Pins, account, id)? {
        return Ok(id);
    }
    if reactions::shelved(tx.conn, Shelf::Pins, account)? >= limits::PINS as i64 {
        return refuse("too_long", format!("You have already pinned the maximum number of posts ({})", limits::PINS));
    }
    let row: Id<Post> = tx.new_id();
    reactions::shelve(tx.conn, Shelf::Pins, row, account, id, tx.now)?;
    tx.record(Fact::PostPinned(account, id))?;
    Ok(id)
}

/// Takes a pin back; none there is fine.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn unpin(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = visible_post(tx.conn, Viewer::from(account), id, tx.now)?;
    if reactions::is_shelved(tx.conn, Shelf::Pins, account, post.id)? {
        tx.record(Fact::PostUnpinned(account, post.id))?;
        reactions::unshelve(tx.conn, Shelf::Pins, account, post.id)?;
    }
    Ok(post.id)
}

/// Hears no more of a conversation.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn mute_conversation(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = visible_original(tx.conn, Viewer::from(account), id, tx.now)?;
    let row: Id<Post> = tx.new_id();
    reactions::mute_conversation(tx.conn, row, account, post.conversation_id, tx.now)?;
    Ok(post.id)
}

/// Hears of a conversation again.
///
/// # Errors
/// `NotFound` for what they may not see.
pub fn unmute_conversation(tx: &mut Tx<'_>, account: Id<Account>, id: Id<Post>) -> Result<Id<Post>> {
    let post = visible_original(tx.conn, Viewer::from(account), id, tx.now)?;
    reactions::unmute_conversation(tx.conn, account, post.conversation_id)?;
    Ok(post.id)
}
