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
use std::collections::HashMap;

/// Seconds an uploaded file waits for its post before it is swept.
pub const UNATTACHED_SECONDS: i64 = 24 * 3600;

/// Seconds after which an upload that is still being processed will not be any more: its process has ended.
pub const UNFINISHED_SECONDS: i64 = 3600;

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
    /// Background, foreground and accent of the picture or preview, as `#0a0b0c,#...,#...`.
    pub colours: Option<String>,
    /// Pixels of the file; 0 when unknown.
    pub width: u32,
    /// Pixels of the file; 0 when unknown.
    pub height: u32,
    /// Pixels of the small version.
    pub small: Option<(u32, u32)>,
    /// Length.
    pub duration_ms: Option<i64>,
}

/// What its owner says of a file.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Alternative text.
    pub description: Option<String>,
    /// What to keep in view.
    pub focus: Option<(f64, f64)>,
}

/// A picture that stands for a film or sound, stored already.
#[derive(Clone, Debug)]
pub struct Preview {
    /// Name of the picture.
    pub file: String,
    /// Bytes.
    pub size: i64,
    /// Pixels.
    pub small: (u32, u32),
    /// Compact preview.
    pub blurhash: Option<String>,
    /// As [`Upload::colours`].
    pub colours: Option<String>,
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

/// A file of which nothing is known yet but what it seems to be.
fn unfinished(tx: &Tx<'_>, owner: Id<Account>, kind: MediaKind, said: Described) -> Result<Media> {
    check_description(said.description.as_deref())?;
    Ok(Media {
        id: tx.new_id(),
        account_id: owner,
        post_id: None,
        position: 0,
        kind,
        state: MediaState::Processing,
        mime: None,
        file: None,
        thumbnail: None,
        remote_url: None,
        remote_thumbnail_url: None,
        size: 0,
        description: said.description.map(|d| d.trim().to_owned()).filter(|d| !d.is_empty()),
        blurhash: None,
        focus_x: said.focus.map(|f| f.0),
        focus_y: said.focus.map(|f| f.1),
        width: None,
        height: None,
        small_width: None,
        small_height: None,
        duration_ms: None,
        cached_at: None,
        created_at: tx.now,
        scheduled_id: None,
        colours: None,
    })
}

/// The row with its file; what the bytes tell wins over what is known, but for a preview that its owner chose.
fn finished(media: Media, upload: Upload) -> Media {
    let known = |n: u32, before: Option<i64>| if n > 0 { Some(i64::from(n)) } else { before };
    let chosen = media.thumbnail.is_some() && media.remote_url.is_none();
    let shown = if chosen {
        Media { size: media.size + upload.size, ..media }
    } else {
        Media {
            thumbnail: upload.thumbnail,
            size: upload.size,
            blurhash: upload.blurhash.or(media.blurhash),
            colours: upload.colours.or(media.colours),
            small_width: upload.small.map(|s| i64::from(s.0)),
            small_height: upload.small.map(|s| i64::from(s.1)),
            ..media
        }
    };
    Media {
        state: MediaState::Ready,
        kind: upload.kind,
        mime: Some(upload.mime),
        file: Some(upload.file),
        width: known(upload.width, shown.width),
        height: known(upload.height, shown.height),
        duration_ms: upload.duration_ms.or(shown.duration_ms),
        ..shown
    }
}

/// Writes the row of an upload.
///
/// # Errors
/// As [`check_description`].
pub fn create(tx: &mut Tx<'_>, owner: Id<Account>, upload: Upload, said: Described) -> Result<Id<Media>> {
    let row = finished(unfinished(tx, owner, upload.kind, said)?, upload);
    store::posts::insert_media(tx.conn, &row)?;
    Ok(row.id)
}

/// Writes the row of an upload that is still to be processed: [`finish`] or [`fail`] follows. It cannot be posted until then.
///
/// # Errors
/// As [`check_description`].
pub fn begin(tx: &mut Tx<'_>, owner: Id<Account>, kind: MediaKind, said: Described) -> Result<Id<Media>> {
    let row = unfinished(tx, owner, kind, said)?;
    store::posts::insert_media(tx.conn, &row)?;
    Ok(row.id)
}

/// An upload was processed. One that was given up meanwhile stays away, its bytes too.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn finish(tx: &mut Tx<'_>, id: Id<Media>, upload: Upload) -> Result<()> {
    match store::media::lock(tx.conn, id)? {
        Some(row) => store::media::set_file(tx.conn, &finished(row, upload)),
        None => {
            tx.remove_files(upload.thumbnail.into_iter().chain([upload.file]));
            Ok(())
        }
    }
}

