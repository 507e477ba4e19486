//! In whose name the post of another server is asked for (SIGOUT-02). The node's own signature reads what is for
//! everybody. What is for few is read by one of them: somebody of this node who follows its author, or whom it addresses.
//! Their signature only ever goes to the server of an author they have to do with, never to whatever address is named.

use super::{activities::parsed::Parsed, fetch::Eyes, received::Received};
use crate::{
    Result,
    app::App,
    db::Conn,
    domain::remote,
    id::Id,
    limits,
    model::{Account, Post, Visibility},
    store, uri,
};

/// Addresses above that of a post under which its author is looked for.
const ABOVE: usize = 4;

/// What made us look for a post: who has probably written it, and for whom it is.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    /// Ids of actors, the author probably among them.
    authors: Vec<String>,
    /// Ids of actors it is addressed to.
    addressed: Vec<String>,
    /// Whose personal inbox it was named in.
    recipient: Option<Id<Account>>,
    /// For whom it is; none when that is not told.
    visibility: Option<Visibility>,
}

impl Cause {
    /// An activity named it.
    pub fn of_activity(received: &Received, activity: &Parsed) -> Self {
        let (signer, addressing) = (&received.signer, &activity.addressing);
        Self {
            authors: vec![signer.uri.clone()],
            addressed: addressing.all().map(str::to_owned).collect(),
            recipient: received.recipient,
            visibility: (!addressing.is_empty())
                .then(|| remote::visibility(addressing, signer.followers_url.as_deref())),
        }
    }

    /// It is known, and read again.
    ///
    /// # Errors
    /// Those of the database.
    pub fn of_known(conn: &mut Conn, uri: &str) -> Result<Self> {
        match store::posts::find_by_uri(conn, uri)? {
            Some(post) => Self::of_post(conn, &post),
            None => Ok(Self::default()),
        }
    }

    /// `answer` answers it: its author is the answer's, or one of those it names.
    ///
    /// # Errors
    /// Those of the database.
    pub fn of_answer(conn: &mut Conn, answer: &Post) -> Result<Self> {
        let mut cause = Self::of_post(conn, answer)?;
        cause.authors.extend_from_slice(&cause.addressed);
        Ok(cause)
    }

    fn of_post(conn: &mut Conn, post: &Post) -> Result<Self> {
        let author = store::accounts::load(conn, post.account_id)?;
        let addressed = store::deliveries::addressees(conn, &[post.id])?.into_iter().map(|a| a.uri);
        Ok(Self {
            authors: vec![author.uri],
            addressed: addressed.take(limits::RECIPIENTS).collect(),
            recipient: None,
            visibility: Some(post.visibility),
        })
    }
}

/// Who asks for the post at `object`, a normalised address.
///
/// # Errors
/// Those of the database.
pub async fn find(app: &App, object: &str, cause: &Cause) -> Result<Eyes> {
    let named: Vec<String> = cause.authors.iter().filter(|a| uri::same_authority(a, object)).cloned().collect();
    // Whom it addresses says something only when it comes from there.
    let addressed = if named.is_empty() { Vec::new() } else { cause.addressed.clone() };
    let recipient = cause.recipient.filter(|_| !named.is_empty());
    let authors: Vec<String> = named.into_iter().chain(above(object)).collect();
    let direct = cause.visibility == Some(Visibility::Direct);
    let person = app
        .read(move |conn| {
            let follower = store::remote::local_follower(conn, &authors)?;
            if !direct && follower.is_some() {
                return Ok(follower);
            }
            let addressee = match recipient {
                Some(recipient) => Some(recipient),
                None => store::remote::local_among(conn, &addressed)?,
            };
            Ok(addressee.or(follower))
        })
        .await?;
    Ok(Eyes { person, narrow: cause.visibility.is_some_and(|v| v >= Visibility::Private) })
}

/// Many servers keep posts below the address of their author.
fn above(object: &str) -> impl Iterator<Item = String> + '_ {
    fn up(path: &str) -> Option<&str> {
        path.rsplit_once('/').map(|(above, _)| above)
    }
    let authority = uri::authority(object).len();
    let inside = move |path: &&str| path.len() > authority;
    std::iter::successors(up(object), |path| up(path)).take_while(inside).take(ABOVE).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_are_looked_for_above_their_posts_and_on_their_server_only() {
        let found = |object| above(object).collect::<Vec<_>>();
        assert_eq!(
            found("https://a.example/users/ada/statuses/1"),
            ["https://a.example/users/ada/statuses", "https://a.example/users/ada", "https://a.example/users"]
        );
        assert!(
            found("https://a.example/1").is_empty() && found("https://a.example").is_empty() && found("x").is_empty()
        );
    }
}
