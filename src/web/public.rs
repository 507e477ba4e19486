//! Profiles, posts with their threads and hashtags, for people with a browser. Anonymous visitors see what is public;
//! with a setting, or while other nodes must sign their reads (SIGIN-23), nothing at all, and they are not told what
//! exists. What is known of another server has its page here for people of this node; visitors are sent to the original.

use super::{
    feeds, interact,
    pages::{self, Accepting, Listing, Moved, Onward, Profile, ProfileField, Reply},
    projects, shown,
    visit::{Fields, Kind, Visitor, own_path},
    words::fill,
};
use crate::{
    Error, Result,
    db::Conn,
    domain::{
        Viewer, delivery,
        people::{directory::hide_from_strangers, fields::Tongue},
        profiles,
        projects::near,
        questions::accepting::{self, Standing},
        text::normalize_hashtag,
        timelines::{self, TagRequest, Thread},
        views::PostViews,
        visibility,
    },
    id::Id,
    model::{Account, AccountKind, Post},
    peers,
    rate::Rule,
    store::{
        self,
        page::Page,
        timelines::{AuthorQuery, tag_ids},
    },
};
use axum::{
    extract::{Path, RawQuery},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use std::collections::HashMap;

/// Posts of a page.
const POSTS: i64 = 20;

/// Whose eyes a page is made for; an answer instead when strangers see nothing.
#[expect(clippy::result_large_err, reason = "the answer is sent at once")]
pub(super) fn viewer(visitor: &Visitor) -> std::result::Result<Viewer, Response> {
    match &visitor.browser {
        Some(browser) => Ok(browser.account.id.into()),
        None if visitor.app.public_pages() => Ok(Viewer::ANYONE),
        None => Err(visitor.fail(Error::unauthorized(""))),
    }
}

pub(super) fn finish(visitor: &Visitor, result: Result<Response>) -> Response {
    result.unwrap_or_else(|error| visitor.fail(error))
}

/// Says where the document for programs is.
fn with_alternate(mut answer: Response, uri: &str) -> Response {
    let link = format!("<{uri}>; rel=\"alternate\"; type=\"application/activity+json\"");
    if let Ok(link) = HeaderValue::from_str(&link) {
        answer.headers_mut().append(header::LINK, link);
    }
    answer
}

pub(super) fn older_than(query: Option<String>) -> Option<i64> {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    fields.text("max_id").parse::<Id<Post>>().ok().map(Id::raw)
}

/// An account of this node by the name in its address.
pub(super) fn local(conn: &mut Conn, viewer: Viewer, name: &str) -> Result<Account> {
    let account = store::accounts::find_by_handle(conn, name)?.filter(Account::is_local).ok_or(Error::NotFound)?;
    if account.deleted_at.is_some() {
        return Err(Error::Gone);
    }
    // Somebody who waits for approval, a draft, and the actor of the node itself have no page.
    let shown = match (store::users::find(conn, account.id)?, account.kind) {
        (Some(user), _) => user.approved_at.is_some(),
        (None, AccountKind::Group) => store::projects::of_account(conn, account.id)?.is_some(),
        (None, kind) => kind == AccountKind::Service,
    };
    // One of this site alone has one for people of this site.
    let hidden = viewer.0.is_none() && account.kind == AccountKind::Group && near::is_near(conn, account.id)?;
    let shown = shown && !account.is_unavailable() && !hidden;
    if shown { Ok(account) } else { Err(Error::NotFound) }
}

/// An account by the name in its address: with a domain behind it one of another server, that is known here.
fn named(conn: &mut Conn, viewer: Viewer, name: &str) -> Result<Account> {
    if !name.contains('@') {
        return local(conn, viewer, name);
    }
    let account = store::accounts::find_by_handle(conn, name)?;
    account.filter(|account| !account.is_local() && !account.is_unavailable()).ok_or(Error::NotFound)
}

/// Where else to go from a page of ours about somebody by this name: to theirs without our domain behind it; who is not
/// signed in, to the original of what is another server's.
async fn elsewhere(visitor: &Visitor, viewer: Viewer, name: &str, below: &str) -> Result<Option<Response>> {
    let Some((user, domain)) = name.split_once('@') else { return Ok(None) };
    if visitor.app.site().is_own_name(domain) {
        return Ok(Some(visitor.redirect(own_path(&format!("/@{user}{below}")))));
    }
    if viewer.0.is_some() {
        return Ok(None);
    }
    let name = name.to_owned();
    let account = visitor.app.read(move |conn| named(conn, viewer, &name)).await?;
    to_original(visitor, &shown::page_of(visitor.app.site(), &account)).map(Some)
}

/// Goes on to a page of another server, if it is one.
fn to_original(visitor: &Visitor, page: &str) -> Result<Response> {
    if page == "/" || HeaderValue::from_str(page).is_err() {
        return Err(Error::NotFound);
    }
    Ok(visitor.redirect(page))
}

/// The answer; where nobody here knows of whom the address names, who is signed in may have them looked up.
async fn finish_named(visitor: &Visitor, name: &str, result: Result<Response>) -> Response {
    let is_handle = |(user, domain): (&str, &str)| {
        let whole =
            |part: &str| !part.is_empty() && !part.contains(|c: char| c == '@' || c.is_whitespace() || c.is_control());
        whole(user) && whole(domain)
    };
    let asked = visitor.browser.is_some() && name.split_once('@').is_some_and(is_handle);
    if !asked || !matches!(result, Err(Error::NotFound)) {
        return finish(visitor, result);
    }
    let handle = name.to_owned();
    match visitor.app.read(move |conn| store::accounts::find_by_handle(conn, &handle)).await {
        Ok(None) => {
            let words = visitor.lang.words();
            let text = fill(words.unknown_handle, &format!("@{name}"));
            visitor.message_with(404, words.error_404, &text, (&interact::page_of(name), words.look_up))
        }
        Ok(Some(_)) => visitor.fail(Error::NotFound),
        Err(error) => visitor.fail(error),
    }
}

/// What a profile page is made of.
struct Read {
    account: Account,
    moved: Option<Account>,
    pinned: PostViews,
    posts: PostViews,
    last: Option<i64>,
    /// The project that it is, and how whoever looks stands to it.
    standing: Option<projects::Standing>,
    /// How whoever looks stands to somebody of another server.
    follows: Option<interact::Standing>,
}

/// `GET /@{name}`, and `/@{name}.rss`.
pub async fn profile(visitor: Visitor, Path(name): Path<String>, RawQuery(query): RawQuery) -> Response {
    // No name of this node has a dot.
    if let Some(name) = name.strip_suffix(".rss") {
        return feeds::profile(&visitor, name).await;
    }
    if visitor.wants_activity {
        return to_document(&visitor, &visitor.app.site().actor_uri(&name));
    }
    match viewer(&visitor) {
        Ok(viewer) => {
            let shown = show_profile(&visitor, viewer, name.clone(), None, older_than(query)).await;
            finish_named(&visitor, &name, shown).await
        }
        Err(answer) => answer,
    }
}

/// `GET /@{name}/tagged/{tag}`: a hashtag that stands on the profile leads here.
pub async fn profile_tagged(
    visitor: Visitor,
    Path((name, tag)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(tag) = normalize_hashtag(&tag) else { return visitor.fail(Error::NotFound) };
    match viewer(&visitor) {
        Ok(viewer) => {
            let shown = show_profile(&visitor, viewer, name.clone(), Some(tag), older_than(query)).await;
            finish_named(&visitor, &name, shown).await
        }
        Err(answer) => answer,
    }
}

/// Programs that ask for the page of something are sent to its document.
pub(super) fn to_document(visitor: &Visitor, uri: &str) -> Response {
    // Nothing here has a name that no header can carry.
    if HeaderValue::from_str(uri).is_err() {
        return visitor.fail(Error::NotFound);
    }
    let mut answer = visitor.redirect(uri);
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("Accept"));
    answer
}

async fn show_profile(
    visitor: &Visitor,
    viewer: Viewer,
    name: String,
    tag: Option<String>,
    max_id: Option<i64>,
) -> Result<Response> {
    let below = tag.as_ref().map(|tag| {
        let tag: String = url::form_urlencoded::byte_serialize(tag.as_bytes()).collect();
        format!("/tagged/{tag}")
    });
    let below = below.unwrap_or_default();
    if let Some(answer) = elsewhere(visitor, viewer, &name, &below).await? {
        return Ok(answer);
    }
    let now = visitor.app.clock().now();
    let read = visitor
        .app
        .read(move |conn| {
            let mut account = named(conn, viewer, &name)?;
            if viewer.0.is_none() {
                hide_from_strangers(conn, std::slice::from_mut(&mut account))?;
            }
            let moved = account.moved_to_id.map(|id| store::accounts::find(conn, id)).transpose()?.flatten();
            let pinned = match (max_id, &tag) {
                (None, None) => timelines::pinned(conn, viewer, account.id, now)?,
                _ => PostViews::default(),
            };
            let tagged = match tag {
                Some(tag) => Some(tag_ids(conn, &[tag])?.pop().ok_or(Error::NotFound)?),
                None => None,
            };
            let page = Page { max_id, since_id: None, min_id: None, limit: POSTS };
            let query = AuthorQuery { exclude_replies: tagged.is_none(), tagged, ..AuthorQuery::default() };
            let found = timelines::author(conn, viewer, account.id, query, page, now)?;
            let last = found.bounds.map(|(_, last)| last).filter(|_| found.posts.order.len() as i64 >= POSTS);
            let standing = match viewer.0 {
                Some(me) if account.kind == AccountKind::Group => projects::standing(conn, me, &account)?,
                _ => None,
            };
            let follows = match viewer.0 {
                Some(me) if !account.is_local() => Some(interact::Standing::read(conn, me, &account)?),
                _ => None,
            };
            Ok(Read { account, moved, pinned, posts: found.posts, last, standing, follows })
        })
        .await?;
    let Read { account, moved, pinned, posts, last, standing, follows } = read;
    if !account.is_local() && max_id.is_none() {
        // What colleagues wrote before anybody here followed them.
        peers::look_at(&visitor.app, &[account.id]).await?;
    }
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let mut cards: Vec<_> =
        pinned.order.iter().filter_map(|id| shown::card(&frame, site, &pinned, *id, true)).collect();
    let rest = posts.order.iter().filter(|id| !pinned.order.contains(id));
    cards.extend(rest.filter_map(|id| shown::card(&frame, site, &posts, *id, false)));
    let url = shown::page_of(site, &account);
    let path = format!("{}{below}", shown::path_of(&account));
    let links = links(visitor, &account, standing.as_ref(), follows.as_ref());
    let fields = profiles::fields(&account).into_iter().map(|field| ProfileField {
        name: field.name,
        html: field.value,
        verified: field.verified_at.is_some(),
    });
    let page = Profile {
        name: shown::name(&account),
        handle: shown::handle(site, &account),
        uri: account.uri.clone(),
        summary: shown::line(&account.note),
        bio: account.note.clone(),
        avatar: shown::avatar(site, &account),
        avatar_alt: alt(&account.avatar_description, &frame.put(frame.w().avatar_of, &shown::name(&account))),
        header: shown::header(site, &account),
        header_alt: account.header_description.clone(),
        bot: account.kind == AccountKind::Service,
        group: account.kind == AccountKind::Group,
        locked: account.locked,
        noindex: !account.indexable || !account.is_local(),
        moved: moved.map(|to| Moved { handle: shown::handle(site, &to), url: shown::page_for(&frame, site, &to) }),
        fields: fields.collect(),
        posts_count: if viewer.0.is_some() { account.posts_count } else { account.open_posts_count },
        following_count: account.following_count,
        followers_count: account.followers_count,
        joined: frame.put(frame.w().joined, &frame.day(account.created_at)),
        belonging: standing.map(|standing| projects::belonging(visitor, &standing)),
        follows: follows.and_then(|follows| follows.said(frame.w())),
        links,
        posts: cards,
        newest: max_id.map(|_| path.clone()),
        older: last.map(|id| format!("{path}?max_id={id}")),
        feed: if account.is_local() { feeds::of(visitor, &url) } else { None },
        url,
        frame,
    };
    Ok(with_alternate(visitor.page(StatusCode::OK, Kind::Public, &page), &account.uri))
}

/// Where one goes on from a profile: to what is changed of one's own, or of a project one leads; to the original, and to
/// following it, of another server.
fn links(
    visitor: &Visitor,
    account: &Account,
    standing: Option<&projects::Standing>,
    follows: Option<&interact::Standing>,
) -> Vec<Onward> {
    let words = visitor.lang.words();
    let mut links = Vec::new();
    let mut link = |href: String, text| links.push(Onward { href, text, leaves: false });
    if visitor.browser.as_ref().is_some_and(|browser| browser.account.id == account.id) {
        link("/settings/profile".to_owned(), words.profile_edit);
    }
    if let Some(path) = standing.and_then(projects::Standing::managed_at) {
        link(path, words.project_manage);
    }
    if matches!(follows, Some(interact::Standing::Open)) {
        link(interact::page_of(&account.acct()), words.project_follow);
    }
    if !account.is_local() {
        let href = shown::page_of(visitor.app.site(), account);
        links.push(Onward { href, text: words.original, leaves: true });
    }
    links
}

fn alt(given: &str, otherwise: &str) -> String {
    if given.is_empty() { otherwise.to_owned() } else { given.to_owned() }
}

/// `GET /@{name}/{id}`.
pub async fn post(visitor: Visitor, Path((name, id)): Path<(String, String)>) -> Response {
    let Ok(id) = id.parse::<Id<Post>>() else { return visitor.fail(Error::NotFound) };
    if visitor.wants_activity {
        return to_document(&visitor, &visitor.app.site().post_uri(&name, id));
    }
    match viewer(&visitor) {
        Ok(viewer) => {
            let shown = show_post(&visitor, viewer, name.clone(), id).await;
            finish_named(&visitor, &name, shown).await
        }
        Err(answer) => answer,
    }
}

/// What the number in the address of a page names.
enum Asked {
    /// A post, with all that is shown of it.
    Post(Box<(Account, PostViews, Thread, Standing, Option<String>)>),
    /// A post that is shown elsewhere, and who wrote it: what a boost boosts, or, to who is not signed in, one of another
    /// server.
    Original(Box<(Post, Account)>),
}

async fn show_post(visitor: &Visitor, viewer: Viewer, name: String, id: Id<Post>) -> Result<Response> {
    if let Some((_, domain)) = name.split_once('@')
        && visitor.app.site().is_own_name(domain)
        && let Some(answer) = elsewhere(visitor, viewer, &name, &format!("/{id}")).await?
    {
        return Ok(answer);
    }
    let now = visitor.app.clock().now();
    let tongue = Tongue::of(Some(visitor.lang.tag()));
    let found = visitor.app.read(move |conn| {
        let account = named(conn, viewer, &name)?;
        let post = visibility::visible_post(conn, viewer, id, now)?;
        if post.account_id != account.id {
            return Err(Error::NotFound);
        }
        if let Some(original) = post.boost_of_id {
            let original = store::posts::load(conn, original)?;
            let author = store::accounts::load(conn, original.account_id)?;
            return Ok(Asked::Original(Box::new((original, author))));
        }
        if viewer.0.is_none() && !account.is_local() {
            return Ok(Asked::Original(Box::new((post, account))));
        }
        let thread = timelines::context(conn, viewer, id, now)?;
        let replies = thread.descendants.iter().filter_map(|id| thread.posts.get(*id)).map(|view| &view.post);
        let standing = accepting::standing(conn, viewer, id, replies)?.unwrap_or_default();
        let delivered = match viewer.0 == Some(account.id) {
            true => Some(delivery::of_post(conn, account.id, id, now, tongue)?.text),
            false => None,
        };
        let chosen = PostViews::by_ids(conn, viewer, &[id], now)?;
        Ok(Asked::Post(Box::new((account, chosen, thread, standing, delivered))))
    });
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let (account, chosen, thread, standing, delivered) = match found.await? {
        Asked::Post(found) => *found,
        // A boost has no page but that of what was boosted.
        Asked::Original(original) => {
            return to_original(visitor, &shown::post_page_for(&frame, site, &original.1, &original.0));
        }
    };
    let card = shown::card(&frame, site, &chosen, id, false).ok_or(Error::NotFound)?;
    let post = &chosen.get(id).ok_or(Error::NotFound)?.post;
    let within = |id: &Id<Post>| shown::card(&frame, site, &thread.posts, *id, false);
    let mut depths: HashMap<Id<Post>, u8> = HashMap::from([(id, 0)]);
    let mut descendants = Vec::new();
    for reply in &thread.descendants {
        let parent = thread.posts.get(*reply).and_then(|view| view.post.in_reply_to_id);
        let depth = parent.and_then(|parent| depths.get(&parent)).copied().unwrap_or(0);
        depths.insert(*reply, depth.saturating_add(1));
        let (accepted, may_accept) = (standing.accepted == Some(*reply), standing.offers.contains(reply));
        descendants.extend(within(reply).map(|post| Reply { depth: depth.min(3), accepted, may_accept, post }));
    }
    let picture = card.media.iter().find(|m| m.kind == "image" && !card.sensitive && card.warning.is_empty());
    let page = pages::Post {
        uri: post.uri.clone(),
        excerpt: if post.spoiler_text.is_empty() { shown::line(&post.content) } else { post.spoiler_text.clone() },
        picture: picture.map_or_else(|| shown::avatar(site, &account), |m| m.preview.clone()),
        // Other sites show what is here.
        oembed: account.is_local().then(|| site.oembed_url(&card.url)),
        original: (!account.is_local()).then(|| shown::post_page(site, &account, post)),
        noindex: !account.indexable || !account.is_local(),
        ancestors: thread.ancestors.iter().filter_map(within).collect(),
        chosen: card,
        delivered,
        descendants,
        accepting: Accepting { action: format!("{}/{id}/accept", shown::path_of(&account)), token: visitor.token() },
        frame,
    };
    Ok(with_alternate(visitor.page(StatusCode::OK, Kind::Public, &page), &post.uri))
}

/// `GET /@{name}/{id}/accept`, as a browser asks that loads a refusal anew: back to the question.
pub async fn accept_from(visitor: Visitor, Path((name, id)): Path<(String, String)>) -> Response {
    visitor.redirect(own_path(&format!("/@{name}/{id}")))
}

/// `POST /@{name}/{id}/accept`: the asker says which answer it was.
pub async fn accept(visitor: Visitor, Path((name, id)): Path<(String, String)>, fields: Fields) -> Response {
    finish(&visitor, accept_answer(&visitor, &name, &id, &fields).await)
}

async fn accept_answer(visitor: &Visitor, name: &str, id: &str, fields: &Fields) -> Result<Response> {
    let question: Id<Post> = id.parse().map_err(|_| Error::NotFound)?;
    let page = own_path(&format!("/@{name}/{question}")).to_owned();
    let Some(browser) = &visitor.browser else {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &page).finish();
        return Ok(visitor.redirect(&format!("/sign-in?{query}")));
    };
    if !visitor.is_own_form(fields.text("token")) {
        let words = visitor.lang.words();
        return Ok(visitor.message(403, words.error_403, words.stale_form));
    }
    let answer: Id<Post> = fields.text("answer").parse().map_err(|_| Error::NotFound)?;
    let me = browser.account.id;
    visitor.app.limiter().check(Rule::Posts, &me)?;
    visitor.acting(visitor.app.write(move |tx| accepting::choose(tx, me, question, answer))).await?;
    Ok(visitor.redirect(&format!("{page}#post-{answer}")))
}

