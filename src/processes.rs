//! Several processes of one node, on one PostgreSQL: each has a line to the others ([`crate::db::Line`]), on which
//! it hears what they commit, and a place that is part of its ids and of what it takes up. One of those that work in the
//! background leads: it alone sends deliveries, keeps the timers, and gives back what a dead one had taken.
//!
//! A process that begins greets the others and waits until each of them has said that it tells it what it commits, and
//! until the transactions from before that have ended. A process that is alone tells nobody, which costs nothing. While
//! the line is lost nothing remembered is relied on; when it is there again, those who listened are sent to look.

use crate::{
    Error, Result,
    app::App,
    db::Line,
    domain::{
        PLACES,
        words::{Greeting, Words, by_size},
    },
    federation::deliver,
    store,
};
use std::{collections::HashSet, time::Duration};
use tokio::{sync::mpsc::Receiver, time::Instant};

/// What a process does of a node's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    All,
    /// Answers requests.
    Web,
    /// Works in the background.
    Jobs,
    /// One errand, at the command line.
    Errand,
}

impl Part {
    /// Whether it works in the background, and so may lead.
    pub const fn works(self) -> bool {
        matches!(self, Self::All | Self::Jobs)
    }
}

/// The lead is asked for, and whether the line still holds, so many times between two looks of a worker nobody woke
/// ([`App::look_again`]): every second.
const BEATS: u32 = 5;
/// Beats between looks at who is there.
const LOOK: u32 = 5;
/// How long a beginner waits for those who are there, each time. Who is silent for longer is about to notice that its own
/// line is lost.
const GREETING: Duration = Duration::from_secs(2);
/// How long it waits for transactions from before: anything may be open on that server.
const BEFORE: Duration = Duration::from_secs(2);

/// Makes this process one of its node's. It does nothing on the embedded database, which one process has alone.
///
/// # Errors
/// `Unavailable` when the server is away; `Conflict` when there are too many processes.
pub async fn join(app: &App, part: Part) -> Result<()> {
    let Some(mut seat) = Seat::take(app, 0).await? else { return Ok(()) };
    // What the process that had this place before did not finish.
    let place = app.ids().place();
    app.write(move |tx| {
        store::jobs::release_of(tx.conn, place)?;
        store::inbox::release_of(tx.conn, place)
    })
    .await?;
    app.set_leads(part.works() && seat.line.lead().await?);
    let app = app.clone();
    tokio::spawn(async move {
        while !seat.keep(&app, part).await {
            app.is_deaf();
            app.set_leads(false);
            tracing::warn!("the line to the other processes of this node is lost");
            let Some(again) = again(&app).await else { return };
            seat = again;
            app.has_missed();
            tracing::info!("the line to the other processes of this node is there again");
        }
    });
    Ok(())
}

/// A new line; none when the node stops before there is one.
async fn again(app: &App) -> Option<Seat> {
    loop {
        tokio::select! {
            () = tokio::time::sleep(app.look_again() / BEATS) => {}
            () = app.stopping().cancelled() => return None,
        }
        match Seat::take(app, app.ids().place()).await {
            Ok(seat) => return seat,
            Err(error) => tracing::debug!(%error, "no line to the other processes yet"),
        }
    }
}

/// A line, and a place on it.
struct Seat {
    line: Line,
    heard: Receiver<String>,
}

