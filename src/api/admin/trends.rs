//! What trends, and hashtags, for staff.

use super::{PAGE, acting, domains::id_of, origin};
use crate::{
    Error, Result,
    api::{
        ApiResult, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        entities::{
            Digits,
            admin::{AdminTag, AdminTrendsLink, AdminTrendsPublisher, AdminTrendsStatus},
            card::PreviewCard,
            misc::History,
            render::{Accounts, Render},
        },
        page::{self, Prev},
        tags,
    },
    app::App,
    config::Site,
    db::Conn,
    domain::{
        Viewer,
        cards::Trend,
        scopes::Scope,
        trends::{self as rules, Reviewed, TagChange},
        views::{AccountViews, PostViews},
    },
    id::Id,
    model::{Card, Post, Role, Tag},
    store::{
        self,
        trends::{Rule, TagRule},
    },
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, request::Parts},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Staff(Role::Moderator, &[Scope::AdminRead]);
    const WRITE: Access = Access::Staff(Role::Moderator, &[Scope::AdminWrite]);
    Routes::new()
        .get("/api/v1/admin/tags", READ, all_tags)
        .get("/api/v1/admin/tags/{id}", READ, tag)
        .update("/api/v1/admin/tags/{id}", WRITE, change_tag)
        .get("/api/v1/admin/trends/tags", READ, trending_tags)
        .post("/api/v1/admin/trends/tags/{id}/approve", WRITE, approve_tag)
        .post("/api/v1/admin/trends/tags/{id}/reject", WRITE, reject_tag)
        .get("/api/v1/admin/trends/statuses", READ, posts)
        .post("/api/v1/admin/trends/statuses/{id}/approve", WRITE, approve_post)
        .post("/api/v1/admin/trends/statuses/{id}/reject", WRITE, reject_post)
        .get("/api/v1/admin/trends/links", READ, links)
        .post("/api/v1/admin/trends/links/{id}/approve", WRITE, approve_link)
        .post("/api/v1/admin/trends/links/{id}/reject", WRITE, reject_link)
        .get("/api/v1/admin/trends/links/publishers", READ, publishers)
        .post("/api/v1/admin/trends/links/publishers/{id}/approve", WRITE, approve_publisher)
        .post("/api/v1/admin/trends/links/publishers/{id}/reject", WRITE, reject_publisher)
}

/// Entries at once, unless asked for fewer or more, and at most.
const TRENDS: (i64, i64) = (10, 100);

fn part(params: &Params) -> ApiResult<(usize, usize)> {
    let limit = params.integer("limit")?.unwrap_or(TRENDS.0).clamp(1, TRENDS.1);
    let offset = params.integer("offset")?.unwrap_or(0).max(0);
    Ok((usize::try_from(limit).unwrap_or(0), usize::try_from(offset).unwrap_or(0)))
}

fn tag_documents(
    conn: &mut Conn,
    site: &Site,
    me: SignedIn,
    list: Vec<(Tag, TagRule)>,
    now: Timestamp,
) -> Result<Vec<AdminTag>> {
    let (tags, rules): (Vec<Tag>, Vec<TagRule>) = list.into_iter().unzip();
    let documents = tags::documents(conn, site, me.viewer(), &tags, now)?;
    let document = |(tag, rule): (_, TagRule)| AdminTag {
        tag,
        trendable: rule.trendable,
        usable: rule.usable,
        listable: rule.listable,
        requires_review: rule.reviewed_at.is_none(),
    };
    Ok(documents.into_iter().zip(rules).map(document).collect())
}

fn tag_document(conn: &mut Conn, site: &Site, me: SignedIn, one: (Tag, TagRule), now: Timestamp) -> Result<Rendered> {
    Rendered::of(&tag_documents(conn, site, me, vec![one], now)?.pop().ok_or(Error::NotFound)?)
}

async fn all_tags(
    State(app): State<App>,
    me: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let (wanted, site, now) = (page::read(&params, PAGE)?, app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let tags = store::trends::tags(conn, &wanted)?;
        let headers = match (tags.first(), tags.last()) {
            (Some(first), Some(last)) => {
                page::link(site.base(), &uri, first.id.raw(), last.id.raw(), true, Prev::MinId)
            }
            _ => HeaderMap::new(),
        };
        let ids: Vec<Id<Tag>> = tags.iter().map(|tag| tag.id).collect();
        let rules = store::trends::tag_rules(conn, &ids)?;
        let rule = |id| rules.iter().find(|rule| rule.tag == id).copied().unwrap_or(TagRule::none(id));
        let list = tags.into_iter().map(|tag| (rule(tag.id), tag)).map(|(rule, tag)| (tag, rule)).collect();
        Ok((headers, Rendered::of(&tag_documents(conn, &site, me, list, now)?)?))
    });
    Ok(answer.await?)
}

