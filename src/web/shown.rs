//! Posts and accounts as pages show them, and the addresses of their pictures.

use super::pages::{Author, Card, Frame, LinkCard, Medium, PollOption};
use crate::{
    config::Site,
    domain::{
        html,
        views::{PollView, PostView, PostViews},
    },
    id::Id,
    media::intake::seal,
    model::{self, Account, Audience, Media, MediaKind, MediaState, Post, Visibility},
    time::Timestamp,
};

/// Shown for accounts without a picture; clients look for the file name.
const NO_AVATAR: &str = "/avatars/original/missing.png";
/// Shown for accounts without a banner, and for films without a picture.
const NO_HEADER: &str = "/headers/original/missing.png";

/// Picture of an account, or the default one.
pub fn avatar(site: &Site, row: &Account) -> String {
    picture(site, row, row.avatar.as_deref(), row.avatar_remote_url.as_deref(), "avatar", NO_AVATAR)
}

/// Banner of an account, or the default one.
pub fn header(site: &Site, row: &Account) -> String {
    picture(site, row, row.header.as_deref(), row.header_remote_url.as_deref(), "header", NO_HEADER)
}

fn picture(site: &Site, row: &Account, file: Option<&str>, remote: Option<&str>, kind: &str, none: &str) -> String {
    match (file, remote) {
        _ if row.is_unavailable() => site.url(none),
        (Some(key), _) => site.media_url(key),
        (None, Some(_)) => site.media_url(&format!("remote/{kind}/{}", row.id)),
        (None, None) => site.url(none),
    }
}

/// Display name, or the user name when there is none.
pub fn name(row: &Account) -> String {
    if row.display_name.is_empty() { row.username.clone() } else { row.display_name.clone() }
}

/// `user@domain`, for people of this node too.
pub fn handle(site: &Site, row: &Account) -> String {
    if row.is_local() { site.handle(&row.username) } else { row.acct() }
}

/// The page of an account; of another server only if it is a web address (WEB-03).
pub fn page_of(site: &Site, row: &Account) -> String {
    if row.is_local() { site.profile_url(&row.username) } else { web_address(row.url.as_deref(), &row.uri) }
}

/// The page of a post, as [`page_of`].
pub fn post_page(site: &Site, author: &Account, post: &Post) -> String {
    if author.is_local() {
        site.post_url(&author.username, post.id)
    } else {
        web_address(post.url.as_deref(), &post.uri)
    }
}

/// The page of an account for who is signed in, who has one here of those of other servers too.
pub fn page_here(site: &Site, row: &Account) -> String {
    if row.is_local() { page_of(site, row) } else { path_of(row) }
}

/// The page of an account for whoever reads.
pub fn page_for(frame: &Frame, site: &Site, row: &Account) -> String {
    if frame.signed_in.is_some() { page_here(site, row) } else { page_of(site, row) }
}

/// The page of a post, as [`page_for`].
pub fn post_page_for(frame: &Frame, site: &Site, author: &Account, post: &Post) -> String {
    match frame.signed_in {
        Some(_) if !author.is_local() => format!("{}/{}", path_of(author), post.id),
        _ => post_page(site, author, post),
    }
}

/// The path of the page that an account has here. Other servers have names with all kinds of signs in them.
pub fn path_of(row: &Account) -> String {
    match &row.domain {
        None => format!("/@{}", row.username),
        Some(domain) => {
            let name: String = url::form_urlencoded::byte_serialize(row.username.as_bytes()).collect();
            format!("/@{name}@{domain}")
        }
    }
}

fn web_address(url: Option<&str>, uri: &str) -> String {
    let fits = |text: &&str| text.starts_with("https://") || text.starts_with("http://");
    url.filter(fits).or(Some(uri).filter(fits)).unwrap_or("/").to_owned()
}

/// One plain line of some markup, cut after 200 characters.
pub fn line(markup: &str) -> String {
    let plain = html::plain_text(markup);
    let mut words = String::new();
    for word in plain.split_whitespace() {
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(word);
        if words.chars().count() > 200 {
            let mut cut: String = words.chars().take(199).collect();
            cut.push('…');
            return cut;
        }
    }
    words
}

/// The card of a post of `views`, if it is there: a boost shows its original.
pub fn card(frame: &Frame, site: &Site, views: &PostViews, id: Id<Post>, pinned: bool) -> Option<Card> {
    let view = views.get(id)?;
    let (shown, above) = match view.post.boost_of_id {
        Some(original) => {
            let booster = views.accounts.get(view.post.account_id)?;
            (views.get(original)?, Some(frame.put(frame.w().boosted_by, &name(booster))))
        }
        None => (view, pinned.then(|| frame.w().pinned.to_owned())),
    };
    let post = &shown.post;
    let author = views.accounts.get(post.account_id)?;
    let above = above.or_else(|| reply_line(frame, views, shown));
    let (poll, poll_text) = shown.poll.as_ref().map(|poll| poll_lines(frame, poll, views.now)).unwrap_or_default();
    Some(Card {
        id: post.id.to_string(),
        url: post_page_for(frame, site, author, post),
        author: Author {
            name: name(author),
            handle: handle(site, author),
            url: page_for(frame, site, author),
            avatar: avatar(site, author),
        },
        above,
        at: post.created_at.rfc3339(),
        at_text: frame.moment(post.created_at),
        edited: post.edited_at.is_some(),
        reach: match (post.visibility, post.audience) {
            (Visibility::Direct, _) => Some(frame.w().reach_direct),
            (Visibility::Private, _) => Some(frame.w().reach_private),
            (_, Audience::Site) => Some(frame.w().reach_here),
            _ => None,
        },
        warning: post.spoiler_text.clone(),
        html: text(site, views, shown),
        language: post.language.clone(),
        sensitive: (post.sensitive || author.sensitized_at.is_some()) && post.spoiler_text.is_empty(),
        media: shown.media.iter().filter_map(|media| medium(site, media)).collect(),
        link: shown
            .card
            .as_ref()
            .filter(|_| shown.media.is_empty() && post.spoiler_text.is_empty())
            .map(|c| link(site, c)),
        poll,
        poll_text,
        replies: post.replies_count,
        boosts: post.boosts_count.max(post.remote_boosts_count),
        favourites: post.favourites_count.max(post.remote_favourites_count),
    })
}

