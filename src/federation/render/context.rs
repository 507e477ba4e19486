//! `@context` of what we emit (DISC-20, OUT-16): inline terms only, so that nobody has to fetch anything of ours, and
//! only the terms a document uses.

use serde_json::{Map, Value, json};
use std::ops::BitOr;

const ACTIVITY_STREAMS: &str = "https://www.w3.org/ns/activitystreams";
const SECURITY: &str = "https://w3id.org/security/v1";

/// Defines the terms of a proof (FEP-8b32) in the context of a finished document, inline like all others.
pub fn define_proof(document: &mut Value) {
    let Some(members) = document.as_object_mut() else { return };
    let security = |name: &str| format!("https://w3id.org/security#{name}");
    let mut terms = Map::new();
    for (name, kind) in [
        ("cryptosuite", security("cryptosuiteString")),
        ("proofPurpose", "@vocab".to_owned()),
        ("proofValue", security("multibase")),
        ("verificationMethod", "@id".to_owned()),
    ] {
        terms.insert(name.into(), json!({ "@id": security(name), "@type": kind }));
    }
    terms.insert("proof".into(), json!({ "@id": security("proof"), "@type": "@id", "@container": "@graph" }));
    terms.insert("DataIntegrityProof".into(), Value::from(security("DataIntegrityProof")));
    terms.insert("assertionMethod".into(), json!({ "@id": security("assertionMethod"), "@type": "@id" }));
    let created =
        json!({ "@id": "http://purl.org/dc/terms/created", "@type": "http://www.w3.org/2001/XMLSchema#dateTime" });
    terms.insert("created".into(), created);
    let mut list = match members.remove("@context") {
        Some(Value::Array(list)) => list,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    match list.last_mut() {
        Some(Value::Object(own)) => own.append(&mut terms),
        _ => list.push(Value::Object(terms)),
    }
    members.insert("@context".into(), Value::Array(list));
}

/// A set of groups of terms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms(u32);

impl Terms {
    /// Nothing beyond ActivityStreams itself.
    pub const NONE: Self = Self(0);
    /// `publicKey` and the flags every actor carries.
    pub const ACTOR: Self = Self(1);
    /// `assertionMethod` and Multikey (FEP-521a).
    pub const MULTIKEY: Self = Self(1 << 1);
    /// `PropertyValue` fields of a profile.
    pub const FIELDS: Self = Self(1 << 2);
    /// `alsoKnownAs` and `movedTo`.
    pub const MOVED: Self = Self(1 << 3);
    /// `memorial` and `suspended`.
    pub const STATE: Self = Self(1 << 4);
    /// `Hashtag`.
    pub const HASHTAG: Self = Self(1 << 5);
    /// `Emoji`.
    pub const EMOJI: Self = Self(1 << 6);
    /// What every post carries: `sensitive`, the OStatus ids, `interactionPolicy`.
    pub const POST: Self = Self(1 << 7);
    /// `blurhash` and `focalPoint` of attachments.
    pub const MEDIA: Self = Self(1 << 8);
    /// `votersCount`.
    pub const POLL: Self = Self(1 << 9);
    /// `attributionDomains`.
    pub const ATTRIBUTION: Self = Self(1 << 10);
    /// Skills and work: schema.org and our own vocabulary.
    pub const EXPERTISE: Self = Self(1 << 11);
    /// Questions to the network.
    pub const QUESTION: Self = Self(1 << 12);
    /// What a post quotes, and who agrees to that.
    pub const QUOTE: Self = Self(1 << 13);
    /// What a project says about itself.
    pub const PROJECT: Self = Self(1 << 14);
    /// For whom a post is inside an organisation.
    pub const REACH: Self = Self(1 << 15);
    /// How far an idea is.
    pub const IDEA: Self = Self(1 << 16);
    /// Somebody is in when pairs for a coffee are made.
    pub const COFFEE: Self = Self(1 << 17);
    /// What a program can do (FEP-844e).
    pub const CAPABILITIES: Self = Self(1 << 18);
    /// Emoji reactions (FEP-c0e0) and Misskey's older way to say them.
    pub const REACTION: Self = Self(1 << 19);
    /// Where else a skill is described.
    pub const SAME_AS: Self = Self(1 << 20);

    /// What lets others answer, like and boost (GoToSocial's interaction controls).
    pub const CONSENT: Self = Self(1 << 21);

    /// Which parts the page of a profile has.
    pub const TABS: Self = Self(1 << 22);

    /// Collections of people (FEP-7aa9).
    pub const FEATURED: Self = Self(1 << 23);

    /// A thread that takes no more answers (Lemmy).
    pub const LOCK: Self = Self(1 << 24);

    const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The value of `@context`: the bare ActivityStreams URL when nothing else is used, else an array.
    pub fn to_value(self) -> Value {
        if self == Self::NONE {
            return Value::from(ACTIVITY_STREAMS);
        }
        let mut list = vec![Value::from(ACTIVITY_STREAMS)];
        if self.has(Self::ACTOR) {
            list.push(Value::from(SECURITY));
        }
        let terms = self.inline();
        if !terms.is_empty() {
            list.push(Value::Object(terms));
        }
        Value::Array(list)
    }

    fn inline(self) -> Map<String, Value> {
        let mut terms = Map::new();
        let mut term = |name: &str, meaning: &str| {
            terms.insert(name.to_owned(), Value::from(meaning));
        };
        let toot = Self::FEATURED
            | Self::TABS
            | Self::ACTOR
            | Self::STATE
            | Self::EMOJI
            | Self::MEDIA
            | Self::POLL
            | Self::ATTRIBUTION;
        if self.has(toot) {
            term("toot", "http://joinmastodon.org/ns#");
        }
        if self.has(Self::ACTOR) {
            term("manuallyApprovesFollowers", "as:manuallyApprovesFollowers");
            term("discoverable", "toot:discoverable");
            term("indexable", "toot:indexable");
            // FEP-2c59, whose own context nobody should have to fetch.
            term("webfinger", "https://purl.archive.org/socialweb/webfinger#webfinger");
        }
        if self.has(Self::MULTIKEY) {
            // Readers that process JSON-LD have the two addresses above built in, and would have to fetch that of
            // controlled identifiers to look at any actor of ours.
            term("Multikey", "https://w3id.org/security#Multikey");
        }
        if self.has(Self::TABS) {
            for name in ["showFeatured", "showMedia", "showRepliesInMedia"] {
                term(name, &format!("toot:{name}"));
            }
        }
        if self.has(Self::STATE) {
            term("memorial", "toot:memorial");
            term("suspended", "toot:suspended");
        }
        if self.has(Self::FIELDS) {
            term("schema", "http://schema.org#");
            term("PropertyValue", "schema:PropertyValue");
            term("value", "schema:value");
        }
        if self.has(Self::EXPERTISE | Self::QUESTION) {
            // A prefix of its own: that of the profile fields has a wrong address, which everybody knows by now.
            term("sdo", "https://schema.org/");
            term("wc", "https://w3id.org/watercooler/ns#");
        }
        if self.has(Self::REACH) {
            term("wc", "https://w3id.org/watercooler/ns#");
        }
        if self.has(Self::IDEA) {
            term("wc", "https://w3id.org/watercooler/ns#");
            for name in ["kind", "workState", "stateReason"] {
                term(name, &format!("wc:{name}"));
            }
        }
        if self.has(Self::QUESTION) {
            term("kind", "wc:kind");
            term("askState", "wc:askState");
            term("answerCount", "sdo:answerCount");
        }
        if self.has(Self::EXPERTISE) {
            for name in
                ["knowsAbout", "DefinedTerm", "termCode", "jobTitle", "memberOf", "workLocation", "knowsLanguage"]
            {
                term(name, &format!("sdo:{name}"));
            }
            for name in ["stance", "timeZone", "leftOn"] {
                term(name, &format!("wc:{name}"));
            }
        }
        if self.has(Self::COFFEE) {
            term("coffee", "wc:coffee");
        }
        if self.has(Self::HASHTAG) {
            term("Hashtag", "as:Hashtag");
        }
        if self.has(Self::EMOJI) {
            term("Emoji", "toot:Emoji");
        }
        if self.has(Self::MEDIA) {
            term("blurhash", "toot:blurhash");
        }
        if self.has(Self::POLL) {
            term("votersCount", "toot:votersCount");
        }
        if self.has(Self::POST) {
            term("sensitive", "as:sensitive");
            term("ostatus", "http://ostatus.org#");
            term("atomUri", "ostatus:atomUri");
            term("inReplyToAtomUri", "ostatus:inReplyToAtomUri");
            term("conversation", "ostatus:conversation");
            term("gts", "https://gotosocial.org/ns#");
        }
        if self.has(Self::QUOTE) {
            term("gts", "https://gotosocial.org/ns#");
            for name in ["QuoteRequest", "QuoteAuthorization"] {
                term(name, &format!("https://w3id.org/fep/044f#{name}"));
            }
            // What older readers know.
            term("quoteUrl", "as:quoteUrl");
            term("quoteUri", "http://fedibird.com/ns#quoteUri");
            term("_misskey_quote", "https://misskey-hub.net/ns#_misskey_quote");
        }
        if self.has(Self::FEATURED) {
            for name in
                ["FeaturedCollection", "FeaturedItem", "FeatureAuthorization", "FeatureRequest", "featuredObjectType"]
            {
                term(name, &format!("https://w3id.org/fep/7aa9#{name}"));
            }
            term("sensitive", "as:sensitive");
            term("discoverable", "toot:discoverable");
        }
        if self.has(Self::CONSENT) {
            term("gts", "https://gotosocial.org/ns#");
            for name in ["ReplyRequest", "LikeRequest", "AnnounceRequest"] {
                term(name, &format!("gts:{name}"));
            }
            for name in ["ReplyAuthorization", "LikeAuthorization", "AnnounceAuthorization"] {
                term(name, &format!("gts:{name}"));
            }
        }
        if self.has(Self::LOCK) {
            term("Lock", "https://join-lemmy.org/ns#Lock");
        }
        if self.has(Self::REACTION) {
            term("litepub", "http://litepub.social/ns#");
            term("EmojiReact", "litepub:EmojiReact");
            term("_misskey_reaction", "https://misskey-hub.net/ns#_misskey_reaction");
        }
        if self.has(Self::PROJECT) {
            term("sdo", "https://schema.org/");
            term("wc", "https://w3id.org/watercooler/ns#");
            for name in ["knowsAbout", "DefinedTerm", "termCode", "parentOrganization", "description", "inLanguage"] {
                term(name, &format!("sdo:{name}"));
            }
            for name in ["kind", "workState", "stateSince", "stateReason", "lookingFor", "vendor", "reason"] {
                term(name, &format!("wc:{name}"));
            }
        }
        let mut typed = |name: &str, meaning: Value| {
            terms.insert(name.to_owned(), meaning);
        };
        if self.has(Self::MULTIKEY) {
            let security = |name: &str| format!("https://w3id.org/security#{name}");
            let methods = json!({"@id": security("assertionMethod"), "@type": "@id", "@container": "@set"});
            typed("assertionMethod", methods);
            typed("controller", json!({"@id": security("controller"), "@type": "@id"}));
            let key = json!({"@id": security("publicKeyMultibase"), "@type": security("multibase")});
            typed("publicKeyMultibase", key);
        }
        if self.has(Self::FEATURED) {
            for name in ["featuredObject", "featureAuthorization", "topic"] {
                typed(name, json!({"@id": format!("https://w3id.org/fep/7aa9#{name}"), "@type": "@id"}));
            }
            for name in ["interactingObject", "interactionTarget"] {
                typed(name, json!({"@id": format!("https://gotosocial.org/ns#{name}"), "@type": "@id"}));
            }
        }
        if self.has(Self::CONSENT) {
            for name in ["replyAuthorization", "announceAuthorization"] {
                typed(name, json!({"@id": format!("gts:{name}"), "@type": "@id"}));
            }
            for name in ["interactingObject", "interactionTarget"] {
                typed(name, json!({"@id": format!("https://gotosocial.org/ns#{name}"), "@type": "@id"}));
            }
        }
        if self.has(Self::ACTOR) {
            typed("featured", json!({"@id": "toot:featured", "@type": "@id"}));
            typed("featuredTags", json!({"@id": "toot:featuredTags", "@type": "@id"}));
            for name in ["featuredCollections", "canFeature"] {
                typed(name, json!({"@id": format!("https://w3id.org/fep/7aa9#{name}"), "@type": "@id"}));
            }
            for name in ["interactionPolicy", "automaticApproval"] {
                typed(name, json!({"@id": format!("https://gotosocial.org/ns#{name}"), "@type": "@id"}));
            }
        }
        if self.has(Self::CAPABILITIES) {
            typed(
                "implements",
                json!({"@id": "https://w3id.org/fep/844e#implements", "@type": "@id", "@container": "@set"}),
            );
        }
        if self.has(Self::EXPERTISE) {
            typed("worksOn", json!({"@id": "wc:worksOn", "@type": "@id"}));
        }
        if self.has(Self::SAME_AS) {
            typed("sameAs", json!({"@id": "sdo:sameAs", "@type": "@id"}));
        }
        if self.has(Self::REACH) {
            typed("reach", json!({"@id": "wc:reach", "@type": "@id"}));
        }
        if self.has(Self::IDEA) {
            typed("lead", json!({"@id": "wc:lead", "@type": "@id"}));
        }
        if self.has(Self::QUESTION) {
            typed("acceptedAnswer", json!({"@id": "sdo:acceptedAnswer", "@type": "@id"}));
        }
        if self.has(Self::PROJECT) {
            for name in ["additionalType", "member", "sameAs"] {
                typed(name, json!({"@id": format!("sdo:{name}"), "@type": "@id"}));
            }
            for name in ["lead", "relatedTo", "sameWorkAs", "supersedes"] {
                typed(name, json!({"@id": format!("wc:{name}"), "@type": "@id"}));
            }
        }
        if self.has(Self::MOVED) {
            typed("movedTo", json!({"@id": "as:movedTo", "@type": "@id"}));
            typed("alsoKnownAs", json!({"@id": "as:alsoKnownAs", "@type": "@id"}));
        }
        if self.has(Self::ATTRIBUTION) {
            typed("attributionDomains", json!({"@id": "toot:attributionDomains", "@container": "@set"}));
        }
        if self.has(Self::MEDIA) {
            typed("focalPoint", json!({"@id": "toot:focalPoint", "@container": "@list"}));
        }
        if self.has(Self::POST) {
            typed("interactionPolicy", json!({"@id": "gts:interactionPolicy", "@type": "@id"}));
            typed("canQuote", json!({"@id": "gts:canQuote", "@type": "@id"}));
            typed("automaticApproval", json!({"@id": "gts:automaticApproval", "@type": "@id"}));
        }
        if self.has(Self::QUOTE) {
            for name in ["quote", "quoteAuthorization"] {
                typed(name, json!({"@id": format!("https://w3id.org/fep/044f#{name}"), "@type": "@id"}));
            }
            for name in ["interactingObject", "interactionTarget"] {
                typed(name, json!({"@id": format!("gts:{name}"), "@type": "@id"}));
            }
        }
        terms
    }
}

impl BitOr for Terms {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn fed_disc_20_a_plain_activity_has_the_bare_context() {
        assert_eq!(Terms::NONE.to_value(), json!("https://www.w3.org/ns/activitystreams"));
    }

    #[test]
    fn fed_disc_20_only_the_terms_used_are_defined() {
        let context = (Terms::POST | Terms::HASHTAG).to_value();
        let terms = &context[1];
        assert_eq!(terms["Hashtag"], "as:Hashtag");
        assert_eq!(terms["conversation"], "ostatus:conversation");
        assert!(terms.get("toot").is_none() && terms.get("votersCount").is_none());
        assert_eq!(context.as_array().map(Vec::len), Some(2));
    }

    /// The terms of our vocabulary and of schema.org, each with its address and whether its values are addresses.
    fn ours() -> BTreeSet<(String, String, bool)> {
        let all = Terms(u32::MAX).inline();
        let of = |(name, meaning): (&String, &Value)| {
            let short = meaning.as_str().or_else(|| meaning["@id"].as_str())?;
            let (prefix, end) = short.split_once(':').filter(|(prefix, _)| ["wc", "sdo"].contains(prefix))?;
            Some((name.clone(), format!("{}{end}", all[prefix].as_str()?), meaning["@type"] == "@id"))
        };
        all.iter().filter_map(of).collect()
    }

    #[test]
    fn the_proposal_names_every_term_that_is_sent_and_no_other() {
        let text = include_str!("../../../docs/vocabulary.md");
        let table = text.split("## Terms").nth(1).unwrap_or_default().split("## Fallbacks").next().unwrap_or_default();
        let mut told = BTreeSet::new();
        for line in table.lines().filter(|line| line.starts_with("| `")) {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let bare = |cell: &str| cell.trim_matches('`').to_owned();
            assert_eq!(cells.len(), 6, "{line}");
            assert!(told.insert((bare(cells[1]), bare(cells[2]), line.contains("(`@id`)"))), "twice: {line}");
        }
        assert_eq!(told, ours());
        let states = ["idea", "active", "paused", "done", "stopped", "looking", "notNow", "open", "answered", "closed"];
        let kinds = ["project", "ask", "idea", "kudos", "coffee", "introduction", "knows", "learning"];
        for word in states.iter().chain(&kinds) {
            assert!(table.contains(&format!("`{word}`")), "{word}");
        }
    }

    #[test]
    fn fed_out_16_an_actor_names_only_contexts_everybody_has_built_in() {
        let context = (Terms::ACTOR | Terms::MULTIKEY | Terms::FIELDS | Terms::MOVED).to_value();
        let urls: Vec<_> = context.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!(urls, [ACTIVITY_STREAMS, SECURITY]);
        assert_eq!(context[2]["PropertyValue"], "schema:PropertyValue");
        assert_eq!(context[2]["movedTo"]["@type"], "@id");
        assert_eq!(context[2]["toot"], "http://joinmastodon.org/ns#");
        assert_eq!(context[2]["Multikey"], "https://w3id.org/security#Multikey");
        assert_eq!(context[2]["assertionMethod"]["@id"], "https://w3id.org/security#assertionMethod");
    }
}
