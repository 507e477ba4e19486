//! Files, pictures and pages that documents point to (POST-08, POST-09, POST-14).

use super::content::mapped;
use crate::{
    domain::{
        html::{cut, plain_line},
        remote::{RemoteAttachment, RemoteLink},
    },
    federation::json::Json,
    limits,
    model::MediaKind,
    uri,
};

/// Pixels of a side that are believed.
const SIDE: i64 = 100_000;

/// A link found in a `url` property.
struct Link<'j> {
    href: String,
    mime: Option<&'j str>,
    json: &'j Json,
}

/// The links of a `url` property: text, Link object, list of both. Only web addresses.
fn links<'j>(url: &'j Json) -> impl Iterator<Item = Link<'j>> {
    url.items().filter_map(|item| {
        let (href, mime) = match item {
            Json::Text(text) => (uri::normalize(text)?, None),
            Json::Object(_) => (
                item.first_of(&["href", "url", "id"]).as_text().and_then(uri::normalize)?,
                item.text("mediaType").or_else(|| item.text("mimeType")),
            ),
            _ => return None,
        };
        Some(Link { href, mime, json: item })
    })
}

/// The page for people: HTML before anything else, then an address of unknown type.
pub fn page(url: &Json) -> Option<String> {
    let mut other = None;
    for link in links(url) {
        match link.mime {
            Some(mime) if mime.starts_with("text/html") => return Some(link.href),
            None if other.is_none() => other = Some(link.href),
            _ => {}
        }
    }
    other
}

/// Address and description of an `icon` or `image`: text, Image, Link or a list; the widest of several.
pub fn picture(image: &Json) -> (Option<String>, String) {
    let mut best: Option<(i64, String, String)> = None;
    for item in image.items() {
        let url = match item {
            Json::Text(text) => uri::normalize(text),
            Json::Object(_) => links(item.get("url"))
                .next()
                .map(|l| l.href)
                .or_else(|| item.get("href").as_text().and_then(uri::normalize)),
            _ => None,
        };
        let Some(url) = url else { continue };
        let width = item.count("width").unwrap_or(0);
        if best.as_ref().is_none_or(|(known, _, _)| width > *known) {
            best = Some((width, url, description(item).unwrap_or_default()));
        }
    }
    best.map_or((None, String::new()), |(_, url, description)| (Some(url), description))
}

/// Alternative text of a file.
fn description(item: &Json) -> Option<String> {
    let said = mapped(item, "summary", "summaryMap").or_else(|| mapped(item, "name", "nameMap"));
    let text = said?.trim();
    let end = text.char_indices().nth(limits::REMOTE_ALT).map_or(text.len(), |(at, _)| at);
    Some(text.get(..end)?.to_owned()).filter(|t| !t.is_empty())
}

/// The files attached to a post. Link objects and things without an address are no files.
pub fn files(json: &Json) -> Vec<RemoteAttachment> {
    json.values("attachment").filter_map(file).take(limits::REMOTE_ATTACHMENTS).collect()
}

/// Address of the first Link among the attachments: what a Page is about.
pub fn linked_page(json: &Json) -> Option<String> {
    link(json).map(|link| link.href)
}

/// The first Link among the attachments, or thing with nothing but a `href`: a page, not a file. What is said of it is
/// plain text.
pub fn link(json: &Json) -> Option<RemoteLink> {
    json.values("attachment").filter(|a| a.is_object() && (a.is_a("Link") || a.get("url").is_null())).find_map(|a| {
        let text = |keys: [&str; 2], most| {
            let text = keys.into_iter().find_map(|key| a.text(key)).unwrap_or_default();
            plain_line(cut(text, limits::REMOTE_SUMMARY), most)
        };
        Some(RemoteLink {
            href: a.get("href").as_text().and_then(uri::normalize)?,
            title: text(["name", "title"], limits::CARD_TITLE),
            description: text(["summary", "description"], limits::CARD_DESCRIPTION),
            image: picture(a.first_of(&["icon", "image", "preview"])).0,
        })
    })
}

