//! Custom emoji of this node: pictures that stand for `:shortcode:` in what people here write. What staff does with them
//! leaves a trace.

use super::{
    Tx,
    audit::{self, Staff},
};
use crate::{
    Error, Result,
    config::Site,
    crypto,
    db::Conn,
    limits,
    model::{CustomEmoji, Role},
    store::{
        self,
        emojis::{self as rows, Shelf},
    },
    time::Timestamp,
    uri,
};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// Emoji of one post or profile.
const IN_ONE: usize = 64;
/// Characters of a shortcode.
const SHORTCODE: std::ops::RangeInclusive<usize> = 2..=64;
/// Characters of a category.
const CATEGORY: usize = 64;

fn allowed(by: &Staff) -> Result<()> {
    if by.role >= Role::Admin { Ok(()) } else { Err(Error::forbidden("This action is not allowed")) }
}

/// A shortcode without its colons: letters, digits and underscores.
///
/// # Errors
/// `Invalid` for anything else.
pub fn shortcode(text: &str) -> Result<String> {
    let text = text.trim().trim_matches(':');
    let fits = SHORTCODE.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if fits {
        return Ok(text.to_owned());
    }
    Err(Error::invalid("shortcode", "invalid", "A shortcode is 2 to 64 letters, digits or underscores"))
}

/// Adds an emoji whose picture is stored under `file`, or gives the one of this shortcode another picture.
///
/// # Errors
/// `Forbidden` below admin; `Invalid` for what is no shortcode, and when there are too many.
pub fn add(
    tx: &mut Tx<'_>,
    by: &Staff,
    name: &str,
    file: &str,
    category: Option<&str>,
    visible: bool,
) -> Result<CustomEmoji> {
    allowed(by)?;
    let name = shortcode(name)?;
    let known = rows::named(tx.conn, &[name.as_str()])?.pop();
    if known.is_none() && rows::count(tx.conn)? >= limits::EMOJIS {
        return Err(Error::invalid("shortcode", "too_long", "There are too many emoji"));
    }
    let category = category.map(str::trim).filter(|text| !text.is_empty());
    if category.is_some_and(|text| text.chars().count() > CATEGORY) {
        return Err(Error::invalid("category", "too_long", "Category is too long (maximum is 64 characters)"));
    }
    let row = CustomEmoji {
        id: known.map_or_else(|| tx.new_id(), |known| known.id),
        shortcode: name,
        domain: String::new(),
        uri: None,
        image_remote_url: None,
        file: Some(file.to_owned()),
        category: category.map(str::to_owned),
        visible_in_picker: visible,
        updated_at: tx.now,
    };
    rows::save(tx.conn, &row)?;
    audit::write(tx, by, "emoji.add", &row.shortcode, row.category.as_deref().unwrap_or(""))?;
    Ok(row)
}

/// Removes one. What was written with it keeps its shortcode; the picture goes.
///
/// # Errors
/// `Forbidden` below admin; `NotFound` when there is none.
pub fn remove(tx: &mut Tx<'_>, by: &Staff, name: &str) -> Result<()> {
    allowed(by)?;
    let name = shortcode(name)?;
    if !rows::delete(tx.conn, &name)? {
        return Err(Error::NotFound);
    }
    audit::write(tx, by, "emoji.remove", &name, "")
}

/// An emoji as it stands with a post or profile of this node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    /// Without colons.
    pub shortcode: String,
    /// Where the picture is.
    pub url: String,
    /// Its id for other servers.
    pub id: String,
    /// When it changed last.
    pub updated: Timestamp,
}

/// An emoji as it stands with what uses it.
pub fn described(site: &Site, row: CustomEmoji) -> Option<Used> {
    Some(Used {
        url: site.media_url(row.file.as_deref()?),
        id: site.url(&format!("/emojis/{}", row.id)),
        shortcode: row.shortcode,
        updated: row.updated_at,
    })
}

