//! Every number that bounds something (`SECURITY.md` names the rows). Defaults; a few can be raised by settings.

/// Bytes of an inbox body.
pub const INBOX_BODY: usize = 1024 * 1024;
/// Activities that wait for the network; beyond, senders are asked to come back (503).
pub const INBOX_QUEUE: i64 = 100_000;
/// The share of one host in them, unless an entry names it.
pub const INBOX_QUEUE_PER_HOST: i64 = 10_000;
/// Bytes of request headers.
pub const HEADER_BYTES: usize = 32 * 1024;
/// Nesting of an activity.
pub const JSON_DEPTH: usize = 64;
/// Values in an activity, counted over the whole tree.
pub const JSON_NODES: usize = 10_000;
/// Items of an array that are looked at.
pub const ARRAY_KEPT: usize = 1_000;
/// Items of an array beyond which a document is refused.
pub const ARRAY_REFUSED: usize = 2_000;
/// Bytes of a fetched JSON document, after decompression.
pub const FETCH_BODY: usize = 1024 * 1024;
/// Bytes of a remote media file.
pub const REMOTE_MEDIA: usize = 40 * 1024 * 1024;
/// Decompressed over compressed bytes.
pub const DECOMPRESSION_RATIO: usize = 100;
/// Redirects followed.
pub const REDIRECTS: usize = 3;
/// Milliseconds of an outgoing JSON fetch, in total.
pub const FETCH_TOTAL_MS: u64 = 10_000;
/// Milliseconds of an outgoing media fetch, in total.
pub const MEDIA_TOTAL_MS: u64 = 30_000;
/// Milliseconds a failed fetch takes at least, so that its duration tells nothing about our network (NET-12).
pub const FETCH_FAILURE_MIN_MS: u64 = 300;
/// Bytes of a URL.
pub const URL_BYTES: usize = 2 * 1024;
/// Milliseconds to connect.
pub const CONNECT_MS: u64 = 5_000;
/// Milliseconds of a delivery, in total.
pub const DELIVERY_TOTAL_MS: u64 = 30_000;
/// A delivery ends when nothing came for this long, before the answer or in it. Milliseconds (DLV-02).
pub const DELIVERY_PAUSE_MS: u64 = 10_000;
/// Bytes of a keyId.
pub const KEY_ID: usize = 2 * 1024;
/// Keys looked at per actor.
pub const KEYS_PER_ACTOR: usize = 10;
/// Fetches caused by one incoming activity, over its whole tree.
pub const FETCHES_PER_ACTIVITY: usize = 20;
/// Ancestors of a reply fetched in the background.
pub const ANCESTORS: usize = 100;
/// Posts of a thread that are taken in when somebody opens one of it (FETCH-06).
pub const THREAD_POSTS: usize = 1_000;
/// Pages of its collections that are read for this, and posts known already that are asked for what answers them.
pub const THREAD_PAGES: usize = 500;
/// People who become known by this.
pub const THREAD_PEOPLE: usize = 400;
/// Milliseconds that this may take; the rest is read when the thread is opened again.
pub const THREAD_MS: i64 = 300_000;
/// Pages of a remote collection.
pub const COLLECTION_PAGES: usize = 10;
/// Items of a remote collection.
pub const COLLECTION_ITEMS: usize = 500;
/// Mentions kept of a remote post.
pub const MENTIONS: usize = 50;
/// Hashtags kept of a remote post.
pub const HASHTAGS: usize = 50;
/// Attachments kept of a remote post.
pub const REMOTE_ATTACHMENTS: usize = 16;
/// Custom emoji kept of a remote document.
pub const EMOJI: usize = 100;
/// Poll options kept of a remote poll.
pub const REMOTE_POLL_OPTIONS: usize = 500;
/// Characters of an emoji shortcode.
pub const SHORTCODE: usize = 64;
/// Characters of a remote alt text.
pub const REMOTE_ALT: usize = 10_000;
/// Bytes of remote content, cut before sanitising.
pub const REMOTE_CONTENT: usize = 100 * 1024;
/// Bytes of a remote display name.
pub const REMOTE_NAME: usize = 500;
/// Bytes of a remote bio.
pub const REMOTE_BIO: usize = 20 * 1024;
/// Bytes of a remote profile field, name and value each.
pub const REMOTE_FIELD: usize = 2 * 1024;
/// Profile fields kept of a remote actor (DISC-10).
pub const REMOTE_FIELDS: usize = 50;
/// Bytes of a remote summary (content warning).
pub const REMOTE_SUMMARY: usize = 2 * 1024;
/// Recipients looked at per activity.
pub const RECIPIENTS: usize = 1_000;
/// Bytes of any local text whatever its own limit.
pub const LOCAL_TEXT: usize = 64 * 1024;
/// Bytes of a page of which a preview is made; what is behind them is not read.
pub const CARD_PAGE: usize = 1024 * 1024;
/// Bytes of what a page says of itself by oEmbed.
pub const CARD_OEMBED: usize = 64 * 1024;
/// Elements of a page that are looked at for a preview.
pub const CARD_ELEMENTS: usize = 2_000;
/// Attributes of elements of a page that are looked at, in all.
pub const CARD_ATTRIBUTES: usize = 20_000;
/// Characters of the title of a preview.
pub const CARD_TITLE: usize = 300;
/// Characters of the description of a preview.
pub const CARD_DESCRIPTION: usize = 1_000;
/// Characters of the names of author and publisher in a preview.
pub const CARD_NAME: usize = 200;
/// Days after which a page is read again, when somebody links to it.
pub const CARD_DAYS: i64 = 14;
/// Announcements shown at once.
pub const ANNOUNCEMENTS: i64 = 100;
/// Kinds of reactions to one.
pub const ANNOUNCEMENT_REACTIONS: usize = 8;
/// Kinds of emoji reactions to one post.
pub const REACTION_KINDS: usize = 50;
/// Those of one person to it.
pub const REACTIONS_EACH: usize = 8;
/// Push subscriptions of one person; one more ends the oldest.
pub const PUSH_SUBSCRIPTIONS: usize = 20;
/// Push messages to one subscription in an hour; more are not sent.
pub const PUSHES_PER_HOUR: i64 = 300;
/// Times a push message is tried.
pub const PUSH_TRIES: u32 = 8;
/// Seconds after which a push message is not worth sending any more, here or at the push service.
pub const PUSH_SECONDS: i64 = 172_800;
/// Seconds for which a subscription is left alone after its push service refused a message.
pub const PUSH_PARKED_SECONDS: i64 = 86_400;
/// Refusals in a row after which a subscription ends.
pub const PUSH_FAILURES: i64 = 10;
/// Characters of the text of a push message.
pub const PUSH_TEXT: usize = 140;
/// Outgoing requests at once to one host.
pub const PER_HOST: usize = 2;
/// Requests at once to the bucket that files are kept in, each of a part of a file.
pub const STORE: usize = 16;
/// Outgoing requests at once in all.
pub const OUTGOING: usize = 200;
/// Stream sockets per user.
pub const SOCKETS_PER_USER: usize = 10;
/// Events queued per socket before it is closed.
pub const EVENTS_QUEUED: usize = 1_000;
/// Milliseconds a search may take, and each of its statements (LIM-06; a setting may change it).
pub const SEARCH_MS: usize = 50;

