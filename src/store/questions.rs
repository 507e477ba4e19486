//! Questions to the network: their state, whom they were put to, and how much people want to be asked.

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Account, Post},
    time::Timestamp,
};
use diesel::sql_types::{BigInt, Bool, Nullable, SmallInt, Text};

/// A question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The post.
    pub post: Id<Post>,
    /// Who asks.
    pub asker: Id<Account>,
    /// Asked at this node.
    pub local: bool,
    /// 0 open, 1 answered, 2 closed.
    pub state: i16,
    /// The next step of the ladder.
    pub step: i16,
    /// Replies of other people, as far as they came here.
    pub answers: i64,
    /// Those of them that go as far as the question: what other nodes are told.
    pub answers_shown: i64,
    /// The staff of the asker's node was told.
    pub desk: bool,
    /// The accepted answer, when it is known here.
    pub answer: Option<Id<Post>>,
    /// Its object id.
    pub answer_uri: Option<String>,
    /// Who wrote it.
    pub answered_by: Option<Id<Account>>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it was answered or closed.
    pub ended_at: Option<Timestamp>,
}

type Columns = (
    BigInt,
    BigInt,
    Bool,
    SmallInt,
    SmallInt,
    BigInt,
    BigInt,
    Bool,
    Nullable<BigInt>,
    Nullable<Text>,
    Nullable<BigInt>,
    BigInt,
    Nullable<BigInt>,
);
type Values = (i64, i64, bool, i16, i16, i64, i64, bool, Option<i64>, Option<String>, Option<i64>, i64, Option<i64>);

const SELECT: &str = "select q.post_id, q.account_id, q.local, q.state, q.step, q.answers, q.answers_shown, q.desk, q.answer_id, \
     q.answer_uri, q.answered_by, q.asked_at, q.ended_at from questions q ";

fn read(conn: &mut Conn, sql: Sql) -> Result<Vec<Question>> {
    let rows = sql.load_as::<Columns, Values>(conn)?;
    Ok(rows
        .into_iter()
        .map(|v| Question {
            post: Id::new(v.0),
            asker: Id::new(v.1),
            local: v.2,
            state: v.3,
            step: v.4,
            answers: v.5,
            answers_shown: v.6,
            desk: v.7,
            answer: v.8.map(Id::new),
            answer_uri: v.9,
            answered_by: v.10.map(Id::new),
            asked_at: Timestamp::from_millis(v.11),
            ended_at: v.12.map(Timestamp::from_millis),
        })
        .collect())
}

/// On PostgreSQL: waits for what is being done with this question just now, and lets nothing new begin with it before this
/// transaction ends. Asked before a question is read that is written afterwards: its row is written whole.
pub fn hold(conn: &mut Conn, question: Id<Post>) -> Result<()> {
    if conn.dialect() == Dialect::Postgres {
        Sql::new("select pg_advisory_xact_lock(").bind(question).push(")").execute(conn)?;
    }
    Ok(())
}

/// The question that a post is.
pub fn find(conn: &mut Conn, post: Id<Post>) -> Result<Option<Question>> {
    Ok(read(conn, Sql::new(SELECT).with("where q.post_id = ", post))?.pop())
}

/// The question of whose thread a post is an answer (to anybody).
pub fn find_of_reply(conn: &mut Conn, reply: Id<Post>) -> Result<Option<Question>> {
    let sql = Sql::new(SELECT)
        .with("join posts p on p.conversation_id = q.post_id where p.in_reply_to_id is not null and p.id = ", reply);
    Ok(read(conn, sql)?.pop())
}

/// The question whose accepted answer a post is.
pub fn find_by_answer(conn: &mut Conn, post: Id<Post>) -> Result<Option<Question>> {
    Ok(read(conn, Sql::new(SELECT).with("where q.answer_id is not null and q.answer_id = ", post))?.pop())
}

/// How many other questions of the same asker ended with an answer of this person since a moment.
pub fn accepted_between(conn: &mut Conn, question: &Question, by: Id<Account>, since: Timestamp) -> Result<i64> {
    Sql::new("select count(*) from questions q where q.account_id = ")
        .bind(question.asker)
        .with(" and q.answered_by = ", by)
        .with(" and q.post_id <> ", question.post)
        .with(" and q.ended_at > ", since)
        .scalar_i64(conn)
}

/// Writes a new question; one that is known stays as it is.
pub fn insert(conn: &mut Conn, question: &Question) -> Result<()> {
    Sql::new("insert into questions (post_id, account_id, local, state, asked_at) values (")
        .bind(question.post)
        .with(",", question.asker)
        .with(",", question.local)
        .with(",", question.state)
        .with(",", question.asked_at)
        .push(") on conflict (post_id) do nothing")
        .execute(conn)?;
    Ok(())
}

