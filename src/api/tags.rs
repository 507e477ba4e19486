//! Hashtags: what is known of them, following and featuring them.

use super::{
    Access, Anyone, ApiResult, Empty, Page, Params, Rendered, Routes, SignedIn,
    entities::{
        Date, Digits,
        misc::{FeaturedTag, History, Tag},
    },
    page::{self, Prev},
};
use crate::{
    Error, Result,
    app::App,
    config::Site,
    db::Conn,
    domain::{Viewer, hashtags, people, projects::near, scopes::Scope, text::normalize_hashtag},
    id::Id,
    limits, model,
    store::{self, hashtags as rows},
    time::Timestamp,
};
use axum::{
    extract::{Path, State},
    http::Uri,
    response::{IntoResponse, Response},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const FOLLOW: Access = Access::User(&[Scope::WriteFollows]);
    const FEATURE: Access = Access::User(&[Scope::WriteAccounts]);
    const FEATURED: Access = Access::User(&[Scope::ReadAccounts]);
    Routes::new()
        .get("/api/v1/tags/{name}", Access::Anyone(&[]), one)
        .post("/api/v1/tags/{name}/follow", FOLLOW, follow)
        .post("/api/v1/tags/{name}/unfollow", FOLLOW, unfollow)
        .post("/api/v1/tags/{name}/feature", FEATURE, feature)
        .post("/api/v1/tags/{name}/unfeature", FEATURE, unfeature)
        .get("/api/v1/followed_tags", Access::User(&[Scope::ReadFollows]), followed)
        .get("/api/v1/featured_tags", FEATURED, featured)
        .post("/api/v1/featured_tags", FEATURE, add_featured)
        .get("/api/v1/featured_tags/suggestions", FEATURED, suggestions)
        .delete("/api/v1/featured_tags/{id}", FEATURE, remove_featured)
        .get("/api/v1/accounts/{id}/featured_tags", Access::Anyone(&[]), featured_of)
}

/// Days of history clients draw.
const DAYS: usize = 7;

/// The documents of hashtags for a viewer, in this order.
pub fn documents(
    conn: &mut Conn,
    site: &Site,
    viewer: Viewer,
    tags: &[model::Tag],
    now: Timestamp,
) -> Result<Vec<Tag>> {
    let ids: Vec<Id<model::Tag>> = tags.iter().map(|t| t.id).collect();
    let usage = rows::usage(conn, &ids, viewer.audience(), now.midnight().plus_days(1 - DAYS as i64))?;
    let rules = store::trends::tag_rules(conn, &ids)?;
    let (followed, featured) = match viewer.0 {
        Some(me) => (rows::followed_among(conn, me, &ids)?, rows::featured_among(conn, me, &ids)?),
        None => (Vec::new(), Vec::new()),
    };
    Ok(tags
        .iter()
        .map(|tag| {
            let history = (0..DAYS)
                .map(|back| {
                    let day = now.midnight().plus_days(-(back as i64));
                    let of_day = usage.iter().filter(|u| u.tag == tag.id && u.at.midnight() == day);
                    let mut people: Vec<_> = of_day.clone().map(|u| u.account).collect();
                    people.sort_unstable();
                    people.dedup();
                    History {
                        day: Digits(day.seconds()),
                        accounts: Digits(people.len() as i64),
                        uses: Digits(of_day.count() as i64),
                    }
                })
                .collect();
            Tag {
                id: tag.id,
                // As staff spells it, once it has looked at it.
                name: match rules.iter().any(|rule| rule.tag == tag.id && rule.reviewed_at.is_some()) {
                    true => tag.display.clone(),
                    false => tag.name.clone(),
                },
                url: site.tag_url(&tag.name),
                history,
                following: viewer.0.map(|_| followed.contains(&tag.id)),
                featuring: viewer.0.map(|_| featured.contains(&tag.id)),
            }
        })
        .collect())
}

fn normal(name: &str) -> Result<String> {
    normalize_hashtag(name.trim_start_matches('#')).ok_or(Error::NotFound)
}

fn document(conn: &mut Conn, site: &Site, viewer: Viewer, tag: model::Tag, now: Timestamp) -> Result<Rendered> {
    let tag = documents(conn, site, viewer, &[tag], now)?.pop().ok_or(Error::NotFound)?;
    Rendered::of(&tag)
}

