//! The archive of answers (N18): questions to the network with the answer that their asker accepted, for everybody who
//! may see the pages of this node. `/answers` has all, `/answers/TAG` those of a hashtag, `?q=` those that say something.

use super::{
    pages::{Answered, Answers},
    public::{finish, viewer},
    shown,
    visit::{Fields, Kind, Visitor},
};
use crate::{
    Error, Result,
    domain::{Viewer, questions::tags::with_aliases, text::normalize_hashtag, views::PostViews, visibility},
    id::Id,
    model::Post,
    store,
};
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};

/// Questions of a page.
const QUESTIONS: i64 = 20;
/// Characters of a search that count.
const SEARCHED: usize = 200;

/// What of the archive is shown.
struct Asked {
    tag: Option<String>,
    /// What it says, as typed; empty for all.
    words: String,
    /// Questions older than this.
    below: Option<i64>,
}

impl Asked {
    fn new(tag: Option<String>, query: Option<String>) -> Self {
        let fields = Fields::parse(query.unwrap_or_default().as_bytes());
        let below = fields.text("max_id").parse::<Id<Post>>().ok().map(Id::raw);
        Self { tag, words: fields.text("q").trim().chars().take(SEARCHED).collect(), below }
    }
}

/// `GET /answers`.
pub async fn all(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show(&visitor, viewer, Asked::new(None, query)).await),
        Err(answer) => answer,
    }
}

/// `GET /answers/{tag}`.
pub async fn tagged(visitor: Visitor, Path(tag): Path<String>, RawQuery(query): RawQuery) -> Response {
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show(&visitor, viewer, Asked::new(Some(tag), query)).await),
        Err(answer) => answer,
    }
}

async fn show(visitor: &Visitor, viewer: Viewer, Asked { tag, words, below }: Asked) -> Result<Response> {
    let tag = tag.map(|tag| normalize_hashtag(&tag).ok_or(Error::NotFound)).transpose()?;
    let searched = store::search::words(&words);
    // A search for what has no letter finds nothing, not everything.
    let is_vain = searched.is_empty() && !words.is_empty();
    let (now, tags) = (visitor.app.clock().now(), tag.iter().cloned().collect::<Vec<_>>());
    let (pairs, views, reviews) = visitor
        .app
        .read(move |conn| {
            let visible = visibility::condition(viewer);
            let tags = with_aliases(conn, &tags)?;
            let pairs = match is_vain {
                true => Vec::new(),
                false => store::questions::answered_saying(conn, &tags, &searched, visible, below, QUESTIONS)?,
            };
            let ids: Vec<_> = pairs.iter().flat_map(|(question, answer)| [*question, *answer]).collect();
            let answers: Vec<_> = pairs.iter().map(|(_, answer)| *answer).collect();
            let reviews = store::reviews::list(conn, &answers)?;
            Ok((pairs, PostViews::by_ids(conn, viewer, &ids, now)?, reviews))
        })
        .await?;
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let path = tag.as_ref().map_or_else(|| "/answers".to_owned(), |tag| format!("/answers/{tag}"));
    let more = url::form_urlencoded::Serializer::new(String::new()).append_pair("q", &words).finish();
    let (first, next) = match words.is_empty() {
        true => (path.clone(), format!("{path}?max_id=")),
        false => (format!("{path}?{more}"), format!("{path}?{more}&max_id=")),
    };
    let card = |id| shown::card(&frame, site, &views, id, false);
    let answered = pairs
        .iter()
        .filter_map(|(question, answer)| {
            let review = reviews.iter().find(|review| review.answer == *answer);
            let still = review.map(|review| {
                let sentence = if review.holds { frame.w().answer_holds } else { frame.w().answer_over };
                frame.put(sentence, &frame.day(review.said_at))
            });
            Some(Answered { question: card(*question)?, answer: card(*answer)?, still })
        })
        .collect();
    let last = pairs.last().map(|(question, _)| *question).filter(|_| pairs.len() as i64 >= QUESTIONS);
    let page = Answers {
        heading: match &tag {
            Some(tag) => format!("{} · #{tag}", frame.w().answers),
            None => frame.w().answers.to_owned(),
        },
        answered,
        newest: below.map(|_| first),
        older: last.map(|id| format!("{next}{id}")),
        path,
        words,
        frame,
    };
    Ok(visitor.page(StatusCode::OK, Kind::Public, &page))
}
