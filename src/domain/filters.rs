//! Filters: words and posts a person does not want to see, and what to do with them.

use super::{Fact, Tx, Viewer, views::FilterView, visibility};
use crate::{
    Error, Result,
    db::Conn,
    id::Id,
    model::{Account, Filter, FilterKeyword, FilterPost, Post},
    store::{filters as rows, views},
};

/// Filters of one person (LIM-14).
const FILTERS: i64 = 200;
/// Words of one filter, and posts of one filter.
const ENTRIES: usize = 200;
/// Words of all filters of one person: each of them is looked for in each post of each page they read.
const WORDS: i64 = 2_000;
/// Characters of a title or word.
const TEXT: usize = 255;

/// What a filter is to be; none leaves a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct FilterInput {
    /// Its name.
    pub title: Option<String>,
    /// Bits: home 1, notifications 2, public 4, thread 8, account 16.
    pub contexts: Option<i16>,
    /// 0 warn, 1 hide, 2 blur.
    pub action: Option<i16>,
    /// Seconds until it ends; inner none means never.
    pub expires_in: Option<Option<i64>>,
    /// Words to add, change or remove.
    pub keywords: Vec<KeywordInput>,
}

/// A word of a filter; without an id a new one.
#[derive(Clone, Debug, Default)]
pub struct KeywordInput {
    /// An existing word of the filter.
    pub id: Option<Id<FilterKeyword>>,
    /// The word.
    pub keyword: Option<String>,
    /// Not inside longer words.
    pub whole_word: Option<bool>,
    /// Remove it.
    pub destroy: bool,
}

fn text(field: &'static str, text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(field, "blank", format!("{field} can't be blank")));
    }
    if text.chars().count() > TEXT {
        return Err(Error::invalid(field, "too_long", format!("{field} is too long (maximum is {TEXT} characters)")));
    }
    Ok(text.to_owned())
}

fn changed(tx: &mut Tx<'_>, owner: Id<Account>) -> Result<()> {
    tx.record(Fact::FiltersChanged(owner))
}

/// Makes a filter.
pub fn create(tx: &mut Tx<'_>, owner: Id<Account>, input: &FilterInput) -> Result<FilterView> {
    if rows::count(tx.conn, owner)? >= FILTERS {
        return Err(Error::invalid("", "invalid", "You have reached the maximum number of filters"));
    }
    let filter = Filter {
        id: tx.new_id(),
        account_id: owner,
        title: String::new(),
        contexts: 0,
        action: 0,
        expires_at: None,
        created_at: tx.now,
    };
    let filter = shape(tx, filter, input)?;
    rows::insert(tx.conn, &filter)?;
    apply_keywords(tx, owner, filter.id, &input.keywords)?;
    changed(tx, owner)?;
    view(tx.conn, filter)
}

/// Changes what is given; `NotFound` for somebody else's filter.
pub fn change(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Filter>, input: &FilterInput) -> Result<FilterView> {
    let filter = rows::owned(tx.conn, owner, id)?;
    let filter = shape(tx, filter, input)?;
    rows::update(tx.conn, &filter)?;
    apply_keywords(tx, owner, filter.id, &input.keywords)?;
    changed(tx, owner)?;
    view(tx.conn, filter)
}

fn shape(tx: &Tx<'_>, mut filter: Filter, input: &FilterInput) -> Result<Filter> {
    match &input.title {
        Some(title) => filter.title = text("title", title)?,
        None if filter.title.is_empty() => return Err(Error::invalid("title", "blank", "Title can't be blank")),
        None => {}
    }
    filter.contexts = input.contexts.unwrap_or(filter.contexts);
    if filter.contexts == 0 {
        return Err(Error::invalid("context", "blank", "Context can't be blank"));
    }
    filter.action = input.action.unwrap_or(filter.action);
    if let Some(expires) = input.expires_in {
        filter.expires_at = expires.map(|seconds| tx.now.plus_seconds(seconds));
    }
    Ok(filter)
}

fn apply_keywords(tx: &mut Tx<'_>, owner: Id<Account>, filter: Id<Filter>, inputs: &[KeywordInput]) -> Result<()> {
    let known = rows::keywords(tx.conn, filter)?;
    for input in inputs {
        match input.id {
            Some(id) => {
                let mut keyword = known.iter().find(|k| k.id == id).cloned().ok_or(Error::NotFound)?;
                if input.destroy {
                    rows::delete_keyword(tx.conn, id)?;
                    continue;
                }
                if let Some(word) = &input.keyword {
                    keyword.keyword = text("keyword", word)?;
                }
                keyword.whole_word = input.whole_word.unwrap_or(keyword.whole_word);
                rows::update_keyword(tx.conn, &keyword)?;
            }
            None if input.destroy => {}
            // An empty line of a form.
            None if input.whole_word.is_none()
                && input.keyword.as_deref().is_none_or(|word| word.trim().is_empty()) => {}
            None => {
                let keyword = FilterKeyword {
                    id: tx.new_id(),
                    filter_id: filter,
                    keyword: text("keyword", input.keyword.as_deref().unwrap_or(""))?,
                    whole_word: input.whole_word.unwrap_or(true),
                };
                rows::insert_keyword(tx.conn, &keyword)?;
            }
        }
    }
    if rows::keywords(tx.conn, filter)?.len() > ENTRIES {
        return Err(Error::invalid("keywords", "too_long", "A filter has at most 200 keywords"));
    }
    // Whoever has more from before may still take some away.
    let added = inputs.iter().any(|input| input.id.is_none() && !input.destroy);
    if added { room_for_words(tx, owner) } else { Ok(()) }
}

