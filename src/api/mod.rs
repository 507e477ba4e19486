//! The Mastodon client API (the only place where a post is called a status).

pub mod absent;
pub mod admin;
pub mod announcements;
pub mod apps;
pub mod asks;
pub mod auth;
pub mod collections;
pub mod conversations;
pub mod counters;
mod credentials;
pub mod delivery;
pub mod domain_blocks;
pub mod emoji_reactions;
pub mod endorsements;
pub mod entities;
pub mod error;
pub mod experts;
pub mod filters;
pub mod house;
pub mod instance;
pub mod languages;
pub mod leavers;
pub mod links;
pub mod lists;
pub mod media;
pub mod misc;
pub mod notification_groups;
pub mod notification_requests;
pub mod notifications;
pub mod oauth;
pub mod page;
pub mod params;
pub mod people;
pub mod polls;
pub mod profiles;
pub mod projects;
pub mod push;
pub mod quotes;
pub mod relationships;
pub mod request;
pub mod scheduled;
pub mod screen;
pub mod search;
pub mod statuses;
pub mod streaming;
pub mod suggestions;
pub mod tags;
pub mod timelines;
pub mod translations;
pub mod trends;

use axum::{
    handler::Handler,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};

pub use auth::{Access, Anyone, AppToken, Routes, SignedIn};
pub use error::{ApiError, ApiResult};
pub use page::Page;
pub use params::Params;

/// Every route of the client API with what it asks of its caller.
pub fn routes() -> auth::Routes {
    auth::Routes::new()
        // one line per noun
        .merge(absent::routes())
        .merge(admin::accounts::routes())
        .merge(admin::posts::routes())
        .merge(admin::reports::routes())
        .merge(admin::domains::routes())
        .merge(announcements::routes())
        .merge(admin::allows::routes())
        .merge(admin::blocks::routes())
        .merge(admin::figures::routes())
        .merge(admin::trends::routes())
        .merge(trends::routes())
        .merge(apps::routes())
        .merge(asks::routes())
        .merge(counters::routes())
        .merge(credentials::routes())
        .merge(delivery::routes())
        .merge(oauth::routes())
        .merge(media::routes())
        .merge(notifications::routes())
        .merge(notification_groups::routes())
        .merge(notification_requests::routes())
        .merge(people::routes())
        .merge(collections::routes())
        .merge(conversations::routes())
        .merge(domain_blocks::routes())
        .merge(emoji_reactions::routes())
        .merge(endorsements::routes())
        .merge(experts::routes())
        .merge(filters::routes())
        .merge(house::routes())
        .merge(instance::routes())
        .merge(leavers::routes())
        .merge(links::routes())
        .merge(lists::routes())
        .merge(misc::routes())
        .merge(profiles::routes())
        .merge(projects::routes())
        .merge(quotes::routes())
        .merge(push::routes())
        .merge(relationships::routes())
        .merge(scheduled::routes())
        .merge(search::routes())
        .merge(streaming::routes())
        .merge(suggestions::routes())
        .merge(tags::routes())
        .merge(timelines::routes())
        .merge(translations::routes())
        .merge(polls::routes())
        .merge(statuses::routes())
}

/// A route that changes something: PUT and PATCH alike, because clients do not agree on which.
pub fn update<H, T, S>(handler: H) -> MethodRouter<S>
where
    H: Handler<T, S>,
    T: 'static,
    S: Clone + Send + Sync + 'static,
{
    on(MethodFilter::PUT.or(MethodFilter::PATCH), handler)
}

/// "Done": 200 and `{}`. A 204 without a content type is an error for some clients.
#[derive(Clone, Copy, Debug)]
pub struct Empty;

impl IntoResponse for Empty {
    fn into_response(self) -> Response {
        Rendered::from(b"{}".to_vec()).into_response()
    }
}

/// JSON that is already bytes, made where the rows were read.
#[derive(Clone, Debug)]
pub struct Rendered(pub Vec<u8>);

impl Rendered {
    /// Serialises `value`.
    pub fn of(value: &impl serde::Serialize) -> crate::Result<Self> {
        let mut bytes = Vec::with_capacity(4096);
        serde_json::to_writer(&mut bytes, value).map_err(crate::Error::internal)?;
        Ok(Self(bytes))
    }
}

impl From<Vec<u8>> for Rendered {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl IntoResponse for Rendered {
    fn into_response(self) -> Response {
        let mut response = Response::new(self.0.into());
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        response
    }
}
