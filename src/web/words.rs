//! What the pages say, in each language they speak. One struct, so that a missing sentence does not compile.
//! `{}` stands for the value a method puts in.

mod english;
mod german;

use crate::domain::scopes::Scope;

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    /// English.
    English,
    /// German.
    German,
}

impl Lang {
    /// From a `lang` parameter, if it names one of ours (`de`, `de-AT`); `None` and nonsense do not.
    pub fn named(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }

    /// From `Accept-Language`: the first one we speak, in the order given (weights are in that order in every browser).
    pub fn accepted(header: &str) -> Option<Self> {
        header.split(',').take(20).find_map(|range| Self::named(range.split(';').next().unwrap_or_default().trim()))
    }

    /// For the `lang` attribute.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The sentences.
    pub const fn words(self) -> &'static Words {
        match self {
            Self::English => &english::ENGLISH,
            Self::German => &german::GERMAN,
        }
    }
}

/// Puts `value` where the sentence has its `{}`.
pub fn fill(sentence: &str, value: &str) -> String {
    sentence.replacen("{}", value, 1)
}

/// Every sentence of the pages.
#[expect(missing_docs, reason = "each field is named after the sentence it holds")]
pub struct Words {
    pub skip: &'static str,
    pub sign_in: &'static str,
    pub sign_out: &'static str,
    pub register: &'static str,
    pub settings: &'static str,
    pub source: &'static str,
    pub about_software: &'static str,
    pub privacy_policy: &'static str,
    pub terms_of_service: &'static str,
    pub sign_in_to: &'static str,
    pub to_continue_to: &'static str,
    pub name_or_email: &'static str,
    pub password: &'static str,
    pub wrong_password: &'static str,
    pub account_pending: &'static str,
    pub account_disabled: &'static str,
    pub account_left: &'static str,
    pub no_account_yet: &'static str,
    pub forgot: &'static str,
    pub stale_form: &'static str,
    pub too_often: &'static str,
    pub allow_title: &'static str,
    pub signed_in_as: &'static str,
    pub not_you: &'static str,
    pub app_may: &'static str,
    pub afterwards: &'static str,
    pub back_to_site: &'static str,
    pub back_to_program: &'static str,
    pub shows_code: &'static str,
    pub app_website: &'static str,
    pub allow: &'static str,
    pub deny: &'static str,
    pub denied_title: &'static str,
    pub denied_text: &'static str,
    pub only_if_started: &'static str,
    pub code_title: &'static str,
    pub code_text: &'static str,
    pub code_label: &'static str,
    pub code_warning: &'static str,
    pub username: &'static str,
    pub username_hint: &'static str,
    pub email: &'static str,
    pub email_hint: &'static str,
    pub new_password: &'static str,
    pub password_hint: &'static str,
    pub current_password: &'static str,
    pub reason: &'static str,
    pub reason_hint: &'static str,
    pub agree: &'static str,
    pub create_account: &'static str,
    pub invited: &'static str,
    pub needs_approval: &'static str,
    pub setup_title: &'static str,
    pub setup_text: &'static str,
    pub setup_button: &'static str,
    pub setup_done: &'static str,
    pub account_unconfirmed: &'static str,
    pub letter_title: &'static str,
    pub letter_text: &'static str,
    pub confirm_title: &'static str,
    pub confirm_text: &'static str,
    pub confirm_button: &'static str,
    pub confirmed_title: &'static str,
    pub confirmed_text: &'static str,
    pub forgot_title: &'static str,
    pub forgot_text: &'static str,
    pub forgot_button: &'static str,
    pub forgot_sent: &'static str,
    pub reset_title: &'static str,
    pub reset_text: &'static str,
    pub reset_button: &'static str,
    pub reset_done: &'static str,
    pub link_over_title: &'static str,
    pub link_over_text: &'static str,
    pub waiting_title: &'static str,
    pub waiting_text: &'static str,
    pub closed_title: &'static str,
    pub closed_text: &'static str,
    pub invite_dead: &'static str,
    pub person: &'static str,
    pub people: &'static str,
    pub post: &'static str,
    pub posts: &'static str,
    pub node: &'static str,
    pub nodes: &'static str,
    pub following: &'static str,
    pub follower: &'static str,
    pub followers: &'static str,
    pub rules: &'static str,
    pub about: &'static str,
    pub contact: &'static str,
    pub duties: &'static str,
    pub duties_text: &'static str,
    pub duties_invite: &'static str,
    pub duties_waiting: &'static str,
    pub duties_reports: &'static str,
    pub duties_backup: &'static str,
    pub duties_doctor: &'static str,
    pub use_app_title: &'static str,
    pub use_app_text: &'static str,
    pub your_profile: &'static str,
    pub joined: &'static str,
    pub automated: &'static str,
    pub group: &'static str,
    pub locked: &'static str,
    pub moved_to: &'static str,
    pub no_posts: &'static str,
    pub no_posts_stranger: &'static str,
    pub ideas: &'static str,
    pub ideas_text: &'static str,
    pub answers: &'static str,
    pub answers_search: &'static str,
    pub answers_find: &'static str,
    pub answers_not_found: &'static str,
    pub answer_holds: &'static str,
    pub answer_over: &'static str,
    pub reach_title: &'static str,
    pub reach_posts: &'static str,
    pub reach_listed: &'static str,
    pub reach_usual: &'static str,
    pub reach_site: &'static str,
    pub reach_organisation: &'static str,
    pub reach_open: &'static str,
    pub reach_nobody: &'static str,
    pub reach_save: &'static str,
    pub reach_form: &'static str,
    pub reach_as_usual: &'static str,
    pub reach_saved: &'static str,
    pub reach_direct: &'static str,
    pub reach_private: &'static str,
    pub reach_here: &'static str,
    pub ask_title: &'static str,
    pub ask_text: &'static str,
    pub ask_question: &'static str,
    pub ask_tags: &'static str,
    pub ask_tags_hint: &'static str,
    pub ask_button: &'static str,
    pub ask_blank: &'static str,
    pub ask_too_long: &'static str,
    pub answer_accept: &'static str,
    pub answer_accepted: &'static str,
    pub projects: &'static str,
    pub no_projects: &'static str,
    pub projects_search: &'static str,
    pub projects_state: &'static str,
    pub projects_any_state: &'static str,
    pub projects_site: &'static str,
    pub projects_any_site: &'static str,
    pub projects_all: &'static str,
    pub projects_not_found: &'static str,
    pub projects_newest: &'static str,
    pub projects_older: &'static str,
    pub project_title: &'static str,
    pub project_text: &'static str,
    pub project_name: &'static str,
    pub project_purpose: &'static str,
    pub project_tags_hint: &'static str,
    pub project_state: &'static str,
    pub project_looking_for: &'static str,
    pub project_looking_for_hint: &'static str,
    pub project_vendor: &'static str,
    pub project_link: &'static str,
    pub project_check: &'static str,
    pub project_warned: &'static str,
    pub project_alike: &'static str,
    pub project_page: &'static str,
    pub project_join: &'static str,
    pub project_leave: &'static str,
    pub project_take_back: &'static str,
    pub project_waits: &'static str,
    pub project_member: &'static str,
    pub project_membership: &'static str,
    pub project_joined: &'static str,
    pub project_closed: &'static str,
    pub project_invited: &'static str,
    pub project_led: &'static str,
    pub project_follow: &'static str,
    pub project_because: &'static str,
    pub project_because_hint: &'static str,
    pub project_publish: &'static str,
    pub project_no_name: &'static str,
    pub project_no_purpose: &'static str,
    pub project_no_reason: &'static str,
    pub project_no_link: &'static str,
    pub project_asked: &'static str,
    pub project_followed: &'static str,
    pub unknown_handle: &'static str,
    pub look_up: &'static str,
    pub original: &'static str,
    pub profile_edit: &'static str,
    pub profile_text: &'static str,
    pub profile_see: &'static str,
    pub profile_name: &'static str,
    pub profile_bio: &'static str,
    pub profile_skills: &'static str,
    pub profile_skills_hint: &'static str,
    pub profile_skill: &'static str,
    pub profile_stance: &'static str,
    pub stance_ask: &'static str,
    pub stance_knows: &'static str,
    pub stance_learning: &'static str,
    pub profile_work: &'static str,
    pub profile_job: &'static str,
    pub profile_department: &'static str,
    pub profile_given: &'static str,
    pub profile_zone: &'static str,
    pub profile_zone_hint: &'static str,
    pub profile_languages: &'static str,
    pub profile_languages_hint: &'static str,
    pub profile_fields: &'static str,
    pub profile_fields_hint: &'static str,
    pub profile_field_name: &'static str,
    pub profile_field_value: &'static str,
    pub profile_works: &'static str,
    pub profile_works_none: &'static str,
    pub profile_saved: &'static str,
    pub project_manage: &'static str,
    pub project_to_page: &'static str,
    pub project_requests: &'static str,
    pub project_no_requests: &'static str,
    pub project_take_in: &'static str,
    pub project_refuse: &'static str,
    pub project_taken_in: &'static str,
    pub project_refused: &'static str,
    pub project_state_reason: &'static str,
    pub project_fields: &'static str,
    pub project_hand_over: &'static str,
    pub project_lead: &'static str,
    pub project_lead_hint: &'static str,
    pub project_handed_over: &'static str,
    pub pinned: &'static str,
    pub boosted_by: &'static str,
    pub older: &'static str,
    pub newest: &'static str,
    pub replying_to: &'static str,
    pub edited: &'static str,
    pub reply: &'static str,
    pub replies: &'static str,
    pub boost: &'static str,
    pub boosts: &'static str,
    pub favourite: &'static str,
    pub favourites: &'static str,
    pub vote: &'static str,
    pub votes: &'static str,
    pub poll_open: &'static str,
    pub poll_closed: &'static str,
    pub show_media: &'static str,
    pub thread: &'static str,
    pub post_by: &'static str,
    pub avatar_of: &'static str,
    pub back_home: &'static str,
    pub error_400: &'static str,
    pub error_401: &'static str,
    pub error_403: &'static str,
    pub error_404: &'static str,
    pub error_410: &'static str,
    pub error_429: &'static str,
    pub error_500: &'static str,
    pub error_503: &'static str,
    pub text_400: &'static str,
    pub text_401: &'static str,
    pub text_403: &'static str,
    pub text_404: &'static str,
    pub text_410: &'static str,
    pub text_429: &'static str,
    pub text_500: &'static str,
    pub text_503: &'static str,
    pub bad_client: &'static str,
    pub bad_redirect: &'static str,
    pub change_password: &'static str,
    pub password_changed: &'static str,
    pub sessions: &'static str,
    pub this_session: &'static str,
    pub since: &'static str,
    pub end_session: &'static str,
    pub end_other_sessions: &'static str,
    pub apps: &'static str,
    pub no_apps: &'static str,
    pub last_used: &'static str,
    pub revoke: &'static str,
    pub revoked: &'static str,
    pub session_ended: &'static str,
    pub passwords_differ: &'static str,
    pub severed: &'static str,
    pub severed_kept: &'static str,
    pub severed_domain: &'static str,
    pub severed_own: &'static str,
    pub severed_account: &'static str,
    pub severed_followers: &'static str,
    pub severed_following: &'static str,
    pub born: &'static str,
    pub born_hint: &'static str,
    pub interact_title: &'static str,
    pub interact_follow: &'static str,
    pub interact_follows: &'static str,
    pub interact_asked: &'static str,
    pub interact_app: &'static str,
    pub interact_paste: &'static str,
    pub interact_nothing: &'static str,
    pub months: [&'static str; 12],
    scopes: ScopeWords,
    invalid: InvalidWords,
    /// What is refused, as the rest of the program says it in English, and as it is said in another language.
    refusals: &'static [(&'static str, &'static str)],
}

struct InvalidWords {
    username_blank: &'static str,
    username_too_long: &'static str,
    username_invalid: &'static str,
    username_reserved: &'static str,
    username_taken: &'static str,
    email_blank: &'static str,
    email_invalid: &'static str,
    email_taken: &'static str,
    email_blocked: &'static str,
    password_blank: &'static str,
    password_too_short: &'static str,
    password_too_long: &'static str,
    agreement: &'static str,
    born_blank: &'static str,
    born_invalid: &'static str,
    born_below_limit: &'static str,
    reason_blank: &'static str,
    reason_too_long: &'static str,
    audience_open_forbidden: &'static str,
    audience_no_organisation: &'static str,
    audience_inclusion: &'static str,
    audience_conflict: &'static str,
    audience_out_of_reach: &'static str,
}

struct ScopeWords {
    read: &'static str,
    write: &'static str,
    follow: &'static str,
    push: &'static str,
    profile: &'static str,
    admin_read: &'static str,
    admin_write: &'static str,
    read_of: &'static str,
    write_of: &'static str,
    accounts: &'static str,
    blocks: &'static str,
    bookmarks: &'static str,
    collections: &'static str,
    conversations: &'static str,
    favourites: &'static str,
    filters: &'static str,
    follows: &'static str,
    lists: &'static str,
    media: &'static str,
    mutes: &'static str,
    notifications: &'static str,
    reports: &'static str,
    search: &'static str,
    statuses: &'static str,
}

impl Words {
    /// What granting this scope means, for the consent page.
    pub fn scope(&self, scope: Scope) -> String {
        let s = &self.scopes;
        let (area, noun) = match scope.name().rsplit_once(':') {
            Some((area, noun)) if scope != Scope::AdminRead && scope != Scope::AdminWrite => (area, noun),
            _ => ("", ""),
        };
        let noun = match noun {
            "accounts" => s.accounts,
            "blocks" => s.blocks,
            "bookmarks" => s.bookmarks,
            "collections" => s.collections,
            "conversations" => s.conversations,
            "favourites" => s.favourites,
            "filters" => s.filters,
            "follows" => s.follows,
            "lists" => s.lists,
            "media" => s.media,
            "mutes" => s.mutes,
            "notifications" => s.notifications,
            "reports" => s.reports,
            "search" => s.search,
            "statuses" => s.statuses,
            other => other,
        };
        match (area, scope) {
            ("read", _) => fill(s.read_of, noun),
            ("write", _) => fill(s.write_of, noun),
            ("admin:read", _) | (_, Scope::AdminRead) => s.admin_read.to_owned(),
            ("admin:write", _) | (_, Scope::AdminWrite) => s.admin_write.to_owned(),
            (_, Scope::Write) => s.write.to_owned(),
            (_, Scope::Follow) => s.follow.to_owned(),
            (_, Scope::Push) => s.push.to_owned(),
            (_, Scope::Profile) => s.profile.to_owned(),
            _ => s.read.to_owned(),
        }
    }

