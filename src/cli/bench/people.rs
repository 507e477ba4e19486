//! "Who knows X" in the search box of a client, over the API: an organisation in a folder as `judge people` reads it, written
//! into the node with its aliases, stances, accepted answers and projects; the questions of the set as the load.

use super::{Failure, get};
use crate::{
    Error, Result,
    app::App,
    cli::judge,
    domain::{
        Tx,
        accounts::{self, NewPerson},
        audit::Staff,
        charter::{self, Founding},
        hashtags, oauth,
        people::{self, By, FactsChange, Work, facts},
        profiles::{self, ProfileChange},
    },
    federation::own_keys,
    matching::people::Person,
    store,
    time::Timestamp,
};
use std::{collections::BTreeMap, path::Path};

/// People written in one transaction.
const CHUNK: usize = 250;
const DAY: i64 = 86_400_000;

/// The requests of a client that asks all questions of the set.
pub(super) fn questions(folder: &Path, port: u16, token: &str) -> Result<Vec<Vec<u8>>, Failure> {
    let texts = judge::people::questions(folder)?;
    let asked = texts.iter().map(|text| {
        let query: String = url::form_urlencoded::byte_serialize(format!("who knows {text}").as_bytes()).collect();
        get(port, &format!("/api/v2/search?type=accounts&q={query}"), Some(token))
    });
    Ok(asked.collect())
}

/// Writes the organisation; answers with a token of somebody who may search.
pub(super) async fn seed(app: &App, folder: &Path, say: &dyn Fn(String)) -> Result<String, Failure> {
    let mut rows: Vec<Person> = Vec::new();
    judge::people::read(&folder.join("people.jsonl"), &mut |person| rows.push(person))?;
    found(app, judge::people::aliases(folder)?).await?;
    let (count, mut rows, mut written) = (rows.len(), rows.into_iter().peekable(), 0);
    while rows.peek().is_some() {
        let chunk: Vec<Person> = rows.by_ref().take(CHUNK).collect();
        written += chunk.len();
        app.write(move |tx| {
            chunk.iter().enumerate().try_for_each(|(n, row)| one(tx, row, written + n))?;
            // They have keys, such as they are: tens of thousands of jobs that find that out are no part of any search.
            for job in store::jobs::claim(tx.conn, "heavy", tx.now, tx.place(), CHUNK as i64, &[])? {
                store::jobs::finish(tx.conn, job.id)?;
            }
            Ok(())
        })
        .await?;
        if written.is_multiple_of(CHUNK * 40) {
            say(format!("{written} of {count} people"));
        }
    }
    let token = app
        .write(|tx| {
            let reader = accounts::create(tx, &NewPerson::member("searcher", None, None))?.id;
            Ok(oauth::issue_by_command(tx, reader, "read")?.2.token)
        })
        .await?;
    Ok(token)
}

/// Aliases come with a charter.
async fn found(app: &App, aliases: BTreeMap<String, String>) -> Result<()> {
    let (actor, vault) = (own_keys::instance_actor(app).await?, own_keys::vault(app)?);
    let own = charter::own_member(app.site(), &actor, app.clock().now())?;
    let new = Founding { name: "Bench".into(), ..Founding::default() };
    app.write(move |tx| {
        let by = Staff::console();
        charter::found(tx, &vault, &by, new, own)?;
        for (word, means) in &aliases {
            // A pair that the charter refuses (both ways round, say) is refused in life too.
            match charter::make_alias(tx, &vault, &by, word, means) {
                Ok(_) | Err(Error::Invalid { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    })
    .await
}

fn one(tx: &mut Tx<'_>, row: &Person, number: usize) -> Result<()> {
    let name = row.key.replace('-', "_");
    let account = accounts::create(tx, &NewPerson::member(&name, None, None))?.id;
    // Nobody signs here, and making fifty thousand keys takes an hour: the job that makes them finds these.
    store::actor_keys::insert(tx.conn, account, &[], &[], Vec::new(), Vec::new(), tx.now)?;
    if !row.bio.is_empty() {
        let change = ProfileChange { note: Some(row.bio.clone()), ..ProfileChange::default() };
        profiles::update(tx, account, &change)?;
    }
    let change = FactsChange {
        skills: Some(row.skills.iter().map(|skill| (skill.name.clone(), skill.stance)).collect()),
        title: Some(row.title.clone()),
        department: Some(row.department.clone()),
        site: Some(row.site.clone()),
        time_zone: Some(row.time_zone.clone()),
        languages: Some(row.languages.clone()),
        works_on: Some(row.projects.iter().map(|name| Work { name: name.clone(), ..Work::default() }).collect()),
        listed: Some(row.listed),
        ..FactsChange::default()
    };
    people::update(tx, account, &change, By::Organisation)?;
    for (n, answer) in row.accepted.iter().enumerate() {
        let post = i64::try_from(number * 100 + n).unwrap_or_default();
        let (Some(tag), at) = (facts::tag_of(&answer.tag), Timestamp::from_millis(i64::from(answer.day) * DAY)) else {
            continue;
        };
        hashtags::ensure(tx, &tag)?;
        store::people::insert_accepted(tx.conn, account, post, &tag, at)?;
    }
    Ok(())
}
