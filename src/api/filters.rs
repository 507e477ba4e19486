//! Filters: the second generation, and the first one on top of it (one keyword is one old filter).

use super::{
    Access, ApiResult, Empty, Params, Rendered, Routes, SignedIn,
    entities::{
        filter::{FilterKeyword, FilterStatus, FilterV1},
        render::{self, ACTIONS, CONTEXTS},
    },
};
use crate::{
    Error, Result,
    app::App,
    domain::{
        Tx,
        filters::{self, FilterInput, KeywordInput},
        scopes::Scope,
        views::FilterView,
    },
    id::Id,
    limits, model,
    store::filters as rows,
};
use axum::extract::{Path, State};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::User(&[Scope::ReadFilters]);
    const WRITE: Access = Access::User(&[Scope::WriteFilters]);
    Routes::new()
        .get("/api/v2/filters", READ, all)
        .post("/api/v2/filters", WRITE, create)
        .get("/api/v2/filters/{id}", READ, one)
        .update("/api/v2/filters/{id}", WRITE, change)
        .delete("/api/v2/filters/{id}", WRITE, delete)
        .get("/api/v2/filters/{id}/keywords", READ, keywords)
        .post("/api/v2/filters/{id}/keywords", WRITE, add_keyword)
        .get("/api/v2/filters/keywords/{id}", READ, keyword)
        .update("/api/v2/filters/keywords/{id}", WRITE, change_keyword)
        .delete("/api/v2/filters/keywords/{id}", WRITE, delete_keyword)
        .get("/api/v2/filters/{id}/statuses", READ, posts)
        .post("/api/v2/filters/{id}/statuses", WRITE, add_post)
        .get("/api/v2/filters/statuses/{id}", READ, post)
        .delete("/api/v2/filters/statuses/{id}", WRITE, delete_post)
        .get("/api/v1/filters", READ, old_all)
        .post("/api/v1/filters", WRITE, old_create)
        .get("/api/v1/filters/{id}", READ, old_one)
        .update("/api/v1/filters/{id}", WRITE, old_change)
        .delete("/api/v1/filters/{id}", WRITE, old_delete)
}

fn contexts(params: &Params) -> Result<Option<i16>> {
    if !params.has("context") {
        return Ok(None);
    }
    let mut bits = 0;
    for word in params.texts("context") {
        let at = CONTEXTS.iter().position(|name| *name == word.trim());
        let at = at.ok_or_else(|| Error::invalid("context", "invalid", "None or invalid context supplied"))?;
        bits |= 1 << at;
    }
    Ok(Some(bits))
}

fn action(params: &Params) -> Result<Option<i16>> {
    let Some(word) = params.filled("filter_action") else { return Ok(None) };
    ACTIONS
        .iter()
        .zip(0i16..)
        .find(|(name, _)| **name == word)
        .map(|(_, code)| Some(code))
        .ok_or_else(|| Error::invalid("filter_action", "inclusion", "Action is not included in the list"))
}

/// Absent leaves it, empty or `null` means never.
fn expires_in(params: &Params) -> ApiResult<Option<Option<i64>>> {
    if !params.has("expires_in") {
        return Ok(None);
    }
    Ok(Some(params.integer("expires_in")?.map(|seconds| seconds.clamp(0, 315_360_000))))
}

fn keyword_inputs(params: &Params) -> ApiResult<Vec<KeywordInput>> {
    params
        .maps("keywords_attributes")
        .into_iter()
        .take(limits::ARRAY_KEPT)
        .map(|map| {
            Ok(KeywordInput {
                id: map.id("id")?,
                keyword: map.text("keyword").map(str::to_owned),
                whole_word: map.bool("whole_word"),
                destroy: map.flag("_destroy"),
            })
        })
        .collect()
}

fn input(params: &Params) -> ApiResult<FilterInput> {
    Ok(FilterInput {
        title: params.text("title").map(str::to_owned),
        contexts: contexts(params)?,
        action: action(params)?,
        expires_in: expires_in(params)?,
        keywords: keyword_inputs(params)?,
    })
}

async fn all(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let found = app.glance(move |conn| {
        let views = filters::all(conn, me.account)?;
        Rendered::of(&views.iter().map(render::filter).collect::<Vec<_>>())
    });
    Ok(found.await?)
}

