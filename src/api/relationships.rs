//! What stands between the caller and other people: follow, request, block, mute, remark, report.

use super::{
    ApiResult, Params, Rendered,
    auth::{Access, Routes, SignedIn},
    entities::account::Relationship,
    profiles,
};
use crate::{
    Error, Result,
    app::App,
    db::Conn,
    domain::{
        follows::{self, FollowOptions},
        reports::{Category, Filing},
        scopes::Scope,
    },
    experts,
    id::Id,
    limits,
    model::{Account, FollowState},
    store,
    time::Timestamp,
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    const FOLLOWS: Access = Access::User(&[Scope::WriteFollows]);
    const BLOCKS: Access = Access::User(&[Scope::WriteBlocks]);
    const MUTES: Access = Access::User(&[Scope::WriteMutes]);
    const REQUESTS: Access = Access::User(&[Scope::WriteFollows]);
    Routes::new()
        .get("/api/v1/accounts/relationships", Access::User(&[Scope::ReadFollows]), relationships)
        .post("/api/v1/accounts/{id}/follow", FOLLOWS, follow)
        .post("/api/v1/accounts/{id}/unfollow", FOLLOWS, unfollow)
        .post("/api/v1/accounts/{id}/remove_from_followers", FOLLOWS, remove_from_followers)
        .post("/api/v1/accounts/{id}/block", BLOCKS, block)
        .post("/api/v1/accounts/{id}/unblock", BLOCKS, unblock)
        .post("/api/v1/accounts/{id}/mute", MUTES, mute)
        .post("/api/v1/accounts/{id}/unmute", MUTES, unmute)
        .post("/api/v1/accounts/{id}/note", Access::User(&[Scope::WriteAccounts]), note)
        .post("/api/v1/follow_requests/{id}/authorize", REQUESTS, authorize)
        .post("/api/v1/follow_requests/{id}/reject", REQUESTS, reject)
}

/// The document of a relation.
fn document(r: &store::follows::Relation) -> Relationship<'_> {
    let (state, boosts, notify, languages) = match &r.follow {
        Some((state, boosts, notify, languages)) => (Some(*state), *boosts, *notify, languages.as_deref()),
        None => (None, false, false, None),
    };
    let following = state == Some(FollowState::Accepted);
    Relationship {
        id: Id::new(r.target),
        following,
        showing_reblogs: following && boosts,
        notifying: following && notify,
        languages: languages.and_then(|l| serde_json::from_str(l).ok()),
        followed_by: r.followed_by == Some(FollowState::Accepted),
        blocking: r.blocking,
        blocked_by: r.blocked_by,
        muting: r.mute.is_some(),
        muting_notifications: r.mute.is_some_and(|(hide, _)| hide),
        muting_expires_at: r.mute.and_then(|(_, until)| until),
        requested: state == Some(FollowState::Requested),
        requested_by: r.followed_by == Some(FollowState::Requested),
        domain_blocking: r.domain_blocking,
        endorsed: r.endorsed,
        note: &r.note,
    }
}

pub(super) fn one(conn: &mut Conn, viewer: Id<Account>, target: Id<Account>, now: Timestamp) -> Result<Rendered> {
    let relation = store::follows::relations(conn, viewer, &[target], now)?.pop().ok_or(Error::NotFound)?;
    Rendered::of(&document(&relation))
}

