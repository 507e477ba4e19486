//! ActivityPub: what other servers send and fetch. Nothing here decides who may see or change what: that is `domain`.

pub mod signatures;
