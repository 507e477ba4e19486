//! Rows of other servers in the form that the traits of `activitypub_federation` know: the documents that [`super`]
//! reads, verified and stored.

use super::{actor, post};
use crate::{
    Error, Result, crypto,
    domain::remote::{self, Arrival},
    federation::{json::Json, link::Link},
    model, store, uri,
};
use activitypub_federation::{
    config::Data,
    traits::{Actor as ActorTrait, Object},
};
use chrono::{DateTime, Utc};
use url::Url;

/// Somebody, here or elsewhere.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The row.
    pub row: model::Account,
    id: Url,
    inbox: Url,
    pem: String,
}

impl Actor {
    fn new(row: model::Account) -> Result<Self> {
        let id = uri::parse(&row.uri).ok_or_else(|| Error::internal("a stored id is no address"))?;
        let inbox = row.inbox_url.as_deref().and_then(uri::parse).unwrap_or_else(|| id.clone());
        let pem = match &row.public_key {
            Some(der) => crypto::PublicKey::from_spki(der)?.to_pem()?,
            None => String::new(),
        };
        Ok(Self { row, id, inbox, pem })
    }
}

/// A post, here or elsewhere.
#[derive(Clone, Debug)]
pub struct Post {
    /// The row.
    pub row: model::Post,
    id: Url,
}

impl Post {
    fn new(row: model::Post) -> Result<Self> {
        let id = uri::parse(&row.uri).ok_or_else(|| Error::internal("a stored id is no address"))?;
        Ok(Self { row, id })
    }
}

#[async_trait::async_trait]
impl Object for Actor {
    type DataType = Link;
    type Kind = Json;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    fn last_refreshed_at(&self) -> Option<DateTime<Utc>> {
        self.row.fetched_at.map(|at| at.to_datetime())
    }

    async fn read_from_id(id: Url, data: &Data<Link>) -> Result<Option<Self>> {
        let row = data.app()?.read(move |conn| store::accounts::find_by_uri(conn, id.as_str())).await?;
        row.map(Self::new).transpose()
    }

    async fn delete(&self, data: &Data<Link>) -> Result<()> {
        let row = self.row.clone();
        data.app()?.write(move |tx| remote::delete_actor(tx, &row)).await
    }

    fn is_deleted(&self) -> bool {
        self.row.deleted_at.is_some()
    }

    /// Only what names it: whole documents are rendered and served by `federation::render`.
    async fn into_json(self, _data: &Data<Link>) -> Result<Json> {
        Ok(Json::Object(vec![
            ("id".to_owned(), Json::Text(self.row.uri)),
            ("type".to_owned(), Json::Text(self.row.kind.as_str().to_owned())),
            ("inbox".to_owned(), Json::Text(self.inbox.into())),
        ]))
    }

    async fn verify(json: &Json, at: &Url, data: &Data<Link>) -> Result<()> {
        let id = json.id().ok_or_else(|| Error::bad_request("an actor without a web address as id"))?;
        if uri::normalize(at.as_str()).as_deref() != Some(id.as_str()) || data.app()?.site().owns_str(&id) {
            return Err(Error::forbidden("an actor that is not where its id says"));
        }
        Ok(())
    }

    /// With the host of its id as the right side of its handle, until WebFinger tells another.
    async fn from_json(json: Json, data: &Data<Link>) -> Result<Self> {
        let actor = actor::read(&json)?;
        let row = data
            .app()?
            .write(move |tx| {
                let known = store::accounts::find_by_uri(tx.conn, &actor.uri)?.and_then(|a| a.domain);
                let domain = known.unwrap_or_else(|| uri::host(&actor.uri).to_owned());
                remote::save_actor(tx, &actor, &domain)
            })
            .await?;
        Self::new(row)
    }
}

impl ActorTrait for Actor {
    fn public_key_pem(&self) -> &str {
        &self.pem
    }

    /// Never: private keys are used by `federation::own_keys` alone.
    fn private_key_pem(&self) -> Option<String> {
        None
    }

    fn inbox(&self) -> Url {
        self.inbox.clone()
    }

    fn shared_inbox(&self) -> Option<Url> {
        self.row.shared_inbox_url.as_deref().and_then(uri::parse)
    }
}

#[async_trait::async_trait]
impl Object for Post {
    type DataType = Link;
    type Kind = Json;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    async fn read_from_id(id: Url, data: &Data<Link>) -> Result<Option<Self>> {
        let row = data.app()?.read(move |conn| store::posts::find_by_uri(conn, id.as_str())).await?;
        row.map(Self::new).transpose()
    }

    async fn delete(&self, data: &Data<Link>) -> Result<()> {
        let id = self.row.id;
        data.app()?.write(move |tx| crate::domain::posts::remove(tx, id)).await
    }

    /// Only what names it: whole documents are rendered and served by `federation::render`.
    async fn into_json(self, _data: &Data<Link>) -> Result<Json> {
        Ok(Json::Object(vec![
            ("id".to_owned(), Json::Text(self.row.uri)),
            ("type".to_owned(), Json::Text("Note".to_owned())),
        ]))
    }

    async fn verify(json: &Json, at: &Url, data: &Data<Link>) -> Result<()> {
        let read = post::read(json, None)?;
        if !uri::same_authority(&read.uri, at.as_str()) || data.app()?.site().owns_str(&read.uri) {
            return Err(Error::forbidden("a post that is not where its id says"));
        }
        Ok(())
    }

    /// Its author must be known. `NotFound` when it has no place here.
    async fn from_json(json: Json, data: &Data<Link>) -> Result<Self> {
        let read = post::read(&json, None)?;
        let row = data
            .app()?
            .write(move |tx| {
                let author = store::accounts::find_by_uri(tx.conn, &read.author)?.ok_or(Error::NotFound)?;
                remote::receive_post(tx, &author, &read, Arrival::FETCHED)?.ok_or(Error::NotFound)
            })
            .await?;
        Self::new(row)
    }
}
