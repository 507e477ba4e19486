//! What the demo says when it stands: where to look, how to sign in, what to try.

use super::{NAMED, ORGANISATION, PASSWORD, Stage, story::DEPARTMENTS};
use crate::cli::{Failure, print};
use serde_json::{Value, json};

impl Stage<'_> {
    fn base(&self, at: usize) -> String {
        self.running.get(at).map(|node| node.app.site().base().to_owned()).unwrap_or_default()
    }

    /// What to try: where, and what.
    fn things(&self) -> [(&'static str, String); 5] {
        let (engineering, research) = (self.base(0), self.base(2));
        [
            ("Find who knows", "search for: who knows adhesives".into()),
            ("Ask the network", "post: #ask Which grease survives the cold? #lubrication".into()),
            (
                "Start it twice",
                "write to @concierge, directly: project new: Bearing noise - B7 hums at high rpm; find why and fix it #bearings"
                    .into(),
            ),
            ("Read what was answered", format!("{engineering}/answers, signed in: it is for the organisation")),
            ("See a project of another site", format!("{research}/@hummingbearing, signed in there")),
        ]
    }

    pub(super) fn present(&self) -> Result<(), Failure> {
        let nodes: Vec<Value> = self
            .running
            .iter()
            .zip(&DEPARTMENTS)
            .map(|(node, department)| {
                let people: Vec<&str> = department.people.iter().map(|p| p.0).collect();
                json!({ "name": department.name, "url": node.app.site().base(), "people": people, "tokens":
                    node.tokens.iter().map(|(user, token)| ((*user).to_owned(), json!(token))).collect::<serde_json::Map<_, _>>() })
            })
            .collect();
        let things = self.things();
        if self.as_json {
            let tries: Vec<String> = things.iter().map(|(what, how)| format!("{what}: {how}")).collect();
            let shown = json!({ "ready": true, "organisation": ORGANISATION, "password": PASSWORD, "nodes": nodes,
                "try": tries });
            return print(&shown.to_string());
        }
        let mut shown = String::from("\nOpen in a browser:\n");
        for (node, department) in self.running.iter().zip(&DEPARTMENTS) {
            let people: Vec<&str> = department.people.iter().take(NAMED).map(|person| person.0).collect();
            let base = node.app.site().base();
            shown += &format!("  {:<12} {base:<36} {} ...\n", department.name, people.join(", "));
        }
        shown += &format!(
            "\nSign in there as one of them, or with any Mastodon client that takes an http server ({}),\npassword \
             {PASSWORD} (everybody has that one). Five things to try:\n",
            self.running.first().map(|n| n.app.site().authority()).unwrap_or_default()
        );
        for (number, (what, how)) in things.iter().enumerate() {
            shown += &format!("  {}. {what:<30} {how}\n", number + 1);
        }
        shown += "\nAll people here are samples. Ctrl-C ends the demo.";
        print(&shown)
    }
}
