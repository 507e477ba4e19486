//! What a transaction leaves behind ([`Aftermath`]), as the texts in which one process of a node tells it to the others
//! (`NOTIFY`): events, queues with work, changed actors. Ids only, in pieces that PostgreSQL takes (payloads of less than
//! 8,000 bytes).

use super::{Aftermath, Event, EventKind};
use crate::id::Id;
use serde::{Deserialize, Serialize};

/// Bytes of one piece; what stands around the parts of an event comes on top.
const PIECE: usize = 6_000;

/// One piece, as it is written.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// Who speaks: a number that each process draws at its start. Nobody listens to themselves.
    pub by: u64,
    /// Events, or parts of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    events: Vec<Said>,
    /// Queues that have work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub woken: Vec<String>,
    /// Documents of actors or posts of this node have changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub documents_changed: bool,
    /// A process that begins asks who else is there; the answer names the process that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub greeting: Option<Greeting>,
    /// Other servers that spoke to us: what waits for them can be tried.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard_from: Vec<String>,
    /// What waits for these servers has changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_again: Vec<String>,
}

/// See [`Words::greeting`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Greeting {
    /// I begin; who is there?
    Hello,
    /// I am, and tell you from now on: my place.
    Here(i16),
}

/// An event, or the part of it that fits.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    home: Vec<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    streams: Vec<String>,
    what: What,
}

/// [`EventKind`] on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum What {
    Update(i64),
    Edit(i64),
    Delete(i64),
    Notification(i64),
    Conversation(i64),
    Filters,
    Announcement(i64),
    Reaction(i64, String, i64),
    AnnouncementDelete(i64),
    Merged,
    Revoked(Vec<i64>),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

impl Words {
    /// Reads a piece; none when it is of another version of the program.
    pub fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// A piece that says nothing yet.
    pub fn of(by: u64) -> Self {
        Self { by, ..Self::default() }
    }

    /// As it is written.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The events in it.
    pub fn take_events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events).into_iter().map(Said::event).collect()
    }
}

impl Aftermath {
    /// What to tell the other processes, in pieces.
    pub fn words(&self, by: u64) -> Vec<String> {
        let mut pieces = Pieces { by, done: Vec::new(), size: 0, open: Words::of(by) };
        pieces.open.woken = self.woken.iter().map(|queue| (*queue).to_owned()).collect();
        pieces.open.documents_changed = self.documents_changed;
        for event in &self.events {
            pieces.event(event);
        }
        pieces.close();
        let again = by_size(&self.read_again).map(|some| Words { read_again: some, ..Words::of(by) }.text());
        pieces.done.extend(again);
        pieces.done
    }
}

/// Names, as many at a time as a piece holds; a name has at most 300 bytes.
pub fn by_size(names: &[String]) -> impl Iterator<Item = Vec<String>> + '_ {
    names.chunks(PIECE / 300).map(<[String]>::to_vec)
}

/// Pieces under way.
struct Pieces {
    by: u64,
    done: Vec<String>,
    size: usize,
    open: Words,
}

impl Pieces {
    fn close(&mut self) {
        let full = std::mem::replace(&mut self.open, Words::of(self.by));
        self.size = 0;
        if full != Words::of(self.by) {
            self.done.push(full.text());
        }
    }

    /// An event whose readers do not fit into one piece is told in several: each of them hears it once for each of its
    /// streams all the same.
    fn event(&mut self, event: &Event) {
        let Some(what) = What::of(&event.what) else { return };
        if let What::Revoked(tokens) = &what
            && !tokens.is_empty()
        {
            return tokens.chunks(250).for_each(|some| {
                self.add(Said { home: Vec::new(), streams: Vec::new(), what: What::Revoked(some.to_vec()) });
            });
        }
        let mut home = event.home.iter().map(|id| id.raw()).peekable();
        let mut streams = event.streams.iter().cloned().peekable();
        loop {
            let mut said = Said { home: Vec::new(), streams: Vec::new(), what: what.clone() };
            let mut size = 0;
            while size < PIECE / 2
                && let Some(id) = home.next()
            {
                size += 20;
                said.home.push(id);
            }
            while size < PIECE / 2
                && let Some(stream) = streams.next()
            {
                size += stream.len() + 4;
                said.streams.push(stream);
            }
            self.add(said);
            if home.peek().is_none() && streams.peek().is_none() {
                return;
            }
        }
    }

    fn add(&mut self, said: Said) {
        let size = serde_json::to_string(&said).map_or(0, |text| text.len());
        if self.size + size > PIECE {
            self.close();
        }
        self.size += size;
        self.open.events.push(said);
    }
}

