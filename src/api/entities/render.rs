//! Views become documents here.

use super::{
    CustomEmoji, Date,
    account::{Account, FeatureApproval, Field},
    card::PreviewCard,
    filter::{Filter, FilterKeyword, FilterResult, FilterStatus},
    media::{Colors, Focus, MediaAttachment, Meta, Size},
    poll::{Poll, PollOption},
    status::{Application, Context, Mention, Quote, QuoteApproval, Quoted, Reaction, Status, StatusTag},
};
use crate::{
    Error, Result,
    config::Site,
    domain::{
        collections, html,
        quotes::{policy, shown::QuoteView},
        timelines::Thread,
        views::{AccountViews, FilterView, PollView, PostView, PostViews},
    },
    id::Id,
    media::intake::seal,
    model::{self, AccountKind, Audience, MediaKind, MediaState, Visibility},
    store::emoji_reactions::Kind,
    time::Timestamp,
};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Shown for accounts without a picture; clients look for the file name.
const NO_AVATAR: &str = "/avatars/original/missing.png";
/// Shown for accounts without a header.
const NO_HEADER: &str = "/headers/original/missing.png";

/// The contexts of filters, in the order of their bits.
pub const CONTEXTS: [&str; 5] = ["home", "notifications", "public", "thread", "account"];
/// The actions of filters, by their stored number.
pub const ACTIONS: [&str; 3] = ["warn", "hide", "blur"];

/// One custom emoji as stored with an account or post.
#[derive(Deserialize)]
struct StoredEmoji {
    shortcode: String,
    url: String,
    /// Those of this node have one.
    #[serde(default)]
    id: Option<String>,
}

/// One profile field as stored.
#[derive(Deserialize)]
struct StoredField {
    name: String,
    value: String,
    #[serde(default)]
    verified_at: Option<i64>,
}

/// The custom emoji of a post or account, as stored with it.
pub fn emojis(site: &Site, stored: &str) -> Vec<CustomEmoji<'static>> {
    if stored == "[]" {
        return Vec::new();
    }
    let list: Vec<StoredEmoji> = serde_json::from_str(stored).unwrap_or_default();
    list.into_iter()
        .filter(|e| !e.url.is_empty())
        .map(|e| {
            let url = if e.id.is_some() { e.url } else { emoji_picture(site, &e.url) };
            CustomEmoji {
                shortcode: e.shortcode.into(),
                url: url.clone().into(),
                static_url: url.into(),
                visible_in_picker: true,
                category: None,
            }
        })
        .collect()
}

/// Where this node hands out the picture of an emoji of another server: fetched when first looked at.
fn emoji_picture(site: &Site, remote_url: &str) -> String {
    // One of ours that they show.
    if remote_url.starts_with(&site.media_url("")) {
        return remote_url.to_owned();
    }
    site.media_url(&format!("remote/emoji/{}", seal(remote_url)))
}

/// The picture of a custom emoji under a post.
pub fn reaction_picture(site: &Site, kind: &Kind) -> Option<String> {
    let url = kind.url.as_deref()?;
    Some(if kind.domain.is_empty() { url.to_owned() } else { emoji_picture(site, url) })
}

/// How clients know the emoji of a reaction.
pub fn reaction_name(kind: &Kind) -> String {
    if kind.domain.is_empty() { kind.name.clone() } else { format!("{}@{}", kind.name, kind.domain) }
}

fn picture(site: &Site, file: Option<&str>, remote: Option<&str>, kind: &str, id: i64, none: &str) -> String {
    match (file, remote) {
        (Some(key), _) => site.media_url(key),
        // Fetched when first looked at.
        (None, Some(_)) => site.media_url(&format!("remote/{kind}/{id}")),
        (None, None) => site.url(none),
    }
}

/// The page of an account.
pub fn profile_url<'a>(
    site: &Site,
    username: &str,
    domain: Option<&str>,
    url: Option<&'a str>,
    uri: &'a str,
) -> Cow<'a, str> {
    match (domain, url) {
        (None, _) => site.profile_url(username).into(),
        (Some(_), Some(url)) if !url.is_empty() => url.into(),
        (Some(_), _) => uri.into(),
    }
}

