//! What somebody here has to do with, of what other servers wrote: that stays. The rest may go with age (LIM-14).

use crate::{
    Result,
    db::{Conn, Dialect, Sql},
    id::Id,
    model::{Audience, Media, Post, Visibility},
    time::Timestamp,
};

/// Somebody here did something with the post `p` (kept it, liked it, reacted to it, voted in it, passed it on, pinned it, quoted
/// it, wrote in its thread), wrote what it passes on or quotes, is named in it or was told of it; or it is a question, what solved one,
/// or an idea.
const TOUCHED: &str = "(exists (select 1 from bookmarks k where k.post_id = p.id) \
    or exists (select 1 from favourites k join accounts w on w.id = k.account_id and w.domain is null where k.post_id = p.id) \
    or exists (select 1 from emoji_reactions k join accounts w on w.id = k.account_id and w.domain is null \
        where k.post_id = p.id) \
    or exists (select 1 from polls o join poll_votes k on k.poll_id = o.id \
        join accounts w on w.id = k.account_id and w.domain is null where o.post_id = p.id) \
    or exists (select 1 from pins k join accounts w on w.id = k.account_id and w.domain is null where k.post_id = p.id) \
    or exists (select 1 from mentions k join accounts w on w.id = k.account_id and w.domain is null where k.post_id = p.id) \
    or exists (select 1 from notifications k where k.post_id = p.id) \
    or exists (select 1 from posts k where k.boost_of_id = p.id and k.local) \
    or exists (select 1 from posts k where k.id = p.boost_of_id and k.local) \
    or exists (select 1 from quotes k join posts l on l.id = k.post_id and l.local where k.quoted_id = p.id) \
    or exists (select 1 from quotes k join posts l on l.id = k.quoted_id and l.local where k.post_id = p.id) \
    or exists (select 1 from posts k where k.conversation_id = p.conversation_id and k.local and k.boost_of_id is null) \
    or exists (select 1 from questions k where k.post_id = p.id) \
    or exists (select 1 from questions k where k.answer_id is not null and k.answer_id = p.id) \
    or exists (select 1 from ideas k where k.post_id = p.id))";

/// Somebody here follows whoever wrote the post `p` or passed it on, or a hashtag of it.
const FOLLOWED: &str = "(exists (select 1 from follows k join accounts w on w.id = k.account_id and w.domain is null \
        where k.state = 1 and k.target_id = p.account_id) \
    or exists (select 1 from posts b join follows k on k.target_id = b.account_id and k.state = 1 \
        join accounts w on w.id = k.account_id and w.domain is null where b.boost_of_id = p.id) \
    or exists (select 1 from post_tags t join followed_tags k on k.tag_id = t.tag_id where t.post_id = p.id))";

/// The file `m` could not be fetched again just now: its server, or that of whose it is, does not answer. Both are looked up by
/// name: there may be as many servers as files.
fn unreachable(dialect: Dialect) -> String {
    let authority = |column: &str| match dialect {
        Dialect::Sqlite => {
            let rest = format!("substr({column}, instr({column}, '://') + 3)");
            format!("substr({rest}, 1, instr({rest} || '/', '/') - 1)")
        }
        Dialect::Postgres => format!("split_part({column}, '/', 3)"),
    };
    let (of_file, of_owner) = (authority("m.remote_url"), authority("w.uri"));
    format!(
        "(exists (select 1 from hosts h where h.host = {of_file} and h.failures > 0) \
         or exists (select 1 from accounts w join hosts h on h.host = {of_owner} where w.id = m.account_id \
         and h.failures > 0))"
    )
}

/// Something else that is here shows the post `p`, or staff looks at its author.
const NEEDED: &str = "(exists (select 1 from posts k where k.in_reply_to_id = p.id) \
    or exists (select 1 from posts k where k.boost_of_id = p.id) \
    or exists (select 1 from quotes k where k.quoted_id = p.id) \
    or exists (select 1 from pins k where k.post_id = p.id) \
    or exists (select 1 from reports k where k.target_id = p.account_id and k.closed_at is null))";