async fn one(State(app): State<App>, Anyone(viewer): Anyone, Path(name): Path<String>) -> ApiResult<Rendered> {
    super::timelines::open_to(&app, viewer)?;
    let name = normal(&name)?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let found = app.read(move |conn| {
        // A tag nobody used yet looks like one nobody uses now.
        let mut known = rows::find(conn, &name)?;
        if let Some(tag) = known.take_if(|_| viewer.0.is_none()) {
            known = rows::open_among(conn, &[tag.id])?.pop().map(|_| tag);
        }
        let tag = known.unwrap_or(model::Tag { id: Id::new(0), display: name.clone(), name, created_at: now });
        document(conn, &site, viewer, tag, now)
    });
    Ok(found.await?)
}

async fn change<F>(app: App, me: SignedIn, name: &str, act: F) -> ApiResult<Rendered>
where
    F: FnOnce(&mut crate::domain::Tx<'_>, &model::Tag) -> Result<()> + Clone + Send + 'static,
{
    let name = normal(name)?;
    let done = app.write(move |tx| {
        let tag = hashtags::ensure(tx, &name)?;
        act(tx, &tag)?;
        let (now, site) = (tx.now, tx.site());
        document(tx.conn, site, me.viewer(), tag, now)
    });
    Ok(done.await?)
}

async fn follow(State(app): State<App>, me: SignedIn, Path(name): Path<String>) -> ApiResult<Rendered> {
    change(app, me, &name, move |tx, tag| hashtags::follow(tx, me.account, tag.id)).await
}

async fn unfollow(State(app): State<App>, me: SignedIn, Path(name): Path<String>) -> ApiResult<Rendered> {
    change(app, me, &name, move |tx, tag| rows::unfollow(tx.conn, me.account, tag.id)).await
}

async fn feature(State(app): State<App>, me: SignedIn, Path(name): Path<String>) -> ApiResult<Rendered> {
    change(app, me, &name, move |tx, tag| match rows::find_featured(tx.conn, me.account, tag.id)? {
        // Twice is as good as once here.
        Some(_) => Ok(()),
        None => hashtags::feature(tx, me.account, tag.id).map(drop),
    })
    .await
}

async fn unfeature(State(app): State<App>, me: SignedIn, Path(name): Path<String>) -> ApiResult<Rendered> {
    change(app, me, &name, move |tx, tag| match rows::find_featured(tx.conn, me.account, tag.id)? {
        Some(row) => hashtags::unfeature(tx, me.account, row.id),
        None => Ok(()),
    })
    .await
}

async fn followed(State(app): State<App>, me: SignedIn, uri: Uri, params: Params) -> ApiResult<Response> {
    let page = page::read(&params, 100)?;
    let (site, now) = (app.site().clone(), app.clock().now());
    let (rendered, cursors) = app
        .read(move |conn| {
            let follows = rows::followed(conn, me.account, &page)?;
            let ids: Vec<Id<model::Tag>> = follows.iter().map(|f| f.tag_id).collect();
            let mut tags = rows::list(conn, &ids)?;
            tags.sort_by_key(|t| ids.iter().position(|id| *id == t.id));
            let cursors: Vec<i64> = follows.iter().map(|f| f.id.raw()).collect();
            Ok((Rendered::of(&documents(conn, &site, me.viewer(), &tags, now)?)?, cursors))
        })
        .await?;
    let mut response = rendered.into_response();
    if let (Some(first), Some(last)) = (cursors.first(), cursors.last()) {
        let more = i64::try_from(cursors.len()).is_ok_and(|n| n >= page.limit);
        response.headers_mut().extend(page::link(app.site().base(), &uri, *first, *last, more, Prev::SinceId));
    }
    Ok(response)
}

fn featured_document<'a>(
    site: &Site,
    row: &model::FeaturedTag,
    name: &'a str,
    account: &model::Account,
) -> FeaturedTag<'a> {
    let url = match account.is_local() {
        true => format!("{}/tagged/{name}", site.profile_url(&account.username)),
        false => site.tag_url(name),
    };
    FeaturedTag {
        id: row.id,
        name,
        url,
        statuses_count: Digits(row.posts_count),
        last_status_at: row.last_post_at.map(Date),
    }
}

