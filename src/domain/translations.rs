//! What of a post is translated, and how the answer of the machine becomes a post again. The machine is believed nothing:
//! what it answers is cleaned like the text of a stranger.

use super::{Viewer, html, views, visibility};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Audience, Media, Poll, Post, Visibility},
    store,
    time::Timestamp,
};

/// What is translated.
#[derive(Clone, Debug, Default)]
pub struct Original {
    /// The language its author named.
    pub language: Option<String>,
    /// Texts as markup: content, content warning, answers of the poll, descriptions of files. None of them is empty.
    texts: Vec<(Part, String)>,
}

/// What a text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Content,
    Warning,
    Option(Id<Poll>),
    Description(Id<Media>),
}

/// A post in another language.
#[derive(Clone, Debug, Default)]
pub struct Translated {
    /// Clean markup.
    pub content: String,
    /// Plain text.
    pub spoiler_text: String,
    /// The poll and the titles of its answers, plain text.
    pub poll: Option<(Id<Poll>, Vec<String>)>,
    /// Descriptions of files, plain text.
    pub media: Vec<(Id<Media>, String)>,
}

/// The texts of a post that may be translated: a public or unlisted one that the viewer sees. What is for this site or
/// the organisation goes to a machine `inside` only.
///
/// # Errors
/// `NotFound` when it is not there for the viewer; `Forbidden` for a post for few.
pub fn original(conn: &mut Conn, viewer: Viewer, id: Id<Post>, inside: bool, now: Timestamp) -> Result<Original> {
    let post = visibility::visible_original(conn, viewer, id, now)?;
    if post.visibility > Visibility::Unlisted || (post.audience < Audience::Open && !inside) {
        return Err(Error::forbidden("This action is not allowed"));
    }
    let mut texts = vec![(Part::Content, post.content.clone())];
    let plain = |text: &str| html::escape(text).into_owned();
    texts.push((Part::Warning, plain(&post.spoiler_text)));
    if let Some(id) = post.poll_id {
        for view in views::polls(conn, viewer.0, &[id])? {
            texts.extend(view.options.iter().map(|option| (Part::Option(id), plain(&option.title))));
        }
    }
    let ids = post.media();
    if !ids.is_empty() {
        let mut media = store::posts::media(conn, &ids)?;
        media.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
        let described = media.iter().filter_map(|row| Some((row.id, row.description.as_deref()?)));
        texts.extend(described.map(|(id, text)| (Part::Description(id), plain(text))));
    }
    texts.retain(|(_, text)| !text.trim().is_empty());
    Ok(Original { language: post.language, texts })
}

impl Original {
    /// The texts, as markup.
    pub fn texts(&self) -> Vec<&str> {
        self.texts.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// Puts translated texts, in the order of [`Original::texts`], where they belong.
    ///
    /// # Errors
    /// `Upstream` when there are not as many.
    pub fn put(&self, translated: &[String]) -> Result<Translated> {
        if translated.len() != self.texts.len() {
            return Err(Error::upstream("the translation has another number of texts"));
        }
        let mut put = Translated::default();
        for ((part, _), text) in self.texts.iter().zip(translated) {
            match part {
                Part::Content => put.content = html::sanitize_html(text).into_string(),
                Part::Warning => put.spoiler_text = html::plain_text(text),
                Part::Option(id) => put.poll.get_or_insert((*id, Vec::new())).1.push(html::plain_text(text)),
                Part::Description(id) => put.media.push((*id, html::plain_text(text))),
            }
        }
        Ok(put)
    }
}
