//! What staff does from an app. Each act is the operation that the command line calls, with its trace in the audit log.

pub mod accounts;
pub mod allows;
pub mod blocks;
pub mod domains;
pub mod figures;
pub mod posts;
pub mod reports;
pub mod trends;

use super::{
    ApiResult, Params, SignedIn,
    page::{self, Page, Prev},
    request::address_of,
};
use crate::{
    Result,
    domain::{Tx, audit::Staff},
    limits,
    model::Role,
};
use axum::http::{HeaderMap, Uri, request::Parts};

/// Entries of a page that says nothing else.
const PAGE: i64 = 100;

fn origin(parts: &Parts) -> String {
    address_of(&parts.extensions).map(|address| address.to_string()).unwrap_or_default()
}

/// Whoever acts, with the role that they have now.
fn acting(tx: &mut Tx<'_>, me: SignedIn, least: Role, from: &str) -> Result<Staff> {
    Staff::signed_in(tx, me.account, least, from)
}

/// A page of what is read as a whole, the newest first, and its `Link` header. The ids say nothing of the order: a bound is
/// the place where its id stands.
fn part<'a, T>(
    all: &'a [T],
    id: impl Fn(&T) -> u64,
    params: &Params,
    base: &str,
    uri: &Uri,
) -> ApiResult<(HeaderMap, &'a [T])> {
    let wanted: Page = page::read(params, PAGE)?;
    let offset = params.integer("offset")?.unwrap_or(0).clamp(0, limits::ARRAY_REFUSED as i64);
    let number = |one: &T| i64::try_from(id(one)).unwrap_or(i64::MAX);
    let place = |bound: Option<i64>| bound.map(|bound| all.iter().position(|one| number(one) == bound));
    let from = match place(wanted.max_id) {
        None => usize::try_from(offset).unwrap_or(0),
        Some(found) => found.map_or(all.len(), |place| place + 1),
    };
    let to = place(wanted.above()).flatten().unwrap_or(all.len());
    let between = all.get(from..to).unwrap_or_default();
    let most = usize::try_from(wanted.limit).unwrap_or(0);
    let rows = match between.len().checked_sub(most) {
        Some(beyond) if wanted.upward() => between.get(beyond..).unwrap_or_default(),
        _ => between.get(..most).unwrap_or(between),
    };
    let headers = match (rows.first(), rows.last()) {
        // A page by its offset leads nowhere.
        (Some(first), Some(last)) if offset == 0 => {
            page::link(base, uri, number(first), number(last), rows.len() >= most, Prev::MinId)
        }
        _ => HeaderMap::new(),
    };
    Ok((headers, rows))
}