async fn one(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let found = app.glance(move |conn| {
        let filter = rows::owned(conn, me.account, id)?;
        Rendered::of(&render::filter(&filters::view(conn, filter)?))
    });
    Ok(found.await?)
}

async fn write<F>(app: &App, act: F) -> ApiResult<Rendered>
where
    F: FnOnce(&mut Tx<'_>) -> Result<FilterView> + Clone + Send + 'static,
{
    Ok(app.write(move |tx| Rendered::of(&render::filter(&act(tx)?))).await?)
}

async fn create(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let input = input(&params)?;
    write(&app, move |tx| filters::create(tx, me.account, &input)).await
}

async fn change(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    let (id, input) = (id.parse()?, input(&params)?);
    write(&app, move |tx| filters::change(tx, me.account, id, &input)).await
}

async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| filters::delete(tx, me.account, id)).await?;
    Ok(Empty)
}

fn keyword_document(row: &model::FilterKeyword) -> FilterKeyword<'_> {
    FilterKeyword { id: row.id, keyword: &row.keyword, whole_word: row.whole_word }
}

fn post_document(row: &model::FilterPost) -> FilterStatus {
    FilterStatus { id: row.id, status_id: row.post_id }
}

async fn keywords(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let found = app.glance(move |conn| {
        rows::owned(conn, me.account, id)?;
        Rendered::of(&rows::keywords(conn, id)?.iter().map(keyword_document).collect::<Vec<_>>())
    });
    Ok(found.await?)
}

async fn add_keyword(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let (id, word) = (id.parse()?, params.text("keyword").unwrap_or_default().to_owned());
    let whole = params.bool("whole_word").unwrap_or(true);
    let made =
        app.write(move |tx| Rendered::of(&keyword_document(&filters::add_keyword(tx, me.account, id, &word, whole)?)));
    Ok(made.await?)
}

async fn keyword(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let found = app.glance(move |conn| Rendered::of(&keyword_document(&rows::owned_keyword(conn, me.account, id)?)));
    Ok(found.await?)
}

async fn change_keyword(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let (id, word) = (id.parse()?, params.text("keyword").map(str::to_owned));
    let whole = params.bool("whole_word");
    let done = app.write(move |tx| {
        let row = filters::change_keyword(tx, me.account, id, word.as_deref(), whole)?;
        Rendered::of(&keyword_document(&row))
    });
    Ok(done.await?)
}

async fn delete_keyword(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id = id.parse()?;
    app.write(move |tx| filters::delete_keyword(tx, me.account, id)).await?;
    Ok(Empty)
}

async fn posts(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let found = app.glance(move |conn| {
        rows::owned(conn, me.account, id)?;
        Rendered::of(&rows::posts(conn, id)?.iter().map(post_document).collect::<Vec<_>>())
    });
    Ok(found.await?)
}

async fn add_post(State(app): State<App>, me: SignedIn, Path(id): Path<String>, params: Params) -> ApiResult<Rendered> {
    params.required("status_id")?;
    let post = params.id("status_id")?.ok_or(Error::NotFound)?;
    let id = id.parse()?;
    let made = app.write(move |tx| Rendered::of(&post_document(&filters::add_post(tx, me.account, id, post)?)));
    Ok(made.await?)
}

async fn post(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    Ok(app.glance(move |conn| Rendered::of(&post_document(&rows::owned_post(conn, me.account, id)?))).await?)
}

async fn delete_post(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let done = app.write(move |tx| Rendered::of(&post_document(&filters::delete_post(tx, me.account, id)?)));
    Ok(done.await?)
}

fn old<'a>(filter: &model::Filter, keyword: &'a model::FilterKeyword) -> FilterV1<'a> {
    FilterV1 {
        id: keyword.id,
        phrase: &keyword.keyword,
        context: render::contexts(filter.contexts),
        whole_word: keyword.whole_word,
        expires_at: filter.expires_at,
        irreversible: filter.action == 1,
    }
}

async fn old_all(State(app): State<App>, me: SignedIn) -> ApiResult<Rendered> {
    let found = app.glance(move |conn| {
        let views = filters::all(conn, me.account)?;
        let list: Vec<_> = views.iter().flat_map(|v| v.keywords.iter().map(|k| old(&v.filter, k))).collect();
        Rendered::of(&list)
    });
    Ok(found.await?)
}

