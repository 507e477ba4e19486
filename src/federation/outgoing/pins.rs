//! What somebody puts on their profile, or takes off it: pinned posts and featured hashtags (OUT-15).

use super::{Draft, passing_uri, send};
use crate::{
    Result,
    domain::{Tx, people},
    federation::render::{activity::Activity, context::Terms, post::Tag as WireTag},
    id::Id,
    model::{self, Account, Audience as Reach, Post, Tag, Visibility},
    store,
};
use serde::Serialize;

/// Add and Remove of a post.
pub(super) fn pinned(tx: &mut Tx<'_>, account: Id<Account>, post: Id<Post>, kind: &'static str) -> Result<()> {
    let Some(post) = store::documents::post(tx.conn, post)?.filter(|p| p.visibility <= Visibility::Unlisted) else {
        return Ok(());
    };
    let reach = post.audience;
    told(tx, account, kind, post.uri.as_str(), (Some(&post.uri), Some(post.id)), reach, Terms::NONE)
}

/// Add and Remove of a hashtag, as far as the hashtags of this person go.
pub(super) fn featured(tx: &mut Tx<'_>, account: Id<Account>, tag: Id<Tag>, kind: &'static str) -> Result<()> {
    let Some(tag) = store::hashtags::list(tx.conn, &[tag])?.pop() else { return Ok(()) };
    let (facts, whose) = (people::load(tx.conn, account)?, store::accounts::load(tx.conn, account)?);
    let mut reach = Reach::Site;
    for place in [Reach::Organisation, Reach::Open] {
        let shown = people::directory::tags_for(tx.conn, &whose, facts.clone(), vec![tag.name.clone()], place)?;
        if !shown.is_empty() {
            reach = place;
        }
    }
    let hashtag = WireTag::Hashtag { href: tx.site().tag_url(&tag.name), name: format!("#{}", tag.name) };
    told(tx, account, kind, hashtag, (None, None), reach, Terms::HASHTAG)
}

fn told<T: Serialize>(
    tx: &mut Tx<'_>,
    account: Id<Account>,
    kind: &'static str,
    object: T,
    (uri_of, post): (Option<&str>, Option<Id<Post>>),
    reach: Reach,
    terms: Terms,
) -> Result<()> {
    let from = store::accounts::load(tx.conn, account)?;
    if !from.is_local() {
        return Ok(());
    }
    let to = store::deliveries::follower_inboxes(tx.conn, account)?;
    let number = tx.new_id::<model::Activity>();
    let (uri, featured) = (passing_uri(&from.uri, kind, number), tx.site().featured_uri(&from.username));
    let json = Activity::new(kind, &uri, &from.uri, object)
        .to(tx.site().followers_uri(&from.username))
        .on(&featured)
        .document(terms)?;
    let draft = Draft { id: number.raw(), uri: &uri, account, kind, object: uri_of, post, reach, durable: false, json };
    send(tx, draft, to)
}
