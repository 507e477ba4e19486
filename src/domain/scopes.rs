//! OAuth scopes (OAU-07, OAU-08; `api/oauth.md` section 8). A scope is a variant of an enum, never a string, so that no
//! prefix comparison can widen a token. What a token was asked for is kept as asked; [`Scopes::allows`] alone decides
//! what it covers. Who may *use* an admin scope is decided per call by the role of the account, not here.

use crate::{Error, Result};
use std::{fmt, str::FromStr};

/// One scope a client can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "each variant is named after its scope; `name` spells it")]
pub enum Scope {
    Read,
    Write,
    Follow,
    Push,
    Profile,
    AdminRead,
    AdminWrite,
    ReadAccounts,
    ReadBlocks,
    ReadBookmarks,
    ReadCollections,
    ReadFavourites,
    ReadFilters,
    ReadFollows,
    ReadLists,
    ReadMutes,
    ReadNotifications,
    ReadSearch,
    ReadStatuses,
    WriteAccounts,
    WriteBlocks,
    WriteBookmarks,
    WriteCollections,
    WriteConversations,
    WriteFavourites,
    WriteFilters,
    WriteFollows,
    WriteLists,
    WriteMedia,
    WriteMutes,
    WriteNotifications,
    WriteReports,
    WriteStatuses,
    AdminReadAccounts,
    AdminReadReports,
    AdminReadDomainAllows,
    AdminReadDomainBlocks,
    AdminReadIpBlocks,
    AdminReadEmailDomainBlocks,
    AdminReadCanonicalEmailBlocks,
    AdminWriteAccounts,
    AdminWriteReports,
    AdminWriteDomainAllows,
    AdminWriteDomainBlocks,
    AdminWriteIpBlocks,
    AdminWriteEmailDomainBlocks,
    AdminWriteCanonicalEmailBlocks,
}

use Scope as S;

impl Scope {
    /// Every scope, in the order in which a set of them is written.
    pub const ALL: [Self; 47] = [
        S::Read,
        S::Write,
        S::Follow,
        S::Push,
        S::Profile,
        S::AdminRead,
        S::AdminWrite,
        S::ReadAccounts,
        S::ReadBlocks,
        S::ReadBookmarks,
        S::ReadCollections,
        S::ReadFavourites,
        S::ReadFilters,
        S::ReadFollows,
        S::ReadLists,
        S::ReadMutes,
        S::ReadNotifications,
        S::ReadSearch,
        S::ReadStatuses,
        S::WriteAccounts,
        S::WriteBlocks,
        S::WriteBookmarks,
        S::WriteCollections,
        S::WriteConversations,
        S::WriteFavourites,
        S::WriteFilters,
        S::WriteFollows,
        S::WriteLists,
        S::WriteMedia,
        S::WriteMutes,
        S::WriteNotifications,
        S::WriteReports,
        S::WriteStatuses,
        S::AdminReadAccounts,
        S::AdminReadReports,
        S::AdminReadDomainAllows,
        S::AdminReadDomainBlocks,
        S::AdminReadIpBlocks,
        S::AdminReadEmailDomainBlocks,
        S::AdminReadCanonicalEmailBlocks,
        S::AdminWriteAccounts,
        S::AdminWriteReports,
        S::AdminWriteDomainAllows,
        S::AdminWriteDomainBlocks,
        S::AdminWriteIpBlocks,
        S::AdminWriteEmailDomainBlocks,
        S::AdminWriteCanonicalEmailBlocks,
    ];