/// Writes what changes about a question.
pub fn update(conn: &mut Conn, question: &Question) -> Result<()> {
    Sql::new("update questions set state = ")
        .bind(question.state)
        .with(", step = ", question.step)
        .with(", desk = ", question.desk)
        .with(", answer_id = ", question.answer)
        .with(", answer_uri = ", question.answer_uri.as_deref())
        .with(", answered_by = ", question.answered_by)
        .with(", ended_at = ", question.ended_at)
        .with(" where post_id = ", question.post)
        .execute(conn)?;
    Ok(())
}

/// Writes how many answers a question has, and how many of them other nodes are told of.
pub fn set_answers(conn: &mut Conn, post: Id<Post>, answers: i64, shown: i64) -> Result<()> {
    Sql::new("update questions set answers = ")
        .bind(answers)
        .with(", answers_shown = ", shown)
        .with(" where post_id = ", post)
        .execute(conn)?;
    Ok(())
}

/// The replies in the thread of a question, oldest first, at most `most`.
pub fn replies(conn: &mut Conn, question: Id<Post>, most: i64) -> Result<Vec<Post>> {
    Sql::new("select p.* from posts p where p.in_reply_to_id is not null and p.conversation_id = ")
        .bind(question)
        .with(" order by p.id limit ", most)
        .load(conn)
}

/// Whether the asker's node has an answer to a question of another node.
pub fn set_answered_elsewhere(conn: &mut Conn, post: Id<Post>, answered: bool) -> Result<()> {
    Sql::new("update questions set answered_elsewhere = ")
        .bind(answered)
        .with(" where post_id = ", post)
        .with(" and answered_elsewhere <> ", answered)
        .execute(conn)?;
    Ok(())
}

/// Questions that wait for a first answer, newest first; none of a node that left ([`super::peers::set_left`]), where nobody
/// would read it.
pub fn open(conn: &mut Conn, visible: Sql, limit: i64) -> Result<Vec<Post>> {
    Sql::new("select p.* from questions q join posts p on p.id = q.post_id where q.state = 0 and q.answers = 0 and not q.answered_elsewhere \
              and not exists (select 1 from accounts qa where qa.id = q.account_id and qa.left_on % 86400000 = 1) and ")
        .append(visible)
        .with(" order by q.post_id desc limit ", limit)
        .load(conn)
}

/// Questions of somebody that are neither answered nor closed, newest first.
pub fn open_of(conn: &mut Conn, asker: Id<Account>, most: i64) -> Result<Vec<Post>> {
    Sql::new("select p.* from questions q join posts p on p.id = q.post_id where q.state = 0 and q.local and q.account_id = ")
        .bind(asker)
        .with(" order by q.post_id desc limit ", most)
        .load(conn)
}

/// Answered questions with any of these tags (all of them: none given), newest first, below an id: question and answer.
pub fn answered(
    conn: &mut Conn,
    tags: &[String],
    visible: Sql,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<(Id<Post>, Id<Post>)>> {
    answered_saying(conn, tags, &[], visible, below, limit)
}

/// The same, only those where each of these words stands in the question or in the answer.
pub fn answered_saying(
    conn: &mut Conn,
    tags: &[String],
    words: &[String],
    visible: Sql,
    below: Option<i64>,
    limit: i64,
) -> Result<Vec<(Id<Post>, Id<Post>)>> {
    let mut sql = Sql::new(
        "select q.post_id, q.answer_id from questions q join posts p on p.id = q.post_id where q.state = 1 \
         and q.answer_id is not null and ",
    )
    .append(visible);
    if !tags.is_empty() {
        sql = sql
            .push(
                " and exists (select 1 from post_tags x join tags t on t.id = x.tag_id where x.post_id = q.post_id \
                 and t.name in ",
            )
            .texts(tags)
            .push(")");
    }
    if !words.is_empty() {
        let dialect = conn.dialect();
        sql = sql.push(" and ").append(super::search::in_either(dialect, words, ["q.post_id", "q.answer_id"]));
    }
    if let Some(below) = below {
        sql = sql.with(" and q.post_id < ", below);
    }
    let rows = sql.with(" order by q.post_id desc limit ", limit).load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(question, answer)| (Id::new(question), Id::new(answer))).collect())
}