impl Seat {
    /// Takes a place, `preferred` if it is free, and greets the others.
    async fn take(app: &App, preferred: i16) -> Result<Option<Self>> {
        let Some((line, mut heard)) = app.db().line().await? else { return Ok(None) };
        let mut place = None;
        for number in std::iter::once(preferred.unsigned_abs()).chain(1..PLACES).filter(|n| (1..PLACES).contains(n)) {
            if line.take(number).await? {
                place = Some(number);
                break;
            }
        }
        let Some(place) = place else {
            let most = PLACES - 1;
            return Err(Error::Conflict(format!("{most} processes of this node run already; stop one first").into()));
        };
        let voice = app.random().u64();
        app.set_line(line.channel(), voice, place);
        let own = i16::try_from(place).unwrap_or(0);
        let mut silent: HashSet<i16> = line.taken().await?.into_iter().filter(|other| *other != own).collect();
        app.set_company(!silent.is_empty());
        if !silent.is_empty() {
            let mut greeting = Words::of(voice);
            greeting.greeting = Some(Greeting::Hello);
            line.say(&greeting.text()).await?;
            let until = Instant::now() + GREETING;
            while !silent.is_empty() {
                match tokio::time::timeout_at(until, heard.recv()).await {
                    Ok(Some(text)) => {
                        if let Some(Greeting::Here(who)) = hear(app, &line, &text).await? {
                            silent.remove(&who);
                        }
                    }
                    Ok(None) => return Err(Error::Unavailable("the line was lost".into())),
                    Err(_) => break,
                }
            }
            let (mark, until) = (line.mark().await?, Instant::now() + BEFORE);
            while Instant::now() < until && !line.is_past(mark).await? {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        app.set_heard();
        Ok(Some(Self { line, heard }))
    }

    /// Listens until the node stops (true) or the line is lost.
    async fn keep(&mut self, app: &App, part: Part) -> bool {
        let mut beat = tokio::time::interval(app.look_again() / BEATS);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut beats: u32 = 0;
        let mut watch = Watch::default();
        loop {
            let done = tokio::select! {
                text = self.heard.recv() => match text {
                    Some(text) => hear(app, &self.line, &text).await.map(drop),
                    None => return false,
                },
                _ = beat.tick() => {
                    beats = beats.wrapping_add(1);
                    self.beat(app, part, beats, &mut watch).await
                }
                () = app.stopping().cancelled() => return true,
            };
            if let Err(error) = done {
                tracing::debug!(%error, "no answer on the line to the other processes");
                return false;
            }
        }
    }

    async fn beat(&self, app: &App, part: Part, beats: u32, watch: &mut Watch) -> Result<()> {
        if part.works() && !*app.leads().borrow() {
            if self.line.lead().await? {
                tracing::info!("this process leads from now on");
                app.set_leads(true);
                *watch = Watch::default();
            }
        } else {
            self.line.ping().await?;
        }
        for heard_from in by_size(&deliver::to_tell(app)) {
            let mut word = Words::of(app.voice());
            word.heard_from = heard_from;
            self.line.say(&word.text()).await?;
        }
        if !beats.is_multiple_of(LOOK) {
            return Ok(());
        }
        let taken = self.line.taken().await?;
        app.set_company(taken.len() > 1);
        if *app.leads().borrow() {
            self.give_back(app, &taken, watch).await?;
        }
        Ok(())
    }

    /// Gives back what dead processes had taken.
    async fn give_back(&self, app: &App, taken: &[i16], watch: &mut Watch) -> Result<()> {
        let dead = watch.look(taken);
        if dead.is_empty() {
            return Ok(());
        }
        let given = app.write(move |tx| {
            let mut given = 0;
            for place in &dead {
                given += store::jobs::release_of(tx.conn, *place)? + store::inbox::release_of(tx.conn, *place)?;
            }
            Ok(given)
        });
        if given.await? > 0 {
            tracing::info!("what a process left unfinished is taken up again");
            app.wake_all();
        }
        Ok(())
    }
}

/// Who was there, as the one sees it that leads. Dead is who is not there at two looks: a line may be lost for a moment.
struct Watch {
    /// Places whose work may wait to be given back; at first all.
    places: HashSet<i16>,
    absent: HashSet<i16>,
}

impl Default for Watch {
    fn default() -> Self {
        Self { places: (1..i16::try_from(PLACES).unwrap_or(0)).collect(), absent: HashSet::new() }
    }
}

impl Watch {
    /// The places of the dead, each once.
    fn look(&mut self, taken: &[i16]) -> Vec<i16> {
        self.places.extend(taken);
        let gone: HashSet<i16> = self.places.iter().copied().filter(|place| !taken.contains(place)).collect();
        let dead: Vec<i16> = gone.intersection(&self.absent).copied().collect();
        self.places.retain(|place| !dead.contains(place));
        self.absent = gone;
        dead
    }
}

/// Takes in what another process said; answers a greeting.
async fn hear(app: &App, line: &Line, text: &str) -> Result<Option<Greeting>> {
    let Some(words) = Words::read(text).filter(|words| words.by != app.voice()) else { return Ok(None) };
    let greeting = words.greeting.clone();
    if greeting == Some(Greeting::Hello) {
        app.set_company(true);
        let mut answer = Words::of(app.voice());
        answer.greeting = Some(Greeting::Here(app.ids().place()));
        line.say(&answer.text()).await?;
    }
    for host in &words.heard_from {
        deliver::heard_elsewhere(app, host);
    }
    if !words.read_again.is_empty() {
        deliver::read_again(app, &words.read_again);
    }
    app.heard(words);
    Ok(greeting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_absent_twice_is_dead_once() {
        let mut watch = Watch::default();
        assert!(watch.look(&[1, 2]).is_empty());
        // Whoever took these places before may have left something.
        assert_eq!(watch.look(&[1, 2]).len(), usize::from(PLACES) - 3);
        assert!(watch.look(&[1]).is_empty());
        assert!(watch.look(&[1, 2]).is_empty(), "its line was lost for a moment");
        assert!(watch.look(&[1]).is_empty());
        assert_eq!(watch.look(&[1]), [2]);
        assert!(watch.look(&[1]).is_empty());
    }
}
