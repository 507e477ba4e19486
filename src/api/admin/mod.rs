//! What staff does from an app. Each act is the operation that the command line calls, with its trace in the audit log.

pub mod accounts;
pub mod allows;
pub mod blocks;
pub mod domains;
pub mod figures;
pub mod reports;
pub mod trends;

use super::{SignedIn, request::address_of};
use crate::{
    Result,
    domain::{Tx, audit::Staff},
    model::Role,
};
use axum::http::request::Parts;

/// Entries of a page that says nothing else.
const PAGE: i64 = 100;

fn origin(parts: &Parts) -> String {
    address_of(&parts.extensions).map(|address| address.to_string()).unwrap_or_default()
}

/// Whoever acts, with the role that they have now.
fn acting(tx: &mut Tx<'_>, me: SignedIn, least: Role, from: &str) -> Result<Staff> {
    Staff::signed_in(tx, me.account, least, from)
}