/// Answered questions in whose text at least `least` of these words stand, those with most of them first, the newest first
/// among equals: question and answer.
pub fn answered_alike(
    conn: &mut Conn,
    words: &[String],
    least: i64,
    visible: Sql,
    limit: i64,
) -> Result<Vec<(Id<Post>, Id<Post>)>> {
    let dialect = conn.dialect();
    let mut hits = Sql::new("");
    for (n, word) in words.iter().enumerate() {
        hits = hits.push(if n == 0 { "" } else { " union all " });
        hits = hits.push("select w.id from (").append(super::search::saying(dialect, word)).push(") w");
    }
    let rows = Sql::new("select q.post_id, q.answer_id from (select h.id, count(*) as shared from (")
        .append(hits)
        .push(") h group by h.id having count(*) >= ")
        .bind(least)
        .push(
            ") c join questions q on q.post_id = c.id and q.state = 1 and q.answer_id is not null \
             join posts p on p.id = q.post_id where ",
        )
        .append(visible)
        .with(" order by c.shared desc, q.post_id desc limit ", limit)
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().map(|(question, answer)| (Id::new(question), Id::new(answer))).collect())
}

/// A question as the nodes of an organisation compare it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The post.
    pub post: Id<Post>,
    /// Its object id.
    pub uri: String,
    /// 0 open, 1 answered.
    pub state: i16,
    /// The object id of the accepted answer.
    pub answer: Option<String>,
    /// Somebody answered, accepted or not.
    pub is_answered: bool,
    /// When it was answered.
    pub ended_at: Option<Timestamp>,
}

/// Open, or with an accepted answer whose address may be told.
const LISTED: &str = " from questions q join posts p on p.id = q.post_id join accounts a on a.id = q.account_id \
     where (q.state = 0 or q.state = 1 and q.answer_uri is not null)";

fn listed(conn: &mut Conn, sql: Sql) -> Result<Vec<Listed>> {
    type Columns = (BigInt, Text, SmallInt, Nullable<Text>, Bool, Nullable<BigInt>);
    type Values = (i64, String, i16, Option<String>, bool, Option<i64>);
    let read = |(post, uri, state, answer, is_answered, ended_at): Values| Listed {
        post: Id::new(post),
        uri,
        state,
        answer,
        is_answered,
        ended_at: ended_at.map(Timestamp::from_millis),
    };
    Ok(sql.load_as::<Columns, Values>(conn)?.into_iter().map(read).collect())
}

/// Questions of this node that are listed for the others, behind a post, in order.
pub fn own_listed(conn: &mut Conn, visible: Sql, after: i64, limit: i64) -> Result<Vec<Listed>> {
    let sql =
        Sql::new("select q.post_id, p.uri, q.state, q.answer_uri, (q.state <> 0 or q.answers_shown > 0), q.ended_at")
            .push(LISTED)
            .push(" and q.local and ")
            .append(visible)
            .with(" and q.post_id > ", after);
    listed(conn, sql.with(" order by q.post_id limit ", limit))
}

/// How many those are.
pub fn count_own_listed(conn: &mut Conn, visible: Sql) -> Result<i64> {
    Sql::new("select count(*)").push(LISTED).push(" and q.local and ").append(visible).scalar_i64(conn)
}

/// Of questions of other nodes those that their nodes may list.
const COPIED: &str =
    " and not q.local and p.visibility <= 1 and a.deleted_at is null and not a.suspended_by_origin and a.domain = ";

/// The copy of another node's list, behind a post, in order.
pub fn copied_listed(conn: &mut Conn, domain: &str, after: i64, limit: i64) -> Result<Vec<Listed>> {
    let sql =
        Sql::new("select q.post_id, p.uri, q.state, q.answer_uri, (q.state <> 0 or q.answered_elsewhere), q.ended_at")
            .push(LISTED)
            .with(COPIED, domain)
            .with(" and q.post_id > ", after);
    listed(conn, sql.with(" order by q.post_id limit ", limit))
}

/// How long that is.
pub fn count_copied_listed(conn: &mut Conn, domain: &str) -> Result<i64> {
    Sql::new("select count(*)").push(LISTED).with(COPIED, domain).scalar_i64(conn)
}

/// Questions of another node that ended since a moment with an answer that is not known here, the newest first.
pub fn unlearned(conn: &mut Conn, domain: &str, since: Timestamp, most: i64) -> Result<Vec<Id<Post>>> {
    Sql::new(
        "select q.post_id from questions q join accounts a on a.id = q.account_id where not q.local and q.state = 1 ",
    )
    .push("and q.answer_uri is not null and q.answer_id is null and a.domain = ")
    .bind(domain)
    .with(" and q.ended_at > ", since)
    .with(" order by q.ended_at desc limit ", most)
    .load_ids(conn)
}

