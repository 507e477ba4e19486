//! Blocked domains, for staff.

use super::{PAGE, origin};
use crate::{
    Error, Result,
    api::{
        ApiResult, Empty, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        entities::admin::AdminDomainBlock,
    },
    app::App,
    crypto,
    domain::{audit::Staff, scopes::Scope},
    limits,
    model::{DomainBlock, Role},
    net::Severity,
    peers::{self, NewBlock},
    store,
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use std::fmt::Write;

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Staff(Role::Admin, &[Scope::AdminReadDomainBlocks]);
    const WRITE: Access = Access::Staff(Role::Admin, &[Scope::AdminWriteDomainBlocks]);
    Routes::new()
        .get("/api/v1/admin/domain_blocks", READ, list)
        .post("/api/v1/admin/domain_blocks", WRITE, create)
        .get("/api/v1/admin/domain_blocks/{id}", READ, show)
        .update("/api/v1/admin/domain_blocks/{id}", WRITE, change)
        .delete("/api/v1/admin/domain_blocks/{id}", WRITE, delete)
}

/// A block is known by its domain; its id is a number made of that, always the same.
pub(super) fn id_of(domain: &str) -> u64 {
    let hash = crypto::sha256(domain.as_bytes());
    hash.iter().take(6).fold(0, |id, byte| (id << 8) | u64::from(*byte)) | 1
}

fn document(row: &DomainBlock) -> AdminDomainBlock<'_> {
    let mut digest = String::with_capacity(64);
    for byte in crypto::sha256(row.domain.as_bytes()) {
        let _ = write!(digest, "{byte:02x}");
    }
    AdminDomainBlock {
        id: id_of(&row.domain).to_string(),
        domain: &row.domain,
        digest,
        created_at: row.created_at,
        severity: match row.severity {
            0 => "suspend",
            1 => "silence",
            _ => "noop",
        },
        reject_media: row.reject_media,
        reject_reports: row.reject_reports,
        private_comment: Some(row.comment.as_str()).filter(|comment| !comment.is_empty()),
        public_comment: Some(row.public_comment.as_str()).filter(|comment| !comment.is_empty()),
        obfuscate: row.obfuscate,
    }
}

/// The block with this id, or `NotFound`.
async fn load(app: &App, id: &str) -> Result<DomainBlock> {
    let id: u64 = id.parse().map_err(|_| Error::NotFound)?;
    let blocks = app.read(store::peers::blocks).await?;
    blocks.into_iter().find(|block| id_of(&block.domain) == id).ok_or(Error::NotFound)
}

async fn named(app: &App, domain: &str) -> Result<DomainBlock> {
    let domain = domain.trim().trim_start_matches("*.").to_lowercase();
    let blocks = app.read(store::peers::blocks).await?;
    blocks.into_iter().find(|block| block.domain == domain).ok_or(Error::NotFound)
}

async fn list(State(app): State<App>, _: SignedIn, params: Params) -> ApiResult<Rendered> {
    let limit = params.integer("limit")?.unwrap_or(PAGE).clamp(1, 2 * PAGE);
    let offset = params.integer("offset")?.unwrap_or(0).clamp(0, limits::ARRAY_REFUSED as i64);
    let mut blocks = app.read(store::peers::blocks).await?;
    blocks.sort_by_key(|block| std::cmp::Reverse(block.created_at));
    let (skip, take) = (usize::try_from(offset).unwrap_or(0), usize::try_from(limit).unwrap_or(0));
    Ok(Rendered::of(&blocks.iter().skip(skip).take(take).map(document).collect::<Vec<_>>())?)
}

async fn show(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    Ok(Rendered::of(&document(&load(&app, &id).await?))?)
}

/// Whoever acts, with the role that they have now.
async fn by(app: &App, me: SignedIn, parts: &Parts) -> Result<Staff> {
    let from = origin(parts);
    app.write(move |tx| Staff::signed_in(tx, me.account, Role::Admin, &from)).await
}

/// What is asked for, on top of what is there.
fn wanted(params: &Params, domain: String, old: Option<&DomainBlock>) -> Result<NewBlock> {
    let known = old.map_or(1, |old| old.severity);
    let severity = match params.filled("severity") {
        Some("suspend") => Severity::Suspend,
        Some("silence") => Severity::Silence,
        Some("noop") => Severity::None,
        None if known == 0 => Severity::Suspend,
        None if known == 1 => Severity::Silence,
        None => Severity::None,
        Some(_) => {
            let reason = "Severity is not included in the list: silence, suspend, noop";
            return Err(Error::invalid("severity", "inclusion", reason));
        }
    };
    Ok(NewBlock {
        domain,
        severity,
        reject_media: params.bool("reject_media").unwrap_or_else(|| old.is_some_and(|old| old.reject_media)),
        reject_reports: params.bool("reject_reports").unwrap_or_else(|| old.is_some_and(|old| old.reject_reports)),
        comment: match params.text("private_comment") {
            Some(comment) => comment.to_owned(),
            None => old.map(|old| old.comment.clone()).unwrap_or_default(),
        },
        public_comment: match params.text("public_comment") {
            Some(comment) => comment.to_owned(),
            None => old.map(|old| old.public_comment.clone()).unwrap_or_default(),
        },
        obfuscate: params.bool("obfuscate").unwrap_or_else(|| old.is_some_and(|old| old.obfuscate)),
    })
}

/// What stands in the way of a new block, with the block that may be changed instead.
#[derive(Serialize)]
struct Existing<'a> {
    error: &'static str,
    existing_domain_block: AdminDomainBlock<'a>,
}

async fn create(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Response> {
    let Some(domain) = params.filled("domain").map(str::to_owned) else {
        return Err(Error::invalid("domain", "blank", "Domain can't be blank").into());
    };
    match named(&app, &domain).await {
        Err(Error::NotFound) => {}
        Err(e) => return Err(e.into()),
        Ok(old) => {
            let error = "Validation failed: Domain has already been taken";
            let body = Rendered::of(&Existing { error, existing_domain_block: document(&old) })?;
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, body).into_response());
        }
    }
    let block = wanted(&params, domain.clone(), None)?;
    peers::block(&app, by(&app, me, &parts).await?, block).await?;
    Ok(Rendered::of(&document(&named(&app, &domain).await?))?.into_response())
}

async fn change(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    params: Params,
) -> ApiResult<Rendered> {
    let old = load(&app, &id).await?;
    let block = wanted(&params, old.domain.clone(), Some(&old))?;
    peers::block(&app, by(&app, me, &parts).await?, block).await?;
    Ok(Rendered::of(&document(&load(&app, &id).await?))?)
}

async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Empty> {
    let old = load(&app, &id).await?;
    peers::unblock(&app, by(&app, me, &parts).await?, &old.domain).await?;
    Ok(Empty)
}
