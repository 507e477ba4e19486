//! What resembles what: finding without a model and without the network, over rows that the caller holds in memory.

pub mod people;
pub mod projects;
