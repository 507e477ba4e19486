//! The archive of answers (N18): questions to the network with the answer that their asker accepted, for everybody who
//! may see the pages of this node. `/answers` has all, `/answers/TAG` those of a hashtag.

use super::{
    pages::{Answered, Answers},
    public::{finish, older_than, viewer},
    shown,
    visit::{Kind, Visitor},
};
use crate::{
    Error, Result,
    domain::{Viewer, text::normalize_hashtag, views::PostViews, visibility},
    store,
};
use axum::{
    extract::{Path, RawQuery},
    http::StatusCode,
    response::Response,
};

/// Questions of a page.
const QUESTIONS: i64 = 20;

/// `GET /answers`.
pub async fn all(visitor: Visitor, RawQuery(query): RawQuery) -> Response {
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show(&visitor, viewer, None, older_than(query)).await),
        Err(answer) => answer,
    }
}

/// `GET /answers/{tag}`.
pub async fn tagged(visitor: Visitor, Path(tag): Path<String>, RawQuery(query): RawQuery) -> Response {
    match viewer(&visitor) {
        Ok(viewer) => finish(&visitor, show(&visitor, viewer, Some(tag), older_than(query)).await),
        Err(answer) => answer,
    }
}

async fn show(visitor: &Visitor, viewer: Viewer, tag: Option<String>, below: Option<i64>) -> Result<Response> {
    let tag = tag.map(|tag| normalize_hashtag(&tag).ok_or(Error::NotFound)).transpose()?;
    let (now, tags) = (visitor.app.clock().now(), tag.iter().cloned().collect::<Vec<_>>());
    let (pairs, views) = visitor
        .app
        .read(move |conn| {
            let visible = visibility::condition(viewer);
            let pairs = store::questions::answered(conn, &tags, visible, below, QUESTIONS)?;
            let ids: Vec<_> = pairs.iter().flat_map(|(question, answer)| [*question, *answer]).collect();
            Ok((pairs, PostViews::by_ids(conn, viewer, &ids, now)?))
        })
        .await?;
    let (site, frame) = (visitor.app.site(), visitor.frame());
    let path = tag.as_ref().map_or_else(|| "/answers".to_owned(), |tag| format!("/answers/{tag}"));
    let card = |id| shown::card(&frame, site, &views, id, false);
    let answered = pairs
        .iter()
        .filter_map(|(question, answer)| Some(Answered { question: card(*question)?, answer: card(*answer)? }))
        .collect();
    let last = pairs.last().map(|(question, _)| *question).filter(|_| pairs.len() as i64 >= QUESTIONS);
    let page = Answers {
        heading: match &tag {
            Some(tag) => format!("{} · #{tag}", frame.w().answers),
            None => frame.w().answers.to_owned(),
        },
        answered,
        newest: below.map(|_| path.clone()),
        older: last.map(|id| format!("{path}?max_id={id}")),
        frame,
    };
    Ok(visitor.page(StatusCode::OK, Kind::Public, &page))
}
