//! Accounts as staff looks for them.

use super::page::Page;
use crate::{
    Result,
    db::{Conn, Sql},
    id::Id,
    model::{Account, Role},
    time::Timestamp,
};

/// Which accounts are asked for; what is none, or false, does not matter.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of this node (true) or of others (false).
    pub local: Option<bool>,
    /// Neither disabled nor suspended nor waiting.
    pub active: bool,
    /// Not suspended, whatever else they are.
    pub unsuspended: bool,
    /// Waiting for approval.
    pub pending: bool,
    /// May not sign in.
    pub disabled: bool,
    /// Hidden from those who do not follow.
    pub silenced: bool,
    /// All that it posts is marked as sensitive.
    pub sensitized: bool,
    /// Hidden.
    pub suspended: bool,
    /// Staff only.
    pub staff: bool,
    /// In one of these roles.
    pub roles: Option<Vec<Role>>,
    /// Beginning of the user name.
    pub username: Option<String>,
    /// Beginning of the display name.
    pub display_name: Option<String>,
    /// Of this domain.
    pub domain: Option<String>,
    /// Beginning of the e-mail address.
    pub email: Option<String>,
    /// Invited by this account.
    pub invited_by: Option<Id<Account>>,
    /// Nobody: asked for by what nobody is, or what is not kept of anybody.
    pub nobody: bool,
}

/// A page of them, the newest first; actors of the node itself are not among them.
pub fn accounts(conn: &mut Conn, wanted: &Wanted, instance: &str, page: Page) -> Result<Vec<Id<Account>>> {
    let mut sql = Sql::new(
        "select a.id from accounts a left join users u on u.account_id = a.id where a.deleted_at is null and a.uri <> ",
    )
    .bind(instance);
    match wanted.local {
        Some(true) => sql = sql.push(" and u.account_id is not null"),
        Some(false) => sql = sql.push(" and a.domain is not null"),
        None => sql = sql.push(" and (u.account_id is not null or a.domain is not null)"),
    }
    for (asked, condition) in [
        (
            wanted.active,
            " and a.suspended_at is null and u.disabled_at is null and (u.account_id is null or u.approved_at is not null)",
        ),
        (wanted.unsuspended, " and a.suspended_at is null"),
        (wanted.pending, " and u.account_id is not null and u.approved_at is null"),
        (wanted.disabled, " and u.disabled_at is not null"),
        (wanted.silenced, " and a.silenced_at is not null"),
        (wanted.sensitized, " and a.sensitized_at is not null"),
        (wanted.suspended, " and a.suspended_at is not null"),
    ] {
        if asked {
            sql = sql.push(condition);
        }
    }
    if wanted.staff {
        sql = sql.with(" and u.role >= ", Role::Moderator);
    }
    if let Some(roles) = &wanted.roles {
        // Roles that there are none of have nobody in them.
        let one_of = sql.push(" and (1 = 0");
        sql = roles.iter().fold(one_of, |sql, role| sql.with(" or u.role = ", *role)).push(")");
    }
    for (beginning, column) in
        [(&wanted.username, "a.username"), (&wanted.display_name, "a.display_name"), (&wanted.email, "u.email_normal")]
    {
        if let Some(text) = beginning {
            let text = text.to_lowercase();
            let length = i64::try_from(text.chars().count()).unwrap_or(0);
            sql = sql.push(format!(" and lower(substr({column}, 1, ")).bind(length);
            // PostgreSQL counts with `integer` here.
            sql = if conn.dialect() == crate::db::Dialect::Postgres { sql.push("::integer") } else { sql };
            sql = sql.with(")) = ", text);
        }
    }
    if let Some(domain) = &wanted.domain {
        sql = sql.with(" and a.domain = ", domain.to_lowercase());
    }
    if let Some(inviter) = wanted.invited_by {
        sql = sql.with(" and u.invite_id in (select i.id from invites i where i.created_by = ", inviter).push(")");
    }
    if wanted.nobody {
        sql = sql.push(" and 1 = 0");
    }
    let rows: Vec<Id<Account>> = page.apply(sql, "a.id").load_ids(conn)?;
    Ok(page.arrange(rows))
}

/// Limits an account, or ends that.
pub fn set_silenced(conn: &mut Conn, id: Id<Account>, at: Option<Timestamp>) -> Result<()> {
    Sql::new("update accounts set silenced_at = ").bind(at).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Marks what an account posts as sensitive, or ends that.
pub fn set_sensitized(conn: &mut Conn, id: Id<Account>, at: Option<Timestamp>) -> Result<()> {
    Sql::new("update accounts set sensitized_at = ").bind(at).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// Whether an account is limited.
pub fn is_silenced(conn: &mut Conn, id: Id<Account>) -> Result<bool> {
    Sql::new("select a.id from accounts a where a.silenced_at is not null and a.id = ").bind(id).exists(conn)
}
