//! The text of a post of the concierge: lines, and links to people and posts. A link is no mention: whoever is only named
//! is told nothing.

use crate::{
    config::Site,
    domain::html::{Html, escape},
    model::{Account, Post},
};

/// Lines of one post, at most.
const LINES: usize = 40;

/// Markup under construction.
#[derive(Clone, Debug, Default)]
pub struct Page {
    out: String,
    lines: usize,
}

impl Page {
    fn begin(&mut self) -> bool {
        if self.lines >= LINES {
            return false;
        }
        if self.lines > 0 {
            self.out.push_str("<br>");
        }
        self.lines += 1;
        true
    }

    /// A line of plain text.
    pub fn line(&mut self, text: &str) {
        if self.begin() {
            self.out.push_str(&escape(text));
        }
    }

    /// A line that begins with a link to somebody.
    pub fn person(&mut self, site: &Site, account: &Account, text: &str) {
        if self.begin() {
            self.link(&profile(site, account), &handle(site, account));
            self.out.push_str(&escape(text));
        }
    }

    /// A line with a number: a name, a link to its account, and more.
    pub fn numbered(&mut self, number: usize, name: &str, site: &Site, account: &Account, text: &str) {
        if self.begin() {
            self.out.push_str(&escape(&format!("{number}. {name} (")));
            self.link(&profile(site, account), &handle(site, account));
            self.out.push(')');
            self.out.push_str(&escape(text));
        }
    }

    /// A line that begins with the names of people who are asked.
    pub fn people(&mut self, site: &Site, accounts: &[Account], text: &str) {
        if self.begin() {
            for account in accounts {
                self.out.push_str("<span class=\"h-card\" translate=\"no\"><a href=\"");
                self.out.push_str(&escape(&profile(site, account)));
                self.out.push_str("\" class=\"u-url mention\">@<span>");
                self.out.push_str(&escape(&account.username));
                self.out.push_str("</span></a></span> ");
            }
            self.out.push_str(&escape(text));
        }
    }

    /// A line with a link to a post behind it.
    pub fn post(&mut self, text: &str, post: &Post) {
        self.address(text, post.url.as_deref().unwrap_or(&post.uri));
    }

    /// A line with a link to a page behind it.
    pub fn address(&mut self, text: &str, address: &str) {
        if self.begin() {
            if !text.is_empty() {
                self.out.push_str(&escape(text));
                self.out.push(' ');
            }
            self.link(address, address);
        }
    }

    fn link(&mut self, address: &str, text: &str) {
        // Addresses of other servers were checked when they came in; this is the second look.
        if !(address.starts_with("https://") || address.starts_with("http://")) {
            self.out.push_str(&escape(text));
            return;
        }
        self.out.push_str("<a href=\"");
        self.out.push_str(&escape(address));
        self.out.push_str("\" rel=\"nofollow noopener\" target=\"_blank\">");
        self.out.push_str(&escape(text));
        self.out.push_str("</a>");
    }

    /// The markup.
    pub fn finish(self) -> Html {
        Html::composed(format!("<p>{}</p>", self.out))
    }
}

/// The page of somebody.
pub fn profile(site: &Site, account: &Account) -> String {
    match &account.url {
        Some(url) => url.clone(),
        None if account.is_local() => site.profile_url(&account.username),
        None => account.uri.clone(),
    }
}

/// `@user@domain`, for people of this node too.
pub fn handle(site: &Site, account: &Account) -> String {
    match &account.domain {
        None => format!("@{}", site.handle(&account.username)),
        Some(domain) => format!("@{}@{domain}", account.username),
    }
}
