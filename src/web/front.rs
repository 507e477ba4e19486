//! The node's front page: what it is, its rules, how many are here, how to come in.

use super::{
    pages::{Duties, Front, Numbers},
    public,
    visit::{Kind, Visitor},
};
use crate::{Result, config::Registration, db::Conn, domain::html::sanitize_html, model::Role, store, time::Timestamp};
use axum::{http::StatusCode, response::Response};
use std::sync::{Mutex, PoisonError};

/// Seconds the counts are kept.
const KEPT: i64 = 300;
/// Fewer of all are counted anew for each reader, which costs nothing: on a new node each of them is news.
const FEW: i64 = 1_000;

/// Counts that need a walk over tables, kept a while.
#[derive(Default)]
struct Counted(Mutex<Option<(Timestamp, [i64; 4])>>);

fn count(conn: &mut Conn) -> Result<[i64; 4]> {
    use store::users;
    Ok([users::count(conn)?, users::count_posts(conn)?, users::count_posts_inside(conn)?, users::count_nodes(conn)?])
}

fn duties(conn: &mut Conn) -> Result<Duties> {
    Ok(Duties { waiting: store::users::count_waiting(conn)?, reports: store::reports::count_open(conn)? })
}

/// `GET /`. Lemmy looks here for the actor of the whole node.
pub async fn show(visitor: Visitor) -> Response {
    if visitor.wants_activity {
        return public::to_document(&visitor, &visitor.app.site().instance_actor_uri());
    }
    match page(&visitor).await {
        Ok(page) => visitor.page(StatusCode::OK, Kind::Public, &page),
        Err(error) => visitor.fail(error),
    }
}

async fn page(visitor: &Visitor) -> Result<Front> {
    let now = visitor.app.clock().now();
    let counted = visitor.app.part::<Counted>();
    let known = *counted.0.lock().unwrap_or_else(PoisonError::into_inner);
    let counts = match known {
        Some((at, counts)) if at.plus_seconds(KEPT) > now && counts.iter().sum::<i64>() >= FEW => counts,
        _ => {
            let counts = visitor.app.read(count).await?;
            *counted.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, counts));
            counts
        }
    };
    let [people, open, inside, nodes] = counts;
    // Strangers are told what strangers may read.
    let posts = if visitor.browser.is_some() { inside } else { open };
    let duties = match visitor.browser.as_ref().is_some_and(|browser| browser.user.role >= Role::Admin) {
        true => Some(visitor.app.read(duties).await?),
        false => None,
    };
    let config = visitor.app.config();
    let instance = &config.instance;
    Ok(Front {
        frame: visitor.frame(),
        domain: visitor.app.site().domain().to_owned(),
        short: instance.short_description.clone(),
        about: sanitize_html(&instance.description).into_string(),
        thumbnail: config.thumbnail_url(),
        numbers: Some(Numbers { people, posts, nodes }),
        rules: instance.rules.clone(),
        contact: Some(instance.contact_email.clone()).filter(|mail| !mail.is_empty()),
        may_register: config.registration != Registration::Closed,
        duties,
    })
}