/// `user`, or `user@domain` of another server.
pub fn acct<'a>(username: &'a str, domain: Option<&str>) -> Cow<'a, str> {
    match domain {
        None => username.into(),
        Some(domain) => format!("{username}@{domain}").into(),
    }
}

/// An account without what only its owner sees. A suspended one shows nothing of itself.
pub fn account<'a>(site: &Site, row: &'a model::Account, moved: Option<&'a model::Account>) -> Account<'a> {
    let gone = row.is_unavailable();
    let shown = |text: &'a str| if gone { "" } else { text };
    let avatar = if gone {
        site.url(NO_AVATAR)
    } else {
        picture(site, row.avatar.as_deref(), row.avatar_remote_url.as_deref(), "avatar", row.id.raw(), NO_AVATAR)
    };
    let header = if gone {
        site.url(NO_HEADER)
    } else {
        picture(site, row.header.as_deref(), row.header_remote_url.as_deref(), "header", row.id.raw(), NO_HEADER)
    };
    let fields = if gone || row.fields == "[]" {
        Vec::new()
    } else {
        let list: Vec<StoredField> = serde_json::from_str(&row.fields).unwrap_or_default();
        list.into_iter()
            .map(|f| Field {
                name: f.name.into(),
                value: f.value.into(),
                verified_at: f.verified_at.map(Timestamp::from_millis),
            })
            .collect()
    };
    Account {
        id: row.id,
        username: &row.username,
        acct: acct(&row.username, row.domain.as_deref()),
        display_name: shown(&row.display_name),
        locked: row.locked,
        bot: matches!(row.kind, AccountKind::Service | AccountKind::Application),
        discoverable: row.discoverable,
        indexable: row.indexable,
        group: row.kind == AccountKind::Group,
        created_at: row.created_at.midnight(),
        note: shown(&row.note),
        url: profile_url(site, &row.username, row.domain.as_deref(), row.url.as_deref(), &row.uri),
        uri: row.uri.as_str().into(),
        avatar: avatar.clone().into(),
        avatar_static: avatar.into(),
        avatar_description: shown(&row.avatar_description),
        header: header.clone().into(),
        header_static: header.into(),
        header_description: shown(&row.header_description),
        followers_count: row.followers_count,
        following_count: row.following_count,
        statuses_count: row.posts_count,
        last_status_at: row.last_post_at.map(Date),
        hide_collections: row.hide_collections,
        show_media: row.show_media,
        show_media_replies: row.show_media_replies,
        show_featured: row.show_featured,
        noindex: !row.indexable,
        emojis: if gone { Vec::new() } else { emojis(site, &row.emojis) },
        roles: Vec::new(),
        fields,
        feature_approval: match collections::may_be_put_in(row) {
            true if row.is_local() => FeatureApproval::ANYBODY,
            true => FeatureApproval::ASKED,
            false => FeatureApproval::NOBODY,
        },
        moved: moved.map(|m| Box::new(account(site, m, None))),
        suspended: gone,
        limited: row.silenced_at.is_some(),
        memorial: row.memorial,
        source: None,
        role: None,
        mute_expires_at: None,
    }
}

fn raw(value: &impl serde::Serialize) -> Result<Box<RawValue>> {
    serde_json::value::to_raw_value(value).map_err(Error::internal)
}

/// Accounts, each serialised once however often a page shows it.
#[derive(Debug)]
pub struct Accounts<'a> {
    views: &'a AccountViews,
    json: Vec<Box<RawValue>>,
}

impl<'a> Accounts<'a> {
    /// Serialises all of `views`.
    pub fn new(site: &Site, views: &'a AccountViews) -> Result<Self> {
        let json = views
            .all()
            .iter()
            .map(|row| raw(&account(site, row, row.moved_to_id.and_then(|id| views.get(id)))))
            .collect::<Result<_>>()?;
        Ok(Self { views, json })
    }
    /// The document of an account that was read.
    pub fn get(&self, id: Id<model::Account>) -> Option<&RawValue> {
        self.views.index(id).and_then(|at| self.json.get(at)).map(AsRef::as_ref)
    }
    /// Those asked for, in the order asked.
    pub fn in_order(&self) -> Vec<&RawValue> {
        self.views.order.iter().filter_map(|id| self.get(*id)).collect()
    }
}

