//! The grammar of what a person types at registration: user name, e-mail address, password (OAU-16, OAU-19). Strict on
//! purpose: what passes needs no further escaping anywhere. Whether a name is free is `domain::accounts`' question.

use crate::{Error, Result};

/// Characters of a local user name at most.
pub const USERNAME: usize = 30;
/// Bytes of an e-mail address at most (RFC 5321).
pub const EMAIL: usize = 254;
/// Characters of a password at least.
pub const PASSWORD_MIN: usize = 8;
/// Bytes of a password at most: hashing is work, so its input is bounded.
pub const PASSWORD_MAX: usize = 1024;

/// Names a person could be mistaken for the node by, or that stand for accounts of ours.
const RESERVED: [&str; 22] = [
    "abuse",
    "actor",
    "admin",
    "administrator",
    "administration",
    "api",
    "autoconfig",
    "concierge",
    "everyone",
    "help",
    "hostmaster",
    "info",
    "mailer_daemon",
    "moderator",
    "nobody",
    "postmaster",
    "root",
    "security",
    "support",
    "system",
    "watercooler",
    "webmaster",
];

/// A user name of this node: `[A-Za-z0-9_]`, 1 to 30, not reserved unless `staff` makes it. Case is kept for showing.
///
/// # Errors
/// `Invalid` for the field `username`: `blank`, `too_long`, `invalid` or `reserved`.
pub fn username(text: &str, staff: bool) -> Result<String> {
    let refuse = |code, reason: &'static str| Err(Error::invalid("username", code, reason));
    let text = text.trim();
    if text.is_empty() {
        return refuse("blank", "Username can't be blank");
    }
    if text.len() > USERNAME {
        return refuse("too_long", "Username is too long (maximum is 30 characters)");
    }
    if !text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return refuse("invalid", "Username must contain only letters, numbers and underscores");
    }
    if !staff && RESERVED.contains(&text.to_ascii_lowercase().as_str()) {
        return refuse("reserved", "Username is reserved");
    }
    Ok(text.to_owned())
}

/// An e-mail address: a dot-atom, `@`, and a host name of labels. No quoting, no comments, no address literals, nothing
/// outside ASCII. The domain is lower-cased, the local part kept.
///
/// # Errors
/// `Invalid` for the field `email`: `blank` or `invalid`.
pub fn email(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("email", "blank", "Email can't be blank"));
    }
    let bad = || Error::invalid("email", "invalid", "Email is not a valid address");
    let (local, domain) = text.split_once('@').ok_or_else(bad)?;
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    let local_fits = local.len() <= 64 && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom));
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if text.len() > EMAIL || !local_fits || !domain.split('.').all(label) {
        return Err(bad());
    }
    Ok(format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// Is this password acceptable? Length only: long enough to matter, short enough to hash.
///
/// # Errors
/// `Invalid` for the field `password`: `blank`, `too_short` or `too_long`.
pub fn password(text: &str) -> Result<()> {
    let refuse = |code, reason: &'static str| Err(Error::invalid("password", code, reason));
    if text.is_empty() {
        return refuse("blank", "Password can't be blank");
    }
    if text.chars().count() < PASSWORD_MIN {
        return refuse("too_short", "Password is too short (minimum is 8 characters)");
    }
    if text.len() > PASSWORD_MAX {
        return refuse("too_long", "Password is too long (maximum is 1,024 bytes)");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_names_are_letters_digits_and_underscores() {
        assert_eq!(username(" Anna_2 ", false).unwrap(), "Anna_2");
        for bad in ["", "a b", "a-b", "a.b", "ann\u{e4}", "a@b", &"x".repeat(31), "*)(uid=*", "Admin"] {
            assert!(username(bad, false).is_err(), "{bad}");
        }
        assert!(username("admin", true).is_ok());
    }

    #[test]
    fn sec_oau_16_mail_addresses_have_one_strict_grammar() {
        for (given, kept) in [
            ("anna@example.org", "anna@example.org"),
            ("Anna.Lund+work@Mail.Example.ORG", "Anna.Lund+work@mail.example.org"),
            ("root@localhost", "root@localhost"),
        ] {
            assert_eq!(email(given).unwrap(), kept);
        }
        for bad in [
            "",
            "anna",
            "@example.org",
            "anna@",
            "a@b@c",
            "a..b@example.org",
            ".a@example.org",
            "\"a b\"@example.org",
            "a@[127.0.0.1]",
            "a@-x.org",
            "a@x..org",
            "a@example.org\nBcc: b@example.org",
            "a(comment)@example.org",
            "anna@ex\u{e4}mple.org",
            "a,b@example.org",
            "<a@example.org>",
        ] {
            assert!(email(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn passwords_are_bounded_on_both_sides() {
        assert!(password("eight ch").is_ok());
        assert!(password("seven77").is_err() && password("").is_err() && password(&"x".repeat(1025)).is_err());
    }
}
