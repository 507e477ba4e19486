//! Full text: one index of posts, one of accounts. Two dialects, one meaning: every word must be there. What people type
//! never reaches the query language of either engine (LIM-06). Texts come to both folded and cut into words, so that both
//! fold accents alike.

mod accounts;

pub use accounts::{accounts, accounts_to_index, index_account, is_named, says, unindex_account};

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Post},
};
use unicode_normalization::UnicodeNormalization;

/// Words of a query that count.
pub const WORDS: usize = 10;
/// Characters of a word that count.
const WORD: usize = 64;

/// In lower case, without accents and ligatures.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // Accents of Latin, Greek and Cyrillic letters; the signs of other scripts belong to their words.
    let accent = |c: &char| !('\u{300}'..='\u{36f}').contains(c);
    for c in text.chars().flat_map(char::to_lowercase).nfd().filter(accent) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ł' => out.push('l'),
            'ı' => out.push('i'),
            _ => out.push(c),
        }
    }
    out
}

/// The words of what somebody typed: letters and digits, folded.
pub fn words(text: &str) -> Vec<String> {
    fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .take(WORDS)
        .map(|w| w.chars().take(WORD).collect())
        .collect()
}

/// Words as they stand in an index: one blank between them.
fn indexed(texts: &[&str]) -> String {
    let mut out = String::new();
    for text in texts {
        for word in fold(text).split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
            out.extend(word.chars().take(WORD));
            out.push(' ');
        }
    }
    out
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

/// What a post is like, as one may ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trait {
    /// It has attachments.
    Media,
    /// A picture among them.
    Image,
    /// A film.
    Video,
    /// A sound.
    Audio,
    /// It asks for votes.
    Poll,
    /// It is about a page.
    Link,
    /// It is about a page on which something can be played.
    Embed,
    /// It quotes another post, with consent or without.
    Quote,
    /// It answers.
    Reply,
    /// It is marked as not for everybody's eyes.
    Sensitive,
}

impl Trait {
    const ALL: [(Self, &str); 10] = [
        (Self::Media, "media"),
        (Self::Image, "image"),
        (Self::Video, "video"),
        (Self::Audio, "audio"),
        (Self::Poll, "poll"),
        (Self::Link, "link"),
        (Self::Embed, "embed"),
        (Self::Quote, "quote"),
        (Self::Reply, "reply"),
        (Self::Sensitive, "sensitive"),
    ];

    /// From the word behind `has:` or `is:`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word).map(|(found, _)| *found)
    }

    fn word(self) -> String {
        let name = Self::ALL.iter().find(|(known, _)| *known == self).map_or("", |(_, name)| *name);
        format!("{MARK}t{name}")
    }
}

/// The words for a language: its code, and that without its region.
fn language_words(code: &str) -> Vec<String> {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let (whole, primary) = (plain(code), plain(code.split(['-', '_']).next().unwrap_or_default()));
    let mut out = vec![format!("{MARK}l{primary}")];
    if whole != primary {
        out.push(format!("{MARK}l{whole}"));
    }
    out
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

/// What the index knows of a post beside its words and its finders.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// What it is like.
    pub like: Vec<Trait>,
    /// BCP 47.
    pub language: Option<String>,
}

impl Traits {
    fn words(&self) -> Vec<String> {
        let mut out: Vec<String> = self.like.iter().map(|one| one.word()).collect();
        out.extend(self.language.iter().flat_map(|code| language_words(code)));
        out
    }
}

/// What is looked for. With each condition stands whether it must hold (true) or must not.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Words that stand in this order; most are of one word.
    pub phrases: Vec<Vec<String>>,
    /// Of these none may be there.
    pub without: Vec<Vec<String>>,
    /// What the post is like.
    pub traits: Vec<(Trait, bool)>,
    /// Its language.
    pub languages: Vec<(String, bool)>,
    /// Its author.
    pub authors: Vec<(Id<Account>, bool)>,
    /// Where none is.
    pub gaps: Vec<Stretch>,
}

impl Wanted {
    /// All of these words.
    pub fn words(words: &[String]) -> Self {
        Self { phrases: words.iter().map(|word| vec![word.clone()]).collect(), ..Self::default() }
    }

    /// Whether words that very many posts have are among what is asked for: reading where they meet takes long when they
    /// do not.
    pub fn is_broad(&self) -> bool {
        !(self.traits.is_empty() && self.languages.is_empty() && self.authors.is_empty() && self.without.is_empty())
    }