    /// As clients spell it.
    pub const fn name(self) -> &'static str {
        match self {
            S::Read => "read",
            S::Write => "write",
            S::Follow => "follow",
            S::Push => "push",
            S::Profile => "profile",
            S::AdminRead => "admin:read",
            S::AdminWrite => "admin:write",
            S::ReadAccounts => "read:accounts",
            S::ReadBlocks => "read:blocks",
            S::ReadBookmarks => "read:bookmarks",
            S::ReadCollections => "read:collections",
            S::ReadFavourites => "read:favourites",
            S::ReadFilters => "read:filters",
            S::ReadFollows => "read:follows",
            S::ReadLists => "read:lists",
            S::ReadMutes => "read:mutes",
            S::ReadNotifications => "read:notifications",
            S::ReadSearch => "read:search",
            S::ReadStatuses => "read:statuses",
            S::WriteAccounts => "write:accounts",
            S::WriteBlocks => "write:blocks",
            S::WriteBookmarks => "write:bookmarks",
            S::WriteCollections => "write:collections",
            S::WriteConversations => "write:conversations",
            S::WriteFavourites => "write:favourites",
            S::WriteFilters => "write:filters",
            S::WriteFollows => "write:follows",
            S::WriteLists => "write:lists",
            S::WriteMedia => "write:media",
            S::WriteMutes => "write:mutes",
            S::WriteNotifications => "write:notifications",
            S::WriteReports => "write:reports",
            S::WriteStatuses => "write:statuses",
            S::AdminReadAccounts => "admin:read:accounts",
            S::AdminReadReports => "admin:read:reports",
            S::AdminReadDomainAllows => "admin:read:domain_allows",
            S::AdminReadDomainBlocks => "admin:read:domain_blocks",
            S::AdminReadIpBlocks => "admin:read:ip_blocks",
            S::AdminReadEmailDomainBlocks => "admin:read:email_domain_blocks",
            S::AdminReadCanonicalEmailBlocks => "admin:read:canonical_email_blocks",
            S::AdminWriteAccounts => "admin:write:accounts",
            S::AdminWriteReports => "admin:write:reports",
            S::AdminWriteDomainAllows => "admin:write:domain_allows",
            S::AdminWriteDomainBlocks => "admin:write:domain_blocks",
            S::AdminWriteIpBlocks => "admin:write:ip_blocks",
            S::AdminWriteEmailDomainBlocks => "admin:write:email_domain_blocks",
            S::AdminWriteCanonicalEmailBlocks => "admin:write:canonical_email_blocks",
        }
    }

    /// Every scope whose holder may do what `self` allows: itself, its parent, and `follow` for the six it stands for.
    const fn covering(self) -> u64 {
        let parent = match self {
            S::Read | S::Write | S::Follow | S::Push | S::Profile | S::AdminRead | S::AdminWrite => 0,
            S::ReadBlocks | S::ReadFollows | S::ReadMutes => S::Read.bit() | S::Follow.bit(),
            S::WriteBlocks | S::WriteFollows | S::WriteMutes => S::Write.bit() | S::Follow.bit(),
            S::ReadAccounts
            | S::ReadBookmarks
            | S::ReadCollections
            | S::ReadFavourites
            | S::ReadFilters
            | S::ReadLists
            | S::ReadNotifications
            | S::ReadSearch
            | S::ReadStatuses => S::Read.bit(),
            S::WriteAccounts
            | S::WriteBookmarks
            | S::WriteCollections
            | S::WriteConversations
            | S::WriteFavourites
            | S::WriteFilters
            | S::WriteLists
            | S::WriteMedia
            | S::WriteNotifications
            | S::WriteReports
            | S::WriteStatuses => S::Write.bit(),
            S::AdminReadAccounts
            | S::AdminReadReports
            | S::AdminReadDomainAllows
            | S::AdminReadDomainBlocks
            | S::AdminReadIpBlocks
            | S::AdminReadEmailDomainBlocks
            | S::AdminReadCanonicalEmailBlocks => S::AdminRead.bit(),
            S::AdminWriteAccounts
            | S::AdminWriteReports
            | S::AdminWriteDomainAllows
            | S::AdminWriteDomainBlocks
            | S::AdminWriteIpBlocks
            | S::AdminWriteEmailDomainBlocks
            | S::AdminWriteCanonicalEmailBlocks => S::AdminWrite.bit(),
        };
        parent | self.bit()
    }

    const fn bit(self) -> u64 {
        1 << self as u8
    }

    /// Is it one of `admin:*`?
    pub fn is_admin(self) -> bool {
        self.name().starts_with("admin:")
    }
}

impl FromStr for Scope {
    type Err = Error;
    fn from_str(s: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == s).ok_or_else(|| {
            let shown: String = s.chars().take(64).collect();
            Error::invalid("scopes", "invalid", format!("{shown:?} is not a known scope"))
        })
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of scopes, as an app registered it, a person consented to it, or a token holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u64);

impl Scopes {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// What is meant when a client asks for nothing.
    pub const DEFAULT: Self = Self(S::Read.bit());

