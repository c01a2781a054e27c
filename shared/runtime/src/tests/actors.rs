//! On whose behalf a worker publishes: its own, and another's only where contracts allow it.

use contracts::{Actor, Role, Timestamp, UserId, delegation_of};

use crate::Batch;

#[test]
fn a_worker_speaks_for_others_only_where_it_is_believed() {
    let customer =
        Actor { subject: "C-17".to_owned(), role: Role::Customer, merchant: None, origin: None };
    let warehouse = Actor { role: Role::Warehouse, ..customer.clone() };
    for (user, actor, expected) in [
        ("dray-order-intake", &customer, false),
        ("dray-order-intake", &warehouse, false),
        ("dray-wms-sync", &customer, false),
        ("dray-wms-sync", &warehouse, true),
        ("dray-portal-shim", &customer, true),
    ] {
        let delegation = delegation_of(&UserId::new(user).unwrap());
        let batch: Batch<()> = Batch::new(Vec::new(), delegation, Timestamp::now());
        let spoken_for = batch.speaks_for(actor);
        assert_eq!(spoken_for.as_ref(), expected.then_some(actor), "{user} for {actor:?}");
    }
}
