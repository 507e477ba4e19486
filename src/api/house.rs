//! What a node says of its house: privacy policy, terms of service, whom it does not speak with, the languages that posts
//! may be in.

use super::{Access, Anyone, ApiResult, Params, Rendered, Routes, languages::LANGUAGES, timelines::open_to};
use crate::{
    Error,
    app::App,
    crypto::sha256_hex,
    domain::{html, legal},
    net::Severity,
    store,
};
use axum::extract::{Path, State};
use serde::Serialize;

/// The routes of this noun.
pub fn routes() -> Routes {
    Routes::new()
        .get("/api/v1/instance/privacy_policy", Access::Open, privacy)
        .get("/api/v1/instance/terms_of_service", Access::Open, terms)
        .get("/api/v1/instance/terms_of_service/{date}", Access::Open, terms_of)
        .get("/api/v1/instance/domain_blocks", Access::Anyone(&[]), domain_blocks)
        .get("/api/v1/instance/languages", Access::Open, languages)
        .get("/api/v1/peers/search", Access::Anyone(&[]), search_peers)
}

async fn privacy(State(app): State<App>) -> ApiResult<Rendered> {
    let texts = app.texts();
    let (updated_at, text) = texts.privacy.as_ref().ok_or(Error::NotFound)?;
    let content = legal::markup(text);
    Ok(Rendered::of(&serde_json::json!({ "updated_at": updated_at, "content": content.as_str() }))?)
}

fn terms_document(app: &App, day: Option<&str>) -> ApiResult<Rendered> {
    let terms = legal::terms(&app.texts(), day, app.clock().now()).ok_or(Error::NotFound)?;
    Ok(Rendered::of(&serde_json::json!({
        "effective_date": terms.since,
        "effective": terms.effective,
        "content": terms.content.as_str(),
        "succeeded_by": terms.until,
    }))?)
}

async fn terms(State(app): State<App>) -> ApiResult<Rendered> {
    terms_document(&app, None)
}

async fn terms_of(State(app): State<App>, Path(day): Path<String>) -> ApiResult<Rendered> {
    terms_document(&app, Some(&day))
}

/// A domain that this node does not speak with, or does not show to everybody.
#[derive(Serialize)]
struct DomainBlock {
    domain: String,
    digest: String,
    severity: &'static str,
    /// What staff wrote for everybody; what they noted for themselves is theirs.
    comment: String,
}

/// For people of this node: whom they cannot reach from here.
async fn domain_blocks(State(app): State<App>, Anyone(viewer): Anyone) -> ApiResult<Rendered> {
    if viewer.0.is_none() {
        return Err(Error::unauthorized("This method requires an authenticated user").into());
    }
    let said = app.read(store::peers::blocks).await?;
    let mut blocks = app.net().config().blocks;
    blocks.retain(|block| block.severity != Severity::None);
    blocks.sort_by(|a, b| a.domain.cmp(&b.domain));
    blocks.dedup_by(|a, b| a.domain == b.domain);
    let shown = blocks.into_iter().map(|block| {
        let known = said.iter().find(|row| row.domain == block.domain);
        DomainBlock {
            digest: sha256_hex(block.domain.as_bytes()),
            severity: if block.severity == Severity::Suspend { "suspend" } else { "silence" },
            comment: known.map(|row| row.public_comment.clone()).unwrap_or_default(),
            domain: match known.is_some_and(|row| row.obfuscate) {
                true => obfuscated(&block.domain),
                false => block.domain,
            },
        }
    });
    Ok(Rendered::of(&shown.collect::<Vec<_>>())?)
}

/// A name of which only the beginning and the end are shown; whoever knows it can compare its digest.
fn obfuscated(domain: &str) -> String {
    let count = domain.chars().count();
    let (first, last) = (count.div_ceil(4), count - count.div_ceil(4));
    let hidden = |at: usize, c: char| c != '.' && (first..last).contains(&at);
    domain.chars().enumerate().map(|(at, c)| if hidden(at, c) { '*' } else { c }).collect()
}

/// A language that posts may be in.
#[derive(Serialize)]
struct Language {
    code: &'static str,
    name: &'static str,
}

async fn languages() -> ApiResult<Rendered> {
    let list: Vec<Language> = LANGUAGES.iter().map(|(code, name)| Language { code, name }).collect();
    Ok(Rendered::of(&list)?)
}

/// Domains of a search.
const FOUND: usize = 10;

async fn search_peers(State(app): State<App>, Anyone(viewer): Anyone, params: Params) -> ApiResult<Rendered> {
    open_to(&app, viewer)?;
    let wanted = html::plain_line(params.text("q").unwrap_or_default(), 253).to_lowercase();
    let wanted = wanted.trim_start_matches('@').to_owned();
    if wanted.is_empty() {
        return Ok(Rendered::from(b"[]".to_vec()));
    }
    let known = app.read(|conn| store::instance::known_domains(conn, 10_000)).await?;
    // Those that begin so first, then those with a part that does.
    let (mut found, rest): (Vec<String>, Vec<String>) = known.into_iter().partition(|name| name.starts_with(&wanted));
    found.extend(rest.into_iter().filter(|name| name.split('.').any(|part| part.starts_with(&wanted))));
    found.truncate(FOUND);
    Ok(Rendered::of(&found)?)
}
