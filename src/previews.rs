//! Reads the pages that posts link to, for their cards: the page, what it says of itself by oEmbed, and nothing else. The
//! picture is fetched when somebody looks at it. All of it passes the gate as a preview: never inside, and under an
//! allowlist only from who is on it (NET-09).

mod page;

use crate::{
    Result,
    app::App,
    domain::{cards, cards::Preview, html::plain_line},
    id::Id,
    limits,
    model::Post,
    net::{Ask, Purpose},
    uri,
};
use serde_json::Value;
use url::Url;

/// How often a post may get another link while its page is read.
const ROUNDS: usize = 3;

/// The task [`crate::domain::Task::FetchCard`]: reads the page of a post and gives the post its card. A page that cannot
/// be read is no error; it is left alone for a day.
///
/// # Errors
/// Those of the database.
pub async fn fetch(app: &App, post: Id<Post>) -> Result<()> {
    for _ in 0..ROUNDS {
        let Some(url) = app.write(move |tx| cards::wanted(tx, post)).await? else { return Ok(()) };
        let preview = read(app, &url).await;
        if !app.write(move |tx| cards::found(tx, post, &url, preview.clone())).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// What a page says of itself; none when there is no page, or one without a title.
async fn read(app: &App, address: &str) -> Option<Preview> {
    let ask = Ask::get(Purpose::Preview, uri::parse(address)?)
        .accept("text/html, application/xhtml+xml;q=0.9")
        .beginning(limits::CARD_PAGE);
    let answer = app.net().fetch(ask).await.ok()?;
    let kind = answer.header(hyper::header::CONTENT_TYPE).to_owned();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if answer.status != hyper::StatusCode::OK || !matches!(essence.as_str(), "text/html" | "application/xhtml+xml") {
        return None;
    }
    // Up to a megabyte of markup: some milliseconds.
    let read = move || page::read(&answer.body, &kind, &answer.url);
    let (mut preview, oembed) = tokio::task::spawn_blocking(read).await.ok()?;
    if let Some(endpoint) = oembed {
        complete(&mut preview, &endpoint, said(app, &endpoint).await.unwrap_or_default());
    }
    (!preview.title.is_empty()).then_some(preview)
}

/// What an oEmbed endpoint answers.
async fn said(app: &App, endpoint: &Url) -> Option<Value> {
    let ask = Ask::get(Purpose::Preview, endpoint.clone()).accept("application/json").limit(limits::CARD_OEMBED);
    let answer = app.net().fetch(ask).await.ok()?;
    if answer.status != hyper::StatusCode::OK {
        return None;
    }
    serde_json::from_slice(&answer.body).ok()
}

/// Adds what a page says by oEmbed and nowhere else. Its `html` is never looked at (WEB-06).
fn complete(preview: &mut Preview, endpoint: &Url, said: Value) {
    let text = |key: &str, most| plain_line(said.get(key).and_then(Value::as_str).unwrap_or_default(), most);
    let address = |key: &str| {
        let joined = endpoint.join(said.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())?).ok()?;
        uri::normalize(joined.as_str())
    };
    let pixels = |key: &str| {
        let value = said.get(key)?;
        page::pixels(value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str())
    };
    let keep = |known: &mut String, more: String| {
        if known.is_empty() {
            *known = more;
        }
    };
    keep(&mut preview.title, text("title", limits::CARD_TITLE));
    keep(&mut preview.author_name, text("author_name", limits::CARD_NAME));
    keep(&mut preview.author_url, address("author_url").unwrap_or_default());
    keep(&mut preview.provider_name, text("provider_name", limits::CARD_NAME));
    keep(&mut preview.provider_url, address("provider_url").unwrap_or_default());
    preview.player |= said.get("type").and_then(Value::as_str) == Some("video");
    if said.get("type").and_then(Value::as_str) == Some("photo")
        && let Some(photo) = address("url")
    {
        preview.photo = true;
        preview.image = Some(photo);
        preview.size = pixels("width").zip(pixels("height"));
    }
    if preview.image.is_none()
        && let Some(picture) = address("thumbnail_url")
    {
        preview.image = Some(picture);
        preview.size = pixels("thumbnail_width").zip(pixels("thumbnail_height"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sec_web_06_oembed_adds_plain_texts_and_web_addresses_only() {
        let endpoint = Url::parse("https://p.example/oembed?x").unwrap();
        let mut preview = Preview { title: "Own".into(), ..Preview::default() };
        let said = json!({
            "type": "video",
            "title": "Other",
            "author_name": "<b>Ada</b><script>x</script>",
            "author_url": "javascript:alert(1)",
            "provider_name": "P &amp; Q",
            "provider_url": "/about",
            "thumbnail_url": "/t.png",
            "thumbnail_width": "480",
            "thumbnail_height": 270,
            "html": "<iframe src=x>",
        });
        complete(&mut preview, &endpoint, said);
        assert_eq!((preview.title.as_str(), preview.photo, preview.player), ("Own", false, true));
        assert!(!preview.author_name.contains('<') && preview.author_name.starts_with("Ada"));
        assert_eq!(preview.author_url, "");
        assert_eq!(
            (preview.provider_name.as_str(), preview.provider_url.as_str()),
            ("P & Q", "https://p.example/about")
        );
        assert_eq!((preview.image.as_deref(), preview.size), (Some("https://p.example/t.png"), Some((480, 270))));
    }

    #[test]
    fn a_picture_with_a_page_of_its_own_is_a_photo() {
        let endpoint = Url::parse("https://p.example/oembed").unwrap();
        let mut preview = Preview::default();
        complete(
            &mut preview,
            &endpoint,
            json!({"type": "photo", "url": "https://c.example/1.jpg", "width": 3, "height": -1}),
        );
        assert_eq!((preview.photo, preview.image.as_deref()), (true, Some("https://c.example/1.jpg")));
        assert_eq!(preview.size, None);
        complete(&mut preview, &endpoint, Value::Null);
    }
}
