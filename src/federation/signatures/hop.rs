//! Signing what goes through the outgoing gate: each hop anew, off the runtime threads.

use super::{Content, Scheme, Signer, sign};
use crate::{Error, Result, crypto, net, time::Clock};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use futures_util::future::BoxFuture;
use std::sync::Arc;
use url::Url;

/// Signs each hop of an outgoing request anew, off the runtime threads; what [`net::Ask::signed_by`] wants.
#[derive(Clone, Debug)]
pub struct HopSigner {
    /// Whose key.
    pub signer: Arc<Signer>,
    /// Whose key on hops that leave the server a person asked: they have to do with that one only.
    pub elsewhere: Option<Elsewhere>,
    /// In which format.
    pub scheme: Scheme,
    /// Leave the query out of what is signed: some programs do not look at it (SIGOUT-07).
    pub bare: bool,
    /// Media type of the body, for requests that have one.
    pub media_type: &'static str,
    /// The clock.
    pub clock: Clock,
}

/// See [`HopSigner::elsewhere`].
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// The server that was asked: `host:port`.
    pub home: String,
    /// Whose key anywhere else.
    pub signer: Arc<Signer>,
}

impl HopSigner {
    /// Signs an activity on its way to an inbox.
    pub fn of_activity(signer: Arc<Signer>, scheme: Scheme, clock: Clock) -> Self {
        Self { signer, elsewhere: None, scheme, bare: false, media_type: "application/activity+json", clock }
    }

    fn signer(&self, url: &Url) -> &Signer {
        match &self.elsewhere {
            Some(elsewhere) if elsewhere.home != net::authority(url) => &elsewhere.signer,
            _ => &self.signer,
        }
    }
}

impl net::Signer for HopSigner {
    fn sign<'a>(
        &'a self,
        method: &'a Method,
        url: &'a Url,
        body: &'a hyper::body::Bytes,
    ) -> BoxFuture<'a, Result<HeaderMap>> {
        let (this, method, mut url, body) = (self.clone(), method.clone(), url.clone(), body.clone());
        if this.bare {
            url.set_query(None);
        }
        Box::pin(async move {
            let headers = tokio::task::spawn_blocking(move || {
                let content = (method == Method::POST)
                    .then(|| Content { media_type: this.media_type, sha256: crypto::sha256(&body) });
                sign::sign(this.scheme, this.signer(&url), method.as_str(), &url, content, this.clock.now())
            })
            .await
            .map_err(Error::internal)??;
            headers
                .into_iter()
                .map(|(name, value)| {
                    Ok((HeaderName::from_static(name), HeaderValue::try_from(value).map_err(Error::internal)?))
                })
                .collect()
        })
    }
}
