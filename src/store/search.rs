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

/// What begins the words that say who may find a post: a character that is a letter to both engines and in no word of a
/// query, so that nobody can ask for them.
const MARK: char = '\u{e000}';
/// People whose own word a post carries; with more it is a candidate for everybody.
pub const FINDERS: usize = 64;
/// Reactions to a post that are looked through for those of local people.
const REACTIONS: i64 = 512;

/// Who may find a post by its words, as the index knows it. It may name too many (the answer is checked), never too few.
#[derive(Clone, Debug)]
pub struct Finders {
    /// Public, by somebody who wants to be found: everybody.
    pub open: bool,
    /// Who wrote it.
    pub author: Id<Account>,
    /// Whom it addresses, and who likes, keeps or boosted it.
    pub people: Vec<Id<Account>>,
    /// There are more reactions than were looked at.
    pub many: bool,
}

impl Finders {
    /// The words of the index.
    fn words(&self) -> Vec<String> {
        let mut out = vec![format!("{MARK}a{}", self.author)];
        if self.open {
            out.push(format!("{MARK}o"));
            return out;
        }
        out.extend(self.people.iter().take(FINDERS).map(|id| format!("{MARK}v{id}")));
        if self.many || self.people.len() > FINDERS {
            out.push(format!("{MARK}m"));
        }
        out
    }
}

/// Who searches, and whose posts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Searcher {
    /// Who; none is a stranger.
    pub viewer: Option<Id<Account>>,
    /// Only by this author.
    pub author: Option<Id<Account>>,
}

impl Searcher {
    /// Any of these words of the index; and, with an author, theirs too.
    fn words(&self) -> (Vec<String>, Option<String>) {
        let mut any = vec![format!("{MARK}o")];
        if let Some(me) = self.viewer {
            any.extend([format!("{MARK}a{me}"), format!("{MARK}v{me}"), format!("{MARK}m")]);
        }
        (any, self.author.map(|author| format!("{MARK}a{author}")))
    }

    fn sqlite(&self, words: &[String]) -> String {
        let quoted = |w: &String| format!("\"{w}\"");
        let (any, author) = self.words();
        let any: Vec<String> = any.iter().map(quoted).collect();
        let author = author.iter().map(|a| format!("{} AND ", quoted(a))).collect::<String>();
        format!("{} AND {author}({})", sqlite_query(words, false), any.join(" OR "))
    }

    fn postgres(&self) -> String {
        let quoted = |w: &String| format!("'{w}'");
        let (any, author) = self.words();
        let any: Vec<String> = any.iter().map(quoted).collect();
        let author = author.iter().map(|a| format!("{} & ", quoted(a))).collect::<String>();
        format!("{author}({})", any.join(" | "))
    }
}

/// Puts the words of a post into the index, or puts new ones there.
pub fn index_post(conn: &mut Conn, post: Id<Post>, body: &str, finders: &Finders, fresh: bool) -> Result<()> {
    let marks = finders.words();
    match conn.dialect() {
        Dialect::Sqlite => {
            let sql = if fresh {
                "insert into posts_fts (rowid, body) values ("
            } else {
                "insert or replace into posts_fts (rowid, body) values ("
            };
            let body = format!("{body} {}", marks.join(" "));
            Sql::new(sql).bind(post).with(",", body).push(")").execute(conn)?
        }
        Dialect::Postgres => {
            let marks: Vec<String> = marks.iter().map(|w| format!("'{w}'")).collect();
            Sql::new("insert into posts_fts (id, body) values (")
                .bind(post)
                .with(", to_tsvector('simple', ", body)
                .with(") || cast(", marks.join(" "))
                .push(" as tsvector)) on conflict (id) do update set body = excluded.body")
                .execute(conn)?
        }
    };
    Ok(())
}