    /// The words of the index that must be there (true) or must not.
    fn marks(&self, wanted: bool) -> Vec<String> {
        let mut out: Vec<String> =
            self.traits.iter().filter(|(_, want)| *want == wanted).map(|(one, _)| one.word()).collect();
        let languages = self.languages.iter().filter(|(_, want)| *want == wanted);
        // The last one is the narrowest.
        out.extend(languages.filter_map(|(code, _)| language_words(code).pop()));
        let authors = self.authors.iter().filter(|(_, want)| *want == wanted);
        out.extend(authors.map(|(author, _)| format!("{MARK}a{author}")));
        out
    }
}

/// Words that stand in this order, for SQLite.
fn sqlite_phrases(phrases: &[Vec<String>], between: &str) -> String {
    let quoted: Vec<String> = phrases.iter().map(|words| format!("\"{}\"", words.join(" "))).collect();
    quoted.join(between)
}

/// The same for PostgreSQL.
fn postgres_phrases(phrases: &[Vec<String>], between: &str) -> String {
    let ordered = |words: &Vec<String>| {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
        format!("({})", quoted.join(" <-> "))
    };
    phrases.iter().map(ordered).collect::<Vec<_>>().join(between)
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

/// Who searches, whose posts, and where.
#[derive(Clone, Copy, Debug, Default)]
pub struct Searcher {
    /// Who; none is a stranger.
    pub viewer: Option<Id<Account>>,
    /// Only by this author.
    pub author: Option<Id<Account>>,
    /// Only what is theirs: written, addressed to them, kept, liked or boosted by them, or with a poll they voted in.
    pub library: bool,
    /// Only public posts of people who want to be found.
    pub public: bool,
}

impl Searcher {
    /// Any of these words of the index; and, with an author, theirs too.
    fn words(&self) -> (Vec<String>, Option<String>) {
        // Of a post that everybody finds the index does not say who likes it.
        let mut any = vec![format!("{MARK}o")];
        if let Some(me) = self.viewer.filter(|_| !self.public) {
            any.extend([format!("{MARK}a{me}"), format!("{MARK}v{me}"), format!("{MARK}m")]);
        }
        (any, self.author.map(|author| format!("{MARK}a{author}")))
    }

    fn sqlite(&self, wanted: &Wanted) -> String {
        let (any, author) = self.words();
        let quoted = |words: &[String], between| {
            words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(between)
        };
        let mut all: Vec<String> = Vec::new();
        if !wanted.phrases.is_empty() {
            all.push(sqlite_phrases(&wanted.phrases, " "));
        }
        let mut marks = wanted.marks(true);
        marks.extend(author);
        if !marks.is_empty() {
            all.push(quoted(&marks, " AND "));
        }
        all.push(format!("({})", quoted(&any, " OR ")));
        let mut none = Vec::new();
        if !wanted.without.is_empty() {
            none.push(sqlite_phrases(&wanted.without, " OR "));
        }
        let unwanted = wanted.marks(false);
        if !unwanted.is_empty() {
            none.push(quoted(&unwanted, " OR "));
        }
        match none.is_empty() {
            true => all.join(" AND "),
            false => format!("({}) NOT ({})", all.join(" AND "), none.join(" OR ")),
        }
    }

    fn postgres(&self, wanted: &Wanted) -> String {
        let (any, author) = self.words();
        let quoted =
            |words: &[String], between| words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(between);
        let mut marks = wanted.marks(true);
        marks.extend(author);
        let mut all: Vec<String> = marks.iter().map(|word| format!("'{word}'")).collect();
        all.push(format!("({})", quoted(&any, " | ")));
        all.extend(wanted.marks(false).iter().map(|word| format!("!'{word}'")));
        all.join(" & ")
    }
}

/// Puts the words of a post into the index, or puts new ones there.
pub fn index_post(
    conn: &mut Conn,
    post: Id<Post>,
    body: &str,
    traits: &Traits,
    finders: &Finders,
    fresh: bool,
) -> Result<()> {
    let mut marks = finders.words();
    marks.extend(traits.words());
    let body = indexed(&[body]);
    match conn.dialect() {
        Dialect::Sqlite => {
            let sql = if fresh {
                "insert into posts_fts (rowid, body) values ("
            } else {
                "insert or replace into posts_fts (rowid, body) values ("
            };
            let body = format!("{body} {}", marks.join(" "));
            Sql::new(sql).bind(post).with(",", body).push(")").execute_last(conn)
        }
        Dialect::Postgres => {
            let marks: Vec<String> = marks.iter().map(|w| format!("'{w}'")).collect();
            Sql::new("insert into posts_fts (id, body) values (")
                .bind(post)
                .with(", to_tsvector('simple', ", body)
                .with(") || cast(", marks.join(" "))
                .push(" as tsvector)) on conflict (id) do update set body = excluded.body")
                .execute_last(conn)
        }
    }
}

/// People of this node who react to a post, and whether there may be more of them.
pub fn local_reactors(conn: &mut Conn, post: Id<Post>) -> Result<(Vec<Id<Account>>, bool)> {
    let (mut people, mut more) = (Vec::new(), false);
    for reactions in [
        "select f.account_id from favourites f where f.post_id = ",
        "select k.account_id from bookmarks k where k.post_id = ",
        "select b.account_id from posts b where b.boost_of_id = ",
        "select distinct v.account_id from polls o join poll_votes v on v.poll_id = o.id where o.post_id = ",
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

/// Ids of posts that are `wanted` and that the index says the searcher may find, newest first, within a stretch.
pub fn posts(
    conn: &mut Conn,
    wanted: &Wanted,
    searcher: Searcher,
    within: Stretch,
    limit: i64,
) -> Result<Vec<Id<Post>>> {
    let (mut sql, id) = match conn.dialect() {
        Dialect::Sqlite => {
            let sql = Sql::new("select f.rowid from posts_fts f where f.body match ").bind(searcher.sqlite(wanted));
            (sql, "f.rowid")
        }
        Dialect::Postgres => {
            let mut sql = Sql::new("select f.id from posts_fts f where ");
            // Several conditions: words that are none to the engine make an empty query, which must find nothing.
            if !wanted.phrases.is_empty() {
                sql = sql
                    .with("f.body @@ to_tsquery('simple', ", postgres_phrases(&wanted.phrases, " & "))
                    .push(") and ");
            }
            if !wanted.without.is_empty() {
                sql = sql
                    .with("not f.body @@ to_tsquery('simple', ", postgres_phrases(&wanted.without, " | "))
                    .push(") and ");
            }
            (sql.with("f.body @@ cast(", searcher.postgres(wanted)).push(" as tsquery)"), "f.id")
        }
    };
    sql = sql.push(format!(" and {id} < ")).bind(within.below).push(format!(" and {id} > ")).bind(within.above);
    for gap in &wanted.gaps {
        sql =
            sql.push(format!(" and ({id} <= ")).bind(gap.above).push(format!(" or {id} >= ")).bind(gap.below).push(")");
    }
    sql.push(format!(" order by {id} desc limit ")).bind(limit).load_ids(conn)
}

/// The condition that each of these words stands in one of two posts, whose ids are the columns of `of`; the last word may be
/// a beginning. Who may read them is another condition.
pub fn in_either(dialect: Dialect, words: &[String], of: [&'static str; 2]) -> Sql {
    let last = words.len().saturating_sub(1);
    let mut all = Sql::new("1 = 1");
    for (n, word) in words.iter().enumerate() {
        let word = std::slice::from_ref(word);
        let stands = |column: &'static str| match dialect {
            Dialect::Sqlite => Sql::new("exists (select 1 from posts_fts f where f.body match ")
                .bind(sqlite_query(word, n == last))
                .push(" and f.rowid = ")
                .push(column)
                .push(")"),
            Dialect::Postgres => Sql::new("exists (select 1 from posts_fts f where f.body @@ to_tsquery('simple', ")
                .bind(postgres_query(word, n == last))
                .push(") and f.id = ")
                .push(column)
                .push(")"),
        };
        let [one, other] = of.map(stands);
        all = all.push(" and (").append(one).push(" or ").append(other).push(")");
    }
    all
}

/// Posts of one word that are looked at where several words are weighed against one another: what more posts say tells
/// little.
const SAYING: i64 = 2_000;
/// From this many letters on a word may be a beginning.
const BEGINNING: usize = 4;

/// Ids of posts in which a folded word stands, as a column `id`: in another number, too. Who may read them is another
/// condition.
pub fn saying(dialect: Dialect, word: &str) -> Sql {
    let letters = word.chars().count();
    let stem = word.strip_suffix('s').filter(|_| letters > BEGINNING).unwrap_or(word).to_owned();
    let (stem, prefix) = ([stem], letters >= BEGINNING);
    match dialect {
        Dialect::Sqlite => Sql::new("select f.rowid as id from posts_fts f where f.body match ")
            .bind(sqlite_query(&stem, prefix))
            .with(" order by f.rowid desc limit ", SAYING),
        // Not in order: that would make it read the posts one by one.
        Dialect::Postgres => Sql::new("select f.id as id from posts_fts f where f.body @@ to_tsquery('simple', ")
            .bind(postgres_query(&stem, prefix))
            .with(") limit ", SAYING),
    }
}

/// Of these posts those a searcher may find by their words: visible (`visible`, a condition on `posts p`), and their
/// own, addressed to them, kept, liked or boosted by them, with a poll they voted in, or public by somebody who wants to be
/// found.
pub fn findable(conn: &mut Conn, ids: &[Id<Post>], searcher: Searcher, visible: Sql) -> Result<Vec<Post>> {
    const OPEN: &str =
        "(p.visibility = 0 and exists (select 1 from accounts sa where sa.id = p.account_id and sa.indexable))";
    let mut sql = Sql::new("select p.* from posts p where p.id in ").ids(ids).push(" and ").append(visible);
    if let Some(author) = searcher.author {
        sql = sql.with(" and p.account_id = ", author);
    }
    sql = match searcher.viewer.filter(|_| !searcher.public) {
        Some(me) => sql
            .push(" and (")
            .push(if searcher.library { "" } else { OPEN })
            .push(if searcher.library { "p.account_id = " } else { " or p.account_id = " })
            .bind(me)
            .with(" or exists (select 1 from mentions sm where sm.post_id = p.id and sm.account_id = ", me)
            .with(") or exists (select 1 from favourites sf where sf.post_id = p.id and sf.account_id = ", me)
            .with(") or exists (select 1 from bookmarks sk where sk.post_id = p.id and sk.account_id = ", me)
            .with(") or exists (select 1 from posts sb where sb.boost_of_id = p.id and sb.account_id = ", me)
            .push(
                ") or exists (select 1 from polls so join poll_votes sv on sv.poll_id = so.id where so.post_id = p.id",
            )
            .with(" and sv.account_id = ", me)
            .push("))"),
        // A stranger has no library.
        None if searcher.library => return Ok(Vec::new()),
        None => sql.push(" and ").push(OPEN),
    };
    sql.push(" order by p.id desc").load(conn)
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
        let ada = Searcher { viewer: Some(Id::new(1)), author: Some(Id::new(7)), ..Searcher::default() };
        let any = "(\"\u{e000}o\" OR \"\u{e000}a1\" OR \"\u{e000}v1\" OR \"\u{e000}m\")";
        let some = Wanted::words(&words("some words"));
        assert_eq!(ada.sqlite(&some), format!("\"some\" \"words\" AND \"\u{e000}a7\" AND {any}"));
        assert_eq!(Searcher::default().postgres(&some), "('\u{e000}o')");
        let all = Wanted {
            phrases: vec![words("a phrase"), words("word")],
            without: vec![words("not this"), words("that")],
            traits: vec![(Trait::Poll, true), (Trait::Reply, false)],
            languages: vec![("pt-BR".into(), true), ("de".into(), false)],
            authors: vec![(Id::new(8), false)],
            gaps: Vec::new(),
        };
        assert_eq!(
            Searcher::default().sqlite(&all),
            "(\"a phrase\" \"word\" AND \"\u{e000}tpoll\" AND \"\u{e000}lptbr\" AND (\"\u{e000}o\")) NOT \
             (\"not this\" OR \"that\" OR \"\u{e000}treply\" OR \"\u{e000}lde\" OR \"\u{e000}a8\")"
        );
        assert_eq!(
            Searcher::default().postgres(&all),
            "'\u{e000}tpoll' & '\u{e000}lptbr' & ('\u{e000}o') & !'\u{e000}treply' & !'\u{e000}lde' & !'\u{e000}a8'"
        );
        assert_eq!(postgres_phrases(&all.phrases, " & "), "('a' <-> 'phrase') & ('word')");
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
        assert_eq!(words("Größe CAFÉ Łódź İx Straße"), ["grosse", "cafe", "lodz", "ix", "strasse"]);
        assert_eq!(words("cafe\u{301}"), words("café"));
        assert_eq!(words(&"x ".repeat(20_000)).len(), WORDS);
        assert_eq!(words(&"x".repeat(20_000)).first().map(|w| w.chars().count()), Some(WORD));
        assert_eq!(sqlite_query(&words("and near"), true), "\"and\" \"near\"*");
        assert_eq!(postgres_query(&words("and near"), true), "'and' & 'near':*");
    }
}
