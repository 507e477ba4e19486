//! The questions of the organisation, replicated like its directory: what was pushed and missed is repaired, and a newcomer
//! has what was asked and answered before it came.
//!
//! `GET /charter/directory/questions?after=N` lists a node's own questions that everybody in the organisation may read and
//! that are open or have an accepted answer: ids and how they stand, 200 a page. What is missing is fetched as any post is,
//! a bounded number in one round, and the rest in the next ones. The digest of the list stands beside that of the directory;
//! a node of an older version names none, and is asked for none.

use super::{
    Member,
    directory::{Behind, PAGES, STEP, admit, answer, bounded, fetch, whole},
    serve::Answered,
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Task,
        questions::{
            self, ANSWERED, OPEN, Told,
            replica::{self, Heard},
        },
    },
    federation::{
        fetch::Budget,
        import,
        json::{Bounds, Json},
    },
    store::{self, questions::Listed},
    time::Timestamp,
    uri,
};
use axum::{
    extract::{Query, State},
    http::request::Parts,
};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Posts that are fetched in one round.
const ROUND: usize = 100;
/// Failures that may be tried again after which a round ends: the node is ill, and the others wait.
const FAILURES: usize = 5;
/// Seconds until the next round.
const ROUND_SECONDS: i64 = 60;

/// How far the copy of a node's questions is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Questions that are here.
    pub done: i64,
    /// Questions there.
    pub total: i64,
}

#[derive(Serialize)]
struct Page {
    total: i64,
    items: Vec<Item>,
    /// `after` of the next page; none behind the last one.
    next: Option<i64>,
}

/// A question, in the words of its post.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    ask_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_answer: Option<String>,
    /// Somebody answered, accepted or not.
    answered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<String>,
}

impl From<Listed> for Item {
    fn from(question: Listed) -> Self {
        Self {
            id: question.uri,
            ask_state: questions::state_word(question.state),
            accepted_answer: question.answer.filter(|_| question.state == ANSWERED),
            answered: question.is_answered,
            ended: question.ended_at.filter(|_| question.state != OPEN).map(Timestamp::rfc3339),
        }
    }
}

/// Questions that this node lists.
pub(super) async fn page(State(app): State<App>, Query(behind): Query<Behind>, parts: Parts) -> Answered {
    admit(&app, &parts)?;
    let page = app.read(move |conn| {
        let total = replica::count(conn)?;
        let listed = replica::own(conn, behind.after, replica::PAGE)?;
        let full = listed.len() as i64 == replica::PAGE;
        let next = listed.last().map(|last| last.post.raw()).filter(|_| full);
        Ok(Page { total, items: listed.into_iter().map(Item::from).collect(), next })
    });
    Ok(answer(serde_json::to_string(&page.await?).map_err(Error::internal)?))
}

fn unreadable() -> Error {
    Error::Upstream("its list of questions is unreadable".into())
}

/// What a node says of its list: how many, and the digest. Nothing: it is of an older version.
fn named(said: &Json) -> Option<(i64, String)> {
    let list = said.one("questions");
    Some((list.count("total")?, list.text("digest")?.to_owned()))
}

/// How many questions a node `said` that it has; none of one of an older version.
pub(super) fn told(said: &[u8]) -> i64 {
    Json::parse(said).ok().and_then(|json| named(&json)).map_or(0, |(total, _)| total)
}

/// Compares the copy of a node's questions with what it `said` of them, and repairs it.
///
/// # Errors
/// `Upstream` when it cannot be asked: worth another try.
pub(super) async fn compare(app: &App, node: &Member, said: &[u8]) -> Result<()> {
    let json = Json::parse(said).map_err(|_| unreadable())?;
    let Some((total, theirs)) = named(&json) else { return Ok(()) };
    bounded(app, total)?;
    let domain = node.domain.clone();
    app.write(move |tx| replica::learn_again(tx, &domain)).await?;
    let domain = node.domain.clone();
    let ours = app.read(move |conn| replica::digest(conn, Some(&domain))).await?;
    if ours.hex() != theirs || ours.total != total {
        metrics::counter!("question_repairs_total").increment(1);
        copy(app, node).await?;
    }
    Ok(())
}

/// Reads the whole list: takes over how known questions stand, fetches what is missing and looks after what is listed no
/// longer.
async fn copy(app: &App, node: &Member) -> Result<()> {
    let mut known = known(app, &node.domain).await?;
    // Whatever becomes known here from now on may be newer than the list.
    let asked = app.clock().now();
    let (mut seen, mut missing, mut after, mut whole_list) = (HashSet::new(), Vec::new(), 0, false);
    for _ in 0..PAGES {
        let below = format!("/questions?after={after}");
        let body = fetch(app, node, &below).await.map_err(|why| Error::Upstream(why.into()))?;
        let json = Json::parse_within(&body, Bounds::COLLECTION).map_err(|_| unreadable())?;
        let mut changed = Vec::new();
        for heard in json.values("items").filter_map(|item| read(item, node)) {
            if !seen.insert(heard.uri.clone()) {
                continue;
            }
            match known.remove(&heard.uri) {
                Some(copy) if heard.is_like(&copy) => {}
                Some(_) => changed.push(heard),
                None => missing.push(heard),
            }
        }
        bounded(app, i64::try_from(seen.len()).unwrap_or(i64::MAX))?;
        for some in changed.chunks(STEP) {
            let some = some.to_vec();
            app.write(move |tx| some.iter().try_for_each(|heard| replica::take_over(tx, heard, asked).map(|_| ())))
                .await?;
        }
        match whole(&json, "next").filter(|next| *next > after) {
            Some(next) => after = next,
            None => {
                whole_list = true;
                break;
            }
        }
    }
    if !whole_list {
        return Err(Error::Upstream("its list of questions has no end".into()));
    }
    let mut round = Round::default();
    let more = missing.len() > ROUND || known.len() > ROUND;
    for heard in some_of(app, missing) {
        if round.failures >= FAILURES {
            break;
        }
        let outcome = take_in(app, &heard, asked).await;
        round.count(outcome)?;
    }
    for copy in some_of(app, known.into_values().collect()) {
        if round.failures >= FAILURES {
            break;
        }
        let outcome = look_after(app, &copy).await;
        round.count(outcome)?;
    }
    match round.failed {
        Some(why) if round.done == 0 => Err(Error::Upstream(why.into())),
        failed if round.done > 0 && (more || failed.is_some()) => {
            let task = Task::CheckDirectory { domain: node.domain.clone() };
            app.write(move |tx| tx.enqueue_at(&task, tx.now.plus_seconds(ROUND_SECONDS))).await
        }
        _ => Ok(()),
    }
}