/// Whom a question was put to by this node.
pub fn people(conn: &mut Conn, question: Id<Post>) -> Result<Vec<Id<Account>>> {
    Sql::new("select x.account_id from question_people x where x.question_id = ").bind(question).load_ids(conn)
}

/// Writes that somebody was asked; false when they were before.
pub fn insert_person(
    conn: &mut Conn,
    question: Id<Post>,
    account: Id<Account>,
    step: i16,
    now: Timestamp,
) -> Result<bool> {
    let written = Sql::new("insert into question_people (question_id, account_id, step, asked_at) values (")
        .bind(question)
        .with(",", account)
        .with(",", step)
        .with(",", now)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(written > 0)
}

/// Notes that somebody who was asked is the wrong one; false when they were not asked, or said so before.
pub fn decline(conn: &mut Conn, question: Id<Post>, account: Id<Account>, now: Timestamp) -> Result<bool> {
    let written = Sql::new("update question_people set declined_at = ")
        .bind(now)
        .with(" where declined_at is null and question_id = ", question)
        .with(" and account_id = ", account)
        .execute(conn)?;
    Ok(written > 0)
}

/// Notes that somebody else is asked instead of who declined; false when that was done before.
pub fn replace(conn: &mut Conn, question: Id<Post>, account: Id<Account>) -> Result<bool> {
    let written = Sql::new("update question_people set replaced = ")
        .bind(true)
        .push(" where not replaced and declined_at is not null and question_id = ")
        .bind(question)
        .with(" and account_id = ", account)
        .execute(conn)?;
    Ok(written > 0)
}

/// How many people were asked by this node, and how many of them said that they are the wrong ones.
pub fn declined(conn: &mut Conn) -> Result<(i64, i64)> {
    let rows = Sql::new("select count(*), count(x.declined_at) from question_people x")
        .load_as::<(BigInt, BigInt), (i64, i64)>(conn)?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

/// Remembers that a concierge asks people by this post.
pub fn insert_route(conn: &mut Conn, post: Id<Post>) -> Result<()> {
    Sql::new("insert into question_routes (post_id) values (")
        .bind(post)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// Whether a concierge asks people by this post.
pub fn is_route(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new("select x.post_id from question_routes x where x.post_id = ").bind(post).exists(conn)
}

/// How many questions somebody was told of since a moment.
pub fn count_tellings(conn: &mut Conn, account: Id<Account>, since: Timestamp) -> Result<i64> {
    Sql::new("select count(*) from question_tellings x where x.account_id = ")
        .bind(account)
        .with(" and x.told_at > ", since)
        .scalar_i64(conn)
}

/// Writes that somebody was told, and forgets what no cap looks at any more.
pub fn insert_telling(
    conn: &mut Conn,
    account: Id<Account>,
    post: Id<Post>,
    now: Timestamp,
    forget: Timestamp,
) -> Result<()> {
    Sql::new("delete from question_tellings where account_id = ")
        .bind(account)
        .with(" and told_at <= ", forget)
        .execute(conn)?;
    Sql::new("insert into question_tellings (account_id, told_at, post_id) values (")
        .bind(account)
        .with(",", now)
        .with(",", post)
        .push(") on conflict do nothing")
        .execute(conn)?;
    Ok(())
}

/// How much somebody wants to be asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Questions in seven days; none for what the node says.
    pub weekly: Option<i16>,
    /// None at all.
    pub off: bool,
    /// None before this moment.
    pub away_until: Option<Timestamp>,
}

/// How much somebody wants to be asked.
pub fn limits(conn: &mut Conn, account: Id<Account>) -> Result<Limits> {
    let rows = Sql::new("select x.weekly, x.off, x.away_until from question_limits x where x.account_id = ")
        .bind(account)
        .load_as::<(Nullable<SmallInt>, Bool, Nullable<BigInt>), (Option<i16>, bool, Option<i64>)>(conn)?;
    Ok(rows
        .into_iter()
        .next()
        .map(|(weekly, off, away)| Limits { weekly, off, away_until: away.map(Timestamp::from_millis) })
        .unwrap_or_default())
}

/// Writes how much somebody wants to be asked.
pub fn set_limits(conn: &mut Conn, account: Id<Account>, limits: &Limits) -> Result<()> {
    Sql::new("insert into question_limits (account_id, weekly, off, away_until) values (")
        .bind(account)
        .with(",", limits.weekly)
        .with(",", limits.off)
        .with(",", limits.away_until)
        .push(
            ") on conflict (account_id) do update set weekly = excluded.weekly, off = excluded.off, \
             away_until = excluded.away_until",
        )
        .execute(conn)?;
    Ok(())
}
