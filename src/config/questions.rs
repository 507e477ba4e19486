//! Settings of questions to the network, and the name of the account that passes them on.

use super::ConfigError;
use serde::{Deserialize, Serialize};

/// Questions to the network.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Questions {
    /// The hashtag that makes a post a question to the network, without its sign. The same at every node.
    pub tag: String,
    /// Questions that one person is told of in seven days, unless they choose another number. 1 to 50.
    pub weekly: usize,
    /// Days on which people work, in the time zone of whoever asks: `mon` to `sun`.
    pub working_days: Vec<String>,
}

impl Default for Questions {
    fn default() -> Self {
        let days = ["mon", "tue", "wed", "thu", "fri"];
        Self { tag: "ask".into(), weekly: 3, working_days: days.map(str::to_owned).to_vec() }
    }
}

/// Days as settings name them, Monday first.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl Questions {
    pub(super) fn prepare(&mut self) -> Result<(), ConfigError> {
        self.tag = self.tag.trim().trim_start_matches('#').to_lowercase();
        let letters = self.tag.chars().all(|c| c.is_alphanumeric() || c == '_');
        if !letters || !self.tag.chars().any(char::is_alphabetic) || self.tag.chars().count() > 50 {
            return Err(ConfigError::value("questions.tag", "a hashtag has letters, digits and underscores"));
        }
        super::values::in_range("questions.weekly", self.weekly, 1, 50)?;
        if self.working_days.is_empty() {
            return Err(ConfigError::value("questions.working_days", "name one day at least"));
        }
        match self.working_days.iter().find(|day| !DAYS.contains(&day.as_str())) {
            Some(day) => Err(ConfigError::value(
                "questions.working_days",
                format!("`{day}` is no day: mon, tue, wed, thu, fri, sat, sun"),
            )),
            None => Ok(()),
        }
    }

    /// Whether people work on this day of the week, 0 for Monday.
    pub fn is_working(&self, day: u32) -> bool {
        DAYS.get(day as usize).is_some_and(|name| self.working_days.iter().any(|working| working == name))
    }
}

/// Checks the name of the concierge.
pub(super) fn concierge(name: &str) -> Result<(), ConfigError> {
    let good = (1..=24).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if good {
        return Ok(());
    }
    Err(ConfigError::value("instance.concierge", "1 to 24 letters, digits and underscores"))
}
