//! Collections of people, and who is in them.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Collection, CollectionItem, ItemState},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Text};

/// Writes one.
pub fn insert(conn: &mut Conn, row: &Collection) -> Result<()> {
    Sql::new(
        "insert into collections (id, account_id, name, description, language, sensitive, discoverable, tag, created_at, \
         updated_at, uri, url, listed) values (",
    )
    .bind(row.id)
    .with(",", row.account_id)
    .with(",", &row.name)
    .with(",", &row.description)
    .with(",", row.language.clone())
    .with(",", row.sensitive)
    .with(",", row.discoverable)
    .with(",", row.tag.clone())
    .with(",", row.created_at)
    .with(",", row.updated_at)
    .with(",", row.uri.clone())
    .with(",", row.url.clone())
    .with(",", row.listed.clone())
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// Writes what can be changed of one.
pub fn update(conn: &mut Conn, row: &Collection) -> Result<()> {
    Sql::new("update collections set name = ")
        .bind(&row.name)
        .with(", description = ", &row.description)
        .with(", language = ", row.language.clone())
        .with(", sensitive = ", row.sensitive)
        .with(", discoverable = ", row.discoverable)
        .with(", tag = ", row.tag.clone())
        .with(", updated_at = ", row.updated_at)
        .with(", url = ", row.url.clone())
        .with(", listed = ", row.listed.clone())
        .with(" where id = ", row.id)
        .execute(conn)?;
    Ok(())
}

/// Removes one, with who is in it.
pub fn delete(conn: &mut Conn, id: Id<Collection>) -> Result<()> {
    Sql::new("delete from collections where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// By id, or `NotFound`.
pub fn load(conn: &mut Conn, id: Id<Collection>) -> Result<Collection> {
    Sql::new("select c.* from collections c where c.id = ").bind(id).one(conn)
}

/// Those of them that there are.
pub fn several(conn: &mut Conn, ids: &[Id<Collection>]) -> Result<Vec<Collection>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select c.* from collections c where c.id in ").ids(ids).load(conn)
}

/// How many somebody has.
pub fn count(conn: &mut Conn, owner: Id<Account>) -> Result<i64> {
    Sql::new("select count(*) from collections c where c.account_id = ").bind(owner).scalar_i64(conn)
}

/// Those of somebody, the newest first; all of them for their owner.
pub fn of(conn: &mut Conn, owner: Id<Account>, all: bool, limit: i64, offset: i64) -> Result<Vec<Collection>> {
    Sql::new("select c.* from collections c where c.account_id = ")
        .bind(owner)
        .push(if all { "" } else { " and c.discoverable" })
        .with(" order by c.id desc limit ", limit)
        .with(" offset ", offset)
        .load(conn)
}

/// Those that somebody is in, the newest first.
pub fn with(conn: &mut Conn, account: Id<Account>, limit: i64, offset: i64) -> Result<Vec<Collection>> {
    Sql::new("select c.* from collections c join accounts a on a.id = c.account_id where a.deleted_at is null \
              and a.suspended_at is null and not a.suspended_by_origin and c.id in (select i.collection_id from collection_items i where i.account_id = ")
        .bind(account)
        .with(" and i.state = ", ItemState::Accepted)
        .with(") order by c.id desc limit ", limit)
        .with(" offset ", offset)
        .load(conn)
}

/// Who is in these, in the order in which they were put in.
pub fn items(conn: &mut Conn, ids: &[Id<Collection>]) -> Result<Vec<CollectionItem>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select i.* from collection_items i where i.collection_id in ")
        .ids(ids)
        .with(" and i.state = ", ItemState::Accepted)
        .push(" order by i.id")
        .load(conn)
}

/// How many are in one, or asked whether they want to be.
pub fn places(conn: &mut Conn, id: Id<Collection>) -> Result<i64> {
    Sql::new("select count(*) from collection_items i where i.collection_id = ")
        .bind(id)
        .with(" and i.state in (", ItemState::Accepted)
        .with(",", ItemState::Pending)
        .push(")")
        .scalar_i64(conn)
}

/// Somebody in any collection, or `NotFound`.
pub fn item(conn: &mut Conn, id: Id<CollectionItem>) -> Result<CollectionItem> {
    Sql::new("select i.* from collection_items i where i.id = ").bind(id).one(conn)
}

/// One of a collection, or `NotFound`.
pub fn load_item(conn: &mut Conn, collection: Id<Collection>, id: Id<CollectionItem>) -> Result<CollectionItem> {
    Sql::new("select i.* from collection_items i where i.collection_id = ")
        .bind(collection)
        .with(" and i.id = ", id)
        .one(conn)
}

/// Somebody in a collection, taken out by themselves or not.
pub fn find_item(conn: &mut Conn, collection: Id<Collection>, account: Id<Account>) -> Result<Option<CollectionItem>> {
    Sql::new("select i.* from collection_items i where i.collection_id = ")
        .bind(collection)
        .with(" and i.account_id = ", account)
        .optional(conn)
}

/// Puts somebody in.
pub fn insert_item(conn: &mut Conn, row: &CollectionItem) -> Result<()> {
    Sql::new(
        "insert into collection_items (id, collection_id, account_id, state, created_at, stamp_uri, uri, checked_at) \
         values (",
    )
    .bind(row.id)
    .with(",", row.collection_id)
    .with(",", row.account_id)
    .with(",", row.state)
    .with(",", row.created_at)
    .with(",", row.stamp_uri.clone())
    .with(",", row.uri.clone())
    .with(",", row.checked_at)
    .push(")")
    .execute(conn)?;
    Ok(())
}

/// Takes somebody out.
pub fn delete_item(conn: &mut Conn, id: Id<CollectionItem>) -> Result<()> {
    Sql::new("delete from collection_items where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Somebody takes themselves out.
pub fn revoke_item(conn: &mut Conn, id: Id<CollectionItem>) -> Result<()> {
    Sql::new("update collection_items set state = ").bind(ItemState::Revoked).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Somebody in a collection, by number.
pub fn find_item_by_id(conn: &mut Conn, id: Id<CollectionItem>) -> Result<Option<CollectionItem>> {
    Sql::new("select i.* from collection_items i where i.id = ").bind(id).optional(conn)
}

/// Somebody of another server in a collection, by what proves that they agreed.
pub fn find_item_by_stamp(conn: &mut Conn, stamp: &str, account: Id<Account>) -> Result<Option<CollectionItem>> {
    Sql::new("select i.* from collection_items i where i.stamp_uri = ")
        .bind(stamp)
        .with(" and i.account_id = ", account)
        .optional(conn)
}

/// Somebody says whether they want to be in.
pub fn settle_item(conn: &mut Conn, id: Id<CollectionItem>, state: ItemState, stamp: Option<&str>) -> Result<()> {
    Sql::new("update collection_items set state = ")
        .bind(state)
        .with(", stamp_uri = ", stamp.map(str::to_owned))
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// A person of this node is in a collection of another server from now on, as `by` asked; answers the number of what says
/// so.
pub fn authorize(
    conn: &mut Conn,
    id: i64,
    account: Id<Account>,
    by: Id<Account>,
    collection: &str,
    now: Timestamp,
) -> Result<i64> {
    Sql::new("insert into feature_authorizations (id, account_id, by_account_id, collection_uri, created_at) values (")
        .bind(id)
        .with(",", account)
        .with(",", by)
        .with(",", collection)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Sql::new("select f.id from feature_authorizations f where f.account_id = ")
        .bind(account)
        .with(" and f.by_account_id = ", by)
        .with(" and f.collection_uri = ", collection)
        .scalar_i64(conn)
}

/// The collection of another server that this number lets a person of this node be in.
pub fn authorized(conn: &mut Conn, account: Id<Account>, id: i64) -> Result<Option<String>> {
    let found = Sql::new("select f.collection_uri from feature_authorizations f where f.id = ")
        .bind(id)
        .with(" and f.account_id = ", account)
        .load_texts(conn)?;
    Ok(found.into_iter().next())
}

/// What lets a person of this node be in collections of somebody elsewhere: numbers and collections.
pub fn authorizations(conn: &mut Conn, account: Id<Account>, by: Id<Account>) -> Result<Vec<(i64, String)>> {
    Sql::new("select f.id, f.collection_uri from feature_authorizations f where f.account_id = ")
        .bind(account)
        .with(" and f.by_account_id = ", by)
        .load_as::<(BigInt, Text), (i64, String)>(conn)
}

/// The people of this node who agreed to be in a collection of somebody elsewhere.
pub fn agreed(conn: &mut Conn, by: Id<Account>, collection: &str, most: i64) -> Result<Vec<Id<Account>>> {
    Sql::new("select f.account_id from feature_authorizations f where f.by_account_id = ")
        .bind(by)
        .with(" and f.collection_uri = ", collection)
        .with(" order by f.id limit ", most)
        .load_ids(conn)
}

/// Whether a person of this node agreed to be in a collection of somebody elsewhere.
pub fn is_authorized(conn: &mut Conn, account: Id<Account>, by: Id<Account>, collection: &str) -> Result<bool> {
    Sql::new("select f.id from feature_authorizations f where f.account_id = ")
        .bind(account)
        .with(" and f.by_account_id = ", by)
        .with(" and f.collection_uri = ", collection)
        .exists(conn)
}

/// A person of this node does not agree to be in this one of somebody elsewhere any more.
pub fn forget_authorization(conn: &mut Conn, account: Id<Account>, by: Id<Account>, collection: &str) -> Result<()> {
    Sql::new("delete from feature_authorizations where by_account_id = ")
        .bind(by)
        .with(" and collection_uri = ", collection)
        .with(" and account_id = ", account)
        .execute(conn)?;
    Ok(())
}

/// A person of this node is in none of somebody elsewhere any more.
pub fn forget_authorizations(conn: &mut Conn, account: Id<Account>, by: Id<Account>) -> Result<()> {
    // Whoever took themselves out before stays out.
    Sql::new("delete from collection_items where account_id = ")
        .bind(account)
        .with(" and state <> ", ItemState::Revoked)
        .with(" and collection_id in (select c.id from collections c where c.uri is not null and c.account_id = ", by)
        .push(")")
        .execute(conn)?;
    Sql::new("delete from feature_authorizations where account_id = ")
        .bind(account)
        .with(" and by_account_id = ", by)
        .execute(conn)?;
    Ok(())
}

/// One of another server, by its id.
pub fn find_by_uri(conn: &mut Conn, uri: &str) -> Result<Option<Collection>> {
    Sql::new("select c.* from collections c where c.uri = ").bind(uri).optional(conn)
}

/// Those of other servers with these ids, or pages.
pub fn by_addresses(conn: &mut Conn, addresses: &[&str]) -> Result<Vec<Collection>> {
    if addresses.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select c.* from collections c where c.uri is not null and (c.uri in ")
        .texts(addresses)
        .push(" or c.url in ")
        .texts(addresses)
        .push(")")
        .load(conn)
}

/// The ids of those of somebody elsewhere.
pub fn uris(conn: &mut Conn, owner: Id<Account>) -> Result<Vec<String>> {
    Sql::new("select c.uri from collections c where c.uri is not null and c.account_id = ").bind(owner).load_texts(conn)
}

/// Who is in one, or was, whatever became of it.
pub fn all_items(conn: &mut Conn, id: Id<Collection>) -> Result<Vec<CollectionItem>> {
    Sql::new("select i.* from collection_items i where i.collection_id = ").bind(id).push(" order by i.id").load(conn)
}

/// Places in collections of somebody elsewhere, by their id.
pub fn items_by_uri(conn: &mut Conn, owner: Id<Account>, uri: &str) -> Result<Vec<CollectionItem>> {
    Sql::new("select i.* from collection_items i join collections c on c.id = i.collection_id where i.uri = ")
        .bind(uri)
        .with(" and c.uri is not null and c.account_id = ", owner)
        .load(conn)
}

/// What is known anew of somebody in a collection of another server.
pub fn renew_item(conn: &mut Conn, row: &CollectionItem) -> Result<()> {
    Sql::new("update collection_items set state = ")
        .bind(row.state)
        .with(", stamp_uri = ", row.stamp_uri.clone())
        .with(", uri = ", row.uri.clone())
        .with(", checked_at = ", row.checked_at)
        .with(" where id = ", row.id)
        .execute(conn)?;
    Ok(())
}

/// Somebody here looks at those of an account elsewhere: whether they were not read since `before`, which they are now.
pub fn claim_reading(conn: &mut Conn, account: Id<Account>, before: Timestamp, now: Timestamp) -> Result<bool> {
    let new = Sql::new("insert into collection_readings (account_id, ordered_at) values (")
        .bind(account)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    if new > 0 {
        return Ok(true);
    }
    let due = Sql::new("update collection_readings set ordered_at = ")
        .bind(now)
        .with(" where account_id = ", account)
        .with(" and ordered_at < ", before)
        .execute(conn)?;
    Ok(due > 0)
}

/// Whether those of an account elsewhere were read since then because somebody here looked.
pub fn was_read_since(conn: &mut Conn, account: Id<Account>, since: Timestamp) -> Result<bool> {
    Sql::new("select r.account_id from collection_readings r where r.account_id = ")
        .bind(account)
        .with(" and r.ordered_at >= ", since)
        .exists(conn)
}

/// Whether somebody here looked at those of an account elsewhere.
pub fn was_looked_at(conn: &mut Conn, account: Id<Account>) -> Result<bool> {
    Sql::new("select r.account_id from collection_readings r where r.account_id = ").bind(account).exists(conn)
}

/// Where an account elsewhere lists its collections, as its document said when it was read.
pub fn set_address(conn: &mut Conn, account: Id<Account>, address: &str, now: Timestamp) -> Result<()> {
    claim_reading(conn, account, now, now)?;
    Sql::new("update collection_readings set address = ")
        .bind(address)
        .with(" where account_id = ", account)
        .execute(conn)?;
    Ok(())
}

/// See [`set_address`].
pub fn address(conn: &mut Conn, account: Id<Account>) -> Result<Option<String>> {
    let found = Sql::new("select r.address from collection_readings r where r.address is not null and r.account_id = ")
        .bind(account)
        .load_texts(conn)?;
    Ok(found.into_iter().next())
}
