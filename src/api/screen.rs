//! Addresses that get no answer: the ranges that staff has shut out, in front of everything.

use super::{error::ApiError, request::address_of};
use crate::{
    Error,
    app::App,
    domain::admission::{self, Ranges, Severity},
    time::Timestamp,
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::sync::{Arc, PoisonError, RwLock};

/// Seconds for which the ranges are kept: what another process changed counts after that.
const KEPT_SECONDS: i64 = 5;

/// The ranges as they were last read.
#[derive(Default)]
pub struct Screen(RwLock<Option<(Timestamp, Arc<Ranges>)>>);

impl Screen {
    /// They changed: they are read again before the next request.
    pub fn forget(&self) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn kept(&self, now: Timestamp) -> Option<Arc<Ranges>> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let (at, ranges) = kept.as_ref()?;
        (now < at.plus_seconds(KEPT_SECONDS) && now >= *at).then(|| Arc::clone(ranges))
    }
}

/// Passes on requests of everybody but of those.
pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let Some(address) = address_of(request.extensions()) else { return next.run(request).await };
    let (screen, now) = (app.part::<Screen>(), app.clock().now());
    let ranges = match screen.kept(now) {
        Some(ranges) => ranges,
        None => match app.read(move |conn| admission::ranges(conn, now)).await {
            Ok(ranges) => {
                let ranges = Arc::new(ranges);
                let mut kept = screen.0.write().unwrap_or_else(PoisonError::into_inner);
                *kept = Some((now, Arc::clone(&ranges)));
                ranges
            }
            // Nobody is shut out because the database is away; the request finds that out itself.
            Err(_) => return next.run(request).await,
        },
    };
    if admission::of_address(&ranges, address) == Some(Severity::NoAccess) {
        return ApiError(Error::forbidden("Your address has no access to this server")).into_response();
    }
    next.run(request).await
}
