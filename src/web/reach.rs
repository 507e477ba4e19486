//! How far something goes, as forms offer it: what the charter allows, and what was chosen.

use super::{
    pages::Choice,
    visit::{Fields, Visitor},
    words::Words,
};
use crate::{
    Error, Result,
    domain::audiences,
    model::Audience,
    store::{self, audiences::Rules},
};

/// The audiences of a form; one that is chosen is offered though the charter no longer allows it. `usual`: what stands for
/// no choice.
pub fn choices(words: &Words, usual: &'static str, rules: Option<&Rules>, chosen: Option<Audience>) -> Vec<Choice> {
    let all = [
        ("", usual, None),
        ("site", words.reach_site, Some(Audience::Site)),
        ("organisation", words.reach_organisation, Some(Audience::Organisation)),
        ("open", words.reach_open, Some(Audience::Open)),
    ];
    let may = |audience: Option<Audience>| {
        audience.is_none_or(|audience| audiences::allowed(rules, audience).is_ok()) || audience == chosen
    };
    let offered = all.into_iter().filter(|(.., audience)| may(*audience));
    offered.map(|(value, text, audience)| Choice { value, text, chosen: audience == chosen }).collect()
}

/// The same for something that is written now.
///
/// # Errors
/// `Unavailable` when the database is away.
pub async fn offered(visitor: &Visitor, usual: &'static str, chosen: Option<Audience>) -> Result<Vec<Choice>> {
    let rules = visitor.app.read(store::audiences::rules).await?;
    Ok(choices(visitor.lang.words(), usual, rules.as_ref(), chosen))
}

/// What was chosen; none for no choice.
///
/// # Errors
/// `Invalid` for a word that no form has.
pub fn chosen(fields: &Fields) -> Result<Option<Audience>> {
    match fields.text("audience") {
        "" => Ok(None),
        word => word.parse().map(Some).map_err(|()| Error::invalid("audience", "inclusion", "Choose one of these")),
    }
}
