//! Commands to the concierge and questions to the network: what needs the index of people, or another node, is asked
//! here, the rest is the domain's.

use crate::{
    Error, Result,
    app::{App, acting_as},
    domain::{
        concierge::{
            self, answer,
            parse::{Command, Parsed, about, named_before, parse, spoken},
        },
        counters::{Counter, count},
        questions::{
            self,
            ladder::{self, Plan},
        },
    },
    experts,
    federation::{fetch::Budget, import},
    id::Id,
    model::{Account, Post},
    store,
};

/// People named in one answer.
const NAMED: usize = 5;
/// People looked at for each tag of a question.
const LOOKED_AT: usize = 50;

/// Answers a command. The post may be gone by now.
pub(super) async fn answer(app: &App, id: Id<Post>) -> Result<()> {
    let read = app.read(move |conn| {
        let Some(post) = store::posts::find(conn, id)? else { return Ok(None) };
        let author = store::accounts::load(conn, post.account_id)?;
        Ok(Some((post, author)))
    });
    let Some((post, author)) = read.await? else { return Ok(()) };
    if author.is_unavailable() {
        return Ok(());
    }
    if !author.is_local() {
        return app.write(move |tx| concierge::turn_away(tx, &post)).await;
    }
    // What they wrote before they left is not done in their name after it.
    match acting_as(author.id, obey(app, post, author.id)).await {
        Err(Error::Unauthorized(_)) => Ok(()),
        done => done,
    }
}

/// Does what somebody of this node wrote.
async fn obey(app: &App, post: Post, who: Id<Account>) -> Result<()> {
    let typed = concierge::typed(&post);
    let own = app.read(concierge::find).await?.map(|account| account.username).unwrap_or_default();
    let is_own = |name: &str| {
        let (user, domain) = name.split_once('@').map_or((name, None), |(user, domain)| (user, Some(domain)));
        user.eq_ignore_ascii_case(&own) && domain.is_none_or(|domain| app.site().is_own_name(domain))
    };
    let said = spoken(&typed, is_own);
    // The tag alone asks nothing.
    let says = said.split_whitespace().any(|word| !word.starts_with('#') && word.contains(char::is_alphanumeric));
    let asks = says && questions::has_tag(said, &app.config().questions.tag);
    let before = named_now(app, &post, named_before(&typed, is_own)).await?;
    let mut parsed = about(parse(said), &before);
    // A verb goes before the tag, what only sounds like one does not.
    let is_verb = parsed.tongue.is_some() || !matches!(parsed.command, Command::Knows(_) | Command::Open);
    if asks && (said.starts_with('#') || !is_verb) {
        parsed = by_tag(said);
    }
    let verb = parsed.tongue;
    let tongue = app.write(move |tx| {
        count(tx, Counter::Command)?;
        concierge::tongue_of(tx, who, verb)
    });
    let tongue = tongue.await?;
    let text = match &parsed.command {
        Command::Knows(text) => text,
        Command::Project(verb, rest) => {
            return super::concierge_projects::run(app, post, *verb, rest.clone(), tongue).await;
        }
        Command::Unknown(_) => {
            let (copy, text) = (post.clone(), said.to_owned());
            let words = text.clone();
            if app.read(move |conn| concierge::projects::is_addition(conn, &copy, &words)).await? {
                return super::concierge_projects::add(app, post, text, tongue).await;
            }
            let (copy, words) = (post.clone(), text.clone());
            if app.read(move |conn| concierge::projects::is_change(conn, &copy, &words)).await? {
                return app.write(move |tx| concierge::lead::edit(tx, &post, tongue, &text, true)).await;
            }
            if asks {
                let parsed = by_tag(said);
                return app.write(move |tx| answer::run(tx, &post, &parsed)).await;
            }
            let answered = app.write(move |tx| {
                count(tx, Counter::CommandUnknown)?;
                answer::run(tx, &post, &parsed)
            });
            return answered.await;
        }
        _ => return app.write(move |tx| answer::run(tx, &post, &parsed)).await,
    };
    let found = experts::find_in(app, who, text, NAMED, Some(tongue)).await?;
    experts::finds::searched(app, who, &found.experts);
    let found: Vec<_> = found.experts.into_iter().map(|expert| (expert.account, expert.because)).collect();
    app.write(move |tx| answer::knows(tx, &post, tongue, &found)).await
}

