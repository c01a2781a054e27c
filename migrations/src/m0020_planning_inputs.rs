//! What planning works with: proposals that are forgotten in time.

super::changes! {
    // For forgetting those that expired long ago.
    "ALTER TABLE adra_proposal ADD KEY adra_proposal_end (expires_at)"
    undone by "ALTER TABLE adra_proposal DROP KEY adra_proposal_end",
}