async fn tag(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let (id, site, now): (Id<Tag>, _, _) = (id.parse()?, app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let tag = store::hashtags::list(conn, &[id])?.pop().ok_or(Error::NotFound)?;
        let rule = store::trends::tag_rules(conn, &[id])?.pop().unwrap_or(TagRule::none(id));
        tag_document(conn, &site, me, (tag, rule), now)
    });
    Ok(answer.await?)
}

async fn decide_tag(app: App, me: SignedIn, id: String, parts: Parts, change: TagChange) -> ApiResult<Rendered> {
    let (id, site, from): (Id<Tag>, _, _) = (id.parse()?, app.site().clone(), origin(&parts));
    let answer = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        let decided = rules::decide_tag(tx, &by, id, &change)?;
        let now = tx.now;
        tag_document(tx.conn, &site, me, decided, now)
    });
    Ok(answer.await?)
}

async fn change_tag(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    params: Params,
) -> ApiResult<Rendered> {
    let change = TagChange {
        display: params.filled("display_name").map(str::to_owned),
        usable: params.bool("usable"),
        trendable: params.bool("trendable"),
        listable: params.bool("listable"),
    };
    decide_tag(app, me, id, parts, change).await
}

async fn approve_tag(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_tag(app, me, id, parts, TagChange { trendable: Some(true), ..TagChange::default() }).await
}

async fn reject_tag(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Rendered> {
    decide_tag(app, me, id, parts, TagChange { trendable: Some(false), ..TagChange::default() }).await
}

async fn trending_tags(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let ((limit, offset), site, now) = (part(&params)?, app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let all = rules::all_tags(conn, me.viewer(), now)?;
        let list = all.into_iter().skip(offset).take(limit).collect();
        Rendered::of(&tag_documents(conn, &site, me, list, now)?)
    });
    Ok(answer.await?)
}

fn post_documents(
    conn: &mut Conn,
    site: &Site,
    viewer: Viewer,
    list: &[Reviewed<Id<Post>>],
    now: Timestamp,
    then: impl FnOnce(&[AdminTrendsStatus<'_>]) -> Result<Rendered>,
) -> Result<Rendered> {
    let ids: Vec<Id<Post>> = list.iter().map(|one| one.what).collect();
    let views = PostViews::by_ids(conn, viewer, &ids, now)?;
    let render = Render::new(site, &views)?;
    let document = |one: &Reviewed<Id<Post>>| {
        Some(AdminTrendsStatus { status: render.status(one.what)?, requires_review: one.allowed.is_none() })
    };
    then(&list.iter().filter_map(document).collect::<Vec<_>>())
}

async fn posts(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let ((limit, offset), site, now) = (part(&params)?, app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let all = rules::all_posts(conn, me.viewer(), now)?;
        let list: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
        post_documents(conn, &site, me.viewer(), &list, now, |list| Rendered::of(&list))
    });
    Ok(answer.await?)
}

async fn decide_post(app: App, me: SignedIn, id: String, parts: Parts, allow: bool) -> ApiResult<Rendered> {
    let (id, site, from): (Id<Post>, _, _) = (id.parse()?, app.site().clone(), origin(&parts));
    let answer = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        rules::decide_post(tx, &by, id, allow)?;
        let (now, one) = (tx.now, [Reviewed { what: id, allowed: Some(allow) }]);
        post_documents(tx.conn, &site, me.viewer(), &one, now, |list| match list.first() {
            Some(one) => Rendered::of(one),
            None => Err(Error::NotFound),
        })
    });
    Ok(answer.await?)
}

async fn approve_post(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_post(app, me, id, parts, true).await
}

async fn reject_post(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_post(app, me, id, parts, false).await
}

