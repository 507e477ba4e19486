//! The page of ideas (N10): `/ideas` has the best supported of each state, `/ideas/doing` and the like all of one, newest
//! first. Everybody sees what they may see of it.

use super::{
    pages::{Card, Frame},
    public::{finish, older_than, viewer},
    shown,
    visit::{Kind, Visitor},
};
use crate::{
    Error, Result,
    domain::{
        Viewer,
        ideas::{State, words},
        people::fields::Tongue,
        views::PostViews,
        visibility,
    },
    id::Id,
    model::{Account, Post},
    store::{self, ideas::Idea},
};
use askama::Template;
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};

/// Ideas of a page of one state.
const PAGE: i64 = 20;
/// Ideas of each state where all are shown.
const EACH: i64 = 10;

/// An idea with what was said of it.
pub struct Line {
    /// The post.
    pub card: Card,
    /// What was said with the last change.
    pub sentence: String,
    /// Handle and page of who looks after it.
    pub owner: Option<(String, String)>,
}

/// The ideas of one state.
pub struct Section {
    /// What the state is called.
    pub name: &'static str,
    /// Where all of them are.
    pub href: String,
    /// Some or all of them.
    pub ideas: Vec<Line>,
}

/// The page.
#[derive(Template)]
#[template(path = "ideas.html")]
pub struct Ideas {
    /// Surroundings.
    pub frame: Frame,
    /// Those that have any.
    pub sections: Vec<Section>,
    /// One state only.
    pub single: bool,
    /// Link to the first page, on later ones.
    pub newest: Option<String>,
    /// Link to the next page.
    pub older: Option<String>,
}

const fn slug(state: State) -> &'static str {
    match state {
        State::New => "new",
        State::Looking => "looking",
        State::Doing => "doing",
        State::NotNow => "not-now",
        State::Done => "done",
    }
}

/// `GET /ideas`.
pub async fn all(visitor: Visitor) -> Response {
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show(&visitor, viewer, None, None).await),
        Err(answer) => answer,
    }
}

/// `GET /ideas/{state}`.
pub async fn of_state(visitor: Visitor, Path(state): Path<String>, RawQuery(query): RawQuery) -> Response {
    let Some(state) = State::ALL.into_iter().find(|known| slug(*known) == state) else {
        return visitor.fail(Error::NotFound);
    };
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show(&visitor, viewer, Some(state), older_than(query)).await),
        Err(answer) => answer,
    }
}

async fn show(visitor: &Visitor, viewer: Viewer, only: Option<State>, below: Option<i64>) -> Result<Response> {
    let now = visitor.app.clock().now();
    let (found, views, owners) = visitor
        .app
        .read(move |conn| {
            let mut found: Vec<(State, Vec<Idea>)> = Vec::new();
            for state in State::ALL.into_iter().filter(|state| only.is_none_or(|only| only == *state)) {
                let visible = visibility::condition(viewer);
                let ideas = match only {
                    Some(_) => store::ideas::newest(conn, state.code(), visible, below, PAGE)?,
                    None => store::ideas::supported(conn, &[state.code().into()], visible, EACH)?,
                };
                found.push((state, ideas));
            }
            let ids: Vec<Id<Post>> = found.iter().flat_map(|(_, ideas)| ideas.iter().map(|idea| idea.post)).collect();
            let owners: Vec<Id<Account>> =
                found.iter().flat_map(|(_, ideas)| ideas.iter().filter_map(|idea| idea.owner)).collect();
            let owners = store::accounts::list(conn, &owners)?;
            Ok((found, PostViews::by_ids(conn, viewer, &ids, now)?, owners))
        })
        .await?;
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let tongue = Tongue::of(Some(visitor.lang.tag()));
    let path = only.map_or_else(|| "/ideas".to_owned(), |state| format!("/ideas/{}", slug(state)));
    let last = found.iter().filter(|(_, ideas)| only.is_some() && ideas.len() as i64 >= PAGE);
    let older = last.filter_map(|(_, ideas)| ideas.last()).map(|idea| format!("{path}?max_id={}", idea.post)).next();
    let line = |idea: &Idea| {
        let owner = owners.iter().find(|account| Some(account.id) == idea.owner && !account.is_unavailable());
        Some(Line {
            card: shown::card(&frame, site, &views, idea.post, false)?,
            sentence: idea.sentence.clone(),
            owner: owner.map(|account| (shown::handle(site, account), shown::page_for(&frame, site, account))),
        })
    };
    let sections = found
        .iter()
        .map(|(state, ideas)| Section {
            name: words::state(*state, tongue),
            href: format!("/ideas/{}", slug(*state)),
            ideas: ideas.iter().filter_map(line).collect(),
        })
        .filter(|section| !section.ideas.is_empty())
        .collect();
    let page = Ideas { sections, single: only.is_some(), newest: below.map(|_| path), older, frame };
    Ok(visitor.page(StatusCode::OK, Kind::Public, &page))
}