/// Characters of a post.
pub const POST_CHARACTERS: usize = 5_000;
/// Characters a URL counts as.
pub const URL_CHARACTERS: usize = 23;
/// Attachments of a local post (a setting may raise it to 16).
pub const ATTACHMENTS: usize = 4;
/// Characters of a local alt text.
pub const ALT_TEXT: usize = 1_500;
/// Bytes of an uploaded image.
pub const IMAGE_BYTES: usize = 16 * 1024 * 1024;
/// Pixels of an uploaded image.
pub const IMAGE_PIXELS: u64 = 33_000_000;
/// Pixels a remote image may declare.
pub const REMOTE_IMAGE_PIXELS: u64 = 100_000_000;
/// Pixels of the longer side after scaling.
pub const IMAGE_SIDE: u32 = 4096;
/// Frames of an animation.
pub const FRAMES: usize = 600;
/// Bytes of an uploaded video or audio file.
pub const VIDEO_BYTES: usize = 99 * 1024 * 1024;
/// Pixels of an uploaded film, by its header: 4K.
pub const VIDEO_PIXELS: u64 = 3_840 * 2_160;
/// Options of a local poll (a setting may raise it to 20).
pub const POLL_OPTIONS: usize = 4;
/// Characters of a poll option.
pub const POLL_OPTION_CHARACTERS: usize = 50;
/// Shortest poll, seconds.
pub const POLL_MIN_SECONDS: i64 = 300;
/// Longest poll, seconds (a month).
pub const POLL_MAX_SECONDS: i64 = 2_629_746;
/// Characters of a display name.
pub const DISPLAY_NAME: usize = 100;
/// Characters of a bio.
pub const BIO: usize = 1_000;
/// Custom emoji of a node.
pub const EMOJIS: i64 = 2_000;
/// Custom emoji remembered of another server.
pub const REMOTE_EMOJIS: i64 = 5_000;
/// Bytes of the picture of one.
pub const EMOJI_BYTES: usize = 256 * 1024;
/// Bytes of the picture of one of another server.
pub const REMOTE_EMOJI_BYTES: usize = 2 * 1024 * 1024;
/// Addresses of pictures of emoji that are known of another server; the oldest give way.
pub const REMOTE_EMOJI_PICTURES: i64 = 20_000;
/// Pixels of its longer side.
pub const EMOJI_SIDE: u32 = 256;
/// Ranges of addresses that are blocked.
pub const IP_BLOCKS: i64 = 10_000;
/// Pinned posts.
pub const PINS: usize = 5;
/// Collections of one person.
pub const COLLECTIONS: usize = 10;
/// People in one collection.
pub const COLLECTION_PEOPLE: usize = 25;
/// Collections kept of one account of another server.
pub const REMOTE_COLLECTIONS: usize = 20;
/// People whom one of those may list.
pub const REMOTE_COLLECTION_PEOPLE: usize = 50;
/// Characters of its name.
pub const REMOTE_COLLECTION_NAME: usize = 256;
/// Bytes of its description, cut before sanitising.
pub const REMOTE_COLLECTION_TEXT: usize = 2 * 1024;
/// Characters of its name.
pub const COLLECTION_NAME: usize = 40;
/// Characters of its description.
pub const COLLECTION_TEXT: usize = 100;
/// Posts of one person that wait for their time.
pub const SCHEDULED_POSTS: i64 = 300;
/// Those of them for one day (UTC).
pub const SCHEDULED_PER_DAY: i64 = 25;
/// Seconds that a post waits at least.
pub const SCHEDULED_AHEAD_SECONDS: i64 = 300;
/// Profile fields.
pub const FIELDS: usize = 8;
/// Characters of a profile field, name and value each.
pub const FIELD_CHARACTERS: usize = 255;
/// Featured hashtags.
pub const FEATURED_TAGS: usize = 10;
/// Those kept of an account elsewhere.
pub const REMOTE_FEATURED_TAGS: usize = 20;

