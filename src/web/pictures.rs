//! Addresses of pictures on pages.

use crate::{config::Site, model::Account};

/// Picture of an account, or the default one.
pub fn avatar(site: &Site, account: &Account) -> String {
    picture(site, account.avatar.as_deref(), "/assets/avatars/missing.png")
}

/// Banner of an account, or the default one.
pub fn header(site: &Site, account: &Account) -> String {
    picture(site, account.header.as_deref(), "/assets/headers/missing.png")
}

fn picture(site: &Site, key: Option<&str>, missing: &str) -> String {
    key.map_or_else(|| site.url(missing), |key| site.media_url(key))
}