/// The emoji of this node that these texts use, as they are stored with a post or profile.
///
/// # Errors
/// Those of the database.
pub fn used(tx: &mut Tx<'_>, texts: &[&str]) -> Result<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in texts.iter().flat_map(|text| shortcodes(text)) {
        if !names.contains(&name) && names.len() < IN_ONE {
            names.push(name);
        }
    }
    let mut found = rows::named(tx.conn, &names)?;
    found.sort_by_key(|row| names.iter().position(|name| *name == row.shortcode));
    let site = tx.site();
    let list: Vec<Used> = found.into_iter().filter_map(|row| described(site, row)).collect();
    if list.is_empty() {
        return Ok("[]".into());
    }
    serde_json::to_string(&list).map_err(Error::internal)
}

/// What stands with a post or profile of this node.
pub fn stored(json: &str) -> Vec<Used> {
    if json == "[]" { Vec::new() } else { serde_json::from_str(json).unwrap_or_default() }
}

/// One of another server as it came with a post or profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Came {
    shortcode: String,
    url: String,
    /// When it had changed last. Unit: milliseconds.
    #[serde(default)]
    at: Option<i64>,
}

/// Remembers where the picture of an emoji of another server is, so that this node hands it out to people here. `told_by`
/// is that server, or one that speaks of it.
///
/// # Errors
/// Those of the database.
pub fn remember_picture(tx: &mut Tx<'_>, told_by: &str, url: &str) -> Result<()> {
    rows::remember_picture(tx.conn, &crypto::address_seal(url), url, told_by, tx.now)
}

/// Rows that [`catch_up`] goes through in one transaction.
const CAUGHT_UP: i64 = 200;

/// Posts or profiles of other servers that came before this node handed out the pictures of their emoji.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The setting that says how far this has come.
    mark: &'static str,
    /// Number, own address, and the emoji.
    rows: Vec<(i64, String, String)>,
}

/// The next of them; none when that is done. It may look through all there are.
///
/// # Errors
/// Those of the database.
pub fn earlier(conn: &mut Conn) -> Result<Option<Earlier>> {
    for (shelf, mark) in [(Shelf::Posts, "emoji_of_posts_until"), (Shelf::Accounts, "emoji_of_accounts_until")] {
        let until = store::users::find_setting(conn, mark)?.and_then(|text| text.parse().ok()).unwrap_or(0_i64);
        if until < i64::MAX {
            return Ok(Some(Earlier { mark, rows: rows::with_emoji(conn, shelf, until, CAUGHT_UP)? }));
        }
    }
    Ok(None)
}

/// Remembers the pictures of their emoji.
///
/// # Errors
/// Those of the database.
pub fn catch_up(tx: &mut Tx<'_>, earlier: &Earlier) -> Result<()> {
    for (_, whose, json) in &earlier.rows {
        let list: Vec<Came> = serde_json::from_str(json).unwrap_or_default();
        for emoji in &list {
            remember_picture(tx, uri::host(whose), &emoji.url)?;
        }
    }
    let until = earlier.rows.last().map_or(i64::MAX, |(id, _, _)| *id);
    store::users::set_setting(tx.conn, earlier.mark, &until.to_string())
}

