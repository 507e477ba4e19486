//! Following and featuring hashtags.

use super::{Fact, Tx};
use crate::{
    Error, Result,
    id::Id,
    limits,
    model::{Account, Audience, FeaturedTag, FollowedTag, Tag},
    store::hashtags as rows,
};

/// Hashtags one person follows.
const FOLLOWED: i64 = 500;

/// The hashtag with this normal name; made when nobody used it yet.
pub fn ensure(tx: &mut Tx<'_>, name: &str) -> Result<Tag> {
    if let Some(tag) = rows::find(tx.conn, name)? {
        return Ok(tag);
    }
    let tag = Tag { id: tx.new_id(), name: name.to_owned(), display: name.to_owned(), created_at: tx.now };
    rows::insert(tx.conn, &tag)?;
    rows::find(tx.conn, name)?.ok_or_else(|| Error::internal("a hashtag went while it was written"))
}

/// Follows a hashtag: its public posts come into the home timeline.
pub fn follow(tx: &mut Tx<'_>, account: Id<Account>, tag: Id<Tag>) -> Result<()> {
    if rows::count_followed(tx.conn, account)? >= FOLLOWED {
        return Err(Error::invalid("", "invalid", "You follow too many hashtags"));
    }
    let row = FollowedTag { id: tx.new_id(), account_id: account, tag_id: tag, created_at: tx.now };
    rows::follow(tx.conn, &row)
}

/// Puts a hashtag on the profile.
pub fn feature(tx: &mut Tx<'_>, account: Id<Account>, tag: Id<Tag>) -> Result<FeaturedTag> {
    if rows::find_featured(tx.conn, account, tag)?.is_some() {
        return Err(Error::invalid("name", "taken", "Tag has already been featured"));
    }
    if rows::featured(tx.conn, account)?.len() >= limits::FEATURED_TAGS {
        return Err(Error::invalid("", "invalid", "You have already featured the maximum number of hashtags"));
    }
    let (posts_count, last_post_at) = rows::use_by(tx.conn, account, tag, Audience::Site)?;
    let row = FeaturedTag {
        id: tx.new_id(),
        account_id: account,
        tag_id: tag,
        posts_count,
        last_post_at,
        created_at: tx.now,
    };
    rows::insert_featured(tx.conn, &row)?;
    tx.record(Fact::AccountUpdated(account))?;
    Ok(row)
}

/// Takes a hashtag off the profile.
pub fn unfeature(tx: &mut Tx<'_>, account: Id<Account>, featured: Id<FeaturedTag>) -> Result<()> {
    rows::delete_featured(tx.conn, featured)?;
    tx.record(Fact::AccountUpdated(account))
}