    /// What is wrong with a field of a form, by the words of [`crate::Error::Invalid`]; `otherwise` for what has no
    /// sentence here.
    pub fn invalid(&self, field: &str, code: &str, otherwise: &str) -> String {
        let i = &self.invalid;
        let sentence = match (field, code) {
            ("username", "blank") => i.username_blank,
            ("username", "too_long") => i.username_too_long,
            ("username", "invalid") => i.username_invalid,
            ("username", "reserved") => i.username_reserved,
            ("username", "taken") => i.username_taken,
            ("email", "blank") => i.email_blank,
            ("email", "invalid") => i.email_invalid,
            ("email", "taken") => i.email_taken,
            ("email", "blocked") => i.email_blocked,
            ("password", "blank") => i.password_blank,
            ("password", "too_short") => i.password_too_short,
            ("password", "too_long") => i.password_too_long,
            ("agreement", _) => i.agreement,
            ("date_of_birth", "blank") => i.born_blank,
            ("date_of_birth", "invalid") => i.born_invalid,
            ("date_of_birth", "below_limit") => i.born_below_limit,
            ("reason", "blank") => i.reason_blank,
            ("reason", "too_long") => i.reason_too_long,
            ("audience", "open_forbidden") => i.audience_open_forbidden,
            ("audience", "no_organisation") => i.audience_no_organisation,
            ("audience", "inclusion") => i.audience_inclusion,
            ("audience", "conflict") => i.audience_conflict,
            // It begins with whom the post names.
            ("audience", "out_of_reach") if otherwise.starts_with('@') => {
                return fill(i.audience_out_of_reach, otherwise.split_whitespace().next().unwrap_or_default());
            }
            _ => otherwise,
        };
        sentence.to_owned()
    }

