//! The rules: operations on one transaction. No network and no waiting in here.

pub mod html;
pub mod text;