/// The text, and before it where the quoted post is.
fn text(site: &Site, views: &PostViews, view: &PostView) -> String {
    let Some(quote) = &view.quote else { return view.post.content.clone() };
    let quoted = quote.quoted.and_then(|id| views.get(id));
    let author = quoted.and_then(|quoted| views.accounts.get(quoted.post.account_id));
    let url = match quoted.zip(author) {
        Some((quoted, author)) if author.is_local() => Some(site.post_url(&author.username, quoted.post.id)),
        Some((quoted, _)) => Some(web_address(quoted.post.url.as_deref(), &quoted.post.uri)),
        None => quote.link.clone(),
    };
    match url {
        Some(url) => html::with_quote_fallback(&url, &view.post.content),
        None => view.post.content.clone(),
    }
}

fn link(site: &Site, card: &model::Card) -> LinkCard {
    let host = url::Url::parse(&card.url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    LinkCard {
        url: web_address(Some(&card.url), "/"),
        title: card.title.clone(),
        description: card.description.clone(),
        provider: if card.provider_name.is_empty() { host } else { card.provider_name.clone() },
        image: card_picture(site, card),
        alt: card.image_description.clone(),
    }
}

/// Where our copy of the picture of a card is, or will be once somebody looks at it.
fn card_picture(site: &Site, card: &model::Card) -> Option<String> {
    match (&card.image, &card.image_remote_url) {
        (Some(key), _) => Some(site.media_url(key)),
        (None, Some(remote)) => Some(site.media_url(&format!("remote/card/{}-{}", card.id, seal(remote)))),
        (None, None) => None,
    }
}

/// Whom it answers, when that is somebody else who is mentioned.
fn reply_line(frame: &Frame, views: &PostViews, view: &PostView) -> Option<String> {
    let to = view.post.in_reply_to_account_id.filter(|to| *to != view.post.account_id)?;
    let name = match views.accounts.get(to) {
        Some(account) => name(account),
        None => view.mentions.iter().find(|mention| mention.id == to)?.username.clone(),
    };
    Some(frame.put(frame.w().replying_to, &name))
}

fn poll_lines(frame: &Frame, view: &PollView, now: Timestamp) -> (Vec<PollOption>, String) {
    let votes = view.options.iter().map(|option| option.votes_count).fold(0, i64::saturating_add);
    let voters = view.poll.voters_count.unwrap_or(votes);
    let hidden = view.poll.hide_totals && view.poll.closed_at.is_none();
    let share = |count: i64| if hidden || voters <= 0 { 0 } else { (count.saturating_mul(100) / voters).clamp(0, 100) };
    let options = view.options.iter();
    let options = options.map(|o| PollOption { title: o.title.clone(), percent: share(o.votes_count) }).collect();
    let words = frame.w();
    let end = match view.poll.expires_at {
        _ if view.poll.closed_at.is_some() => Some(words.poll_closed.to_owned()),
        Some(end) if end <= now => Some(words.poll_closed.to_owned()),
        Some(end) => Some(frame.put(words.poll_open, &frame.moment(end))),
        None => None,
    };
    let counted = format!("{} {}", frame.count(&votes), frame.noun(&votes, words.vote, words.votes));
    (options, end.map_or(counted.clone(), |end| format!("{counted} · {end}")))
}

fn medium(site: &Site, row: &Media) -> Option<Medium> {
    if row.state != MediaState::Ready {
        return None;
    }
    let remote = row.remote_url.as_deref().map(|at| format!("remote/{}/{}", row.id, seal(at)));
    let url = match (&row.file, &remote) {
        (Some(key), _) => site.media_url(key),
        (None, Some(remote)) => site.media_url(remote),
        (None, None) => return None,
    };
    let preview = match (&row.thumbnail, row.kind) {
        (Some(key), _) => site.media_url(key),
        (None, MediaKind::Image) if row.file.is_some() => url.clone(),
        (None, MediaKind::Image) => site.media_url(&format!("{}/small", remote.unwrap_or_default())),
        (None, _) => site.url(NO_HEADER),
    };
    let kind = match row.kind {
        MediaKind::Image => "image",
        MediaKind::Gifv | MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Unknown => "file",
    };
    Some(Medium { kind, url, preview, alt: row.description.clone().unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn previews_are_one_short_plain_line() {
        assert_eq!(line("<p>One &amp; two</p><p>three</p>"), "One & two three");
        assert_eq!(line(&"<p>word</p>".repeat(100)).chars().count(), 200);
    }

    #[test]
    fn sec_web_03_links_of_other_servers_are_web_addresses() {
        assert_eq!(web_address(Some("javascript:alert(1)"), "https://a.example/u"), "https://a.example/u");
        assert_eq!(web_address(None, "at://did"), "/");
        assert_eq!(web_address(Some("https://a.example/@u"), "x"), "https://a.example/@u");
    }
}