/// Gives emoji that came with posts and profiles of other servers the pictures that those have for them by now (POST-10).
/// Each item is the id of its author or of itself, and what stands with it.
///
/// # Errors
/// Those of the database.
pub fn renew(conn: &mut Conn, items: &mut [(&str, &mut String)]) -> Result<()> {
    let mut came: Vec<(usize, Vec<Came>)> = Vec::new();
    for (number, (_, json)) in items.iter().enumerate() {
        if json.as_str() != "[]" {
            let list: Vec<Came> = serde_json::from_str(json).unwrap_or_default();
            // Without a date there is nothing newer.
            if list.iter().any(|emoji| emoji.at.is_some()) {
                came.push((number, list));
            }
        }
    }
    if came.is_empty() {
        return Ok(());
    }
    let mut names: Vec<&str> = came.iter().flat_map(|(_, list)| list.iter().map(|e| e.shortcode.as_str())).collect();
    names.sort_unstable();
    names.dedup();
    let mut hosts: Vec<&str> = came.iter().filter_map(|(n, _)| items.get(*n)).map(|(id, _)| uri::host(id)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let newest = rows::newest(conn, &hosts, &names)?;
    for (number, mut list) in came {
        let Some((id, json)) = items.get_mut(number) else { continue };
        let mut changed = false;
        for emoji in &mut list {
            let newer = newest.iter().find(|(host, name, url, at)| {
                host == uri::host(id)
                    && *name == emoji.shortcode
                    && !url.is_empty()
                    && emoji.at.is_some_and(|known| known < at.millis())
            });
            if let Some((_, _, url, at)) = newer {
                (emoji.url, emoji.at, changed) = (url.clone(), Some(at.millis()), true);
            }
        }
        if changed {
            **json = serde_json::to_string(&list).map_err(Error::internal)?;
        }
    }
    Ok(())
}

/// `:name:` where no letter, digit or colon stands on either side.
fn shortcodes(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(':')) {
        let start = from + found;
        from = start + 1;
        let before = text.get(..start).and_then(|text| text.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || c == ':') {
            continue;
        }
        let Some(rest) = text.get(from..) else { break };
        let length = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let after = rest.get(length..).unwrap_or_default();
        let ends = after
            .strip_prefix(':')
            .is_some_and(|next| !next.chars().next().is_some_and(|c| c.is_alphanumeric() || c == ':'));
        if ends && SHORTCODE.contains(&length) {
            out.extend(rest.get(..length));
            from += length + 1;
        }
    }
    out
}

/// Bytes of an emoji: families with skin tones are long.
const BYTES: usize = 64;

/// One emoji and nothing else.
pub fn is_emoji(text: &str) -> bool {
    let pictures = |c: char| {
        matches!(u32::from(c),
            0xa9 | 0xae | 0x203c | 0x2049 | 0x2122 | 0x2139 | 0x2194..=0x21aa | 0x231a..=0x23ff | 0x24c2
            | 0x25aa..=0x25fe | 0x2600..=0x27bf | 0x2934 | 0x2935 | 0x2b05..=0x2b55 | 0x3030 | 0x303d | 0x3297 | 0x3299
            | 0x1f000..=0x1faff)
    };
    // Joiners, selectors and tags, and the mark of a keycap.
    let joins = |c: char| matches!(u32::from(c), 0x200d | 0xfe0f | 0x20e3 | 0xe0020..=0xe007f);
    let keycap = text.contains('\u{20e3}') && text.starts_with(|c: char| c.is_ascii_digit() || c == '#' || c == '*');
    text.len() <= BYTES
        && text.graphemes(true).count() == 1
        && (keycap || text.chars().any(pictures))
        && text.chars().skip(usize::from(keycap)).all(|c| pictures(c) || joins(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_web_04_shortcodes_stand_alone_and_hold_no_markup() {
        assert_eq!(shortcodes(":cat: and :dog_2:, not a:cat:b"), ["cat", "dog_2"]);
        assert_eq!(shortcodes("(:cat:):dog:"), ["cat", "dog"]);
        assert_eq!(shortcodes(":cat: :cat:"), ["cat", "cat"]);
        for none in
            ["12:30:15", "::", ":a:", ": cat:", "https://x.example:80:", ":cat:s", ":größe:", ":::", ":cat::dog:"]
        {
            assert!(shortcodes(none).is_empty(), "{none}");
        }
        assert_eq!(shortcode(" :Cat_1: ").unwrap(), "Cat_1");
        assert!(shortcode("a").is_err() && shortcode("a b").is_err() && shortcode(&"x".repeat(65)).is_err());
        for markup in ["a\"b", "a'b", "<b>", "a&b", "a/b"] {
            assert!(shortcode(markup).is_err(), "{markup}");
        }
    }

    #[test]
    fn one_emoji_is_an_emoji_and_nothing_else_is() {
        for good in ["👍", "❤️", "❤", "👩‍💻", "👍🏽", "🇩🇪", "3️⃣", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "☕"]
        {
            assert!(is_emoji(good), "{good}");
        }
        for bad in ["", "a", "3", "👍👍", "👍a", " ", "ab", "ä", "\u{200d}", "\u{fe0f}", "<b>", "#"] {
            assert!(!is_emoji(bad), "{bad}");
        }
    }
}
