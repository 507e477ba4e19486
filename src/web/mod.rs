//! Pages for people with a browser: sign-in, consent, registration, the node's front page, profiles and posts.
//! No scripts; one style sheet; everything works with the keyboard and without cookies of third parties. What may be
//! seen is decided in `domain`; what is said is in [`words`]; how it looks is in `templates/` and `assets/`.

mod answers;
mod ask;
pub mod assets;
mod authorize;
mod feeds;
pub mod files;
mod front;
mod ideas;
mod interact;
mod legal;
mod letters;
pub mod pages;
mod projects;
mod public;
mod reach;
mod register;
mod settings;
mod severed;
mod shown;
mod sign_in;
mod visit;
pub mod words;

use crate::{Error, app::App};
use axum::{
    Router,
    response::Response,
    routing::{MethodRouter, get},
};
pub use visit::Visitor;

/// The pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(front::show))
        .route("/sign-in", get(sign_in::show).post(sign_in::submit))
        .route("/sign-out", get(settings::back).post(sign_in::sign_out))
        .route("/register", get(register::show).post(register::submit))
        .route("/invite/{code}", get(register::show_invite).post(register::submit_invite))
        .route("/setup/{token}", get(register::show_setup).post(register::submit_setup))
        .route("/confirm/{token}", get(letters::show_confirm).post(letters::confirm))
        .route("/password", get(letters::show_forgot).post(letters::forgot))
        .route("/password/{token}", get(letters::show_reset).post(letters::reset))
        .route("/settings", get(settings::show))
        .route("/.well-known/change-password", get(settings::back))
        .route("/settings/password", get(settings::back).post(settings::change_password))
        .route("/settings/profile", get(settings::profile::show).post(settings::profile::submit))
        .route("/settings/reach", get(settings::back).post(settings::change_reach))
        .route("/settings/apps/{id}/revoke", get(settings::back).post(settings::revoke_app))
        .route("/settings/sessions/{id}/end", get(settings::back).post(settings::end_session))
        .route("/severed_relationships", get(severed::show))
        .route("/severed_relationships/{id}/{file}", get(severed::list))
        .route("/oauth/authorized_applications", get(settings::show))
        // Where the original has what apps send people to.
        .route("/about", leads_to("/"))
        .route("/auth/edit", leads_to("/settings"))
        .route("/auth/password/new", leads_to("/password"))
        .route("/auth/sign_in", leads_to("/sign-in"))
        .route("/auth/sign_up", leads_to("/register"))
        .route("/settings/delete", leads_to("/settings"))
        .route("/settings/preferences", leads_to("/settings"))
        .route("/oauth/authorize", get(authorize::show).post(authorize::decide))
        .route("/oauth/authorize/native", get(authorize::native))
        .route("/authorize_interaction", get(interact::show).post(interact::follow))
        .route("/@{name}", get(public::profile))
        .route("/@{name}/{id}", get(public::post))
        .route("/@{name}/{id}/accept", get(public::accept_from).post(public::accept))
        .route("/@{name}/tagged/{tag}", get(public::profile_tagged))
        .route("/tags/{name}", get(public::tag))
        .route("/ask", get(ask::show).post(ask::submit))
        .route("/projects", get(projects::all).post(projects::belong))
        .route("/projects/new", get(projects::registering::form).post(projects::registering::submit))
        .route("/projects/{id}", get(projects::leading::show).post(projects::leading::submit))
        .route("/answers", get(answers::all))
        .route("/answers/{tag}", get(answers::tagged))
        .route("/ideas", get(ideas::all))
        .route("/ideas/{state}", get(ideas::of_state))
        .route("/privacy-policy", get(legal::privacy))
        .route("/terms-of-service", get(legal::terms))
        .route("/terms-of-service/{date}", get(legal::terms_of))
        .route("/assets/{*name}", get(assets::serve))
        // Where the original keeps them: clients know by the address that there is no picture.
        .route("/avatars/original/missing.png", get(assets::no_avatar))
        .route("/headers/original/missing.png", get(assets::no_header))
}

/// Goes on to the page of ours.
fn leads_to(page: &'static str) -> MethodRouter<App> {
    get(move |visitor: Visitor| async move { visitor.redirect(page) })
}

/// The page for an address that does not exist.
pub async fn not_found(visitor: Visitor) -> Response {
    visitor.fail(Error::NotFound)
}
