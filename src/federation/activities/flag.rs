//! Flag: a report (MOD-04, AUT-13).

use super::{Outcome, Parsed, Received};
use crate::{
    Result,
    domain::{
        Tx, remote,
        text::{self, Token},
    },
    uri,
};

pub(super) fn apply(tx: &mut Tx<'_>, received: &Received, activity: &Parsed) -> Result<Outcome> {
    let mut named = activity.objects.clone();
    // Misskey names the posts inside its text.
    for token in text::scan(&activity.content) {
        if let Token::Url(address) = token
            && let Some(address) = uri::normalize(address)
            && !named.contains(&address)
        {
            named.push(address);
        }
    }
    remote::receive_flag(tx, &received.signer, &named, &activity.content, activity.id.as_deref())?;
    Ok(Outcome::Done)
}
