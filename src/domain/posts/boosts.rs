//! Boosts: a post of somebody that shows another one.

use super::{count, tell_readers, to_homes};
use crate::{
    Result,
    domain::{EventKind, Fact, Tx, projects, reactions, streams},
    id::Id,
    model::{Account, Audience, Listing, Post, Visibility},
    store,
    time::Timestamp,
};

/// A boost ready to be stored.
#[derive(Clone, Debug)]
pub struct NewBoost {
    /// As in [`super::NewPost`].
    pub id: Id<Post>,
    /// The id of the Announce.
    pub uri: String,
    /// Its page, for local ones.
    pub url: Option<String>,
    /// Who boosts.
    pub account: Id<Account>,
    /// Boosted here.
    pub local: bool,
    /// Never wider than the original's.
    pub visibility: Visibility,
    /// When.
    pub created_at: Timestamp,
    /// As in [`super::NewPost`].
    pub fresh: bool,
}

/// A boost goes where the original may go; one of this node never further than its charter lets people write, and one of a
/// project never further than the project.
fn boost_audience(tx: &mut Tx<'_>, original: &Post, by: &Account) -> Result<Audience> {
    let most = projects::near::of_account(tx.conn, by)?.unwrap_or(Audience::Open);
    if !by.is_local() || original.audience != Audience::Open || most != Audience::Open {
        return Ok(original.audience.min(most));
    }
    let inside = store::audiences::rules(tx.conn)?.is_some_and(|rules| !rules.open_allowed);
    Ok(if inside && original.visibility <= Visibility::Unlisted { Audience::Organisation } else { Audience::Open })
}

/// Stores a boost. None when this account has boosted the post already, or its id is known.
///
/// # Errors
/// Only those of the database.
pub fn insert_boost(tx: &mut Tx<'_>, original: &Post, new: NewBoost) -> Result<Option<Post>> {
    if let Some(stands) = store::posts::find_boost(tx.conn, original.id, new.account)? {
        reactions::came_again(
            tx,
            new.account,
            Some(&stands.uri),
            Some(&new.uri).filter(|_| !new.local).map(String::as_str),
        )?;
        return Ok(None);
    }
    let author = store::accounts::load(tx.conn, new.account)?;
    let post = Post {
        id: new.id,
        uri: new.uri,
        url: new.url,
        account_id: new.account,
        visibility: new.visibility.max(original.visibility),
        local: new.local,
        listing: Listing::Hidden,
        content: String::new(),
        source_text: None,
        source_type: 0,
        spoiler_text: String::new(),
        sensitive: false,
        language: None,
        in_reply_to_id: None,
        in_reply_to_account_id: None,
        in_reply_to_uri: None,
        conversation_id: new.id,
        boost_of_id: Some(original.id),
        poll_id: None,
        app_id: None,
        media_ids: "[]".into(),
        emojis: "[]".into(),
        replies_count: 0,
        boosts_count: 0,
        favourites_count: 0,
        remote_boosts_count: 0,
        remote_favourites_count: 0,
        created_at: new.created_at,
        edited_at: None,
        fetched_at: None,
        group_id: None,
        audience: boost_audience(tx, original, &author)?,
        quote_policy: 0,
        quotes_count: 0,
    };
    if !store::posts::insert(tx.conn, &post)? {
        return Ok(None);
    }
    count(tx, &post, 1)?;
    to_homes(tx, &post, &author, new.fresh)?;
    tx.record(Fact::PostBoosted { boost: post.id, fresh: new.fresh })?;
    Ok(Some(post))
}

/// Removes a boost.
pub fn remove_boost(tx: &mut Tx<'_>, boost: &Post) -> Result<()> {
    tx.record(Fact::PostUnboosted(boost.id))?;
    tell_readers(tx, boost, EventKind::Delete(boost.id))?;
    count(tx, boost, -1)?;
    store::posts::delete(tx.conn, boost.id)
}

/// Boosts of one post whose end the connected are told of.
const TOLD: i64 = 100;

/// A post goes, and with it every boost of it: whoever boosted it counts one post less, and the connected who have a boost
/// before them are told. Other servers hear that the original is gone.
pub(super) fn end_all(tx: &mut Tx<'_>, original: Id<Post>) -> Result<()> {
    for boost in store::posts::boosts_in_sight(tx.conn, original, TOLD)? {
        tell_readers(tx, &boost, EventKind::Delete(boost.id))?;
        streams::tell(tx, boost.id, EventKind::Delete(boost.id))?;
    }
    store::posts::count_without_boosts(tx.conn, original)
}