/// One attachment.
fn file(item: &Json) -> Option<RemoteAttachment> {
    let said = item.types().find_map(|t| match t {
        "Image" => Some(MediaKind::Image),
        "Video" => Some(MediaKind::Video),
        "Audio" => Some(MediaKind::Audio),
        "Document" => Some(MediaKind::Unknown),
        _ => None,
    });
    // What says nothing of its type is a file when it has an address.
    let declared = said.or_else(|| item.types().next().is_none().then_some(MediaKind::Unknown))?;
    let own_mime = item.text("mediaType").or_else(|| item.text("mimeType"));
    let link = best_file(item.get("url"), declared)?;
    let mime = own_mime.or(link.mime).map(|m| cut(m, 100).trim().to_ascii_lowercase());
    let kind = kind_of(mime.as_deref(), &link.href, declared);
    Some(RemoteAttachment {
        kind,
        description: description(item),
        blurhash: item.text("blurhash").filter(|b| is_blurhash(b)).map(str::to_owned),
        focus: focus(item),
        width: side(item, "width").or_else(|| side(link.json, "width")),
        height: side(item, "height").or_else(|| side(link.json, "height")),
        duration_ms: item.text("duration").and_then(duration),
        thumbnail: picture(item.get("icon")).0,
        url: link.href,
        mime,
    })
}

/// Of several addresses of the same thing: one a client can show, the smaller side first for films.
fn best_file(url: &Json, declared: MediaKind) -> Option<Link<'_>> {
    let mut best: Option<Link<'_>> = None;
    for link in links(url) {
        let rank = |l: &Link<'_>| {
            let kind = kind_of(l.mime, &l.href, MediaKind::Unknown);
            let fits = kind != MediaKind::Unknown && (declared == MediaKind::Unknown || kind == declared);
            // Films come in several sizes: the one nearest to 720 lines.
            let distance = side(l.json, "height").map_or(0, |h| (h - 720).abs());
            (!fits, distance)
        };
        if best.as_ref().is_none_or(|known| rank(&link) < rank(known)) {
            best = Some(link);
        }
    }
    best
}

/// The playable file of a Video or Audio object itself (POST-22, POST-24): in its `url`, or in the parts of a stream.
pub fn playable(json: &Json, kind: MediaKind) -> Option<RemoteAttachment> {
    let wanted = |l: &Link<'_>| l.mime.is_some() && kind_of(l.mime, "", MediaKind::Unknown) == kind;
    let url = json.get("url");
    let nested = url.items().flat_map(|l| l.values("tag"));
    let mut best: Option<(i64, Link<'_>)> = None;
    for link in links(url).chain(nested.flat_map(links)).filter(wanted) {
        let distance = side(link.json, "height").map_or(0, |h| (h - 720).abs());
        if best.as_ref().is_none_or(|(known, _)| distance < *known) {
            best = Some((distance, link));
        }
    }
    let (_, link) = best?;
    Some(RemoteAttachment {
        kind,
        mime: link.mime.map(|m| cut(m, 100).to_ascii_lowercase()),
        description: json.text("name").map(|n| cut(n, limits::REMOTE_NAME).to_owned()),
        blurhash: None,
        focus: None,
        width: side(link.json, "width"),
        height: side(link.json, "height"),
        duration_ms: json.text("duration").and_then(duration),
        thumbnail: picture(json.first_of(&["icon", "image"])).0,
        url: link.href,
    })
}

/// The picture of an Image object itself, or the picture shown with an Event, an Article or a Page.
pub fn own_picture(json: &Json, property: &str) -> Option<RemoteAttachment> {
    let (url, description) = picture(json.get(property));
    Some(RemoteAttachment {
        url: url?,
        kind: MediaKind::Image,
        mime: None,
        description: Some(description).filter(|d| !d.is_empty()),
        blurhash: json.text("blurhash").filter(|b| is_blurhash(b)).map(str::to_owned),
        focus: None,
        width: None,
        height: None,
        duration_ms: None,
        thumbnail: None,
    })
}

fn side(item: &Json, key: &str) -> Option<i64> {
    item.count(key).filter(|n| (1..=SIDE).contains(n))
}

fn focus(item: &Json) -> Option<(f64, f64)> {
    let Json::List(point) = item.get("focalPoint") else { return None };
    let [x, y] = point.as_slice() else { return None };
    let (x, y) = (x.as_number()?, y.as_number()?);
    let inside = |v: f64| (-1.0..=1.0).contains(&v);
    (inside(x) && inside(y)).then_some((x, y))
}

/// By media type, else by the end of the address, else by the type of the object.
fn kind_of(mime: Option<&str>, href: &str, declared: MediaKind) -> MediaKind {
    let top = mime.map(|m| m.split(['/', ';']).next().unwrap_or("").trim().to_ascii_lowercase());
    match top.as_deref() {
        Some("image") => return MediaKind::Image,
        Some("video") => return MediaKind::Video,
        Some("audio") => return MediaKind::Audio,
        Some("text" | "font" | "model") => return MediaKind::Unknown,
        Some("application") if mime.is_some_and(|m| m.contains("ogg")) => return MediaKind::Audio,
        _ => {}
    }
    if declared != MediaKind::Unknown {
        return declared;
    }
    let path = href.split(['?', '#']).next().unwrap_or("");
    let extension = path.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase()).unwrap_or_default();
    match extension.as_str() {
        "jpg" | "jpeg" | "png" | "gif" | "webp" | "avif" | "heic" | "bmp" | "jfif" => MediaKind::Image,
        "mp4" | "webm" | "mov" | "m4v" | "ogv" | "mkv" => MediaKind::Video,
        "mp3" | "ogg" | "oga" | "opus" | "flac" | "wav" | "m4a" | "aac" | "weba" => MediaKind::Audio,
        _ => MediaKind::Unknown,
    }
}

