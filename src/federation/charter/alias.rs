//! A moderator accepts or declines a pair of tags that the concierge proposed as an alias. Where no version of the charter
//! is made, what they accepted goes to the stewards' nodes, signed with the key of this one, and is signed or waits there.

use super::{auth, client, serve};
use crate::{
    Error, Result,
    app::{App, acting_as},
    domain::{
        Tx,
        audit::{self, Staff},
        charter::{self, Change, Member, Office, Outcome, Refused, Software, steward},
        people::gardener::{self, Decided},
    },
    federation::own_keys,
    id::Id,
    model::{Account, Post, Role},
    net::{Ask, Purpose},
    peers,
    rate::Rule,
    store,
    time::Timestamp,
};
use axum::{
    extract::{Request, State},
    response::IntoResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Stewards that are told of one alias.
const STEWARDS: usize = 5;
/// Seconds after which a try that reaches no steward is the last one: of the twelve tries of a job it is the one after
/// eleven hours.
const GIVEN_UP: i64 = 10 * 3_600;

/// What is sent to a steward's node.
#[derive(Debug, Serialize, Deserialize)]
struct Accepted {
    /// What is typed.
    word: String,
    /// What is meant.
    means: String,
}

/// What a moderator said of a pair.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// The letter that proposed it.
    pub letter: Id<Post>,
    /// The moderator.
    pub by: Id<Account>,
    /// They accept it.
    pub yes: bool,
    /// The post they said it with; none where they tapped.
    pub said: Option<Id<Post>>,
}

/// Does what a moderator said of a pair at `since`, and tells them.
///
/// # Errors
/// `Unavailable` when the database is away, `Upstream` while no steward can be reached and it is not given up.
pub async fn decide(app: &App, answer: Answer, since: Option<Timestamp>) -> Result<()> {
    let Answer { letter, by, yes, said } = answer;
    let Some((asked, listed)) = app.read(move |conn| store::reviews::alias_letter(conn, letter)).await? else {
        return Ok(());
    };
    let decided = match yes {
        false => Decided::Left,
        true => match became(app, by, "concierge", &asked, &listed, since).await? {
            Some(decided) => decided,
            None => return Ok(()),
        },
    };
    let told = app.write(move |tx| gardener::tell(tx, said.unwrap_or(letter), letter, by, &decided));
    match acting_as(by, told).await {
        Err(Error::Unauthorized(_)) => Ok(()),
        done => done,
    }
}

/// Does what a moderator said of a pair through a client at `since`, and writes to them what became of it.
///
/// # Errors
/// As [`decide`].
pub async fn send(app: &App, by: Id<Account>, word: &str, means: &str, since: Option<Timestamp>) -> Result<()> {
    let Some(decided) = became(app, by, "api", word, means, since).await? else { return Ok(()) };
    let (word, means) = (word.to_owned(), means.to_owned());
    let told = app.write(move |tx| gardener::write(tx, by, &word, &means, &decided));
    match acting_as(by, told).await {
        Err(Error::Unauthorized(_)) => Ok(()),
        done => done,
    }
}

/// What became of a pair that a moderator accepted. None for who is no moderator any more, or left: they decide nothing.
async fn became(
    app: &App,
    by: Id<Account>,
    origin: &'static str,
    word: &str,
    means: &str,
    since: Option<Timestamp>,
) -> Result<Option<Decided>> {
    match accept(app, by, origin, word, means).await {
        Ok(Outcome::Waiting(_)) => Ok(Some(Decided::Waits)),
        Ok(_) => Ok(Some(Decided::Made)),
        Err(Error::Conflict(reason) | Error::Invalid { reason, .. }) => Ok(Some(Decided::Refused(reason.into_owned()))),
        Err(Error::Unauthorized(_) | Error::Forbidden(_)) => Ok(None),
        Err(Error::Upstream(why)) if since.is_some_and(|since| app.clock().now() >= since.plus_seconds(GIVEN_UP)) => {
            tracing::warn!(%why, word, means, "an alias that was accepted here reached no steward");
            Ok(Some(Decided::Overdue))
        }
        Err(error) => Err(error),
    }
}

