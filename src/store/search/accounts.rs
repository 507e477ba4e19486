//! The index of accounts: their names, and what those say of themselves who want to be found.

use super::{MARK, indexed, postgres_query, sqlite_query};
use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::Account,
};

/// What begins a word that stands in what somebody says of themselves, so that names are found without it.
fn about_word(word: &str) -> String {
    format!("{MARK}b{word}")
}

/// From how many letters on the beginning of a word is looked for in what people say of themselves: there are many more
/// of those than names.
const ABOUT_BEGINNING: usize = 4;
/// Words that count of what somebody says of themselves.
const ABOUT: usize = 300;

/// All `words` in names, for SQLite; `about`: each there or in what people say of themselves.
fn sqlite_people(words: &[String], about: bool) -> String {
    if !about {
        return sqlite_query(words, true);
    }
    let last = words.len().saturating_sub(1);
    let either = |(n, word): (usize, &String)| {
        let name = if n == last { "*" } else { "" };
        let said = if n == last && word.chars().count() >= ABOUT_BEGINNING { "*" } else { "" };
        format!("(\"{word}\"{name} OR \"{}\"{said})", about_word(word))
    };
    words.iter().enumerate().map(either).collect::<Vec<_>>().join(" AND ")
}

/// The same for PostgreSQL, as an expression.
fn postgres_people(words: &[String], about: bool) -> Sql {
    if !about {
        return Sql::new("to_tsquery('simple', ").bind(postgres_query(words, true)).push(")");
    }
    let last = words.len().saturating_sub(1);
    let mut all = Sql::new("(");
    for (n, word) in words.iter().enumerate() {
        let said = if n == last && word.chars().count() >= ABOUT_BEGINNING { ":*" } else { "" };
        all = all
            .push(if n == 0 { "" } else { " && " })
            .push("(to_tsquery('simple', ")
            .bind(postgres_query(std::slice::from_ref(word), n == last))
            .push(") || cast(")
            .bind(format!("'{}'{said}", about_word(word)))
            .push(" as tsquery))");
    }
    all.push(")")
}

/// Whether all `words` stand in the names of an account, the last one as a beginning.
pub fn is_named(account: &Account, words: &[String]) -> bool {
    let names = names_of(account);
    let last = words.len().saturating_sub(1);
    let stands = |(n, word): (usize, &String)| {
        names.split(' ').any(|name| name == word || (n == last && name.starts_with(word)))
    };
    words.iter().enumerate().all(stands)
}

/// Ids of accounts whose name, handle or display name has all `words`, the last one as a beginning, or with `about` also
/// what they say of themselves; only of those `follower` follows, when there is one.
pub fn accounts(
    conn: &mut Conn,
    words: &[String],
    about: bool,
    follower: Option<Id<Account>>,
    limit: i64,
) -> Result<Vec<Id<Account>>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    // The plus keeps SQLite from asking the index once for each of them.
    let (mut sql, id) = match conn.dialect() {
        Dialect::Sqlite => {
            let sql =
                Sql::new("select f.rowid from accounts_fts f where f.body match ").bind(sqlite_people(words, about));
            (sql, " and +f.rowid")
        }
        Dialect::Postgres => {
            let sql =
                Sql::new("select f.id from accounts_fts f where f.body @@ ").append(postgres_people(words, about));
            (sql, " and f.id")
        }
    };
    if let Some(follower) = follower {
        sql = sql
            .push(id)
            .with(" in (select sf.target_id from follows sf where sf.state = 1 and sf.account_id = ", follower)
            .push(")");
    }
    sql.with(" limit ", limit).load_ids(conn)
}

/// The condition that the account with the id in this column is found by all `words`: in its names or in what it says of
/// itself, the last one as a beginning.
pub fn says(dialect: Dialect, words: &[String], column: &'static str) -> Sql {
    let index = match dialect {
        Dialect::Sqlite => {
            Sql::new(" in (select f.rowid from accounts_fts f where f.body match ").bind(sqlite_people(words, true))
        }
        Dialect::Postgres => {
            Sql::new(" in (select f.id from accounts_fts f where f.body @@ ").append(postgres_people(words, true))
        }
    };
    Sql::new(column).append(index).push(")")
}

/// Split as queries are, so that `ann_b` is found by `ann`.
fn names_of(account: &Account) -> String {
    indexed(&[&account.username, account.domain.as_deref().unwrap_or(""), &account.display_name])
}

/// Puts an account into the index, or its new names, with what it says of itself as far as it is to be found by that.
pub fn index_account(conn: &mut Conn, account: &Account, about: &str) -> Result<()> {
    let body = names_of(account);
    let about = indexed(&[about]);
    let mut said: Vec<String> = about.split_whitespace().take(ABOUT).map(about_word).collect();
    said.sort_unstable();
    said.dedup();
    match conn.dialect() {
        Dialect::Sqlite => Sql::new("insert or replace into accounts_fts (rowid, body) values (")
            .bind(account.id)
            .with(",", format!("{body} {}", said.join(" ")))
            .push(")")
            .execute_last(conn),
        Dialect::Postgres => {
            let said: Vec<String> = said.iter().map(|word| format!("'{word}'")).collect();
            Sql::new("insert into accounts_fts (id, body) values (")
                .bind(account.id)
                .with(", to_tsvector('simple', ", body)
                .with(") || cast(", said.join(" "))
                .push(" as tsvector)) on conflict (id) do update set body = excluded.body")
                .execute_last(conn)
        }
    }
}

/// Accounts in the order of their ids, above `after`, that can be found by words.
pub fn accounts_to_index(conn: &mut Conn, after: i64, most: i64) -> Result<Vec<Account>> {
    Sql::new("select a.* from accounts a where a.suspended_at is null and a.deleted_at is null and a.id > ")
        .bind(after)
        .with(" order by a.id limit ", most)
        .load(conn)
}

/// Takes an account out of the index.
pub fn unindex_account(conn: &mut Conn, id: Id<Account>) -> Result<()> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "delete from accounts_fts where rowid = ",
        Dialect::Postgres => "delete from accounts_fts where id = ",
    };
    Sql::new(sql).bind(id).execute_last(conn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::search::words;

    #[test]
    fn a_word_stands_in_a_name_or_in_what_somebody_says() {
        assert_eq!(
            sqlite_people(&words("or gardens"), true),
            "(\"or\" OR \"\u{e000}bor\") AND (\"gardens\"* OR \"\u{e000}bgardens\"*)"
        );
        assert_eq!(sqlite_people(&words("not"), true), "(\"not\"* OR \"\u{e000}bnot\")");
        assert_eq!(sqlite_people(&words("not"), false), "\"not\"*");
    }
}
