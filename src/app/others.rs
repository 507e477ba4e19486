//! What a process of a node knows of the other ones, and what it does when it hears of them.

use super::App;
use crate::{
    domain::{Event, EventKind, words::Words},
    id::Id,
    model::Account,
};
use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU64, Ordering},
};
use tokio::sync::watch;

/// What this process knows of the other ones of its node, on the same PostgreSQL (`processes.rs`). On the embedded database
/// there are none.
pub(super) struct Others {
    /// Where they are told; none while this process has no line to them.
    channel: Mutex<Option<Arc<str>>>,
    /// There are some: what a transaction leaves behind is told to them.
    company: AtomicBool,
    /// What they tell is heard.
    heard: AtomicBool,
    /// As whom it speaks.
    voice: AtomicU64,
    /// Whether this process does what only one may do.
    leads: watch::Sender<bool>,
}

impl Others {
    /// This process is alone until it says otherwise.
    pub(super) fn none() -> Self {
        Self {
            channel: Mutex::default(),
            company: AtomicBool::new(false),
            heard: AtomicBool::new(false),
            voice: AtomicU64::new(0),
            leads: watch::Sender::new(true),
        }
    }

    /// Where to tell what is committed, when anybody is there to hear it.
    pub(super) fn channel(&self) -> Option<Arc<str>> {
        if !self.company.load(Ordering::Acquire) {
            return None;
        }
        self.channel.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl App {
    /// Another process of this node has committed something.
    pub fn heard(&self, mut words: Words) {
        if words.documents_changed {
            self.kept().forget();
        }
        for event in words.take_events() {
            let _ = self.0.events.send(Arc::new(event));
        }
        for queue in &words.woken {
            self.0.wakes.wake(queue);
        }
    }

    /// This process has a line to the others of its node, there: from now on it tells them what it commits, if there are
    /// any.
    pub fn set_line(&self, channel: &str, voice: u64, place: u16) {
        let others = &self.0.others;
        others.voice.store(voice, Ordering::Release);
        self.ids().take_place(place);
        *others.channel.lock().unwrap_or_else(PoisonError::into_inner) = Some(channel.into());
    }

    /// What the others commit is heard from now on.
    pub fn set_heard(&self) {
        self.0.others.heard.store(true, Ordering::Release);
    }

    /// The line is lost. What others commit is not known any more, and they are still told what this one commits.
    pub fn is_deaf(&self) {
        self.0.others.heard.store(false, Ordering::Release);
        self.0.others.company.store(true, Ordering::Release);
        self.kept().forget();
    }

    /// The line is there again: whatever was missed is looked for.
    pub fn has_missed(&self) {
        self.kept().forget();
        let nobody: Arc<[Id<Account>]> = [].into();
        let missed = Event { home: nobody, streams: Vec::new(), what: EventKind::Missed };
        let _ = self.0.events.send(Arc::new(missed));
        self.0.wakes.wake_all();
    }

    /// Whether there are other processes.
    pub fn set_company(&self, company: bool) {
        self.0.others.company.store(company, Ordering::Release);
    }

    /// Whether other processes of this node run, as far as this one knows.
    pub fn has_company(&self) -> bool {
        self.0.others.company.load(Ordering::Acquire)
    }

    /// Whether nothing that anybody commits escapes this process: what it remembers can be relied on.
    pub fn knows_all(&self) -> bool {
        self.0.db.dialect() == crate::db::Dialect::Sqlite || self.0.others.heard.load(Ordering::Acquire)
    }

    /// Whether what other processes commit is heard of here, or there are none: without that a document may be older than
    /// the end of what it shows.
    pub fn hears_others(&self) -> bool {
        self.knows_all() || !self.has_company()
    }

    /// As whom this process speaks to the others.
    pub fn voice(&self) -> u64 {
        self.0.others.voice.load(Ordering::Acquire)
    }

    /// Whether this process does what only one of a node may do, and when that changes.
    pub fn leads(&self) -> watch::Receiver<bool> {
        self.0.others.leads.subscribe()
    }

    /// It does from now on, or does no more.
    pub fn set_leads(&self, leads: bool) {
        self.0.others.leads.send_if_modified(|was| std::mem::replace(was, leads) != leads);
    }
}
