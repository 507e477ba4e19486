//! Custom emoji of this node.

use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::CustomEmoji,
};

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
