//! What the charter in force says about audiences, in a form that a statement can ask: where posts for the organisation may
//! go, and what authors may choose.

use crate::{
    Result,
    db::{Conn, Sql},
    model::{Audience, Post},
};
use diesel::sql_types::{Bool, SmallInt, Text};

/// What the charter in force says about audiences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The hash of that version.
    pub hash: String,
    /// The organisation's id.
    pub organisation: String,
    /// For whom a post is whose author says nothing.
    pub default: Audience,
    /// Whether an author may choose the open fediverse.
    pub open_allowed: bool,
}

/// A server to which posts for the organisation may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Scheme, host and port.
    pub authority: String,
    /// It says of each post for whom it is.
    pub tells: bool,
}

/// The rules; none while there is no charter.
pub fn rules(conn: &mut Conn) -> Result<Option<Rules>> {
    let rows = Sql::new("select c.hash, c.organisation, c.default_audience, c.open_allowed from charter_audiences c")
        .load_as::<(Text, Text, SmallInt, Bool), (String, String, Audience, bool)>(conn)?;
    let read = |(hash, organisation, default, open_allowed)| Rules { hash, organisation, default, open_allowed };
    Ok(rows.into_iter().next().map(read))
}

/// Whether posts for the organisation may go to this authority, and then whether it says of each post for whom it is.
pub fn host(conn: &mut Conn, authority: &str) -> Result<Option<bool>> {
    let rows = Sql::new("select h.tells from charter_hosts h where h.authority = ")
        .bind(authority)
        .load_as::<Bool, bool>(conn)?;
    Ok(rows.into_iter().next())
}

/// Every authority to which posts for the organisation may go.
pub fn hosts(conn: &mut Conn) -> Result<Vec<String>> {
    Sql::new("select h.authority from charter_hosts h order by h.authority").load_texts(conn)
}

/// A post of another server may go less far than was thought; whoever boosted or quoted it goes along.
pub fn narrow(conn: &mut Conn, post: &Post, audience: Audience) -> Result<()> {
    for column in ["id", "boost_of_id"] {
        Sql::new("update posts set audience = ")
            .bind(audience)
            .push(format!(" where {column} = "))
            .bind(post.id)
            .with(" and audience > ", audience)
            .execute(conn)?;
    }
    // Whoever quotes it shows it.
    Sql::new("update posts set audience = ")
        .bind(audience)
        .with(" where audience > ", audience)
        .with(" and id in (select q.post_id from quotes q where q.quoted_id = ", post.id)
        .push(")")
        .execute(conn)?;
    Ok(())
}

/// Replaces what was said before.
pub fn replace(conn: &mut Conn, rules: Option<&Rules>, hosts: &[Host]) -> Result<()> {
    Sql::new("delete from charter_hosts").execute(conn)?;
    Sql::new("delete from charter_audiences").execute(conn)?;
    for host in hosts {
        Sql::new("insert into charter_hosts (authority, tells) values (")
            .bind(&host.authority)
            .with(",", host.tells)
            .push(") on conflict (authority) do nothing")
            .execute(conn)?;
    }
    if let Some(rules) = rules {
        Sql::new("insert into charter_audiences (hash, organisation, default_audience, open_allowed) values (")
            .bind(&rules.hash)
            .with(",", &rules.organisation)
            .with(",", rules.default)
            .with(",", rules.open_allowed)
            .push(")")
            .execute(conn)?;
    }
    Ok(())
}