/// Where a look at so many rows ended, and what was found among them; None when there were no rows.
pub type Looked<R, F> = Option<(Id<R>, Vec<F>)>;

/// Of so many posts below this number: the lowest number, and those for everybody of other servers, and what was passed on
/// there, with which nobody here has anything to do, that came and were written before `until`; the newest first. None when
/// there are no posts there. Nobody knows how few those are, and what each costs to judge keeps the connection.
pub fn old_posts(conn: &mut Conn, until: Timestamp, below: Id<Post>, many: i64) -> Result<Looked<Post, Id<Post>>> {
    let lowest: Vec<Id<Post>> = Sql::new("select x.id from (select q.id from posts q where q.id < ")
        .bind(below)
        .with(" order by q.id desc limit ", many)
        .push(") x order by x.id limit 1")
        .load_ids(conn)?;
    let Some(lowest) = lowest.into_iter().next() else { return Ok(None) };
    let old = Sql::new("select p.id from posts p where not p.local and p.id < ")
        .bind(below)
        .with(" and p.id >= ", lowest)
        .with(" and p.created_at < ", until)
        .with(" and coalesce(p.fetched_at, p.created_at) < ", until)
        .with(" and p.visibility <= ", Visibility::Unlisted)
        .with(" and p.audience = ", Audience::Open)
        .push(" and not ")
        .push(TOUCHED)
        .push(" and not ")
        .push(FOLLOWED)
        .push(" order by p.id desc")
        .load_ids(conn)?;
    Ok(Some((lowest, old)))
}

/// Whether such a post may go now: still nobody has to do with it, and nothing else shows it.
pub fn may_go(conn: &mut Conn, post: Id<Post>) -> Result<bool> {
    Sql::new("select p.id from posts p where p.id = ")
        .bind(post)
        .push(" and not ")
        .push(TOUCHED)
        .push(" and not ")
        .push(FOLLOWED)
        .push(" and not ")
        .push(NEEDED)
        .exists(conn)
}

/// Of so many copies of remote files above this number, made before `until`: the highest number, and those of posts with which
/// nobody here has anything to do. None when there are none.
pub fn stale_copies(conn: &mut Conn, until: Timestamp, above: Id<Media>, many: i64) -> Result<Looked<Media, Media>> {
    let highest: Vec<Id<Media>> =
        Sql::new("select x.id from (select q.id from media q where q.remote_url is not null and q.cached_at < ")
            .bind(until)
            .with(" and q.id > ", above)
            .with(" order by q.id limit ", many)
            .push(") x order by x.id desc limit 1")
            .load_ids(conn)?;
    let Some(highest) = highest.into_iter().next() else { return Ok(None) };
    let stale = Sql::new("select m.* from media m left join posts p on p.id = m.post_id where m.remote_url is not null and m.cached_at < ")
        .bind(until)
        .with(" and m.id > ", above)
        .with(" and m.id <= ", highest)
        .push(" and not ")
        .push(TOUCHED)
        .push(" and not ")
        .push(FOLLOWED)
        .load(conn)?;
    Ok(Some((highest, stale)))
}

/// The oldest copies of remote files, those of posts last that come from whom somebody here follows: of these only such as can
/// be fetched again. Where somebody did something with a post its files stay, whatever the room: its server may be gone when
/// they are looked at.
pub fn oldest_copies(conn: &mut Conn, most: i64) -> Result<Vec<Media>> {
    let unreachable = unreachable(conn.dialect());
    Sql::new(
        "select m.* from media m left join posts p on p.id = m.post_id where m.remote_url is not null \
         and m.cached_at is not null and not ",
    )
    .push(TOUCHED)
    .push(" and not (")
    .push(FOLLOWED)
    .push(" and ")
    .push(unreachable)
    .push(") order by case when ")
    .push(FOLLOWED)
    .with(" then 1 else 0 end, m.cached_at, m.id limit ", most)
    .load(conn)
}
