//! Client apps, authorisation codes and access tokens. Secrets are looked up by their hash (OAU-20).

use crate::{
    Result,
    db::{Conn, Sql, on_backend},
    id::Id,
    model::{Account, App, OauthCode, Role, Token, schema},
    time::Timestamp,
};
use diesel::{
    prelude::*,
    sql_types::{BigInt, Nullable, SmallInt, Text},
};

/// Stores an app.
pub fn insert_app(conn: &mut Conn, app: &App) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::apps::table).values(app).execute(c))?;
    Ok(())
}

/// By client id.
pub fn find_app(conn: &mut Conn, client_id: &str) -> Result<Option<App>> {
    Sql::new("select a.* from apps a where a.client_id = ").bind(client_id).optional(conn)
}

/// By id, or `NotFound`.
pub fn load_app(conn: &mut Conn, id: Id<App>) -> Result<App> {
    Sql::new("select a.* from apps a where a.id = ").bind(id).one(conn)
}

/// Several by id.
pub fn list_apps(conn: &mut Conn, ids: &[Id<App>]) -> Result<Vec<App>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    Sql::new("select a.* from apps a where a.id in ").ids(ids).load(conn)
}

/// Notes that an app was used, at most once a day.
pub fn touch_app(conn: &mut Conn, id: Id<App>, now: Timestamp) -> Result<()> {
    Sql::new("update apps set last_used_at = ")
        .bind(now)
        .with(" where id = ", id)
        .with(" and (last_used_at is null or last_used_at < ", now.plus_days(-1))
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Stores a code.
pub fn insert_code(conn: &mut Conn, code: &OauthCode) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::oauth_codes::table).values(code).execute(c))?;
    Ok(())
}

/// By hash, locked on PostgreSQL so that two redemptions of one code cannot both see it unused.
pub fn lock_code(conn: &mut Conn, hash: &[u8]) -> Result<Option<OauthCode>> {
    let sql = Sql::new("select c.* from oauth_codes c where c.code_hash = ").bind(hash);
    match conn.dialect() {
        crate::db::Dialect::Sqlite => sql.optional(conn),
        crate::db::Dialect::Postgres => sql.push(" for update").optional(conn),
    }
}

/// The code has been redeemed, or has died.
pub fn use_code(conn: &mut Conn, hash: &[u8], now: Timestamp) -> Result<()> {
    Sql::new("update oauth_codes set used_at = ").bind(now).with(" where code_hash = ", hash).execute(conn)?;
    Ok(())
}

/// Stores a token.
pub fn insert_token(conn: &mut Conn, token: &Token) -> Result<()> {
    on_backend!(conn, c => diesel::insert_into(schema::tokens::table).values(token).execute(c))?;
    Ok(())
}

/// By hash.
pub fn find_token(conn: &mut Conn, hash: &[u8]) -> Result<Option<Token>> {
    Sql::new("select t.* from tokens t where t.token_hash = ").bind(hash).optional(conn)
}

/// Tokens of an account, newest first.
pub fn list_tokens(conn: &mut Conn, account: Id<Account>) -> Result<Vec<Token>> {
    Sql::new("select t.* from tokens t where t.account_id = ").bind(account).push(" order by t.id desc").load(conn)
}

/// Tokens that an app holds of an account.
pub fn list_tokens_of_app(conn: &mut Conn, account: Id<Account>, app: Id<App>) -> Result<Vec<Token>> {
    Sql::new("select t.* from tokens t where t.account_id = ")
        .bind(account)
        .with(" and t.app_id = ", app)
        .push(" order by t.id desc")
        .load(conn)
}

/// Tokens that came from a code.
pub fn list_tokens_of_code(conn: &mut Conn, app: Id<App>, code_hash: &[u8]) -> Result<Vec<Token>> {
    Sql::new("select t.* from tokens t where t.app_id = ").bind(app).with(" and t.code_hash = ", code_hash).load(conn)
}

/// Ends these tokens.
pub fn delete_tokens(conn: &mut Conn, ids: &[Id<Token>]) -> Result<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    Sql::new("delete from tokens where id in ").ids(ids).execute(conn)
}

/// Ends all tokens and unredeemed codes of an account.
pub fn delete_all_access(conn: &mut Conn, account: Id<Account>) -> Result<usize> {
    Sql::new("delete from oauth_codes where account_id = ").bind(account).execute(conn)?;
    Sql::new("delete from tokens where account_id = ").bind(account).execute(conn)
}

/// Ends all codes of an account.
pub fn delete_codes(conn: &mut Conn, account: Id<Account>) -> Result<usize> {
    Sql::new("delete from oauth_codes where account_id = ").bind(account).execute(conn)
}

/// Ends the codes an app holds for an account.
pub fn delete_codes_of_app(conn: &mut Conn, account: Id<Account>, app: Id<App>) -> Result<usize> {
    Sql::new("delete from oauth_codes where account_id = ").bind(account).with(" and app_id = ", app).execute(conn)
}

/// Notes that a token was used.
pub fn touch_token(conn: &mut Conn, id: Id<Token>, now: Timestamp) -> Result<()> {
    Sql::new("update tokens set last_used_at = ").bind(now).with(" where id = ", id).execute(conn)?;
    Ok(())
}

/// A token as a request needs it.
#[derive(Clone, Debug)]
pub struct Bearer {
    /// The token.
    pub token: Id<Token>,
    /// Its app.
    pub app: Id<App>,
    /// Its account; none for an app token.
    pub account: Option<Id<Account>>,
    /// Scopes as stored.
    pub scopes: String,
    /// When it was last noted as used.
    pub last_used_at: Option<Timestamp>,
    /// Role of the account's user.
    pub role: Role,
    /// Has staff approved the account?
    pub approved: bool,
    /// Is its address known to be theirs?
    pub confirmed: bool,
    /// Has staff disabled it?
    pub disabled: bool,
    /// Suspended, deleted, or somebody who left?
    pub unavailable: bool,
}

type BearerColumns = (
    BigInt,
    BigInt,
    Nullable<BigInt>,
    Text,
    Nullable<BigInt>,
    Nullable<SmallInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
    Nullable<BigInt>,
);
type BearerRow = (
    i64,
    i64,
    Option<i64>,
    String,
    Option<i64>,
    Option<i16>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
    Option<i64>,
);

/// What a token stands for, in one query.
pub fn find_bearer(conn: &mut Conn, hash: &[u8]) -> Result<Option<Bearer>> {
    let rows: Vec<BearerRow> = Sql::new(
        "select t.id, t.app_id, t.account_id, t.scopes, t.last_used_at, u.role, u.approved_at, u.confirmed_at, \
         u.disabled_at, a.suspended_at, a.deleted_at, a.left_on from tokens t left join users u on u.account_id = t.account_id \
         left join accounts a on a.id = t.account_id where t.token_hash = ",
    )
    .bind(hash)
    .load_as::<BearerColumns, BearerRow>(conn)?;
    Ok(rows.into_iter().next().map(
        |(token, app, account, scopes, used, role, approved, confirmed, disabled, suspended, deleted, left)| {
            Bearer {
                token: Id::new(token),
                app: Id::new(app),
                account: account.map(Id::new),
                scopes,
                last_used_at: used.map(Timestamp::from_millis),
                role: role.and_then(Role::from_code).unwrap_or(Role::Member),
                approved: approved.is_some(),
                confirmed: confirmed.is_some(),
                disabled: disabled.is_some(),
                // A token of somebody who is no user any more is worth nothing.
                unavailable: account.is_some()
                    && (suspended.is_some() || deleted.is_some() || left.is_some() || role.is_none()),
            }
        },
    ))
}