/// Those of `names` whom the writer put there: apps begin an answer with all who are named in what it answers.
async fn named_now(app: &App, post: &Post, mut names: Vec<String>) -> Result<Vec<String>> {
    let Some(parent) = post.in_reply_to_id.filter(|_| !names.is_empty()) else { return Ok(names) };
    let before = app.read(move |conn| {
        let mut ids: Vec<_> = store::posts::mentions(conn, parent)?.iter().map(|m| m.account_id).collect();
        ids.extend(store::posts::find(conn, parent)?.map(|post| post.account_id));
        store::accounts::list(conn, &ids)
    });
    let before = before.await?;
    names.retain(|name| {
        let user = name.split('@').next().unwrap_or_default();
        !before.iter().any(|account| account.username.eq_ignore_ascii_case(user))
    });
    Ok(names)
}

/// What carries the tag of questions is one, whether the verb stands before it or not.
fn by_tag(said: &str) -> Parsed {
    Parsed { command: Command::Ask(said.to_owned()), tongue: None }
}

/// Takes a step with a question.
pub(super) async fn climb(app: &App, id: Id<Post>, step: i16) -> Result<()> {
    let Some(plan) = app.write(move |tx| ladder::plan(tx, id, step)).await? else { return Ok(()) };
    let candidates = candidates(app, &plan).await?;
    let earlier = app.read(move |conn| ladder::alike(conn, &plan)).await?;
    app.write(move |tx| ladder::climb(tx, id, step, &candidates, &earlier)).await
}

/// Asks somebody else, where one of those who were asked is the wrong one.
pub(super) async fn another(app: &App, id: Id<Post>, instead: Id<Account>) -> Result<()> {
    let Some(plan) = app.write(move |tx| ladder::plan_another(tx, id)).await? else { return Ok(()) };
    let candidates = candidates(app, &plan).await?;
    app.write(move |tx| ladder::ask_another(tx, id, instead, &candidates)).await
}

/// Who may know, best first.
async fn candidates(app: &App, plan: &Plan) -> Result<Vec<Id<Account>>> {
    let mut lists = Vec::with_capacity(plan.queries.len());
    for query in &plan.queries {
        lists.push(people(app, plan.asker, query).await?);
    }
    if lists.iter().all(Vec::is_empty) && !plan.otherwise.is_empty() {
        lists.push(people(app, plan.asker, &plan.otherwise).await?);
    }
    // The best of each tag, then the second best of each.
    let longest = lists.iter().map(Vec::len).max().unwrap_or(0);
    Ok((0..longest).flat_map(|nth| lists.iter().filter_map(move |list| list.get(nth).copied())).collect())
}

async fn people(app: &App, asker: Id<Account>, query: &str) -> Result<Vec<Id<Account>>> {
    let found = experts::find(app, asker, query, LOOKED_AT).await?;
    // Whoever asks does not count as somebody to ask: where nobody else lists the tag, the words are tried.
    Ok(found.experts.into_iter().map(|expert| expert.account).filter(|id| *id != asker).collect())
}

/// Fetches the accepted answer of another node's question, and counts it.
pub(super) async fn learn(app: &App, id: Id<Post>) -> Result<()> {
    let uri = app.read(move |conn| Ok(store::questions::find(conn, id)?.and_then(|q| q.answer_uri))).await?;
    let Some(uri) = uri else { return Ok(()) };
    if let Some(answer) = import::post(app, &uri, &Budget::of_activity()).await? {
        // Whether it belongs to the question shows in its thread.
        import::ancestors(app, answer.id).await?;
    }
    app.write(move |tx| questions::learn(tx, id).map(|_| ())).await
}