/// An upload cannot be processed.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn fail(tx: &mut Tx<'_>, id: Id<Media>) -> Result<()> {
    match store::media::lock(tx.conn, id)? {
        Some(row) => store::media::set_file(tx.conn, &Media { state: MediaState::Failed, ..row }),
        None => Ok(()),
    }
}

/// What was being processed when a process ended will not be finished: uploads of `seconds` ago and older.
///
/// # Errors
/// `Unavailable` when the database is away.
pub fn give_up_unfinished(tx: &mut Tx<'_>, seconds: i64) -> Result<()> {
    store::media::fail_unfinished(tx.conn, tx.now.plus_seconds(-seconds))
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
pub fn describe(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Media>, said: Described) -> Result<()> {
    let media = pending(tx.conn, owner, id)?;
    check_description(said.description.as_deref())?;
    let description = match said.description {
        Some(text) => Some(text.trim().to_owned()).filter(|d| !d.is_empty()),
        None => media.description,
    };
    let focus = said.focus.or(media.focus_x.zip(media.focus_y));
    store::media::describe(tx.conn, id, description.as_deref(), focus)
}

/// Whether a picture may be chosen to stand for this file: pictures stand for themselves.
pub fn takes_preview(media: &Media) -> bool {
    media.kind != MediaKind::Image && media.state != MediaState::Failed
}

/// Lets a picture stand for a film or sound that is on no post yet, instead of the one before.
///
/// # Errors
/// As [`pending`].
pub fn choose_preview(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Media>, preview: Preview) -> Result<()> {
    store::media::lock(tx.conn, id)?;
    let media = pending(tx.conn, owner, id)?;
    if !takes_preview(&media) {
        return Ok(());
    }
    tx.remove_files(media.thumbnail.clone());
    store::media::set_file(tx.conn, &shown_by(media, preview))
}

/// The row with this picture as what is seen of it.
pub(super) fn shown_by(media: Media, preview: Preview) -> Media {
    Media {
        thumbnail: Some(preview.file),
        size: media.size + preview.size,
        small_width: Some(i64::from(preview.small.0)),
        small_height: Some(i64::from(preview.small.1)),
        blurhash: preview.blurhash,
        colours: preview.colours,
        ..media
    }
}

/// Remembers our copy of a remote file; what its bytes tell wins over what its server claimed. The copy of one that ended
/// with its post meanwhile is not kept.
pub fn keep_copy(tx: &mut Tx<'_>, id: Id<Media>, copy: &Upload) -> Result<()> {
    let Some(media) = store::media::find(tx.conn, id)? else {
        tx.remove_files(copy.thumbnail.clone().into_iter().chain([copy.file.clone()]));
        return Ok(());
    };
    let row = Media { cached_at: Some(tx.now), ..finished(media, copy.clone()) };
    store::media::set_file(tx.conn, &row)
}

/// Gives a file up, its bytes too.
pub(super) fn destroy(tx: &mut Tx<'_>, media: Media) -> Result<()> {
    store::media::delete(tx.conn, media.id)?;
    tx.remove_files([media.file, media.thumbnail].into_iter().flatten());
    Ok(())
}

/// Files of a post have other names from the commit on, of those in `names`, under which their bytes lie already: whoever
/// knew the old ones finds nothing there (PRV-13).
pub(super) fn rename(tx: &mut Tx<'_>, media: Media, names: &HashMap<String, String>) -> Result<()> {
    let old: Vec<String> = [&media.file, &media.thumbnail].into_iter().flatten().cloned().collect();
    let other = |name: Option<String>| name.map(|name| names.get(&name).cloned().unwrap_or(name));
    let row = Media { file: other(media.file.clone()), thumbnail: other(media.thumbnail.clone()), ..media };
    store::media::set_file(tx.conn, &row)?;
    tx.remove_files(old.into_iter().filter(|name| names.contains_key(name)));
    Ok(())
}

/// Gives files up, their bytes too; those that hang on a post stay.
pub fn discard(tx: &mut Tx<'_>, owner: Id<Account>, ids: &[Id<Media>]) -> Result<()> {
    for id in ids {
        match pending(tx.conn, owner, *id) {
            Ok(media) => destroy(tx, media)?,
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