/// Makes a pair an alias in the name of a moderator: here, or at the node of a steward.
///
/// # Errors
/// `Forbidden` for who is no moderator; `Invalid` for what is no alias; `Conflict` saying why the stewards refuse it;
/// `Upstream` while none can be reached.
pub async fn accept(app: &App, by: Id<Account>, origin: &'static str, word: &str, means: &str) -> Result<Outcome> {
    let vault = own_keys::vault(app)?;
    let (asked, listed) = (word.to_owned(), means.to_owned());
    let here = app.write(move |tx| {
        let staff = Staff::signed_in(tx, by, Role::Moderator, origin)?;
        let ours = charter::required(tx.conn)?;
        if steward::decides(tx, &ours.charter)? {
            return charter::make_alias(tx, &vault, &staff, &asked, &listed).map(Ok);
        }
        Ok(Err((staff, stewards(&ours.charter.nodes))))
    });
    let (staff, stewards) = match acting_as(by, here).await? {
        Ok(outcome) => {
            peers::refresh(app).await?;
            return Ok(outcome);
        }
        Err(elsewhere) => elsewhere,
    };
    let outcome = put_to(app, stewards, &Accepted { word: word.to_owned(), means: means.to_owned() }).await?;
    let change = Change::Alias { word: word.to_owned(), means: Some(means.to_owned()) }.describe();
    app.write(move |tx: &mut Tx<'_>| audit::write(tx, &staff, "org.change", &change, "put to the stewards")).await?;
    Ok(outcome)
}

fn stewards(nodes: &[Member]) -> Vec<Member> {
    let is_steward = |node: &&Member| node.role == Office::Steward && node.software == Software::Watercooler;
    nodes.iter().filter(is_steward).take(STEWARDS).cloned().collect()
}

/// Asks one steward after the other, until one has signed it: the key may be at any of them.
async fn put_to(app: &App, stewards: Vec<Member>, accepted: &Accepted) -> Result<Outcome> {
    let body = serde_json::to_string(accepted).map_err(Error::internal)?;
    let (mut waits, mut refused, mut away) = (None, None, String::from("the charter names no steward"));
    for node in stewards {
        let ask = Ask::post(Purpose::Deliver, client::address(&node, "/aliases")?, body.clone());
        let answer = match client::send(app, &node, ask).await {
            Ok(answer) => answer,
            Err(why) => {
                away = why;
                continue;
            }
        };
        let (status, said) = (answer.status, client::said(&answer).1);
        if status.is_server_error() || status == hyper::StatusCode::TOO_MANY_REQUESTS {
            away = format!("{}: {said}", node.domain);
            continue;
        }
        if !status.is_success() {
            refused = Some(format!("{}: {said}", node.domain));
            continue;
        }
        let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        match json.get("state").and_then(Value::as_str) {
            Some("waiting") => waits = Some(Outcome::Waiting(1)),
            _ => {
                // What they signed counts here at once, and not a minute later.
                super::ask_again(app, &node.domain).await?;
                return Ok(Outcome::Unchanged);
            }
        }
    }
    match (waits, refused) {
        (Some(waits), _) => Ok(waits),
        (None, Some(why)) => Err(Error::Conflict(why.into())),
        (None, None) => Err(Error::Upstream(away.into())),
    }
}

/// `POST /charter/aliases`: the desk of another node accepted an alias.
pub(super) async fn receive(State(app): State<App>, request: Request) -> serve::Answered {
    let (parts, body) = request.into_parts();
    let claims = auth::claims(&app, &parts)?;
    let body = serve::read(body, serve::SMALL).await?;
    let ours = peers::organisation(&app).ok_or(Refused::NoOrganisation)?;
    let node = auth::member(&claims, &ours, &body)?;
    app.limiter().check(Rule::Aliases, &node.domain)?;
    let accepted: Accepted = serde_json::from_slice(&body).map_err(|_| Refused::Malformed("the alias"))?;
    let (vault, domain) = (own_keys::vault(&app)?, node.domain.clone());
    let outcome =
        app.write(move |tx| steward::alias_from(tx, &vault, &domain, &accepted.word, &accepted.means)).await?;
    peers::refresh(&app).await?;
    let state = match outcome {
        Outcome::Signed(_) => "signed",
        Outcome::Waiting(_) => "waiting",
        Outcome::Unchanged => "unchanged",
    };
    Ok(axum::Json(json!({ "state": state })).into_response())
}
