//! Previews of pages, and which posts link to them.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Audience, Card, Post, Row},
    time::Timestamp,
};
use diesel::sql_types::BigInt;

/// By id.
pub fn find(conn: &mut Conn, id: Id<Card>) -> Result<Option<Card>> {
    Sql::new("select c.* from cards c where c.id = ").bind(id).optional(conn)
}

/// By id, in no order.
pub fn list(conn: &mut Conn, ids: &[Id<Card>]) -> Result<Vec<Card>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select c.* from cards c where c.id in ").ids(ids).load(conn)
}

/// What this node (`told_by` empty), or the server of that domain, knows of a page.
pub fn by_url(conn: &mut Conn, url: &str, told_by: &str) -> Result<Option<Card>> {
    Sql::new("select c.* from cards c where c.url = ").bind(url).with(" and c.told_by = ", told_by).optional(conn)
}

/// Makes an empty card unless there is one; answers which there is.
pub fn ensure(conn: &mut Conn, id: Id<Card>, url: &str, told_by: &str, now: Timestamp) -> Result<Card> {
    Sql::new("insert into cards (id, url, told_by, page, created_at) values (")
        .bind(id)
        .with(",", url)
        .with(",", told_by)
        .with(",", url)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Sql::new("select c.* from cards c where c.url = ").bind(url).with(" and c.told_by = ", told_by).one(conn)
}

/// The card of a post.
pub fn of_post(conn: &mut Conn, post: Id<Post>) -> Result<Option<Card>> {
    Sql::new("select c.* from post_cards k join cards c on c.id = k.card_id where k.post_id = ")
        .bind(post)
        .optional(conn)
}

/// Gives a post this card.
pub fn link(conn: &mut Conn, post: Id<Post>, card: Id<Card>) -> Result<()> {
    Sql::new("insert into post_cards (post_id, card_id) values (")
        .bind(post)
        .with(",", card)
        .push(") on conflict (post_id) do update set card_id = excluded.card_id")
        .execute(conn)?;
    Ok(())
}

/// Takes its card from a post.
pub fn unlink(conn: &mut Conn, post: Id<Post>) -> Result<()> {
    Sql::new("delete from post_cards where post_id = ").bind(post).execute(conn)?;
    Ok(())
}

/// Writes everything that is known of a page.
pub fn save(conn: &mut Conn, card: &Card) -> Result<()> {
    Sql::new("update cards set page = ")
        .bind(&card.page)
        .with(", state = ", card.state)
        .with(", kind = ", card.kind)
        .with(", title = ", &card.title)
        .with(", description = ", &card.description)
        .with(", author_name = ", &card.author_name)
        .with(", author_url = ", &card.author_url)
        .with(", provider_name = ", &card.provider_name)
        .with(", provider_url = ", &card.provider_url)
        .with(", creator_id = ", card.creator_id)
        .with(", image_remote_url = ", card.image_remote_url.as_deref())
        .with(", image_description = ", &card.image_description)
        .with(", image = ", card.image.as_deref())
        .with(", width = ", card.width)
        .with(", height = ", card.height)
        .with(", blurhash = ", card.blurhash.as_deref())
        .with(", language = ", card.language.as_deref())
        .with(", published_at = ", card.published_at)
        .with(", fetched_at = ", card.fetched_at)
        .with(", tried_at = ", card.tried_at)
        .with(", cached_at = ", card.cached_at)
        .with(" where id = ", card.id)
        .execute(conn)?;
    Ok(())
}

/// The cards of these posts that can be shown.
pub fn shown(conn: &mut Conn, posts: &[Id<Post>]) -> Result<Vec<(Id<Post>, Card)>> {
    let rows = Sql::new(
        "select k.post_id, c.* from post_cards k join cards c on c.id = k.card_id \
         where c.state < 2 and c.title <> '' and k.post_id in ",
    )
    .ids(posts)
    .load_as::<(BigInt, <Card as Row>::SqlTypes), (i64, Card)>(conn)?;
    Ok(rows.into_iter().map(|(post, card)| (Id::new(post), card)).collect())
}

/// All cards of a page, whoever tells of it and however the page is written.
pub fn of_page(conn: &mut Conn, url: &str) -> Result<Vec<Id<Card>>> {
    Sql::new("select c.id from cards c where c.page = ")
        .bind(url)
        .with(" or c.page in (select x.page from cards x where x.url = ", url)
        .push(") order by c.id limit 100")
        .load_ids(conn)
}

/// One link to a page in a public post of this node.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Which.
    pub card: Id<Card>,
    /// By whom.
    pub account: Id<Account>,
    /// When.
    pub at: Timestamp,
}

/// Links looked at per request: a trend is a picture, not an account.
const USES: i64 = 2_000;

/// Links in posts that stand in the local timeline, since a moment, the newest first, for somebody who belongs to
/// `audience`.
pub fn usage(conn: &mut Conn, audience: Audience, since: Timestamp) -> Result<Vec<Use>> {
    let rows = Sql::new(
        "select k.card_id, p.account_id, p.created_at from post_cards k join posts p on p.id = k.post_id \
         join accounts a on a.id = p.account_id where p.listing = 2 and a.suspended_at is null \
         and a.silenced_at is null and a.deleted_at is null and p.audience >= ",
    )
    .bind(audience)
    .with(" and k.post_id >= ", since.millis() << 16)
    .with(" order by k.post_id desc limit ", USES)
    .load_as::<(BigInt, BigInt, BigInt), (i64, i64, i64)>(conn)?;
    Ok(rows
        .into_iter()
        .map(|(card, account, at)| Use {
            card: Id::new(card),
            account: Id::new(account),
            at: Timestamp::from_millis(at),
        })
        .collect())
}

/// Whether a post names anybody of this node.
pub fn names_local(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new(
        "select a.id from mentions m join accounts a on a.id = m.account_id where a.domain is null and m.post_id = ",
    )
    .bind(post)
    .push(" limit 1")
    .exists(conn)
}

/// Cards whose copy of a picture was made before `until`.
pub fn stale_images(conn: &mut Conn, until: Timestamp, most: i64) -> Result<Vec<Card>> {
    Sql::new("select c.* from cards c where c.cached_at < ").bind(until).with(" limit ", most).load(conn)
}

/// Cards no post has, untouched since `until`.
pub fn unused(conn: &mut Conn, until: Timestamp, most: i64) -> Result<Vec<Card>> {
    Sql::new(
        "select c.* from cards c where not exists (select 1 from post_cards k where k.card_id = c.id) and c.created_at < ",
    )
    .bind(until)
    .with(" and (c.tried_at is null or c.tried_at < ", until)
    .with(") order by c.id limit ", most)
    .load(conn)
}

/// Removes a card unless a post has it; true when it went.
pub fn delete(conn: &mut Conn, id: Id<Card>) -> Result<bool> {
    let gone = Sql::new("delete from cards where id = ")
        .bind(id)
        .push(" and not exists (select 1 from post_cards k where k.card_id = cards.id)")
        .execute(conn)?;
    Ok(gone > 0)
}
