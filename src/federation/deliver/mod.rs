//! Delivery of our activities to other servers. `schedule` says when to try again and what an answer means.

pub mod schedule;
