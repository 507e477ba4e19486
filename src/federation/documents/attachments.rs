//! The files of a post in its document, or the line that stands for them where the charter keeps them at their site.

use super::{
    super::render::{actor::Image, post::Attachment},
    image_type,
};
use crate::{
    config::Site,
    domain::{concierge::words::Sentence, html, people::fields::Tongue},
    model::{Media, MediaKind, MediaState},
};
use activitypub_federation::kinds::object::DocumentType;

/// Their number and descriptions, behind the site; the address of the page follows.
const STAY: Sentence = Sentence("Files that stay at {}: {}.", "Dateien, die bei {} bleiben: {}.");

/// The text with a line that says which files stay at this site.
pub(super) fn named(content: &str, media: &[Media], site: &Site, page: &str, language: Option<&str>) -> String {
    let told = media.iter().filter_map(|media| media.description.as_deref()).filter(|text| !text.is_empty());
    let told: Vec<String> = told.map(|text| format!("“{}”", html::escape(text))).collect();
    let mut files = media.len().to_string();
    if !told.is_empty() {
        files = format!("{files} ({})", told.join(", "));
    }
    let line = STAY.with(Tongue::of(language), &[&html::escape(site.domain()), &files]);
    let page = html::escape(page);
    format!("{content}<p>{line} <a href=\"{page}\" rel=\"nofollow noopener\" target=\"_blank\">{page}</a></p>")
}

/// A file as others see it; none of one that could not be read.
pub(super) fn attachment(site: &Site, media: &Media) -> Option<Attachment> {
    let file = media.file.as_deref().filter(|_| media.state != MediaState::Failed)?;
    let mime = media.mime.clone().unwrap_or_else(|| {
        match media.kind {
            MediaKind::Image => "image/jpeg",
            MediaKind::Gifv | MediaKind::Video => "video/mp4",
            MediaKind::Audio => "audio/mpeg",
            MediaKind::Unknown => "application/octet-stream",
        }
        .to_owned()
    });
    let moving = matches!(media.kind, MediaKind::Video | MediaKind::Audio | MediaKind::Gifv);
    Some(Attachment {
        kind: DocumentType::Document,
        media_type: mime,
        url: site.media_url(file),
        name: media.description.clone().filter(|d| !d.is_empty()),
        width: media.width.and_then(|w| i32::try_from(w).ok()),
        height: media.height.and_then(|h| i32::try_from(h).ok()),
        blurhash: media.blurhash.clone(),
        focal_point: media.focus_x.zip(media.focus_y).map(|(x, y)| [x, y]),
        duration: media.duration_ms.filter(|_| moving).map(|ms| format!("PT{}.{:03}S", ms / 1000, ms.rem_euclid(1000))),
        icon: media
            .thumbnail
            .as_deref()
            .filter(|_| moving)
            .map(|file| Image::new(site.media_url(file), image_type(file).map(str::to_owned))),
    })
}
