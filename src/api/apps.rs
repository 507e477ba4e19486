//! Registration of client apps (`api/oauth.md` section 2).

use super::{
    Access, ApiResult, AppToken, Params, Rendered, Routes,
    oauth::{app_of, application},
    push::server_key,
};
use crate::{
    app::App,
    domain::oauth::{self, NewApp},
};
use axum::extract::State;
use serde_json::json;

/// The endpoints.
pub fn routes() -> Routes {
    Routes::new().post("/api/v1/apps", Access::Open, register).get(
        "/api/v1/apps/verify_credentials",
        Access::App(&[]),
        verify,
    )
}

/// `POST /api/v1/apps`: nobody is signed in yet.
async fn register(State(app): State<App>, params: Params) -> ApiResult<Rendered> {
    let name = params.text("client_name").unwrap_or_default().to_owned();
    let website = params.text("website").unwrap_or_default().to_owned();
    let texts = |name: &str| params.texts(name).into_iter().map(str::to_owned).collect::<Vec<_>>();
    let (uris, scopes) = (texts("redirect_uris"), texts("scopes").join(" "));
    let plain_http = app.config().web.plain_http_redirects;
    let (row, secret) = app
        .write_at_any_price(move |tx| {
            let new = NewApp {
                name: &name,
                redirect_uris: uris.iter().map(String::as_str).collect(),
                scopes: &scopes,
                website: &website,
                plain_http,
            };
            oauth::register_app(tx, &new)
        })
        .await?;
    let mut body = application(&row, &server_key(&app).await?);
    if let Some(map) = body.as_object_mut() {
        map.insert("client_id".into(), json!(row.client_id));
        map.insert("client_secret".into(), json!(secret));
        map.insert("client_secret_expires_at".into(), json!(0));
    }
    Ok(Rendered::of(&body)?)
}

/// `GET /api/v1/apps/verify_credentials`: any good token, of an app or of a person.
async fn verify(State(app): State<App>, token: AppToken) -> ApiResult<Rendered> {
    let row = app_of(&app, token).await?;
    Ok(Rendered::of(&application(&row, &server_key(&app).await?))?)
}