/// Bytes of one redirect URI, and of an app's website.
pub const REDIRECT_URI: usize = 2_000;
/// Redirect URIs of an app.
pub const REDIRECT_URIS: usize = 20;
/// Characters of an app's name.
pub const APP_NAME: usize = 60;
/// Seconds an authorisation code lives (OAU-05).
pub const CODE_SECONDS: i64 = 600;

/// Bytes of a charter.
pub const CHARTER_BYTES: usize = 4 * 1024 * 1024;
/// Nodes of a charter, and removed ones it remembers.
pub const CHARTER_NODES: usize = 2_000;
/// Versions before the previous one that a charter names.
pub const CHARTER_ANCESTORS: usize = 64;
/// Signing keys in a row that a charter may name.
pub const CHARTER_KEYS: usize = 100;
/// Actors that a charter revokes.
pub const CHARTER_REVOKED: usize = 1_000;
/// Skill aliases of a charter.
pub const CHARTER_ALIASES: usize = 20_000;
/// Characters of a name, a department, a contact or a reason in a charter.
pub const CHARTER_TEXT: usize = 500;
/// Addresses or ranges of a node of a charter.
pub const CHARTER_RANGES: usize = 32;
/// Bytes of the certificates of a node of a charter.
pub const CHARTER_CA: usize = 64 * 1024;
