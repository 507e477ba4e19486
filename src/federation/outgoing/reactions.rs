//! Likes and emoji reactions on their way to the author of the post, and back (INT-06, INT-08).

use super::{interactions, passing_uri, send_to_person};
use crate::{
    Result,
    domain::Tx,
    federation::{
        reactions,
        render::{activity::Activity, context::Terms},
    },
    id::Id,
    model::{self, Account, EmojiReaction, Favourite, Post},
    store,
};

/// Who acts here on a post of another server, that post, and its author.
fn sides(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>) -> Result<Option<(Account, Post, Account)>> {
    let from = store::accounts::load(tx.conn, account)?;
    if !from.is_local() {
        return Ok(None);
    }
    let Some(post) = store::documents::post(tx.conn, post)?.filter(|p| !p.local) else { return Ok(None) };
    let author = store::accounts::load(tx.conn, post.account_id)?;
    Ok(Some((from, post, author)))
}

/// Like and Undo{Like} to the author; a LikeRequest where they decide.
pub(super) fn favourited(tx: &mut Tx<'_>, id: Id<Favourite>, undone: bool) -> Result<()> {
    let Some(favourite) = store::documents::favourite(tx.conn, id)? else { return Ok(()) };
    if favourite.implied {
        // The reactions say it.
        return Ok(());
    }
    let Some((from, post, author)) = sides(tx, favourite.account_id, favourite.post_id)? else { return Ok(()) };
    let uri = favourite.uri.unwrap_or_else(|| tx.site().activity_uri(favourite.id));
    if !undone && interactions::like_asked(tx, &uri, &from, &post, &author)? {
        return Ok(());
    }
    let like = Activity::new("Like", &uri, &from.uri, post.uri.as_str());
    said(tx, favourite.id.raw(), like, Terms::NONE, &from, &author, undone)
}

/// The first reaction as a Like with an emoji, further ones as EmojiReact; and their Undo.
pub(super) fn reacted(tx: &mut Tx<'_>, id: Id<EmojiReaction>, undone: bool) -> Result<()> {
    let row = store::emoji_reactions::load(tx.conn, id)?;
    let Some((from, post, author)) = sides(tx, row.account_id, row.post_id)? else { return Ok(()) };
    let uri = row.uri.clone().unwrap_or_else(|| tx.site().activity_uri(row.id));
    let site = tx.site();
    let (activity, terms) = reactions::activity(tx.conn, site, &row, &uri, &from.uri, &post.uri)?;
    said(tx, id.raw(), activity, terms, &from, &author, undone)
}

fn said(
    tx: &mut Tx<'_>,
    id: i64,
    activity: Activity<'_, &str>,
    terms: Terms,
    from: &Account,
    author: &Account,
    undone: bool,
) -> Result<()> {
    let (kind, original, object) = (activity.kind, activity.id, activity.object);
    if undone {
        let number = tx.new_id::<model::Activity>();
        let uri = passing_uri(&from.uri, "Undo", number);
        let json = Activity::new("Undo", &uri, &from.uri, activity).to(&author.uri).document(terms)?;
        return send_to_person(tx, number.raw(), &uri, from, author, "Undo", Some(original), json);
    }
    let json = activity.to(&author.uri).document(terms)?;
    send_to_person(tx, id, original, from, author, kind, Some(object), json)
}
