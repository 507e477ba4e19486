//! Profiles and hashtags as RSS, for readers of feeds: the newest posts that an anonymous visitor sees on those pages, whoever
//! asks, and nothing where such a visitor sees nothing.

use super::{
    pages::Frame,
    public::{finish, local},
    shown,
    visit::Visitor,
};
use crate::{
    Error, Result,
    domain::{
        Viewer, html,
        people::directory::hide_from_strangers,
        text::normalize_hashtag,
        timelines::{self, TagRequest},
        views::PostViews,
    },
    store::{page::Page, timelines::AuthorQuery},
};
use axum::response::Response;

/// Posts of a feed.
const NEWEST: Page = Page { max_id: None, since_id: None, min_id: None, limit: 20 };

/// What a feed is about.
struct Channel {
    title: String,
    text: String,
    link: String,
    picture: Option<String>,
}

/// Where the feed of a page is, for visitors whom it shows something.
pub fn of(visitor: &Visitor, page: &str) -> Option<String> {
    visitor.app.public_pages().then(|| format!("{page}.rss"))
}

/// `GET /@{name}.rss`: without answers and boosts.
pub async fn profile(visitor: &Visitor, name: &str) -> Response {
    finish(visitor, of_profile(visitor, name.to_owned()).await)
}

async fn of_profile(visitor: &Visitor, name: String) -> Result<Response> {
    check(visitor)?;
    let now = visitor.app.clock().now();
    let (account, posts) = visitor
        .app
        .read(move |conn| {
            let mut account = local(conn, Viewer::ANYONE, &name)?;
            hide_from_strangers(conn, std::slice::from_mut(&mut account))?;
            let query = AuthorQuery { exclude_replies: true, exclude_boosts: true, ..AuthorQuery::default() };
            let found = timelines::author(conn, Viewer::ANYONE, account.id, query, NEWEST, now)?;
            Ok((account, found.posts))
        })
        .await?;
    let site = visitor.app.site();
    let channel = Channel {
        title: shown::name(&account),
        text: format!("@{}", shown::handle(site, &account)),
        link: site.profile_url(&account.username),
        picture: Some(shown::avatar(site, &account)),
    };
    Ok(visitor.feed(written(visitor, &channel, &posts)))
}

/// `GET /tags/{name}.rss`.
pub async fn tag(visitor: &Visitor, name: &str) -> Response {
    finish(visitor, of_tag(visitor, name).await)
}

async fn of_tag(visitor: &Visitor, name: &str) -> Result<Response> {
    check(visitor)?;
    let name = normalize_hashtag(name).ok_or(Error::NotFound)?;
    let now = visitor.app.clock().now();
    let request = TagRequest { tag: name.clone(), ..TagRequest::default() };
    let found = visitor.app.read(move |conn| timelines::tagged(conn, Viewer::ANYONE, &request, NEWEST, now)).await?;
    let link = visitor.app.site().tag_url(&name);
    let title = format!("#{name}");
    let text = format!("{title} · {}", visitor.app.config().instance.name);
    Ok(visitor.feed(written(visitor, &Channel { title, text, link, picture: None }, &found.posts)))
}

fn check(visitor: &Visitor) -> Result<()> {
    if visitor.app.public_pages() { Ok(()) } else { Err(Error::unauthorized("")) }
}

fn written(visitor: &Visitor, channel: &Channel, posts: &PostViews) -> String {
    let site = visitor.app.site();
    // Caches keep it: what is another server's has its page there, also where whoever asks has one here.
    let frame = Frame { signed_in: None, ..visitor.frame() };
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n",
    );
    element(&mut out, "title", &channel.title);
    element(&mut out, "description", &channel.text);
    element(&mut out, "link", &channel.link);
    if let Some(picture) = &channel.picture {
        out.push_str("<image>\n");
        element(&mut out, "url", picture);
        element(&mut out, "title", &channel.title);
        element(&mut out, "link", &channel.link);
        out.push_str("</image>\n");
    }
    let newest = posts.in_order().map(|view| view.post.edited_at.unwrap_or(view.post.created_at)).max();
    if let Some(at) = newest {
        element(&mut out, "lastBuildDate", &at.to_datetime().to_rfc2822());
    }
    for view in posts.in_order() {
        let Some(card) = shown::card(&frame, site, posts, view.post.id, false) else { continue };
        out.push_str("<item>\n");
        out.push_str(&format!("<guid isPermaLink=\"true\">{}</guid>\n", escaped(&card.url)));
        element(&mut out, "link", &card.url);
        element(&mut out, "pubDate", &view.post.created_at.to_datetime().to_rfc2822());
        let mut text = String::new();
        if !card.warning.is_empty() {
            text.push_str(&format!("<p><strong>{}</strong></p><hr>", html::escape(&card.warning)));
        }
        text.push_str(&card.html);
        if !card.poll.is_empty() {
            let options = card.poll.iter().map(|option| format!("<li>{}</li>", html::escape(&option.title)));
            text.push_str(&format!("<ul>{}</ul>", options.collect::<String>()));
        }
        element(&mut out, "description", &text);
        let hidden = card.sensitive || !card.warning.is_empty();
        for file in &card.media {
            let medium = if file.kind == "file" { "document" } else { file.kind };
            out.push_str(&format!("<media:content url=\"{}\" medium=\"{medium}\">\n", escaped(&file.url)));
            let rating = if hidden { "adult" } else { "nonadult" };
            out.push_str(&format!("<media:rating scheme=\"urn:simple\">{rating}</media:rating>\n"));
            if !file.alt.is_empty() {
                element(&mut out, "media:description", &file.alt);
            }
            out.push_str("</media:content>\n");
        }
        out.push_str("</item>\n");
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

fn element(out: &mut String, name: &str, text: &str) {
    out.push_str(&format!("<{name}>{}</{name}>\n", escaped(text)));
}

/// As text of XML, which has no place for most control characters, escaped or not.
fn escaped(text: &str) -> String {
    let allowed =
        |c: &char| !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    let kept: String = text.chars().filter(allowed).collect();
    html::escape(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_is_escaped_and_holds_nothing_that_no_reader_of_xml_takes() {
        assert_eq!(super::escaped("a < b & \"c\"\u{1}\u{fffe}\n"), "a &lt; b &amp; &quot;c&quot;\n");
    }
}