    /// A set of these.
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut bits = 0;
        let mut rest = scopes;
        while let [first, tail @ ..] = rest {
            bits |= first.bit();
            rest = tail;
        }
        Self(bits)
    }

    /// Reads `read write:media push`: words between white space, or between the plus signs that some clients escape
    /// as if they were part of a word; nothing at all is `read`.
    ///
    /// # Errors
    /// `Invalid` naming the first word that is no scope.
    pub fn parse(text: &str) -> Result<Self> {
        let mut set = Self::NONE;
        let between = |c: char| c.is_ascii_whitespace() || c == '+';
        for word in text.split(between).filter(|word| !word.is_empty()) {
            set.0 |= word.parse::<Scope>()?.bit();
        }
        Ok(if set == Self::NONE { Self::DEFAULT } else { set })
    }

    /// Reads what the database holds; a word this version does not know is dropped (it can only narrow).
    pub fn from_stored(text: &str) -> Self {
        Self(
            text.split_ascii_whitespace()
                .filter_map(|word| word.parse::<Scope>().ok())
                .fold(0, |bits, s| bits | s.bit()),
        )
    }

    /// Does holding this set permit what `needed` stands for? A parent covers its children, never the reverse.
    pub const fn allows(self, needed: Scope) -> bool {
        self.0 & needed.covering() != 0
    }

    /// Is at least one of these permitted?
    pub fn allows_any(self, needed: &[Scope]) -> bool {
        needed.iter().any(|scope| self.allows(*scope))
    }

    /// Is each scope of `self` covered by `granted`?
    pub fn within(self, granted: Self) -> bool {
        self.iter().all(|scope| granted.allows(scope))
    }

    /// Is it in the set by name?
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// The scopes by name, in the order of [`Scope::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// The scopes as an array of names.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Scope::name).collect()
    }
}

impl fmt::Display for Scopes {
    /// Names with one space between them: the form of `scope` in a token answer, and of the database.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, scope) in self.iter().enumerate() {
            if n > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> Scopes {
        Scopes::parse(text).unwrap()
    }

    #[test]
    fn every_scope_reads_back_from_its_name() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse::<Scope>().unwrap(), scope);
        }
        let all: String = Scope::ALL.map(Scope::name).join(" ");
        assert_eq!(set(&all).to_string(), all);
        assert_eq!(set(&all).iter().count(), Scope::ALL.len());
    }

    #[test]
    fn a_parent_covers_exactly_its_children() {
        for parent in [S::Read, S::Write, S::AdminRead, S::AdminWrite] {
            for scope in Scope::ALL {
                let child = scope.name().starts_with(&format!("{}:", parent.name()));
                assert_eq!(Scopes::of(&[parent]).allows(scope), child || scope == parent, "{parent} over {scope}");
            }
        }
    }

    #[test]
    fn follow_reads_and_writes_blocks_follows_and_mutes_and_nothing_else() {
        let covered: Vec<_> = Scope::ALL.into_iter().filter(|s| set("follow").allows(*s)).map(Scope::name).collect();
        assert_eq!(
            covered,
            ["follow", "read:blocks", "read:follows", "read:mutes", "write:blocks", "write:follows", "write:mutes"]
        );
    }

    #[test]
    fn a_child_never_covers_its_parent_or_a_sibling() {
        let narrow = set("read:statuses");
        assert!(!narrow.allows(S::Read) && !narrow.allows(S::ReadAccounts) && !narrow.allows(S::WriteStatuses));
        assert!(narrow.within(set("read")) && !set("read").within(narrow));
        assert!(!set("read write").within(set("read")));
        assert!(set("write:mutes").within(set("follow")));
    }

    #[test]
    fn words_that_merely_look_alike_are_refused() {
        for word in
            ["readx", "read:x", "read:", "Read", "read:accounts:x", "admin", "admin:read:x", "read,write", "écrire"]
        {
            assert!(Scopes::parse(word).is_err(), "{word}");
        }
        assert_eq!(set(""), Scopes::DEFAULT);
        assert_eq!(set("  write \n read\tpush write "), set("read write push"));
        assert_eq!(set("read+write+push"), set("read write push"));
        assert_eq!(Scopes::from_stored("read nonsense"), set("read"));
        assert_eq!(Scopes::from_stored(""), Scopes::NONE);
    }
}