impl What {
    /// None for what concerns one process only.
    fn of(kind: &EventKind) -> Option<Self> {
        Some(match kind {
            EventKind::Update(id) => Self::Update(id.raw()),
            EventKind::Edit(id) => Self::Edit(id.raw()),
            EventKind::Delete(id) => Self::Delete(id.raw()),
            EventKind::Notification(id) => Self::Notification(id.raw()),
            EventKind::Conversation(id) => Self::Conversation(id.raw()),
            EventKind::FiltersChanged => Self::Filters,
            EventKind::Announcement(id) => Self::Announcement(id.raw()),
            EventKind::AnnouncementReaction { announcement, name, count } => {
                Self::Reaction(announcement.raw(), name.clone(), *count)
            }
            EventKind::AnnouncementDelete(id) => Self::AnnouncementDelete(id.raw()),
            EventKind::NotificationsMerged => Self::Merged,
            EventKind::Revoked(tokens) => Self::Revoked(tokens.clone()),
            EventKind::Missed => return None,
        })
    }

    fn kind(self) -> EventKind {
        match self {
            Self::Update(id) => EventKind::Update(Id::new(id)),
            Self::Edit(id) => EventKind::Edit(Id::new(id)),
            Self::Delete(id) => EventKind::Delete(Id::new(id)),
            Self::Notification(id) => EventKind::Notification(Id::new(id)),
            Self::Conversation(id) => EventKind::Conversation(Id::new(id)),
            Self::Filters => EventKind::FiltersChanged,
            Self::Announcement(id) => EventKind::Announcement(Id::new(id)),
            Self::Reaction(id, name, count) => {
                EventKind::AnnouncementReaction { announcement: Id::new(id), name, count }
            }
            Self::AnnouncementDelete(id) => EventKind::AnnouncementDelete(Id::new(id)),
            Self::Merged => EventKind::NotificationsMerged,
            Self::Revoked(tokens) => EventKind::Revoked(tokens),
        }
    }
}

impl Said {
    fn event(self) -> Event {
        let home: Vec<_> = self.home.into_iter().map(Id::new).collect();
        Event { home: home.into(), streams: self.streams, what: self.what.kind() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(home: Vec<i64>, streams: Vec<String>, what: EventKind) -> Event {
        let home: Vec<_> = home.into_iter().map(Id::new).collect();
        Event { home: home.into(), streams, what }
    }

    #[test]
    fn what_a_transaction_leaves_behind_arrives_whole_in_pieces_that_the_database_takes() {
        let readers: Vec<i64> = (0..5_000).map(|n| 118_000_000_000_000_000 + n).collect();
        let streams: Vec<String> = (0..2_000).map(|n| format!("list:{}", 118_000_000_000_000_000_i64 + n)).collect();
        let tokens: Vec<i64> = (1..2_000).collect();
        let aftermath = Aftermath {
            events: vec![
                event(readers.clone(), streams.clone(), EventKind::Update(Id::new(7))),
                event(vec![], vec![], EventKind::Revoked(tokens.clone())),
                event(vec![3], vec![], EventKind::Revoked(vec![])),
                event(
                    vec![],
                    vec![],
                    EventKind::AnnouncementReaction { announcement: Id::new(1), name: "🎉".into(), count: 2 },
                ),
            ],
            woken: vec!["deliver"],
            documents_changed: true,
            read_again: (0..100).map(|n| format!("{n}.example")).collect(),
            files: Vec::new(),
        };
        let pieces = aftermath.words(9);
        assert!(pieces.len() > 20 && pieces.iter().all(|piece| piece.len() < 8_000));
        let mut pieces: Vec<Words> = pieces.iter().map(|piece| Words::read(piece).unwrap()).collect();
        assert!(pieces.iter().all(|piece| piece.by == 9));
        assert_eq!(pieces.iter().filter(|piece| piece.documents_changed && piece.woken == ["deliver"]).count(), 1);
        let events: Vec<Event> = pieces.iter_mut().flat_map(Words::take_events).collect();
        let of = |what: &EventKind| events.iter().filter(|e| e.what == *what).collect::<Vec<_>>();
        let update = of(&EventKind::Update(Id::new(7)));
        let told: Vec<i64> = update.iter().flat_map(|e| e.home.iter().map(|id| id.raw())).collect();
        assert_eq!(told, readers);
        assert_eq!(update.iter().flat_map(|e| e.streams.clone()).collect::<Vec<_>>(), streams);
        let ended = events.iter().filter_map(|e| match &e.what {
            EventKind::Revoked(tokens) if !tokens.is_empty() => Some(tokens.clone()),
            _ => None,
        });
        assert_eq!(ended.flatten().collect::<Vec<_>>(), tokens);
        assert_eq!(of(&EventKind::Revoked(vec![])).len(), 1);
        assert_eq!(pieces.iter().flat_map(|piece| piece.read_again.clone()).collect::<Vec<_>>(), aftermath.read_again);
    }

    #[test]
    fn nothing_is_said_of_a_transaction_that_leaves_nothing() {
        assert!(Aftermath::default().words(1).is_empty());
    }
}