/// Refuses what was just added to very many words.
fn room_for_words(tx: &mut Tx<'_>, owner: Id<Account>) -> Result<()> {
    if rows::count_keywords(tx.conn, owner)? > WORDS {
        return Err(Error::invalid("keywords", "too_long", "All filters together have at most 2000 keywords"));
    }
    Ok(())
}

/// Removes a filter.
pub fn delete(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<Filter>) -> Result<()> {
    rows::owned(tx.conn, owner, id)?;
    rows::delete(tx.conn, id)?;
    changed(tx, owner)
}

/// Adds one word.
pub fn add_keyword(
    tx: &mut Tx<'_>,
    owner: Id<Account>,
    filter: Id<Filter>,
    word: &str,
    whole_word: bool,
) -> Result<FilterKeyword> {
    rows::owned(tx.conn, owner, filter)?;
    if rows::keywords(tx.conn, filter)?.len() >= ENTRIES {
        return Err(Error::invalid("keywords", "too_long", "A filter has at most 200 keywords"));
    }
    let keyword = FilterKeyword { id: tx.new_id(), filter_id: filter, keyword: text("keyword", word)?, whole_word };
    rows::insert_keyword(tx.conn, &keyword)?;
    room_for_words(tx, owner)?;
    changed(tx, owner)?;
    Ok(keyword)
}

/// Changes one word.
pub fn change_keyword(
    tx: &mut Tx<'_>,
    owner: Id<Account>,
    id: Id<FilterKeyword>,
    word: Option<&str>,
    whole_word: Option<bool>,
) -> Result<FilterKeyword> {
    let mut keyword = rows::owned_keyword(tx.conn, owner, id)?;
    if let Some(word) = word {
        keyword.keyword = text("keyword", word)?;
    }
    keyword.whole_word = whole_word.unwrap_or(keyword.whole_word);
    rows::update_keyword(tx.conn, &keyword)?;
    changed(tx, owner)?;
    Ok(keyword)
}

/// Removes one word.
pub fn delete_keyword(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<FilterKeyword>) -> Result<()> {
    rows::owned_keyword(tx.conn, owner, id)?;
    rows::delete_keyword(tx.conn, id)?;
    changed(tx, owner)
}

/// Adds one post the owner may see.
pub fn add_post(tx: &mut Tx<'_>, owner: Id<Account>, filter: Id<Filter>, post: Id<Post>) -> Result<FilterPost> {
    rows::owned(tx.conn, owner, filter)?;
    let now = tx.now;
    let post = visibility::visible_original(tx.conn, Viewer::from(owner), post, now)?;
    let known = rows::posts(tx.conn, filter)?;
    if let Some(row) = known.iter().find(|row| row.post_id == post.id) {
        return Ok(row.clone());
    }
    if known.len() >= ENTRIES {
        return Err(Error::invalid("statuses", "too_long", "A filter has at most 200 posts"));
    }
    let row = FilterPost { id: tx.new_id(), filter_id: filter, post_id: post.id };
    rows::insert_post(tx.conn, &row)?;
    changed(tx, owner)?;
    Ok(row)
}

/// Takes one post out.
pub fn delete_post(tx: &mut Tx<'_>, owner: Id<Account>, id: Id<FilterPost>) -> Result<FilterPost> {
    let row = rows::owned_post(tx.conn, owner, id)?;
    rows::delete_post(tx.conn, id)?;
    changed(tx, owner)?;
    Ok(row)
}

/// A filter with its words and posts.
pub fn view(conn: &mut Conn, filter: Filter) -> Result<FilterView> {
    let (keywords, posts) = (rows::keywords(conn, filter.id)?, rows::posts(conn, filter.id)?);
    Ok(FilterView { filter, keywords, posts })
}

/// All filters of a person with their words and posts.
pub fn all(conn: &mut Conn, owner: Id<Account>) -> Result<Vec<FilterView>> {
    let filters = rows::all(conn, owner)?;
    let ids: Vec<Id<Filter>> = filters.iter().map(|filter| filter.id).collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (mut keywords, mut posts) = (views::filter_keywords(conn, &ids)?, views::filter_posts(conn, &ids)?);
    let mut with = |filter: Filter| FilterView {
        keywords: keywords.extract_if(.., |one| one.filter_id == filter.id).collect(),
        posts: posts.extract_if(.., |one| one.filter_id == filter.id).collect(),
        filter,
    };
    Ok(filters.into_iter().map(&mut with).collect())
}
