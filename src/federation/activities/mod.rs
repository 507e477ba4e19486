//! Activities that arrive: read ([`parsed`]), judged ([`authorize_activity`]), and given their effect, one file for each
//! kind. The effect happens in one transaction ([`apply`]); where something must be fetched first, `apply` says so
//! without having written anything, and [`receive`] fetches and then applies (*resolve, then commit*).

mod accept;
mod add;
mod announce;
mod authorize;
mod block;
mod create;
mod delete;
mod feature_request;
mod flag;
mod follow;
mod interaction_request;
mod join;
mod like;
mod lock;
mod r#move;
pub mod parsed;
mod quote_request;
mod recommended;
mod undo;
mod update;

pub use authorize::authorize_activity;
pub(super) use authorize::of_everything;

use super::{
    fetch::Budget,
    link::{self, Link},
    objects::typed,
    received::{Outcome, Received},
};
use crate::{Error, Result, app::App, domain::Tx, model::InteractionKind, uri};
use activitypub_federation::{config::Data, fetch::object_id::ObjectId};
use parsed::{Kind, Parsed};
use url::Url;

/// Has the effect of a proven activity, all of it or none.
///
/// # Errors
/// `BadRequest`, `Unauthorized` and `Forbidden` for what can have no effect, ever; those of the database.
pub fn apply(tx: &mut Tx<'_>, received: &Received) -> Result<Outcome> {
    authorize_activity(&received.signer.uri, &received.activity, tx.site())?;
    effect(tx, received, &received.activity)
}

/// The effect of an activity that passed the gate.
fn effect(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    match activity.kind {
        Kind::Follow => follow::apply(tx, received, activity),
        Kind::Accept => accept::apply(tx, received, activity, accept::Answer::Yes),
        Kind::Reject => accept::apply(tx, received, activity, accept::Answer::No),
        Kind::Undo => undo::apply(tx, received, activity),
        Kind::Create => create::apply(tx, received, activity),
        Kind::Update => update::apply(tx, received, activity),
        Kind::Delete => delete::apply(tx, received, activity),
        Kind::Announce => announce::apply(tx, received, activity),
        Kind::Like => like::apply(tx, received, activity),
        Kind::Dislike => like::against(tx, received, activity),
        Kind::Block => block::apply(tx, received, activity),
        Kind::Flag => flag::apply(tx, received, activity),
        Kind::Add => add::apply(tx, received, activity, true),
        Kind::Remove => add::apply(tx, received, activity, false),
        Kind::Move => Ok(r#move::apply(activity)),
        Kind::Join => join::apply(tx, received, activity, true),
        Kind::Leave => join::apply(tx, received, activity, false),
        Kind::Lock => lock::apply(tx, received, activity),
        Kind::QuoteRequest => quote_request::apply(tx, received, activity),
        Kind::FeatureRequest => feature_request::apply(tx, received, activity),
        Kind::ReplyRequest => interaction_request::apply(tx, received, activity, InteractionKind::Reply),
        Kind::LikeRequest => interaction_request::apply(tx, received, activity, InteractionKind::Favourite),
        Kind::AnnounceRequest => interaction_request::apply(tx, received, activity, InteractionKind::Boost),
        Kind::Other => Ok(Outcome::Done),
    }
}

/// An activity that was seen before came once more, to somebody else's inbox perhaps: it may add an addressee (POST-11), or be
/// the answer of a relay, and nothing else.
///
/// # Errors
/// As [`apply`].
pub fn again(tx: &mut Tx<'_>, received: &Received) -> Result<()> {
    match received.activity.kind {
        Kind::Create if received.recipient.is_some() => create::again(tx, received),
        Kind::Accept | Kind::Reject => accept::again(tx, received),
        _ => Ok(()),
    }
}

/// Fetches what an activity needs, then has its effect.
///
/// # Errors
/// As [`apply`]; `Upstream` and `Unavailable` are worth another try.
pub async fn receive(app: &App, received: &Received) -> Result<()> {
    let activity = Activity::new(received.clone())?;
    let data = link::data(app).await?;
    activitypub_federation::traits::Activity::verify(&activity, &data).await?;
    activitypub_federation::traits::Activity::receive(activity, &data).await
}

/// Fetches what [`effect`] asked for and finishes.
async fn resolve(app: &App, received: &Received, activity: &Parsed) -> Result<()> {
    let budget = Budget::of_letter(&received.signer.uri);
    match activity.kind {
        Kind::Create => create::resolve(app, received, activity, &budget).await,
        Kind::Update => update::resolve(app, received, activity, &budget).await,
        Kind::Delete => delete::resolve(app, received, activity, &budget).await,
        Kind::Announce => announce::resolve(app, received, activity, &budget).await,
        Kind::Add => add::resolve(app, received, activity, &budget).await,
        Kind::Move => r#move::resolve(app, received, activity, &budget).await,
        Kind::QuoteRequest => quote_request::resolve(app, received, activity, &budget).await,
        Kind::Lock => match activity.object.clone() {
            Some(object) => lock::resolve(app, received, activity, (object, true), &budget).await,
            None => Ok(()),
        },
        Kind::Undo => undo::resolve(app, received, activity, &budget).await,
        _ => Ok(()),
    }
}

/// A proven activity in the form that the traits of `activitypub_federation` know.
#[derive(Clone, Debug)]
pub struct Activity {
    id: Url,
    actor: ObjectId<typed::Actor>,
    received: Received,
}

impl Activity {
    /// Wraps it.
    ///
    /// # Errors
    /// `BadRequest` when its id or actor is no address.
    pub fn new(received: Received) -> Result<Self> {
        let parsed = &received.activity;
        let url = |text: &str| uri::parse(text).ok_or_else(|| Error::bad_request("no address"));
        let actor = ObjectId::from(url(&parsed.actor)?);
        // A transient activity has no id of its own; nothing is ever looked up by this one.
        let id = match &parsed.id {
            Some(id) => url(id)?,
            None => url(&format!("{}#transient", parsed.actor))?,
        };
        Ok(Self { id, actor, received })
    }
}

#[async_trait::async_trait]
impl activitypub_federation::traits::Activity for Activity {
    type DataType = Link;
    type Error = Error;

    fn id(&self) -> &Url {
        &self.id
    }

    fn actor(&self) -> &Url {
        self.actor.inner()
    }

    async fn verify(&self, data: &Data<Link>) -> Result<()> {
        authorize_activity(&self.received.signer.uri, &self.received.activity, data.app()?.site())
    }

    async fn receive(self, data: &Data<Link>) -> Result<()> {
        let app = data.app()?;
        let received = self.received.clone();
        match app.write(move |tx| effect(tx, &received, &received.activity)).await? {
            Outcome::Done => Ok(()),
            Outcome::Fetch => resolve(&app, &self.received, &self.received.activity).await,
        }
    }
}
