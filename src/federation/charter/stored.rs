//! `POST /charter/stored`: which of its posts another node has. The asker names ids of its own, the answer is the digest of
//! those that are there and the list of those that are not.

use super::{
    auth, client,
    serve::{Answered, SMALL, read},
    vouch,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        charter::{Member, Refused},
        stored,
    },
    net::{Ask, Purpose},
    peers, uri,
};
use axum::{
    extract::{Request, State},
    http::header,
    response::IntoResponse,
};
use hyper::StatusCode;
use serde::{Deserialize, Serialize};

/// Questions to one node in an hour.
const QUESTIONS: usize = 20;

#[derive(Serialize, Deserialize)]
struct Posts {
    posts: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Said {
    digest: String,
    missing: Vec<String>,
}

/// Answers a node of the organisation about its own posts.
pub(super) async fn answer(State(app): State<App>, request: Request) -> Answered {
    let (parts, body) = request.into_parts();
    let claims = auth::claims(&app, &parts)?;
    let ours = peers::organisation(&app).ok_or(Refused::NoOrganisation)?;
    auth::may_be_member(&claims, &ours)?;
    let body = read(body, SMALL).await?;
    let node = auth::member(&claims, &ours, &body)?;
    let asked: Posts = serde_json::from_slice(&body).map_err(|_| Refused::Malformed("the question"))?;
    // Nobody is told what is here of others.
    let own = |uri: &String| uri::same_authority(uri, &node.actor);
    if asked.posts.len() > stored::ASKED || !asked.posts.iter().all(own) {
        return Err(Refused::Malformed("the posts that are asked about").into());
    }
    let (digest, missing) = app.read(move |conn| stored::answer(conn, &asked.posts)).await?;
    let said = serde_json::to_string(&Said { digest, missing }).map_err(Error::internal)?;
    Ok(([(header::CONTENT_TYPE, client::JSON), (header::CACHE_CONTROL, "no-store")], said).into_response())
}

/// Asks a node which of our posts it has stored. One that cannot be asked now, or is of an older version, confirms nothing.
///
/// # Errors
/// `Unavailable` when the database is away.
pub(super) async fn confirm(app: &App, node: &Member) -> Result<()> {
    let host = uri::host(&node.actor).to_owned();
    for number in 0..QUESTIONS {
        let at = host.clone();
        let Some(question) = app.read(move |conn| stored::question(conn, &at, number == 0)).await? else {
            return Ok(());
        };
        let said = match ask(app, node, &question).await {
            Ok(said) => said,
            Err(why) => {
                tracing::debug!(domain = node.domain, why, "a node does not say what it has stored");
                return Ok(());
            }
        };
        let (at, more) = (host.clone(), question.more);
        let done = app.write(move |tx| stored::answered(tx, &at, &question, &said.digest, &said.missing)).await;
        match done {
            Err(Error::Upstream(why)) => {
                tracing::warn!(domain = node.domain, %why, "a node says wrongly what it has stored");
                return Ok(());
            }
            done => done?,
        }
        if !more {
            return Ok(());
        }
    }
    Ok(())
}

async fn ask(app: &App, node: &Member, question: &stored::Question) -> std::result::Result<Said, String> {
    let url = client::address(node, "/stored").map_err(|refused| refused.to_string())?;
    let posts = Posts { posts: question.posts.iter().map(|sent| sent.uri.clone()).collect() };
    let body = serde_json::to_string(&posts).map_err(|error| error.to_string())?;
    let mut ask = Ask::post(Purpose::Deliver, url, body).limit(SMALL);
    if let Some((name, value)) = vouch::wish(app) {
        ask = ask.header(name, value);
    }
    let answer = client::send(app, node, ask).await?;
    if answer.status != StatusCode::OK {
        return Err(client::said(&answer).1);
    }
    if !vouch::is_believed(app, &answer) {
        return Err(format!("{}: what answers under its name does not have its key", node.domain));
    }
    serde_json::from_slice(&answer.body).map_err(|error| error.to_string())
}