/// Turns the posts of a page into documents.
#[derive(Debug)]
pub struct Render<'a> {
    site: &'a Site,
    views: &'a PostViews,
    /// The authors (and other accounts read with them).
    pub accounts: Accounts<'a>,
}

impl<'a> Render<'a> {
    /// Around the posts of a page.
    pub fn new(site: &'a Site, views: &'a PostViews) -> Result<Self> {
        Ok(Self { site, views, accounts: Accounts::new(site, &views.accounts)? })
    }

    /// The posts that were asked for, in the order asked.
    pub fn all(&'a self) -> Vec<Status<'a>> {
        self.views.order.iter().filter_map(|id| self.status(*id)).collect()
    }

    /// One post, if the viewer may see it.
    pub fn status(&'a self, id: Id<model::Post>) -> Option<Status<'a>> {
        let view = self.views.get(id)?;
        let reblog = match view.post.boost_of_id {
            Some(original) => Some(Box::new(self.original(self.views.get(original)?, None, false)?)),
            None => None,
        };
        self.original(view, reblog, false)
    }

    /// What a post quotes; `within` another quote only its id.
    pub fn quote(&'a self, view: &'a PostView, within: bool) -> Option<Quote<'a>> {
        let QuoteView { state, quoted, .. } = *view.quote.as_ref()?;
        let quoted = match within {
            true => Quoted::Id(quoted),
            false => Quoted::Whole(match quoted {
                Some(id) => Some(Box::new(self.original(self.views.get(id)?, None, true)?)),
                None => None,
            }),
        };
        Some(Quote { state, quoted })
    }

    fn page(&self, post: &'a model::Post, author: &model::Account) -> Cow<'a, str> {
        if author.is_local() {
            self.site.post_url(&author.username, post.id).into()
        } else {
            Cow::Borrowed(post.url.as_deref().filter(|u| !u.is_empty()).unwrap_or(&post.uri))
        }
    }

    /// The text; before it, for clients that know no quotes, where the quoted post is.
    fn content(&self, view: &'a PostView) -> Cow<'a, str> {
        let Some(quote) = &view.quote else { return Cow::Borrowed(&view.post.content) };
        let quoted = quote.quoted.and_then(|id| self.views.get(id));
        let author = quoted.and_then(|quoted| self.views.accounts.get(quoted.post.account_id));
        let page = match quoted.zip(author) {
            Some((quoted, author)) => Some(self.page(&quoted.post, author)),
            None => quote.link.as_deref().map(Cow::Borrowed),
        };
        match page {
            Some(page) => html::with_quote_fallback(&page, &view.post.content).into(),
            None => Cow::Borrowed(&view.post.content),
        }
    }

    fn original(&'a self, view: &'a PostView, reblog: Option<Box<Status<'a>>>, within: bool) -> Option<Status<'a>> {
        let post = &view.post;
        let author = self.views.accounts.get(post.account_id)?;
        let signed_in = self.views.viewer.is_some();
        // A boost speaks of its original where clients count and toggle.
        let subject = post.boost_of_id.and_then(|id| self.views.get(id)).unwrap_or(view);
        let own = self.views.viewer == Some(post.account_id);
        let url = self.page(post, author);
        let (automatic, manual) = policy::words(&subject.post);
        Some(Status {
            id: post.id,
            created_at: post.created_at,
            in_reply_to_id: post.in_reply_to_id,
            in_reply_to_account_id: post.in_reply_to_account_id,
            // Whoever wrote it edits it: they are told what they said themselves.
            sensitive: subject.post.sensitive || !own && author.sensitized_at.is_some(),
            spoiler_text: &subject.post.spoiler_text,
            visibility: post.visibility.as_str(),
            language: subject.post.language.as_deref(),
            uri: post.uri.as_str().into(),
            url,
            replies_count: subject.post.replies_count,
            reblogs_count: subject.post.boosts_count.max(subject.post.remote_boosts_count),
            favourites_count: subject.post.favourites_count.max(subject.post.remote_favourites_count),
            quotes_count: subject.post.quotes_count,
            edited_at: post.edited_at,
            local_only: post.audience == Audience::Site,
            audience: post.audience.as_str(),
            content: self.content(view),
            text: None,
            application: view
                .app
                .as_ref()
                .filter(|_| post.local && (own || post.visibility <= Visibility::Unlisted))
                .map(|app| Application { name: &app.name, website: app.website.as_deref() }),
            account: self.accounts.get(post.account_id)?,
            media_attachments: view.media.iter().map(|m| media(self.site, m)).collect(),
            mentions: view
                .mentions
                .iter()
                .map(|m| Mention {
                    id: m.id,
                    username: &m.username,
                    url: profile_url(self.site, &m.username, m.domain.as_deref(), m.url.as_deref(), &m.uri),
                    acct: acct(&m.username, m.domain.as_deref()),
                })
                .collect(),
            tags: view.tags.iter().map(|t| StatusTag { name: t, url: self.site.tag_url(t) }).collect(),
            emojis: emojis(self.site, &post.emojis),
            card: view.card.as_ref().map(|card| {
                let creator = card.creator_id.and_then(|id| self.views.accounts.get(id));
                let creator = creator.and_then(|account| Some((account, self.accounts.get(account.id)?)));
                PreviewCard::new(self.site, card, creator, self.views.viewer)
            }),
            poll: view.poll.as_ref().map(|p| poll(self.site, p, &post.emojis, signed_in, self.views.now)),
            quote: self.quote(view, within),
            quote_approval: QuoteApproval { automatic, manual, current_user: subject.consent.as_str() },
            tagged_collections: self.views.collections.linked_in(self.site, &post.content),
            reactions: subject
                .reactions
                .iter()
                .map(|kind| {
                    let url = reaction_picture(self.site, kind);
                    Reaction {
                        name: reaction_name(kind),
                        count: kind.count,
                        me: signed_in.then_some(kind.mine),
                        static_url: url.clone().map(Into::into),
                        url: url.map(Into::into),
                    }
                })
                .collect(),
            favourited: signed_in.then_some(subject.marks.favourited),
            reblogged: signed_in.then_some(subject.marks.boosted),
            muted: signed_in.then_some(subject.marks.muted),
            bookmarked: signed_in.then_some(subject.marks.bookmarked),
            pinned: (own && reblog.is_none() && post.visibility < Visibility::Direct).then_some(view.marks.pinned),
            filtered: signed_in.then(|| self.filtered(subject)),
            reblog,
        })
    }

    fn filtered(&self, view: &'a PostView) -> Vec<FilterResult<'a>> {
        view.matches
            .iter()
            .filter_map(|m| {
                let matched = self.views.filters.get(m.filter)?;
                Some(FilterResult {
                    filter: Filter { keywords: None, statuses: None, ..filter(matched) },
                    keyword_matches: (!m.keywords.is_empty()).then(|| m.keywords.iter().map(String::as_str).collect()),
                    status_matches: (!m.posts.is_empty()).then(|| m.posts.clone()),
                })
            })
            .collect()
    }

    /// The thread around a post.
    pub fn context(&'a self, thread: &Thread) -> Context<'a> {
        let list = |ids: &[Id<model::Post>]| ids.iter().filter_map(|id| self.status(*id)).collect();
        Context { ancestors: list(&thread.ancestors), descendants: list(&thread.descendants) }
    }
}

/// A page of posts as bytes.
pub fn statuses(site: &Site, views: &PostViews) -> Result<Vec<u8>> {
    let render = Render::new(site, views)?;
    let mut bytes = Vec::with_capacity(4096 * views.order.len() + 2);
    bytes.push(b'[');
    for (n, status) in views.order.iter().filter_map(|id| render.status(*id)).enumerate() {
        if n > 0 {
            bytes.push(b',');
        }
        serde_json::to_writer(&mut bytes, &status).map_err(Error::internal)?;
    }
    bytes.push(b']');
    Ok(bytes)
}

/// One post as bytes; `NotFound` when the viewer may not see it.
pub fn status(site: &Site, views: &PostViews, id: Id<model::Post>) -> Result<Vec<u8>> {
    let render = Render::new(site, views)?;
    let status = render.status(id).ok_or(Error::NotFound)?;
    serde_json::to_vec(&status).map_err(Error::internal)
}

/// A filter with its words and posts.
pub fn filter(view: &FilterView) -> Filter<'_> {
    Filter {
        id: view.filter.id,
        title: &view.filter.title,
        context: contexts(view.filter.contexts),
        expires_at: view.filter.expires_at,
        filter_action: usize::try_from(view.filter.action).ok().and_then(|a| ACTIONS.get(a)).copied().unwrap_or("warn"),
        keywords: Some(
            view.keywords
                .iter()
                .map(|k| FilterKeyword { id: k.id, keyword: &k.keyword, whole_word: k.whole_word })
                .collect(),
        ),
        statuses: Some(view.posts.iter().map(|p| FilterStatus { id: p.id, status_id: p.post_id }).collect()),
    }
}

/// The names of a set of contexts.
pub fn contexts(bits: i16) -> Vec<&'static str> {
    CONTEXTS.iter().enumerate().filter(|(n, _)| bits & (1 << n) != 0).map(|(_, name)| *name).collect()
}

/// A poll for the viewer it was read for, with those of the emoji stored with its post that its options use.
pub fn poll<'a>(site: &Site, view: &'a PollView, stored: &str, signed_in: bool, now: Timestamp) -> Poll<'a> {
    let poll = &view.poll;
    let expired = poll.closed_at.is_some() || poll.expires_at.is_some_and(|at| at <= now);
    let hidden = poll.hide_totals && !expired;
    let mut used = emojis(site, stored);
    used.retain(|emoji| view.options.iter().any(|o| o.title.contains(&format!(":{}:", emoji.shortcode))));
    Poll {
        id: poll.id,
        expires_at: poll.expires_at,
        expired,
        multiple: poll.multiple,
        votes_count: view.options.iter().map(|o| o.votes_count).fold(0, i64::saturating_add),
        voters_count: poll.voters_count,
        options: view
            .options
            .iter()
            .map(|o| PollOption { title: &o.title, votes_count: (!hidden).then_some(o.votes_count) })
            .collect(),
        emojis: used,
        voted: signed_in.then_some(view.own || !view.own_votes.is_empty()),
        own_votes: signed_in.then(|| view.own_votes.clone()),
    }
}

/// An attachment. Remote files are read through this node: a client can often not reach the other one.
pub fn media<'a>(site: &Site, row: &'a model::Media) -> MediaAttachment<'a> {
    let remote = row.remote_url.is_some();
    let (url, preview) = if row.state == MediaState::Ready {
        let url = match &row.file {
            Some(key) => Some(site.media_url(key)),
            None => row.remote_url.as_deref().map(|at| site.media_url(&format!("remote/{}/{}", row.id, seal(at)))),
        };
        let preview = match (&row.thumbnail, &row.file, row.kind) {
            (Some(key), ..) => Some(site.media_url(key)),
            (None, _, MediaKind::Audio | MediaKind::Unknown) => None,
            (None, Some(key), MediaKind::Image) => Some(site.media_url(key)),
            (None, ..) if remote => url.as_ref().map(|url| format!("{url}/small")),
            // Videos of people here without a picture of their own: clients drop a video without a preview.
            (None, ..) => Some(site.url(NO_HEADER)),
        };
        (url, preview)
    } else {
        (None, None)
    };
    let size = |w: Option<i64>, h: Option<i64>| w.zip(h).and_then(|(w, h)| Size::of(w, h));
    let mut original = size(row.width, row.height);
    if let Some(ms) = row.duration_ms {
        original.get_or_insert_default().duration = Some(ms as f64 / 1000.0);
    }
    let focus = row.focus_x.zip(row.focus_y).map(|(x, y)| Focus { x, y });
    let small = size(row.small_width, row.small_height);
    let colors = row.colours.as_deref().and_then(Colors::read);
    let meta = Meta { focus, original, small, colors };
    let known = meta.original.is_some() || meta.focus.is_some() || meta.small.is_some() || meta.colors.is_some();
    MediaAttachment {
        id: row.id,
        r#type: row.kind.as_str(),
        url: url.map(Into::into),
        preview_url: preview.map(Into::into),
        remote_url: row.remote_url.as_deref(),
        preview_remote_url: row.remote_thumbnail_url.as_deref(),
        text_url: None,
        meta: known.then_some(meta),
        description: row.description.as_deref(),
        blurhash: row.blurhash.as_deref(),
    }
}
