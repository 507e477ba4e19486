//! Domains that are let in, for staff: the peers that were added by command. Where a charter says who belongs to the
//! organisation, nodes come in through the charter and not through this door.

use super::{domains::id_of, origin, part};
use crate::{
    Error, Result,
    api::{
        ApiResult, Empty, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        entities::admin::AdminDomainAllow,
    },
    app::App,
    domain::{audit::Staff, scopes::Scope},
    model::{PeerRow, Role},
    peers::{self, NewPeer},
    store,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, request::Parts},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const READ: Access = Access::Staff(Role::Admin, &[Scope::AdminReadDomainAllows]);
    const WRITE: Access = Access::Staff(Role::Admin, &[Scope::AdminWriteDomainAllows]);
    Routes::new()
        .get("/api/v1/admin/domain_allows", READ, list)
        .post("/api/v1/admin/domain_allows", WRITE, create)
        .get("/api/v1/admin/domain_allows/{id}", READ, show)
        .delete("/api/v1/admin/domain_allows/{id}", WRITE, delete)
}

fn document(row: &PeerRow) -> AdminDomainAllow<'_> {
    AdminDomainAllow { id: id_of(&row.domain).to_string(), domain: &row.domain, created_at: row.created_at }
}

/// The entry with this id, or `NotFound`.
async fn load(app: &App, id: &str) -> Result<PeerRow> {
    let id: u64 = id.parse().map_err(|_| Error::NotFound)?;
    let peers = app.read(store::peers::list).await?;
    peers.into_iter().find(|peer| id_of(&peer.domain) == id).ok_or(Error::NotFound)
}

async fn named(app: &App, domain: &str) -> Result<PeerRow> {
    let domain = domain.trim().to_lowercase();
    let peers = app.read(store::peers::list).await?;
    peers.into_iter().find(|peer| peer.domain == domain).ok_or(Error::NotFound)
}

/// Whoever acts, with the role that they have now.
async fn by(app: &App, me: SignedIn, parts: &Parts) -> Result<Staff> {
    let from = origin(parts);
    app.write(move |tx| Staff::signed_in(tx, me.account, Role::Admin, &from)).await
}

async fn list(
    State(app): State<App>,
    _: SignedIn,
    uri: OriginalUri,
    params: Params,
) -> ApiResult<(HeaderMap, Rendered)> {
    let mut peers = app.read(store::peers::list).await?;
    peers.sort_by_key(|peer| std::cmp::Reverse(peer.created_at));
    let (headers, rows) = part(&peers, |peer| id_of(&peer.domain), &params, app.site().base(), &uri)?;
    Ok((headers, Rendered::of(&rows.iter().map(document).collect::<Vec<_>>())?))
}

async fn show(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    Ok(Rendered::of(&document(&load(&app, &id).await?))?)
}

async fn create(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Rendered> {
    let Some(domain) = params.filled("domain").map(str::to_owned) else {
        return Err(Error::invalid("domain", "blank", "Domain can't be blank").into());
    };
    if let Some(ours) = peers::organisation(&app) {
        let reason = format!(
            "The charter of {} says which nodes belong to it: invite the node with `watercooler org invite --domain {domain}`, \
             or add it as a peer of this node alone with `watercooler peer add {domain}`",
            ours.charter.name
        );
        return Err(Error::invalid("domain", "invalid", reason).into());
    }
    // An allow names a host. Ranges, ports and certificates are for the command line.
    if let Ok(known) = named(&app, &domain).await {
        return Ok(Rendered::of(&document(&known))?);
    }
    let new = NewPeer { domain: domain.clone(), ..NewPeer::default() };
    peers::add(&app, by(&app, me, &parts).await?, new).await?;
    Ok(Rendered::of(&document(&named(&app, &domain).await?))?)
}

async fn delete(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Empty> {
    let old = load(&app, &id).await?;
    peers::remove(&app, by(&app, me, &parts).await?, &old.domain).await?;
    Ok(Empty)
}
