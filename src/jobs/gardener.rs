//! The gardener's desk: pairs of tags that may be one thing are proposed at night. What is said of them is done in
//! `federation::charter::alias`.

use crate::{
    Result,
    app::App,
    domain::people::gardener::{self, Pair},
    experts,
};

/// Pairs that are proposed in one night.
const NIGHTLY: usize = 3;

/// Writes to the desk about the strongest pairs that were not proposed yet.
pub(super) async fn propose(app: &App) -> Result<()> {
    let mut left = NIGHTLY;
    for found in experts::proposals(app).await? {
        if left == 0 {
            break;
        }
        let pair = Pair { asked: found.asked, listed: found.listed, people: found.people, answers: found.answers };
        if app.write(move |tx| gardener::propose(tx, &pair)).await? {
            left -= 1;
        }
    }
    Ok(())
}