/// `GET /tags/{name}`, and `/tags/{name}.rss`.
pub async fn tag(visitor: Visitor, Path(name): Path<String>, RawQuery(query): RawQuery) -> Response {
    if let Some(name) = name.strip_suffix(".rss") {
        return feeds::tag(&visitor, name).await;
    }
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show_tag(&visitor, viewer, name, older_than(query)).await),
        Err(answer) => answer,
    }
}

async fn show_tag(visitor: &Visitor, viewer: Viewer, name: String, max_id: Option<i64>) -> Result<Response> {
    let name = crate::domain::text::normalize_hashtag(&name).ok_or(Error::NotFound)?;
    let now = visitor.app.clock().now();
    let request = TagRequest { tag: name.clone(), ..TagRequest::default() };
    let found = visitor
        .app
        .read(move |conn| {
            let page = Page { max_id, since_id: None, min_id: None, limit: POSTS };
            timelines::tagged(conn, viewer, &request, page, now)
        })
        .await?;
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let address = site.tag_url(&name);
    let last = found.bounds.map(|(_, last)| last).filter(|_| found.posts.order.len() as i64 >= POSTS);
    let page = Listing {
        heading: format!("#{name}"),
        posts: found.posts.order.iter().filter_map(|id| shown::card(&frame, site, &found.posts, *id, false)).collect(),
        newest: max_id.map(|_| address.clone()),
        older: last.map(|id| format!("{address}?max_id={id}")),
        feed: feeds::of(visitor, &address),
        frame,
    };
    Ok(visitor.page(StatusCode::OK, Kind::Public, &page))
}
