//! Who may not come in.

use super::{schema, whole_row};
use crate::{id::Id, time::Timestamp};
use diesel::prelude::*;

/// Addresses of machines.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::ip_blocks, treat_none_as_default_value = false)]
pub struct IpBlock {
    pub id: Id<IpBlock>,
    /// `203.0.113.0/24`, `2001:db8::/32`.
    pub range: String,
    /// 0: who signs up has to be approved; 1: nobody signs up; 2: nothing is answered.
    pub severity: i16,
    /// Why, for staff.
    pub comment: String,
    pub expires_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A domain of mail addresses, with its subdomains.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::email_domain_blocks, treat_none_as_default_value = false)]
pub struct EmailDomainBlock {
    pub id: Id<EmailDomainBlock>,
    pub domain: String,
    /// People sign up with it, and have to be approved.
    pub approval: bool,
    pub created_at: Timestamp,
}

/// One mail address, however it is written.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = schema::email_blocks, treat_none_as_default_value = false)]
pub struct EmailBlock {
    pub id: Id<EmailBlock>,
    /// SHA-256 of its canonical form, in hexadecimal digits.
    pub hash: String,
    pub created_at: Timestamp,
}

whole_row!(IpBlock => ip_blocks, EmailDomainBlock => email_domain_blocks, EmailBlock => email_blocks);
