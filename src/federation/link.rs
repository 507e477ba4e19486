//! How the traits of `activitypub_federation` reach this node. Of that crate we use the traits and helper types; its
//! HTTP client, queue and inbox are never asked, because fetching, delivering and verifying each have one gate here.

use crate::{
    Error, Result,
    app::{App, WeakApp},
};
use activitypub_federation::config::{Data, FederationConfig};

/// The node, without keeping it alive: its parts hold the configuration that holds this.
#[derive(Clone)]
pub struct Link(WeakApp);

impl Link {
    /// The node.
    ///
    /// # Errors
    /// `Unavailable` when it is stopping.
    pub fn app(&self) -> Result<App> {
        self.0.upgrade().ok_or_else(|| Error::Unavailable("the node is stopping".into()))
    }
}

#[derive(Default)]
struct Kept(tokio::sync::OnceCell<FederationConfig<Link>>);

/// What trait methods get.
///
/// # Errors
/// `Internal` when the configuration cannot be built.
pub async fn data(app: &App) -> Result<Data<Link>> {
    let kept = app.part::<Kept>();
    let config = kept
        .0
        .get_or_try_init(|| async {
            FederationConfig::builder()
                .domain(app.site().authority())
                .app_data(Link(app.downgrade()))
                .build()
                .await
                .map_err(Error::internal)
        })
        .await?;
    Ok(config.to_request_data())
}
