//! Who may not come in, for staff: ranges of addresses, domains of mail addresses, mail addresses.

use super::{PAGE, acting, origin};
use crate::{
    Error, Result,
    api::{
        ApiResult, Empty, Params, Rendered,
        auth::{Access, Routes, SignedIn},
        entities::admin::{AdminEmailBlock, AdminEmailDomainBlock, AdminIpBlock, history_of_nothing},
        page::{self, Prev},
        request::address_of,
        screen::Screen,
    },
    app::App,
    domain::{
        admission::{self, Email, IpChange, Severity},
        names,
        scopes::Scope,
    },
    id::Id,
    model::{EmailBlock, EmailDomainBlock, IpBlock, Role},
    store::admission as rows,
    time::Timestamp,
};
use axum::{
    extract::{OriginalUri, Path, State},
    http::{HeaderMap, request::Parts},
};

/// The routes of this noun.
pub fn routes() -> Routes {
    const fn staff(scope: &'static [Scope]) -> Access {
        Access::Staff(Role::Admin, scope)
    }
    const READ_IP: Access = staff(&[Scope::AdminReadIpBlocks]);
    const WRITE_IP: Access = staff(&[Scope::AdminWriteIpBlocks]);
    const READ_DOMAIN: Access = staff(&[Scope::AdminReadEmailDomainBlocks]);
    const WRITE_DOMAIN: Access = staff(&[Scope::AdminWriteEmailDomainBlocks]);
    const READ_EMAIL: Access = staff(&[Scope::AdminReadCanonicalEmailBlocks]);
    const WRITE_EMAIL: Access = staff(&[Scope::AdminWriteCanonicalEmailBlocks]);
    Routes::new()
        .get("/api/v1/admin/ip_blocks", READ_IP, ips)
        .post("/api/v1/admin/ip_blocks", WRITE_IP, block_ip)
        .get("/api/v1/admin/ip_blocks/{id}", READ_IP, ip)
        .update("/api/v1/admin/ip_blocks/{id}", WRITE_IP, change_ip)
        .delete("/api/v1/admin/ip_blocks/{id}", WRITE_IP, unblock_ip)
        .get("/api/v1/admin/email_domain_blocks", READ_DOMAIN, domains)
        .post("/api/v1/admin/email_domain_blocks", WRITE_DOMAIN, block_domain)
        .get("/api/v1/admin/email_domain_blocks/{id}", READ_DOMAIN, domain)
        .delete("/api/v1/admin/email_domain_blocks/{id}", WRITE_DOMAIN, unblock_domain)
        .get("/api/v1/admin/canonical_email_blocks", READ_EMAIL, emails)
        .post("/api/v1/admin/canonical_email_blocks", WRITE_EMAIL, block_email)
        .post("/api/v1/admin/canonical_email_blocks/test", READ_EMAIL, test_email)
        .get("/api/v1/admin/canonical_email_blocks/{id}", READ_EMAIL, email)
        .delete("/api/v1/admin/canonical_email_blocks/{id}", WRITE_EMAIL, unblock_email)
}

type Answer = ApiResult<(HeaderMap, Rendered)>;

/// The `Link` header of a page of rows.
fn headers<T>(app: &App, uri: &OriginalUri, rows: &[T], id: impl Fn(&T) -> i64) -> HeaderMap {
    match (rows.first(), rows.last()) {
        (Some(first), Some(last)) => page::link(app.site().base(), uri, id(first), id(last), true, Prev::MinId),
        _ => HeaderMap::new(),
    }
}

fn ip_document(row: &IpBlock) -> AdminIpBlock<'_> {
    AdminIpBlock {
        id: row.id,
        ip: &row.range,
        severity: Severity::from_code(row.severity).as_str(),
        comment: &row.comment,
        created_at: row.created_at,
        expires_at: row.expires_at,
    }
}

async fn ips(State(app): State<App>, _: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    let wanted = page::read(&params, PAGE)?;
    let found = app.read(move |conn| rows::ips(conn, &wanted)).await?;
    let documents: Vec<_> = found.iter().map(ip_document).collect();
    Ok((headers(&app, &uri, &found, |row| row.id.raw()), Rendered::of(&documents)?))
}

async fn ip(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    Ok(Rendered::of(&ip_document(&app.read(move |conn| rows::ip(conn, id)).await?))?)
}

/// What is asked for. `expires_in` is in seconds; empty or 0 for ever.
fn ip_change(params: &Params, now: Timestamp) -> Result<IpChange> {
    let severity = match params.filled("severity") {
        None => None,
        Some(word) => Some(Severity::parse(word).ok_or_else(|| {
            let reason = "Severity is not included in the list: sign_up_requires_approval, sign_up_block, no_access";
            Error::invalid("severity", "inclusion", reason)
        })?),
    };
    let expires_at = match params.text("expires_in").map(str::trim) {
        None => None,
        Some("" | "0") => Some(None),
        Some(text) => {
            let seconds = text.parse::<i64>().ok().filter(|seconds| (1..=SECONDS).contains(seconds));
            let seconds = seconds.ok_or_else(|| Error::bad_request("Invalid parameter: expires_in"))?;
            Some(Some(now.plus_seconds(seconds)))
        }
    };
    Ok(IpChange {
        range: params.filled("ip").map(admission::range).transpose()?,
        severity,
        comment: params.text("comment").map(str::to_owned),
        expires_at,
    })
}

