//! What the queues of customer-service are bound to: it hears more than the others. Nothing but data.

use contracts::{self as c, Contract, Exchange, RoutingKey, WaybillStatus};

fn on<C: Contract>() -> (Exchange, String) {
    (C::EXCHANGE, RoutingKey::of_type(C::TYPE).as_str().to_owned())
}

/// Commands about returns, replacements and cases.
pub(super) fn commands() -> Vec<(Exchange, String)> {
    vec![
        on::<c::RequestReturn>(),
        on::<c::ApproveReturn>(),
        on::<c::RejectReturn>(),
        on::<c::CancelReturn>(),
        on::<c::RecordReturnReceipt>(),
        on::<c::RecordReturnInspection>(),
        on::<c::CloseReturn>(),
        on::<c::RequestReplacement>(),
        on::<c::OpenCase>(),
        on::<c::UpdateCase>(),
    ]
}

/// Statuses of waybills that move a return, open a case, or belong into an open one.
const STATUSES: [WaybillStatus; 9] = [
    WaybillStatus::Collected,
    WaybillStatus::Delivered,
    WaybillStatus::PickupFailed,
    WaybillStatus::DeliveryFailed,
    WaybillStatus::Returning,
    WaybillStatus::ReturnedToOrigin,
    WaybillStatus::Lost,
    WaybillStatus::Damaged,
    WaybillStatus::Cancelled,
];

/// What other workers tell.
pub(super) fn events() -> Vec<(Exchange, String)> {
    let moved = RoutingKey::of_type(c::WaybillStatusChanged::TYPE);
    let moved = STATUSES.map(|status| moved.clone().with(&status.routing_word()));
    let moved = moved.map(|key| (c::WaybillStatusChanged::EXCHANGE, key.as_str().to_owned()));
    let refused = RoutingKey::of_type(c::CancellationDecided::TYPE).with("rejected");
    let others = [
        on::<c::WaybillCancelledButMoved>(),
        on::<c::CancellationOverdue>(),
        (c::CancellationDecided::EXCHANGE, refused.as_str().to_owned()),
    ];
    moved.into_iter().chain(others).collect()
}
