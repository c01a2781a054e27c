//! What the public sees of a waybill: whoever has the code on its label, whatever the role.
//!
//! A number that there is none of and a code that is wrong take the same look and the same comparison, and
//! are answered alike: what comes before the comparison knows nothing of how the waybill stands, so that not
//! even what others asked a moment ago makes one of them quicker. Never here: an address, a name.

use ::store::StoreError;
use contracts::{
    Hidden, QueryAnswer, TrackingCode, TrackingStep, TrackingView, Way, WaybillKind, WaybillNo,
    WaybillStanding,
};

use crate::asker::Asker;
use crate::parts::{Parts, Tracked};
use crate::store::tracking::Reached;

/// The public's view of a waybill, for its code.
pub(crate) async fn tracking(
    parts: &Parts,
    asker: &Asker,
    waybill_no: &WaybillNo,
    code: &Hidden,
) -> Result<QueryAnswer, StoreError> {
    let own = parts.tracking_code(asker, waybill_no).await?;
    if !opens(own.as_ref(), code) {
        return Ok(QueryAnswer::NotFound);
    }
    let Some(entry) = parts.waybill(asker, waybill_no).await? else {
        return Ok(QueryAnswer::NotFound);
    };
    let tracked = parts.tracked(asker, &entry.standing).await?;
    Ok(QueryAnswer::Tracking(Box::new(view(entry.standing, tracked))))
}

/// True when what was typed is the waybill's own code. Where one of them is missing, a code that nobody has
/// stands in for it.
fn opens(own: Option<&TrackingCode>, typed: &Hidden) -> bool {
    let typed = TrackingCode::parse(typed.expose()).ok();
    let nobodys = TrackingCode::generate();
    let is_same = own.unwrap_or(&nobodys).matches(typed.as_ref().unwrap_or(&nobodys));
    is_same & own.is_some() & typed.is_some()
}

fn view(standing: WaybillStanding, tracked: Tracked) -> TrackingView {
    let WaybillStanding { waybill_no, kind, status, district, delivery_date, timeslot, .. } =
        standing;
    let (window_start, window_end) = tracked.window.unzip();
    TrackingView {
        waybill_no,
        kind,
        status,
        name: status.public_name(kind).to_owned(),
        is_final: Way::of(kind).row(status).is_some_and(|row| row.terminal),
        district,
        delivery_date,
        timeslot,
        window_start,
        window_end,
        steps: steps(kind, &tracked.statuses),
        updated_at: standing.updated_at,
        version: standing.version,
    }
}

/// What happened, told once as long as it has the same name.
pub(crate) fn steps(kind: WaybillKind, statuses: &[Reached]) -> Vec<TrackingStep> {
    let mut steps: Vec<TrackingStep> = Vec::new();
    for (status, at) in statuses {
        let name = status.public_name(kind);
        if steps.last().is_none_or(|last| last.name != name) {
            steps.push(TrackingStep { status: *status, name: name.to_owned(), at: *at });
        }
    }
    steps
}