async fn old_one(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id: Id<model::FilterKeyword> = id.parse()?;
    let found = app.glance(move |conn| {
        let keyword = rows::owned_keyword(conn, me.account, id)?;
        let filter = rows::owned(conn, me.account, keyword.filter_id)?;
        Rendered::of(&old(&filter, &keyword))
    });
    Ok(found.await?)
}

fn old_input(params: &Params) -> ApiResult<FilterInput> {
    Ok(FilterInput {
        title: None,
        contexts: contexts(params)?,
        action: params.bool("irreversible").map(i16::from),
        expires_in: expires_in(params)?,
        keywords: Vec::new(),
    })
}

async fn old_create(State(app): State<App>, me: SignedIn, params: Params) -> ApiResult<Rendered> {
    let Some(phrase) = params.filled("phrase").map(str::to_owned) else {
        return Err(Error::invalid("phrase", "blank", "Phrase can't be blank").into());
    };
    let keyword = KeywordInput {
        keyword: Some(phrase.clone()),
        whole_word: Some(params.bool("whole_word").unwrap_or(true)),
        ..Default::default()
    };
    let input = FilterInput { title: Some(phrase), keywords: vec![keyword], ..old_input(&params)? };
    let made = app.write(move |tx| {
        let view = filters::create(tx, me.account, &input)?;
        let keyword = view.keywords.first().ok_or(Error::NotFound)?;
        Rendered::of(&old(&view.filter, keyword))
    });
    Ok(made.await?)
}

/// Whether what an old filter asks for would change the other words of the filter too.
fn changes(tx: &Tx<'_>, filter: &model::Filter, input: &FilterInput) -> bool {
    let ends = input.expires_in.map(|seconds| seconds.map(|seconds| tx.now.plus_seconds(seconds)));
    input.contexts.is_some_and(|contexts| contexts != filter.contexts)
        || input.action.is_some_and(|action| action != i16::from(filter.action == 1))
        || ends.is_some_and(|ends| ends != filter.expires_at)
}

async fn old_change(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    params: Params,
) -> ApiResult<Rendered> {
    let id: Id<model::FilterKeyword> = id.parse()?;
    let (mut input, phrase) = (old_input(&params)?, params.filled("phrase").map(str::to_owned));
    let whole_word = params.bool("whole_word");
    let done = app.write(move |tx| {
        let keyword = rows::owned_keyword(tx.conn, me.account, id)?;
        let filter = rows::owned(tx.conn, me.account, keyword.filter_id)?;
        if input.action == Some(0) && filter.action == 2 {
            // To an old client what only blurs is what only warns.
            input.action = None;
        }
        if changes(tx, &filter, &input) && rows::keywords(tx.conn, filter.id)?.len() > 1 {
            let reason = "These parameters cannot be changed from this application because they apply to more than one \
                          filter keyword. Use a more recent application or the web interface.";
            return Err(Error::invalid("", "invalid", reason));
        }
        if phrase.is_some() && filter.title == keyword.keyword && rows::keywords(tx.conn, filter.id)?.len() == 1 {
            // It was made by an old app, which knows no title: it stays what the word is.
            input.title.clone_from(&phrase);
        }
        input.keywords = vec![KeywordInput { id: Some(id), keyword: phrase, whole_word, destroy: false }];
        let view = filters::change(tx, me.account, keyword.filter_id, &input)?;
        let keyword = view.keywords.iter().find(|k| k.id == id).ok_or(Error::NotFound)?;
        Rendered::of(&old(&view.filter, keyword))
    });
    Ok(done.await?)
}

async fn old_delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>) -> ApiResult<Empty> {
    let id: Id<model::FilterKeyword> = id.parse()?;
    app.write(move |tx| {
        let keyword = rows::owned_keyword(tx.conn, me.account, id)?;
        // The filter goes with its last word.
        if rows::keywords(tx.conn, keyword.filter_id)?.len() <= 1 {
            return filters::delete(tx, me.account, keyword.filter_id);
        }
        filters::delete_keyword(tx, me.account, id)
    })
    .await?;
    Ok(Empty)
}
