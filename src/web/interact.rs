//! `/authorize_interaction`: where other servers send somebody who says "I am from this node" on a page of theirs (the
//! `subscribe` template of WebFinger). Shows whom or what the address names and offers to follow; everything else is done
//! in the app, which finds the address by its search.

use super::{
    pages::{Author, Interact},
    shown,
    visit::{Browser, Fields, Kind, Visitor},
    words::Words,
};
use crate::{
    Error, Result,
    app::Found,
    db::Conn,
    domain::{
        Viewer,
        follows::{self, FollowOptions},
        views::PostViews,
    },
    id::Id,
    model::{Account, FollowState},
    rate::Rule,
    store,
};
use axum::{extract::RawQuery, http::StatusCode, response::Response};

/// Bytes of an address or handle.
const LONGEST: usize = 2_048;

/// This page, for that address or handle.
pub(super) fn page_of(uri: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("uri", uri).finish();
    format!("/authorize_interaction?{query}")
}

fn sign_in_first(visitor: &Visitor, uri: &str) -> Response {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", &page_of(uri)).finish();
    visitor.redirect(&format!("/sign-in?{query}"))
}

/// What was asked for: an address, or a handle with or without its decorations.
fn asked(fields: &Fields) -> Result<&str> {
    let text = fields.text("uri").trim();
    let text = text.strip_prefix("acct:").unwrap_or(text);
    let fits = !text.is_empty() && text.len() <= LONGEST && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    if fits { Ok(text) } else { Err(Error::bad_request("no address")) }
}

/// How somebody stands to whom they may want to follow.
pub(super) enum Standing {
    Open,
    Follows,
    Asked,
    Closed,
}

impl Standing {
    pub(super) fn read(conn: &mut Conn, me: Id<Account>, other: &Account) -> Result<Self> {
        if other.id == me || other.moved_to_id.is_some() || store::follows::is_blocked_either_way(conn, me, other.id)? {
            return Ok(Self::Closed);
        }
        Ok(match store::follows::find(conn, me, other.id)?.map(|follow| follow.state) {
            None => Self::Open,
            Some(FollowState::Accepted) => Self::Follows,
            Some(FollowState::Requested) => Self::Asked,
        })
    }

    /// The same in words, where there is something to say.
    pub(super) const fn said(&self, words: &Words) -> Option<&'static str> {
        match self {
            Self::Follows => Some(words.interact_follows),
            Self::Asked => Some(words.interact_asked),
            Self::Open | Self::Closed => None,
        }
    }
}

/// `GET /authorize_interaction?uri=...`.
pub async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::parse(query.unwrap_or_default().as_bytes());
    let answered = match (asked(&fields), &visitor.browser) {
        (Err(error), _) => Err(error),
        (Ok(uri), None) => Ok(sign_in_first(&visitor, uri)),
        (Ok(uri), Some(browser)) => page(&visitor, browser, uri).await,
    };
    answered.unwrap_or_else(|error| visitor.fail(error))
}

async fn page(visitor: &Visitor, browser: &Browser, uri: &str) -> Result<Response> {
    let words = visitor.lang.words();
    let found = match visitor.app.look_up(uri).await {
        Ok(found) => found,
        Err(error @ (Error::Unavailable(_) | Error::NoSpace | Error::Internal(_))) => return Err(error),
        Err(error) => {
            // Why is not for the visitor (NET-12).
            tracing::debug!(%error, "a look-up found nothing");
            return Ok(visitor.message(404, words.error_404, words.interact_nothing));
        }
    };
    let (me, now) = (browser.account.id, visitor.app.clock().now());
    let (account, views, standing) = visitor
        .app
        .read(move |conn| {
            let (account, views) = match found {
                Found::Account(id) => (id, None),
                Found::Post(id) => {
                    let views = PostViews::by_ids(conn, Viewer::from(me), &[id], now)?;
                    let author = views.in_order().next().ok_or(Error::NotFound)?.post.account_id;
                    (author, Some((id, views)))
                }
            };
            let account = store::accounts::load(conn, account)?;
            if account.is_unavailable() {
                return Err(Error::NotFound);
            }
            let standing = Standing::read(conn, me, &account)?;
            Ok((account, views, standing))
        })
        .await?;
    let (site, frame) = (visitor.app.site(), visitor.frame());
    // Apps find a post by the address of the original.
    let original = views.as_ref().and_then(|(id, views)| {
        let post = &views.get(*id)?.post;
        let post = &views.get(post.boost_of_id.unwrap_or(*id))?.post;
        Some(shown::post_page(site, views.accounts.get(post.account_id)?, post))
    });
    let post = views.and_then(|(id, views)| shown::card(&frame, site, &views, id, false));
    let page = Interact {
        who: Author {
            name: shown::name(&account),
            handle: shown::handle(site, &account),
            url: shown::page_here(site, &account),
            avatar: shown::avatar(site, &account),
        },
        bio: shown::line(&account.note),
        address: original.unwrap_or_else(|| format!("@{}", shown::handle(site, &account))),
        post,
        state: standing.said(words).map(str::to_owned),
        may_follow: matches!(standing, Standing::Open),
        account: account.id.to_string(),
        uri: uri.to_owned(),
        token: visitor.token(),
        frame,
    };
    // It shows what a public page does: films and sounds too.
    Ok(visitor.page(StatusCode::OK, Kind::Public, &page))
}

/// `POST /authorize_interaction`: follow.
pub async fn follow(visitor: Visitor, fields: Fields) -> Response {
    decide(&visitor, &fields).await.unwrap_or_else(|error| visitor.fail(error))
}

async fn decide(visitor: &Visitor, fields: &Fields) -> Result<Response> {
    let uri = asked(fields)?;
    let Some(browser) = &visitor.browser else { return Ok(sign_in_first(visitor, uri)) };
    if !visitor.is_own_form(fields.text("token")) {
        let words = visitor.lang.words();
        return Ok(visitor.message(403, words.error_403, words.stale_form));
    }
    let me = browser.account.id;
    visitor.app.limiter().check(Rule::Follows, &me)?;
    let target: Id<Account> = fields.text("account").parse()?;
    let options = FollowOptions::default();
    visitor.acting(visitor.app.write(move |tx| follows::request(tx, me, target, &options).map(|_| ()))).await?;
    Ok(visitor.redirect(&page_of(uri)))
}