/// The hashtags on a profile; strangers are shown those that leave the node.
pub(super) fn featured_list(
    conn: &mut Conn,
    site: &Site,
    viewer: Viewer,
    owner: Id<model::Account>,
) -> Result<Rendered> {
    let account = crate::store::accounts::load(conn, owner)?;
    // A project of this site alone is there for nobody who asks from elsewhere.
    if account.is_unavailable() || viewer.0.is_none() && near::is_near(conn, owner)? {
        return Err(Error::NotFound);
    }
    if !account.is_local() {
        // What colleagues list is for the organisation.
        if viewer.0.is_none() && people::directory::is_inside_only(conn)? {
            return Rendered::of(&Vec::<FeaturedTag<'_>>::new());
        }
        let skills = skills_of(conn, site, &account)?;
        if skills.0 != b"[]" {
            return Ok(skills);
        }
    }
    let mut featured = rows::featured(conn, owner)?;
    if viewer.0.is_none() {
        for row in &mut featured {
            (row.posts_count, row.last_post_at) = rows::use_by(conn, owner, row.tag_id, viewer.audience())?;
        }
    }
    // What is written about most stands first.
    featured.sort_by_key(|row| std::cmp::Reverse(row.posts_count));
    let ids: Vec<Id<model::Tag>> = featured.iter().map(|f| f.tag_id).collect();
    let mut tags = rows::list(conn, &ids)?;
    if viewer.0.is_none() && account.is_local() {
        let names = tags.iter().map(|tag| tag.name.clone()).collect();
        let facts = people::load(conn, owner)?;
        let leaving = people::directory::tags_for(conn, &account, facts, names, viewer.audience())?;
        tags.retain(|tag| leaving.contains(&tag.name));
    }
    let list: Vec<_> = featured
        .iter()
        .filter_map(|row| {
            let tag = tags.iter().find(|t| t.id == row.tag_id)?;
            Some(featured_document(site, row, &tag.name, &account))
        })
        .collect();
    Rendered::of(&list)
}

/// The hashtags of somebody of another node: what they list as skills, but for what they only learn.
fn skills_of(conn: &mut Conn, site: &Site, owner: &model::Account) -> Result<Rendered> {
    let mut skills = people::load(conn, owner.id)?.skills;
    skills.retain(|skill| skill.stance != people::Stance::Learning);
    skills.truncate(limits::FEATURED_TAGS);
    let list: Vec<_> = skills
        .iter()
        .zip(1..)
        .map(|(skill, number)| FeaturedTag {
            // Nothing of ours has it: it only tells them apart.
            id: Id::new(owner.id.raw().saturating_add(number)),
            name: &skill.tag,
            url: site.tag_url(&skill.tag),
            statuses_count: Digits(0),
            last_status_at: None,
        })
        .collect();
    Rendered::of(&list)
}

async fn featured(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let site = app.site().clone();
    Ok(app.read(move |conn| featured_list(conn, &site, me.viewer(), me.account)).await?)
}

async fn featured_of(State(app): State<App>, Anyone(viewer): Anyone, Path(id): Path<String>) -> ApiResult<Rendered> {
    super::timelines::open_to(&app, viewer)?;
    let (site, id) = (app.site().clone(), id.parse()?);
    Ok(app.read(move |conn| featured_list(conn, &site, viewer, id)).await?)
}

async fn add_featured(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let name = normal(params.required("name")?).map_err(|_| Error::invalid("name", "invalid", "Tag is invalid"))?;
    let made = app.write(move |tx| {
        let tag = hashtags::ensure(tx, &name)?;
        let row = hashtags::feature(tx, me.account, tag.id)?;
        let account = crate::store::accounts::load(tx.conn, me.account)?;
        Rendered::of(&featured_document(tx.site(), &row, &tag.name, &account))
    });
    Ok(made.await?)
}

async fn remove_featured(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id: Id<model::FeaturedTag> = id.parse()?;
    app.write(move |tx| {
        let row = rows::load_featured(tx.conn, me.account, id)?;
        hashtags::unfeature(tx, me.account, row.id)
    })
    .await?;
    Ok(Empty)
}

async fn suggestions(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let (site, now) = (app.site().clone(), app.clock().now());
    let found = app.read(move |conn| {
        let tags = rows::most_used_by(conn, me.account, Page::POSTS / 2)?;
        Rendered::of(&documents(conn, &site, me.viewer(), &tags, now)?)
    });
    Ok(found.await?)
}