/// Does `change`, then answers the relationship as it is now.
pub(super) async fn act<F>(app: &App, me: SignedIn, target: Id<Account>, change: F) -> ApiResult<Rendered>
where
    F: FnOnce(&mut crate::domain::Tx<'_>) -> Result<()> + Clone + Send + 'static,
{
    let answer = app.write(move |tx| {
        if store::accounts::load(tx.conn, target)?.deleted_at.is_some() {
            return Err(Error::NotFound);
        }
        change(tx)?;
        let now = tx.now;
        one(tx.conn, me.account, target, now)
    });
    Ok(answer.await?)
}

async fn relationships(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let mut ids: Vec<Id<Account>> = params.ids("id");
    ids.truncate(limits::ARRAY_KEPT);
    let (now, with_suspended) = (app.clock().now(), params.flag("with_suspended"));
    let answer = app.look(ids.len() <= profiles::SHORT, move |conn| {
        // Unknown ids are skipped, and those of suspended people, unless they are asked for.
        let rows = store::accounts::list(conn, &ids)?;
        let known: Vec<Id<Account>> =
            rows.iter().filter(|a| with_suspended || !a.is_unavailable()).map(|a| a.id).collect();
        ids.retain(|id| known.contains(id));
        let relations = store::follows::relations(conn, me.account, &ids, now)?;
        Rendered::of(&relations.iter().map(document).collect::<Vec<_>>())
    });
    Ok(answer.await?)
}

async fn follow(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let target = id.parse()?;
    // An empty one among them is how forms write that there are none.
    let languages = || params.texts("languages").into_iter().map(str::trim).filter(|tag| !tag.is_empty());
    let options = FollowOptions {
        show_boosts: params.bool("reblogs"),
        notify: params.bool("notify"),
        languages: params
            .has("languages")
            .then(|| languages().take(20).map(|tag| tag.chars().take(10).collect()).collect()),
    };
    let viewer = me.account;
    let done = act(&app, me, target, move |tx| follows::request(tx, viewer, target, &options).map(drop)).await?;
    experts::finds::met(&app, viewer, vec![target]).await;
    Ok(done)
}

async fn unfollow(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| follows::unfollow(tx, me.account, target)).await
}

async fn remove_from_followers(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| follows::reject(tx, me.account, target)).await
}

async fn block(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| follows::block(tx, me.account, target, None)).await
}

async fn unblock(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| follows::unblock(tx, me.account, target)).await
}

async fn mute(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let target = id.parse()?;
    let hide = params.bool("notifications").unwrap_or(true);
    let seconds = params.integer("duration")?.filter(|s| *s > 0);
    act(&app, me, target, move |tx| {
        let until = seconds.map(|s| tx.now.plus_seconds(s.min(10 * 366 * 86_400)));
        follows::mute(tx, me.account, target, hide, until)
    })
    .await
}

async fn unmute(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let target = id.parse()?;
    act(&app, me, target, move |tx| follows::unmute(tx, me.account, target)).await
}

/// Characters of a private remark.
const REMARK: usize = 2_000;

async fn note(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let target = id.parse()?;
    let comment = params.text("comment").unwrap_or_default().trim().to_owned();
    if comment.chars().count() > REMARK {
        return Err(Error::invalid("comment", "too_long", format!("Comment is longer than {REMARK} characters")).into());
    }
    act(&app, me, target, move |tx| store::follows::set_note(tx.conn, me.account, target, &comment)).await
}

async fn authorize(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let follower = id.parse()?;
    act(&app, me, follower, move |tx| follows::accept(tx, me.account, follower)).await
}

async fn reject(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let follower: Id<Account> = id.parse()?;
    act(&app, me, follower, move |tx| {
        match store::follows::find(tx.conn, follower, me.account)? {
            Some(asked) if asked.state == FollowState::Requested => follows::reject(tx, me.account, follower),
            // This call never removes a follower.
            _ => Err(Error::NotFound),
        }
    })
    .await
}

/// A report from the client API; the account it is about is rendered by the caller.
pub(super) fn filing(params: &Params) -> ApiResult<(Id<Account>, Filing)> {
    let target = params.required("account_id")?.trim().parse()?;
    let comment = params.text("comment").unwrap_or_default().to_owned();
    if comment.chars().count() > 1_000 {
        return Err(Error::invalid("comment", "too_long", "Comment is longer than 1000 characters").into());
    }
    let category = match params.filled("category") {
        None => Category::Other,
        Some(word) => Category::parse(word)
            .ok_or_else(|| Error::invalid("category", "inclusion", "Category is not included in the list"))?,
    };
    let filing = Filing {
        posts: params.ids("status_ids"),
        collections: params.ids("collection_ids"),
        comment,
        category,
        rules: params.texts("rule_ids").into_iter().filter_map(|r| r.trim().parse().ok()).take(50).collect(),
        forward: params.flag("forward"),
        uri: None,
        from_host: None,
    };
    Ok((target, filing))
}