/// The longest time of a block: ten years.
const SECONDS: i64 = 10 * 366 * 86_400;

async fn save_ip(app: App, me: SignedIn, id: Option<Id<IpBlock>>, parts: Parts, params: Params) -> ApiResult<Rendered> {
    let (change, from) = (ip_change(&params, app.clock().now())?, origin(&parts));
    let own = address_of(&parts.extensions);
    let row = app.write(move |tx| {
        let by = acting(tx, me, Role::Admin, &from)?;
        admission::block_ip(tx, &by, id, change, own)
    });
    let row = row.await?;
    app.part::<Screen>().forget();
    Ok(Rendered::of(&ip_document(&row))?)
}

async fn block_ip(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Rendered> {
    save_ip(app, me, None, parts, params).await
}

async fn change_ip(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    params: Params,
) -> ApiResult<Rendered> {
    save_ip(app, me, Some(id.parse()?), parts, params).await
}

async fn unblock_ip(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Empty> {
    let (id, from): (Id<IpBlock>, _) = (id.parse()?, origin(&parts));
    app.write(move |tx| {
        let by = acting(tx, me, Role::Admin, &from)?;
        admission::unblock_ip(tx, &by, id)
    })
    .await?;
    app.part::<Screen>().forget();
    Ok(Empty)
}

fn domain_document(row: &EmailDomainBlock, now: Timestamp) -> AdminEmailDomainBlock<'_> {
    AdminEmailDomainBlock {
        id: row.id,
        domain: &row.domain,
        created_at: row.created_at,
        allow_with_approval: row.approval,
        history: history_of_nothing(now),
    }
}

async fn domains(State(app): State<App>, _: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    let (wanted, now) = (page::read(&params, PAGE)?, app.clock().now());
    let found = app.read(move |conn| rows::domains(conn, &wanted)).await?;
    let documents: Vec<_> = found.iter().map(|row| domain_document(row, now)).collect();
    Ok((headers(&app, &uri, &found, |row| row.id.raw()), Rendered::of(&documents)?))
}

async fn domain(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    let row = app.read(move |conn| rows::domain(conn, id)).await?;
    Ok(Rendered::of(&domain_document(&row, app.clock().now()))?)
}

async fn block_domain(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Rendered> {
    let (domain, from) = (params.text("domain").unwrap_or_default().to_owned(), origin(&parts));
    let approval = params.flag("allow_with_approval");
    let row = app.write(move |tx| {
        let by = acting(tx, me, Role::Admin, &from)?;
        admission::block_domain(tx, &by, &domain, approval)
    });
    Ok(Rendered::of(&domain_document(&row.await?, app.clock().now()))?)
}

async fn unblock_domain(
    State(app): State<App>,
    me: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
) -> ApiResult<Empty> {
    let (id, from): (Id<EmailDomainBlock>, _) = (id.parse()?, origin(&parts));
    app.write(move |tx| {
        let by = acting(tx, me, Role::Admin, &from)?;
        admission::unblock_domain(tx, &by, id)
    })
    .await?;
    Ok(Empty)
}

fn email_document(row: &EmailBlock) -> AdminEmailBlock<'_> {
    AdminEmailBlock { id: row.id, canonical_email_hash: &row.hash }
}

async fn emails(State(app): State<App>, _: SignedIn, uri: OriginalUri, params: Params) -> Answer {
    let wanted = page::read(&params, PAGE)?;
    let found = app.read(move |conn| rows::emails(conn, &wanted)).await?;
    let documents: Vec<_> = found.iter().map(email_document).collect();
    Ok((headers(&app, &uri, &found, |row| row.id.raw()), Rendered::of(&documents)?))
}

async fn email(State(app): State<App>, _: SignedIn, Path(id): Path<String>) -> ApiResult<Rendered> {
    let id = id.parse()?;
    Ok(Rendered::of(&email_document(&app.read(move |conn| rows::email(conn, id)).await?))?)
}

/// The blocks that a mail address would meet.
async fn test_email(State(app): State<App>, _: SignedIn, params: Params) -> ApiResult<Rendered> {
    let email = names::email(params.required("email")?)?;
    let found = app.read(move |conn| admission::blocks_of(conn, &email)).await?;
    Ok(Rendered::of(&found.iter().map(email_document).collect::<Vec<_>>())?)
}

async fn block_email(State(app): State<App>, me: SignedIn, parts: Parts, params: Params) -> ApiResult<Rendered> {
    let email = match (params.filled("email"), params.filled("canonical_email_hash")) {
        (Some(address), _) => Email::Address(address.to_owned()),
        (None, Some(hash)) => Email::Hash(hash.to_owned()),
        (None, None) => return Err(Error::invalid("email", "blank", "Email can't be blank").into()),
    };
    let from = origin(&parts);
    let row = app.write(move |tx| {
        let by = acting(tx, me, Role::Admin, &from)?;
        admission::block_email(tx, &by, email)
    });
    Ok(Rendered::of(&email_document(&row.await?))?)
}

async fn unblock_email(State(app): State<App>, me: SignedIn, Path(id): Path<String>, parts: Parts) -> ApiResult<Empty> {
    let (id, from): (Id<EmailBlock>, _) = (id.parse()?, origin(&parts));
    app.write(move |tx| {
        let by = acting(tx, me, Role::Admin, &from)?;
        admission::unblock_email(tx, &by, id)
    })
    .await?;
    Ok(Empty)
}
