//! Uploaded files before and after they hang on a post. The bytes are the business of `crate::media`.

use super::{Tx, text};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    limits,
    model::{Account, Media, MediaKind, MediaState},
    store,
};

/// Seconds an uploaded file waits for its post before it is swept.
pub const UNATTACHED_SECONDS: i64 = 24 * 3600;

/// A processed upload: files are stored already.
#[derive(Clone, Debug)]
pub struct Upload {
    /// What it is.
    pub kind: MediaKind,
    /// Content type.
    pub mime: String,
    /// Name of the file.
    pub file: String,
    /// Name of the small version.
    pub thumbnail: Option<String>,
    /// Bytes, both files together.
    pub size: i64,
    /// Compact preview.
    pub blurhash: Option<String>,
    /// Pixels of the file; 0 when unknown.
    pub width: u32,
    /// Pixels of the file; 0 when unknown.
    pub height: u32,
    /// Pixels of the small version.
    pub small: Option<(u32, u32)>,
    /// Length.
    pub duration_ms: Option<i64>,
    /// Alternative text.
    pub description: Option<String>,
    /// What to keep in view.
    pub focus: Option<(f64, f64)>,
}

/// Checks an alternative text.
///
/// # Errors
/// `Invalid` above 1,500 characters.
pub fn check_description(description: Option<&str>) -> Result<()> {
    match description {
        Some(text) if text.len() > limits::LOCAL_TEXT || text::characters(text) > limits::ALT_TEXT => {
            Err(Error::invalid(
                "description",
                "too_long",
                format!("Description is too long (maximum is {} characters)", limits::ALT_TEXT),
            ))
        }
        _ => Ok(()),
    }
}

/// Reads `"x,y"`, each from -1.0 to 1.0; values outside are drawn to the edge.
///
/// # Errors
/// `Invalid` for anything else.
pub fn focus(text: &str) -> Result<(f64, f64)> {
    let wrong = || Error::invalid("focus", "invalid", "Focus must be two numbers between -1.0 and 1.0");
    let (x, y) = text.split_once(',').ok_or_else(wrong)?;
    let read = |n: &str| n.trim().parse::<f64>().ok().filter(|n| n.is_finite()).map(|n| n.clamp(-1.0, 1.0));
    read(x).zip(read(y)).ok_or_else(wrong)
}

/// Writes the row of an upload.
///
/// # Errors
/// As [`check_description`].
pub fn create(tx: &mut Tx<'_>, owner: Id<Account>, upload: Upload) -> Result<Id<Media>> {
    check_description(upload.description.as_deref())?;
    let known = |n: u32| (n > 0).then_some(i64::from(n));
    let row = Media {
        id: tx.new_id(),
        account_id: owner,
        post_id: None,
        position: 0,
        kind: upload.kind,
        state: MediaState::Ready,
        mime: Some(upload.mime),
        file: Some(upload.file),
        thumbnail: upload.thumbnail,
        remote_url: None,
        remote_thumbnail_url: None,
        size: upload.size,
        description: upload.description.map(|d| d.trim().to_owned()).filter(|d| !d.is_empty()),
        blurhash: upload.blurhash,
        focus_x: upload.focus.map(|f| f.0),
        focus_y: upload.focus.map(|f| f.1),
        width: known(upload.width),
        height: known(upload.height),
        small_width: upload.small.map(|s| i64::from(s.0)),
        small_height: upload.small.map(|s| i64::from(s.1)),
        duration_ms: upload.duration_ms,
        cached_at: None,
        created_at: tx.now,
        scheduled_id: None,
    };
    store::posts::insert_media(tx.conn, &row)?;
    Ok(row.id)
}

/// A file of this person that is on no post yet, and kept for none.
///
/// # Errors
/// `NotFound` once attached, or for files of others.
pub fn pending(conn: &mut Conn, owner: Id<Account>, id: Id<Media>) -> Result<Media> {
    let media = store::media::load_own(conn, owner, id)?;
    if media.post_id.is_some() || media.scheduled_id.is_some() { Err(Error::NotFound) } else { Ok(media) }
}

/// Changes alternative text or focus of a file that is on no post yet.
///
/// # Errors
/// As [`pending`] and [`check_description`].
pub fn describe(
    tx: &mut Tx<'_>,
    owner: Id<Account>,
    id: Id<Media>,
    description: Option<String>,
    focus: Option<(f64, f64)>,
) -> Result<()> {
    let media = pending(tx.conn, owner, id)?;
    check_description(description.as_deref())?;
    let description = match description {
        Some(text) => Some(text.trim().to_owned()).filter(|d| !d.is_empty()),
        None => media.description,
    };
    store::media::describe(tx.conn, id, description.as_deref(), focus.or(media.focus_x.zip(media.focus_y)))
}

/// Remembers our copy of a remote file; what its bytes tell wins over what its server claimed.
pub fn keep_copy(tx: &mut Tx<'_>, id: Id<Media>, copy: &Upload) -> Result<()> {
    let Some(media) = store::media::find(tx.conn, id)? else { return Ok(()) };
    let known = |n: u32, before: Option<i64>| if n > 0 { Some(i64::from(n)) } else { before };
    let row = Media {
        file: Some(copy.file.clone()),
        thumbnail: copy.thumbnail.clone(),
        kind: copy.kind,
        mime: Some(copy.mime.clone()),
        size: copy.size,
        blurhash: copy.blurhash.clone().or(media.blurhash),
        width: known(copy.width, media.width),
        height: known(copy.height, media.height),
        small_width: copy.small.map(|s| i64::from(s.0)),
        small_height: copy.small.map(|s| i64::from(s.1)),
        duration_ms: copy.duration_ms.or(media.duration_ms),
        cached_at: Some(tx.now),
        ..media
    };
    store::media::keep_copy(tx.conn, &row)
}

/// Gives files up; those that hang on a post stay. Their bytes go with the next sweep.
pub fn discard(tx: &mut Tx<'_>, owner: Id<Account>, ids: &[Id<Media>]) -> Result<()> {
    for id in ids {
        match pending(tx.conn, owner, *id) {
            Ok(_) => store::media::delete(tx.conn, *id)?,
            Err(Error::NotFound) => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_focus_is_two_numbers_within_bounds() {
        assert_eq!(focus("0.5,-0.25").unwrap(), (0.5, -0.25));
        assert_eq!(focus(" 2 , -9 ").unwrap(), (1.0, -1.0));
        for bad in ["", "1", "a,b", "NaN,0", "inf,0"] {
            assert!(focus(bad).is_err(), "{bad}");
        }
    }
}