/// Well-formed: the first character tells the length.
fn is_blurhash(text: &str) -> bool {
    const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
    let digit = |b: u8| ALPHABET.iter().position(|a| *a == b);
    let bytes = text.as_bytes();
    let Some(size) = bytes.first().and_then(|b| digit(*b)) else { return false };
    let parts = (size % 9 + 1) * (size / 9 + 1);
    parts <= 81 && bytes.len() == 4 + 2 * parts && bytes.iter().all(|b| digit(*b).is_some())
}

/// ISO 8601 durations as others write them (`PT385S`, `PT1H2M3.5S`, `P1DT2H`), in milliseconds.
pub fn duration(text: &str) -> Option<i64> {
    let body = text.trim().strip_prefix('P')?;
    let (days, time) = body.split_once('T').unwrap_or((body, ""));
    let mut seconds = 0.0;
    for (part, units) in
        [(days, [('W', 604_800.0), ('D', 86_400.0), ('-', 0.0)]), (time, [('H', 3_600.0), ('M', 60.0), ('S', 1.0)])]
    {
        let mut rest = part;
        while !rest.is_empty() {
            let at = rest.find(|c: char| c.is_ascii_alphabetic())?;
            let (number, tail) = rest.split_at_checked(at)?;
            let unit = tail.chars().next()?;
            let factor = units.iter().find(|(u, _)| *u == unit)?.1;
            seconds += number.replace(',', ".").parse::<f64>().ok().filter(|n| n.is_finite())? * factor;
            rest = tail.get(1..)?;
        }
    }
    (0.0..=31_536_000.0).contains(&seconds).then_some((seconds * 1000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_their_common_forms() {
        for (text, ms) in [
            ("PT385S", Some(385_000)),
            ("PT1H2M3.5S", Some(3_723_500)),
            ("P1DT2H", Some(93_600_000)),
            ("5", None),
            ("PTXS", None),
            ("PT1é", None),
        ] {
            assert_eq!(duration(text), ms, "{text}");
        }
    }

    #[test]
    fn fed_post_09_only_well_formed_blurhashes_are_kept() {
        assert!(is_blurhash("LEHV6nWB2yk8pyo0adR*.7kCMdnj"));
        assert!(!is_blurhash("LEHV6nWB2yk8pyo0adR*.7kCMdn"));
        assert!(!is_blurhash(""));
        assert!(!is_blurhash("<script>"));
    }
}