    /// Why something was refused, for who reads English or where it has a sentence in another language.
    pub fn refusal<'r>(&self, reason: &'r str) -> Option<&'r str> {
        if reason == self.stale_form || self.refusals.is_empty() {
            return Some(reason);
        }
        self.refusals.iter().find(|(english, _)| *english == reason).map(|(_, own)| *own)
    }

    /// Heading and explanation for an answer with this HTTP status.
    pub const fn error(&self, status: u16) -> (&'static str, &'static str) {
        match status {
            401 => (self.error_401, self.text_401),
            403 => (self.error_403, self.text_403),
            404 => (self.error_404, self.text_404),
            410 => (self.error_410, self.text_410),
            429 => (self.error_429, self.text_429),
            503 | 507 => (self.error_503, self.text_503),
            500..=599 => (self.error_500, self.text_500),
            _ => (self.error_400, self.text_400),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_found_by_name_or_by_what_the_browser_accepts() {
        assert_eq!(Lang::named("de-AT"), Some(Lang::German));
        assert_eq!(Lang::named("None"), None);
        assert_eq!(Lang::named(""), None);
        assert_eq!(Lang::accepted("fr-CH, fr;q=0.9, de;q=0.7, *;q=0.5"), Some(Lang::German));
        assert_eq!(Lang::accepted("*"), None);
    }

    #[test]
    fn every_refusal_of_a_form_has_its_sentence_in_both_languages() {
        use crate::{
            Error,
            domain::{accounts, audiences, names},
            model::Audience,
            store::audiences::Rules,
        };
        let long = "x".repeat(2_000);
        let mut refused = Vec::new();
        for name in ["", long.as_str(), "a b", "admin"] {
            refused.extend(names::username(name, false).err());
        }
        refused.extend(["", "x"].into_iter().filter_map(|text| names::email(text).err()));
        refused.extend(["", "x", long.as_str()].into_iter().filter_map(|text| names::password(text).err()));
        let now = crate::time::Timestamp::parse("2026-11-23").unwrap();
        refused.extend(["", "x", "2020-01-01"].into_iter().filter_map(|day| accounts::old_enough(day, 16, now).err()));
        let default = Audience::Organisation;
        let rules = Rules { hash: String::new(), organisation: String::new(), default, open_allowed: false };
        refused.extend(audiences::allowed(Some(&rules), Audience::Open).err());
        refused.extend(audiences::allowed(None, Audience::Organisation).err());
        assert_eq!(refused.len(), 14);
        for error in refused {
            let Error::Invalid { field, code, reason } = error else { panic!("{error}") };
            assert_eq!(Lang::English.words().invalid(field, code, "?"), reason);
            let german = Lang::German.words().invalid(field, code, "?");
            assert!(german != "?" && german != reason && german.ends_with('.'), "{field} {code}: {german}");
        }
    }

    #[test]
    fn every_scope_says_what_it_means() {
        for lang in [Lang::English, Lang::German] {
            for scope in Scope::ALL {
                let text = lang.words().scope(scope);
                assert!(!text.is_empty() && !text.contains(['{', ':', '_']) || lang == Lang::German, "{scope}: {text}");
            }
        }
        assert_eq!(Lang::English.words().scope(Scope::ReadStatuses), "See your posts and timelines");
    }
}
