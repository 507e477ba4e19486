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
    tx.record(Fact::TagFeatured(account, tag))?;
    tx.record(Fact::AccountUpdated(account))?;
    Ok(row)
}

/// An account elsewhere has this hashtag (normal name, as written) on its profile, or not any more (COLL-04).
pub fn receive_featured(tx: &mut Tx<'_>, owner: &Account, name: &str, featured: bool) -> Result<()> {
    if owner.is_local() || owner.is_unavailable() {
        return Ok(());
    }
    if !featured {
        let Some(tag) = rows::find(tx.conn, name)? else { return Ok(()) };
        return match rows::find_featured(tx.conn, owner.id, tag.id)? {
            Some(row) => rows::delete_featured(tx.conn, row.id),
            None => Ok(()),
        };
    }
    let tag = ensure(tx, name)?;
    let known = rows::featured(tx.conn, owner.id)?;
    if known.len() >= limits::REMOTE_FEATURED_TAGS || known.iter().any(|row| row.tag_id == tag.id) {
        return Ok(());
    }
    let (posts_count, last_post_at) = rows::use_by(tx.conn, owner.id, tag.id, Audience::Site)?;
    let row = FeaturedTag {
        id: tx.new_id(),
        account_id: owner.id,
        tag_id: tag.id,
        posts_count,
        last_post_at,
        created_at: tx.now,
    };
    rows::insert_featured(tx.conn, &row)
}

/// The hashtags that an account elsewhere has on its profile, as its collection says; with `complete`, others are over.
pub fn receive_all_featured(tx: &mut Tx<'_>, owner: &Account, names: &[String], complete: bool) -> Result<()> {
    if complete {
        let known = rows::featured(tx.conn, owner.id)?;
        let ids: Vec<Id<Tag>> = known.iter().map(|row| row.tag_id).collect();
        let tags = rows::list(tx.conn, &ids)?;
        for row in known {
            let stays = tags.iter().any(|tag| tag.id == row.tag_id && names.contains(&tag.name));
            if !stays {
                rows::delete_featured(tx.conn, row.id)?;
            }
        }
    }
    for name in names {
        receive_featured(tx, owner, name, true)?;
    }
    Ok(())
}

/// Takes a hashtag off the profile.
pub fn unfeature(tx: &mut Tx<'_>, account: Id<Account>, featured: Id<FeaturedTag>) -> Result<()> {
    let row = rows::load_featured(tx.conn, account, featured)?;
    tx.record(Fact::TagUnfeatured(account, row.tag_id))?;
    rows::delete_featured(tx.conn, featured)?;
    tx.record(Fact::AccountUpdated(account))
}
