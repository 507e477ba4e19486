//! Custom emoji of this node, and the newest pictures of those of others.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    limits,
    model::CustomEmoji,
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Nullable, Text};

/// All, by shortcode.
pub fn all(conn: &mut Conn) -> Result<Vec<CustomEmoji>> {
    Sql::new("select e.* from custom_emojis e where e.domain = '' order by e.shortcode").load(conn)
}

/// By id.
pub fn find(conn: &mut Conn, id: Id<CustomEmoji>) -> Result<Option<CustomEmoji>> {
    Sql::new("select e.* from custom_emojis e where e.domain = '' and e.id = ").bind(id).optional(conn)
}

/// How many there are.
pub fn count(conn: &mut Conn) -> Result<i64> {
    Sql::new("select count(*) from custom_emojis e where e.domain = ''").scalar_i64(conn)
}

/// Those with one of these shortcodes.
pub fn named(conn: &mut Conn, shortcodes: &[&str]) -> Result<Vec<CustomEmoji>> {
    if shortcodes.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select e.* from custom_emojis e where e.domain = '' and e.shortcode in ").texts(shortcodes).load(conn)
}

/// Writes one, or changes the one of that shortcode.
pub fn save(conn: &mut Conn, emoji: &CustomEmoji) -> Result<()> {
    Sql::new(
        "insert into custom_emojis (id, shortcode, domain, file, category, visible_in_picker, updated_at) values (",
    )
    .bind(emoji.id)
    .with(",", &emoji.shortcode)
    .with(",", &emoji.domain)
    .with(",", emoji.file.as_deref())
    .with(",", emoji.category.as_deref())
    .with(",", emoji.visible_in_picker)
    .with(",", emoji.updated_at)
    .push(
        ") on conflict (domain, shortcode) do update set file = excluded.file, category = excluded.category, \
             visible_in_picker = excluded.visible_in_picker, updated_at = excluded.updated_at",
    )
    .execute(conn)?;
    Ok(())
}

/// Removes one; false when there was none.
pub fn delete(conn: &mut Conn, shortcode: &str) -> Result<bool> {
    Ok(Sql::new("delete from custom_emojis where domain = '' and shortcode = ").bind(shortcode).execute(conn)? > 0)
}

/// Remembers the picture of an emoji of another server, when it is new or newer than what is known; of one server up to a
/// number of them.
pub fn learn(
    conn: &mut Conn,
    id: Id<CustomEmoji>,
    domain: &str,
    shortcode: &str,
    url: &str,
    updated: Timestamp,
) -> Result<()> {
    let newer = Sql::new("update custom_emojis set image_remote_url = ")
        .bind(url)
        .with(", updated_at = ", updated)
        .with(" where domain = ", domain)
        .with(" and shortcode = ", shortcode)
        .with(" and updated_at < ", updated)
        .execute(conn)?;
    if newer > 0 || domain.is_empty() {
        return Ok(());
    }
    Sql::new(
        "insert into custom_emojis (id, shortcode, domain, image_remote_url, visible_in_picker, updated_at) select ",
    )
    .bind(id)
    .with(",", shortcode)
    .with(",", domain)
    .with(",", url)
    .with(",", false)
    .with(",", updated)
    .with(" where (select count(*) from custom_emojis e where e.domain = ", domain)
    .with(") < ", limits::REMOTE_EMOJIS)
    .push(" on conflict (domain, shortcode) do nothing")
    .execute(conn)?;
    Ok(())
}

/// The newest pictures of emoji of other servers: server, shortcode, picture, since when.
pub fn newest(
    conn: &mut Conn,
    domains: &[&str],
    shortcodes: &[&str],
) -> Result<Vec<(String, String, String, Timestamp)>> {
    if domains.is_empty() || shortcodes.is_empty() {
        return Ok(Vec::new());
    }
    let rows = Sql::new("select e.domain, e.shortcode, coalesce(e.image_remote_url, ''), e.updated_at from custom_emojis e where e.domain in ")
        .texts(domains)
        .push(" and e.domain <> '' and e.shortcode in ")
        .texts(shortcodes)
        .load_as::<(Text, Text, Text, BigInt), (String, String, String, i64)>(conn)?;
    Ok(rows.into_iter().map(|(domain, name, url, at)| (domain, name, url, Timestamp::from_millis(at))).collect())
}

/// The picture of an emoji of another server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its own address.
    pub url: String,
    /// Our copy.
    pub file: Option<String>,
}

/// The picture whose address this seal stands for.
pub fn picture(conn: &mut Conn, seal: &str) -> Result<Option<Picture>> {
    let rows =
        Sql::new("select p.url, p.file from emoji_pictures p where p.seal = ")
            .bind(seal)
            .load_as::<(Text, Nullable<Text>), (String, Option<String>)>(conn)?;
    Ok(rows.into_iter().next().map(|(url, file)| Picture { url, file }))
}

/// Remembers the address of a picture that a server told of; of one server up to a number of them, the newest.
pub fn remember_picture(conn: &mut Conn, seal: &str, url: &str, told_by: &str, now: Timestamp) -> Result<()> {
    let written = Sql::new("insert into emoji_pictures (seal, url, told_by, created_at) values (")
        .bind(seal)
        .with(",", url)
        .with(",", told_by)
        .with(",", now)
        .push(") on conflict (seal) do nothing")
        .execute(conn)?;
    if written > 0 {
        // Their copies are files that no row knows, which go by themselves.
        Sql::new(
            "delete from emoji_pictures where seal in (select x.seal from (select p.seal from emoji_pictures p \
             where p.told_by = ",
        )
        .bind(told_by)
        .with(" order by p.created_at desc limit 100 offset ", limits::REMOTE_EMOJI_PICTURES)
        .push(") x)")
        .execute(conn)?;
    }
    Ok(())
}

/// Remembers our copy of a picture.
pub fn set_copy(conn: &mut Conn, seal: &str, file: &str, now: Timestamp) -> Result<()> {
    Sql::new("update emoji_pictures set file = ")
        .bind(file)
        .with(", cached_at = ", now)
        .with(" where seal = ", seal)
        .execute(conn)?;
    Ok(())
}

/// Forgets copies that were made before `until`; answers their names.
pub fn forget_copies(conn: &mut Conn, until: Timestamp, most: i64) -> Result<Vec<String>> {
    let names = Sql::new("select p.file from emoji_pictures p where p.file is not null and p.cached_at < ")
        .bind(until)
        .with(" limit ", most)
        .load_texts(conn)?;
    if !names.is_empty() {
        Sql::new("update emoji_pictures set file = null, cached_at = null where file in ")
            .texts(names.as_slice())
            .execute(conn)?;
    }
    Ok(names)
}

/// What came from other servers with emoji, as it is stored: posts, or accounts. Number, own address, and the emoji.
pub fn with_emoji(conn: &mut Conn, table: Shelf, above: i64, most: i64) -> Result<Vec<(i64, String, String)>> {
    let sql = match table {
        Shelf::Posts => "select t.id, t.uri, t.emojis from posts t where not t.local and t.emojis <> '[]' and t.id > ",
        Shelf::Accounts => {
            "select t.id, t.uri, t.emojis from accounts t where t.domain is not null and t.emojis <> '[]' and t.id > "
        }
    };
    Sql::new(sql)
        .bind(above)
        .with(" order by t.id limit ", most)
        .load_as::<(BigInt, Text, Text), (i64, String, String)>(conn)
}

/// Where emoji are stored with what uses them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shelf {
    /// With posts.
    Posts,
    /// With accounts.
    Accounts,
}