/// People of this node who react to a post, and whether there may be more of them.
pub fn local_reactors(conn: &mut Conn, post: Id<Post>) -> Result<(Vec<Id<Account>>, bool)> {
    let (mut people, mut more) = (Vec::new(), false);
    for reactions in [
        "select f.account_id from favourites f where f.post_id = ",
        "select k.account_id from bookmarks k where k.post_id = ",
        "select b.account_id from posts b where b.boost_of_id = ",
    ] {
        let looked: Vec<Id<Account>> = Sql::new(reactions).bind(post).with(" limit ", REACTIONS).load_ids(conn)?;
        more |= i64::try_from(looked.len()).is_ok_and(|n| n == REACTIONS);
        if looked.is_empty() {
            continue;
        }
        let local: Vec<Id<Account>> =
            Sql::new("select a.id from accounts a where a.domain is null and a.id in ").ids(&looked).load_ids(conn)?;
        people.extend(local);
    }
    people.sort_unstable();
    people.dedup();
    Ok((people, more))
}

/// Whether the index has a post as a candidate for everybody.
pub fn is_for_many(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    let mark = format!("{MARK}m");
    match conn.dialect() {
        Dialect::Sqlite => Sql::new("select f.rowid from posts_fts f where f.body match ")
            .bind(format!("\"{mark}\""))
            .with(" and f.rowid = ", post),
        Dialect::Postgres => Sql::new("select f.id from posts_fts f where f.body @@ cast(")
            .bind(format!("'{mark}'"))
            .with(" as tsquery) and f.id = ", post),
    }
    .exists(conn)
}

/// Posts in the order of their ids, above `after`, that can be found by words: of one author, or of everybody.
pub fn to_index(conn: &mut Conn, author: Option<Id<Account>>, after: i64, most: i64) -> Result<Vec<Post>> {
    let mut sql = Sql::new("select p.* from posts p where p.boost_of_id is null and p.id > ").bind(after);
    if let Some(author) = author {
        sql = sql.with(" and p.account_id = ", author);
    }
    sql.with(" order by p.id limit ", most).load(conn)
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

/// Ids of posts with all `words` that the index says the searcher may find, newest first, within a stretch.
pub fn posts(
    conn: &mut Conn,
    words: &[String],
    searcher: Searcher,
    within: Stretch,
    limit: i64,
) -> Result<Vec<Id<Post>>> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    match conn.dialect() {
        Dialect::Sqlite => Sql::new("select f.rowid from posts_fts f where f.body match ")
            .bind(searcher.sqlite(words))
            .with(" and f.rowid < ", within.below)
            .with(" and f.rowid > ", within.above)
            .with(" order by f.rowid desc limit ", limit),
        // Two conditions: words that are none to the engine make an empty query, which must find nothing.
        Dialect::Postgres => Sql::new("select f.id from posts_fts f where f.body @@ to_tsquery('simple', ")
            .bind(postgres_query(words, false))
            .with(") and f.body @@ cast(", searcher.postgres())
            .with(" as tsquery) and f.id < ", within.below)
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
    fn a_post_names_who_may_find_it_and_beyond_so_many_everybody_looks() {
        let ids = |n: i64| (1..=n).map(Id::new).collect::<Vec<Id<Account>>>();
        let of = |open, people| Finders { open, author: Id::new(7), people, many: false }.words();
        assert_eq!(of(true, ids(3)), ["\u{e000}a7", "\u{e000}o"]);
        assert_eq!(of(false, ids(2)), ["\u{e000}a7", "\u{e000}v1", "\u{e000}v2"]);
        let crowd = of(false, ids(FINDERS as i64 + 1));
        assert_eq!((crowd.len(), crowd.last().map(String::as_str)), (FINDERS + 2, Some("\u{e000}m")));
        let ada = Searcher { viewer: Some(Id::new(1)), author: Some(Id::new(7)) };
        let any = "(\"\u{e000}o\" OR \"\u{e000}a1\" OR \"\u{e000}v1\" OR \"\u{e000}m\")";
        assert_eq!(ada.sqlite(&words("some words")), format!("\"some\" \"words\" AND \"\u{e000}a7\" AND {any}"));
        assert_eq!(Searcher::default().postgres(), "('\u{e000}o')");
        // Nobody can ask for such a word.
        assert_eq!(words("\u{e000}m x\u{e000}o"), ["m", "x", "o"]);
    }

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