/// How a round of fetches went.
#[derive(Default)]
struct Round {
    /// Those that brought something.
    done: usize,
    /// Those that failed and may be tried again.
    failures: usize,
    /// Why the last of them did.
    failed: Option<String>,
}

impl Round {
    fn count(&mut self, outcome: Result<bool>) -> Result<()> {
        match outcome {
            Ok(done) => self.done += usize::from(done),
            Err(Error::Upstream(why)) => {
                self.failures += 1;
                self.failed = Some(why.into_owned());
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// At most a round of these, by lot: those that can never be had do not keep the others waiting.
fn some_of<T>(app: &App, mut all: Vec<T>) -> Vec<T> {
    let mut chosen = Vec::new();
    while chosen.len() < ROUND && !all.is_empty() {
        let at = if all.len() > ROUND { app.random().below(all.len() as u64) } else { 0 };
        chosen.push(all.swap_remove(usize::try_from(at).unwrap_or(0)));
    }
    chosen
}

/// Fetches a question that is not here. Whether it is one here now.
async fn take_in(app: &App, heard: &Heard, asked: Timestamp) -> Result<bool> {
    let before = standing(app, &heard.uri).await?;
    match import::post(app, &heard.uri, &Budget::of_activity()).await {
        Ok(Some(_)) => {
            let heard_ = heard.clone();
            app.write(move |tx| replica::take_over(tx, &heard_, asked)).await?;
            Ok(standing(app, &heard.uri).await? != before)
        }
        Ok(None) | Err(Error::NotFound | Error::Gone | Error::Forbidden(_) | Error::BadRequest(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Reads a question again that its node does not list any more. Whether it stands differently now.
async fn look_after(app: &App, copy: &Listed) -> Result<bool> {
    let before = standing(app, &copy.uri).await?;
    match import::post_again(app, &copy.uri, &Budget::of_activity()).await {
        Ok(()) | Err(Error::Gone) => {}
        Err(Error::NotFound | Error::Forbidden(_) | Error::BadRequest(_)) => {
            let id = copy.post;
            app.write(move |tx| replica::withdraw(tx, id)).await?;
        }
        Err(error) => return Err(error),
    }
    Ok(standing(app, &copy.uri).await? != before)
}

/// How a question stands here; nothing for what is none.
async fn standing(app: &App, uri: &str) -> Result<Option<(i16, Option<String>)>> {
    let uri = uri.to_owned();
    app.read(move |conn| {
        let Some(post) = store::posts::find_by_uri(conn, &uri)? else { return Ok(None) };
        Ok(store::questions::find(conn, post.id)?.map(|question| (question.state, question.answer_uri)))
    })
    .await
}

/// A question of a node's list; only its own count.
fn read(item: &Json, node: &Member) -> Option<Heard> {
    let uri = item.id().filter(|id| uri::same_authority(id, &node.actor))?;
    let state = questions::state_of(item.text("askState")?);
    let answer = item.uri("acceptedAnswer").filter(|_| state == ANSWERED);
    if state != OPEN && answer.is_none() {
        return None;
    }
    let is_answered = state != OPEN || item.flag("answered").unwrap_or(false);
    let ended = item.time("ended").filter(|_| state != OPEN);
    Some(Heard { uri, told: Told { state, answer, is_answered }, ended })
}

/// The copy as it is, by id of the post.
async fn known(app: &App, domain: &str) -> Result<HashMap<String, Listed>> {
    const ROWS: i64 = 5_000;
    let domain = domain.to_owned();
    app.read(move |conn| {
        let (mut all, mut after) = (HashMap::new(), 0);
        loop {
            let some = store::questions::copied_listed(conn, &domain, after, ROWS)?;
            let full = some.len() as i64 == ROWS;
            for copy in some {
                after = copy.post.raw();
                all.insert(copy.uri.clone(), copy);
            }
            if !full {
                return Ok(all);
            }
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named_in(text: &str) -> Option<(i64, String)> {
        named(&Json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn a_node_of_an_older_version_names_no_list() {
        assert_eq!(named_in(r#"{"total": 3, "digest": "ab"}"#), None);
        assert_eq!(named_in(r#"{"total": 3, "digest": "ab", "questions": []}"#), None);
        let newer = r#"{"total": 3, "digest": "ab", "questions": {"total": 2, "digest": "cd"}}"#;
        assert_eq!(named_in(newer), Some((2, "cd".into())));
    }

    #[test]
    fn a_page_ends_where_it_says_also_behind_ids_of_today() {
        let json = Json::parse(br#"{"next": 117323366400000001, "other": -1, "more": "2"}"#).unwrap();
        assert_eq!(whole(&json, "next"), Some(117_323_366_400_000_001));
        assert_eq!((whole(&json, "other"), whole(&json, "more"), whole(&json, "none")), (None, None, None));
    }
}