fn link_documents(
    conn: &mut Conn,
    site: &Site,
    viewer: Viewer,
    list: &[Reviewed<Trend>],
    then: impl FnOnce(&[AdminTrendsLink<'_>]) -> Result<Rendered>,
) -> Result<Rendered> {
    let creators: Vec<_> = list.iter().filter_map(|one| one.what.card.creator_id).collect();
    let views = AccountViews::load(conn, &creators)?;
    let accounts = Accounts::new(site, &views)?;
    let documents: Vec<AdminTrendsLink<'_>> = list
        .iter()
        .map(|one| {
            let trend = &one.what;
            let creator = trend.card.creator_id.and_then(|id| Some((views.get(id)?, accounts.get(id)?)));
            let days = trend.days.iter().map(|day| History {
                day: Digits(day.day.seconds()),
                accounts: Digits(day.people),
                uses: Digits(day.uses),
            });
            AdminTrendsLink {
                link: PreviewCard {
                    history: Some(days.collect()),
                    ..PreviewCard::new(site, &trend.card, creator, viewer.0)
                },
                id: trend.card.id,
                requires_review: one.allowed.is_none(),
            }
        })
        .collect();
    then(&documents)
}

async fn links(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let ((limit, offset), site, now) = (part(&params)?, app.site().clone(), app.clock().now());
    let answer = app.read(move |conn| {
        let all = rules::all_links(conn, me.viewer(), now)?;
        let list: Vec<_> = all.into_iter().skip(offset).take(limit).collect();
        link_documents(conn, &site, me.viewer(), &list, |list| Rendered::of(&list))
    });
    Ok(answer.await?)
}

async fn decide_link(app: App, me: SignedIn, id: String, parts: Parts, allow: bool) -> ApiResult<Rendered> {
    let (id, site, from): (Id<Card>, _, _) = (id.parse()?, app.site().clone(), origin(&parts));
    let answer = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        let card = rules::decide_link(tx, &by, id, allow)?;
        let known = rules::all_links(tx.conn, me.viewer(), tx.now)?.into_iter().find(|one| one.what.card.id == id);
        let one = known.unwrap_or(Reviewed { what: Trend { card, days: Vec::new() }, allowed: Some(allow) });
        link_documents(tx.conn, &site, me.viewer(), &[one], |list| match list.first() {
            Some(one) => Rendered::of(one),
            None => Err(Error::NotFound),
        })
    });
    Ok(answer.await?)
}

async fn approve_link(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_link(app, me, id, parts, true).await
}

async fn reject_link(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_link(app, me, id, parts, false).await
}

/// A publisher is known by its host; its id is a number made of that, as that of a blocked domain.
fn publisher_document<'a>(host: &'a str, rule: Option<&Rule>) -> AdminTrendsPublisher<'a> {
    AdminTrendsPublisher {
        id: id_of(host).to_string(),
        domain: host,
        trendable: rule.map(|rule| rule.allowed),
        reviewed_at: rule.map(|rule| rule.reviewed_at),
        requested_review_at: None,
        requires_review: rule.is_none(),
    }
}

async fn publishers(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let ((limit, offset), now) = (part(&params)?, app.clock().now());
    let answer = app.read(move |conn| {
        let all = rules::publishers(conn, me.viewer(), now)?;
        let part = all.iter().skip(offset).take(limit);
        Rendered::of(&part.map(|(host, rule)| publisher_document(host, rule.as_ref())).collect::<Vec<_>>())
    });
    Ok(answer.await?)
}

async fn decide_publisher(app: App, me: SignedIn, id: String, parts: Parts, allow: bool) -> ApiResult<Rendered> {
    let id: u64 = id.parse().map_err(|_| Error::NotFound)?;
    let from = origin(&parts);
    let answer = app.write(move |tx| {
        let by = acting(tx, me, Role::Moderator, &from)?;
        let now = tx.now;
        let known = rules::publishers(tx.conn, me.viewer(), now)?;
        let (host, _) = known.into_iter().find(|(host, _)| id_of(host) == id).ok_or(Error::NotFound)?;
        rules::decide_publisher(tx, &by, &host, allow)?;
        let rule = Rule { subject: host.clone(), allowed: allow, reviewed_at: now };
        Rendered::of(&publisher_document(&host, Some(&rule)))
    });
    Ok(answer.await?)
}

async fn approve_publisher(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_publisher(app, me, id, parts, true).await
}

async fn reject_publisher(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Rendered> {
    decide_publisher(app, me, id, parts, false).await
}
