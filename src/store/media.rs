//! Rows of attached files.

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Media, MediaState, Post},
    time::Timestamp,
};

/// By id, whoever it belongs to.
pub fn find(conn: &mut Conn, id: Id<Media>) -> Result<Option<Media>> {
    Sql::new("select m.* from media m where m.id = ").bind(id).optional(conn)
}

/// As [`find`]; nobody else changes the row until the transaction ends.
pub fn lock(conn: &mut Conn, id: Id<Media>) -> Result<Option<Media>> {
    let sql = Sql::new("select m.* from media m where m.id = ").bind(id);
    match conn.dialect() {
        Dialect::Sqlite => sql.optional(conn),
        Dialect::Postgres => sql.push(" for update").optional(conn),
    }
}

/// One of somebody's files, or `NotFound`.
pub fn load_own(conn: &mut Conn, owner: Id<Account>, id: Id<Media>) -> Result<Media> {
    Sql::new("select m.* from media m where m.id = ").bind(id).with(" and m.account_id = ", owner).one(conn)
}

/// Sets the alternative text and what to keep in view.
pub fn describe(conn: &mut Conn, id: Id<Media>, description: Option<&str>, focus: Option<(f64, f64)>) -> Result<()> {
    Sql::new("update media set description = ")
        .bind(description)
        .with(", focus_x = ", focus.map(|f| f.0))
        .with(", focus_y = ", focus.map(|f| f.1))
        .with(" where id = ", id)
        .execute(conn)?;
    Ok(())
}

/// Uploads that were to be processed before `until` will not be any more.
pub fn fail_unfinished(conn: &mut Conn, until: Timestamp) -> Result<()> {
    Sql::new("update media set state = ")
        .bind(MediaState::Failed)
        .push(" where post_id is null")
        .with(" and state = ", MediaState::Processing)
        .with(" and created_at <= ", until)
        .execute(conn)?;
    Ok(())
}

/// Takes the files off a post that ends; from now on they wait for another one.
pub fn release(conn: &mut Conn, post: Id<Post>, now: Timestamp) -> Result<()> {
    Sql::new("update media set post_id = null, created_at = ")
        .bind(now)
        .with(" where post_id = ", post)
        .execute(conn)?;
    Ok(())
}

/// Removes a row.
pub fn delete(conn: &mut Conn, id: Id<Media>) -> Result<()> {
    Sql::new("delete from media where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Files on no post since before `until`, and kept for none.
pub fn unattached(conn: &mut Conn, until: Timestamp, most: i64) -> Result<Vec<Media>> {
    Sql::new("select m.* from media m where m.post_id is null and m.scheduled_id is null and m.created_at < ")
        .bind(until)
        .with(" order by m.created_at limit ", most)
        .load(conn)
}

/// Which of these stored names some row still uses.
pub fn used_names(conn: &mut Conn, names: &[String]) -> Result<Vec<String>> {
    let mut used = Vec::new();
    for (table, columns) in [
        ("media", ["file", "thumbnail"]),
        ("accounts", ["avatar", "header"]),
        ("custom_emojis", ["file", "file"]),
        ("emoji_pictures", ["file", "file"]),
        ("cards", ["image", "image"]),
    ] {
        for column in columns {
            let sql = Sql::new(format!("select t.{column} from {table} t where t.{column} in ")).texts(names);
            used.extend(sql.load_texts(conn)?);
        }
    }
    Ok(used)
}

/// Our copy of a remote file is gone.
pub fn forget_copy(conn: &mut Conn, id: Id<Media>) -> Result<()> {
    Sql::new("update media set file = null, thumbnail = null, cached_at = null where id = ").bind(id).execute(conn)?;
    Ok(())
}

/// Bytes of all copies of remote files.
pub fn bytes_of_copies(conn: &mut Conn) -> Result<i64> {
    Sql::new("select cast(coalesce(sum(m.size), 0) as bigint) from media m where m.remote_url is not null and m.cached_at is not null")
        .scalar_i64(conn)
}

/// Writes the file of an attachment, with what its bytes told: of an upload that is ready, or our copy of a remote one.
pub fn set_file(conn: &mut Conn, media: &Media) -> Result<()> {
    Sql::new("update media set state = ")
        .bind(media.state)
        .with(", file = ", media.file.clone())
        .with(", thumbnail = ", media.thumbnail.clone())
        .with(", kind = ", media.kind)
        .with(", mime = ", media.mime.clone())
        .with(", size = ", media.size)
        .with(", blurhash = ", media.blurhash.clone())
        .with(", width = ", media.width)
        .with(", height = ", media.height)
        .with(", small_width = ", media.small_width)
        .with(", small_height = ", media.small_height)
        .with(", duration_ms = ", media.duration_ms)
        .with(", cached_at = ", media.cached_at)
        .with(", colours = ", media.colours.clone())
        .with(" where id = ", media.id)
        .execute(conn)?;
    Ok(())
}

/// Remembers our copy of a remote profile picture, unless its address has changed meanwhile.
pub fn set_portrait(conn: &mut Conn, account: Id<Account>, avatar: bool, name: &str, url: &str) -> Result<()> {
    let column = if avatar { "avatar" } else { "header" };
    Sql::new(format!("update accounts set {column} = "))
        .bind(name)
        .with(" where domain is not null and id = ", account)
        .with(format!(" and {column}_remote_url = "), url)
        .execute(conn)?;
    Ok(())
}
