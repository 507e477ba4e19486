//! Pages for people with a browser: sign-in, consent, registration, the node's front page, profiles and posts.
//! No scripts; one style sheet; everything works with the keyboard and without cookies of third parties. What may be
//! seen is decided in `domain`; what is said is in [`words`]; how it looks is in `templates/` and `assets/`.

pub mod assets;
pub mod pages;
pub mod words;
