//! Full text: one index of posts, one of accounts. Two dialects, one meaning: every word must be there. What people type
//! never reaches the query language of either engine (LIM-06).

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Post},
};

/// Words of a query that count.
const WORDS: usize = 10;
/// Characters of a word that count.
const WORD: usize = 64;

/// The words of what somebody typed: letters and digits, in lower case.
pub fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(WORDS)
        .map(|w| w.chars().take(WORD).flat_map(char::to_lowercase).collect())
        .collect()
}

/// `"a" "b"*` for SQLite: quoted, so nothing in it is an operator.
fn sqlite_query(words: &[String], prefix: bool) -> String {
    let last = words.len().saturating_sub(1);
    let mut query = String::new();
    for (n, word) in words.iter().enumerate() {
        if n > 0 {
            query.push(' ');
        }
        query.push('"');
        query.push_str(word);
        query.push('"');
        if prefix && n == last {
            query.push('*');
        }
    }
    query
}

/// `'a' & 'b':*` for PostgreSQL; the words are letters and digits only.
fn postgres_query(words: &[String], prefix: bool) -> String {
    let last = words.len().saturating_sub(1);
    let quoted: Vec<String> = words
        .iter()
        .enumerate()
        .map(|(n, w)| if prefix && n == last { format!("'{w}':*") } else { format!("'{w}'") })
        .collect();
    quoted.join(" & ")
}

/// A stretch of ids, and with it of time: above `above`, below `below`.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    /// Ids are larger than this.
    pub above: i64,
    /// Ids are smaller than this.
    pub below: i64,
}

/// The newest id of a post; 0 without posts.
pub fn newest(conn: &mut Conn) -> Result<i64> {
    Sql::new("select p.id from posts p order by p.id desc limit 1").scalar_i64(conn)
}

/// Ids of posts with all `words`, newest first, within a stretch.
pub fn posts(conn: &mut Conn, words: &[String], within: Stretch, limit: i64) -> Result<Vec<Id<Post>>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    match conn.dialect() {
        Dialect::Sqlite => Sql::new("select f.rowid from posts_fts f where f.body match ")
            .bind(sqlite_query(words, false))
            .with(" and f.rowid < ", within.below)
            .with(" and f.rowid > ", within.above)
            .with(" order by f.rowid desc limit ", limit),
        Dialect::Postgres => Sql::new("select f.id from posts_fts f where f.body @@ to_tsquery('simple', ")
            .bind(postgres_query(words, false))
            .with(") and f.id < ", within.below)
            .with(" and f.id > ", within.above)
            .with(" order by f.id desc limit ", limit),
    }
    .load_ids(conn)
}

/// Ids of accounts whose name, handle or display name has all `words`, the last one as a beginning; only of those
/// `follower` follows, when there is one.
pub fn accounts(
    conn: &mut Conn,
    words: &[String],
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
                Sql::new("select f.rowid from accounts_fts f where f.body match ").bind(sqlite_query(words, true));
            (sql, " and +f.rowid")
        }
        Dialect::Postgres => {
            let sql = Sql::new("select f.id from accounts_fts f where f.body @@ to_tsquery('simple', ")
                .bind(postgres_query(words, true))
                .push(")");
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

/// Puts an account into the index, or its new names.
pub fn index_account(conn: &mut Conn, account: &Account) -> Result<()> {
    let domain = account.domain.as_deref().unwrap_or("");
    // Split as queries are, so that `ann_b` is found by `ann`.
    let body = words_of(&[&account.username, domain, &account.display_name]);
    match conn.dialect() {
        Dialect::Sqlite => Sql::new("insert or replace into accounts_fts (rowid, body) values (")
            .bind(account.id)
            .with(",", body)
            .push(")")
            .execute(conn)?,
        Dialect::Postgres => Sql::new("insert into accounts_fts (id, body) values (")
            .bind(account.id)
            .with(", to_tsvector('simple', ", body)
            .push(")) on conflict (id) do update set body = excluded.body")
            .execute(conn)?,
    };
    Ok(())
}

fn words_of(texts: &[&str]) -> String {
    let mut out = String::new();
    for word in texts.iter().flat_map(|t| t.split(|c: char| !c.is_alphanumeric())).filter(|w| !w.is_empty()) {
        out.push_str(word);
        out.push(' ');
    }
    out
}

/// Takes an account out of the index.
pub fn unindex_account(conn: &mut Conn, id: Id<Account>) -> Result<()> {
    let sql = match conn.dialect() {
        Dialect::Sqlite => "delete from accounts_fts where rowid = ",
        Dialect::Postgres => "delete from accounts_fts where id = ",
    };
    Sql::new(sql).bind(id).execute(conn)?;
    Ok(())
}

/// Of these posts those a searcher may find by their words: visible (`visible`, a condition on `posts p`), and their
/// own, addressed to them, or kept, liked or boosted by them, or public by somebody who wants to be found.
pub fn findable(
    conn: &mut Conn,
    ids: &[Id<Post>],
    viewer: Option<Id<Account>>,
    author: Option<Id<Account>>,
    visible: Sql,
) -> Result<Vec<Post>> {
    let mut sql = Sql::new("select p.* from posts p where p.id in ").ids(ids).push(" and ").append(visible);
    if let Some(author) = author {
        sql = sql.with(" and p.account_id = ", author);
    }
    sql = sql.push(
        " and ((p.visibility = 0 and exists (select 1 from accounts sa where sa.id = p.account_id and sa.indexable))",
    );
    if let Some(me) = viewer {
        sql = sql
            .with(" or p.account_id = ", me)
            .with(" or exists (select 1 from mentions sm where sm.post_id = p.id and sm.account_id = ", me)
            .with(") or exists (select 1 from favourites sf where sf.post_id = p.id and sf.account_id = ", me)
            .with(") or exists (select 1 from bookmarks sk where sk.post_id = p.id and sk.account_id = ", me)
            .with(") or exists (select 1 from posts sb where sb.boost_of_id = p.id and sb.account_id = ", me)
            .push(")");
    }
    sql.push(") order by p.id desc").load(conn)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sec_lim_06_operators_are_only_words() {
        for odd in ["' \" % _ * ( NEAR AND -", "a\" OR b", "NOT x", "\0", "🎉", "body:x", "^a", "a:*", "--", "'); drop"]
        {
            let words = words(odd);
            assert!(words.iter().all(|w| w.chars().all(char::is_alphanumeric)), "{odd}: {words:?}");
        }
        assert_eq!(words("Hello, World"), ["hello", "world"]);
        assert_eq!(words(&"x ".repeat(20_000)).len(), WORDS);
        assert_eq!(words(&"x".repeat(20_000)).first().map(|w| w.chars().count()), Some(WORD));
        assert_eq!(sqlite_query(&words("and near"), true), "\"and\" \"near\"*");
        assert_eq!(postgres_query(&words("and near"), true), "'and' & 'near':*");
    }
}
