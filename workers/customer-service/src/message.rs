//! Everything that this worker consumes, and what each message is about.

use contracts::{
    ApproveReturn, CancelReturn, CancellationDecided, CancellationOverdue, CloseReturn, OpenCase,
    RecordReturnInspection, RecordReturnReceipt, RejectReturn, ReplacementTiming,
    RequestReplacement, RequestReturn, UpdateCase, WaybillAttemptFailed, WaybillCancelledButMoved,
    WaybillNo, WaybillStatusChanged,
};

use crate::state::ReturnKey;

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// Somebody wants to give something back.
        Request(RequestReturn),
        /// It shall be fetched.
        Approve(ApproveReturn),
        /// It shall not.
        Reject(RejectReturn),
        /// Whoever asked does not want it any more.
        Cancel(CancelReturn),
        /// Something of it arrived.
        Receipt(RecordReturnReceipt),
        /// What arrived was looked at.
        Inspection(RecordReturnInspection),
        /// Nothing more is to be done.
        Close(CloseReturn),
        /// Goods shall be sent again.
        Replace(RequestReplacement),
        /// Somebody opens a case.
        OpenCase(OpenCase),
        /// Somebody goes on with a case.
        UpdateCase(UpdateCase),
        /// A waybill moved.
        Moved(WaybillStatusChanged),
        /// An attempt of a waybill came to nothing.
        AttemptFailed(WaybillAttemptFailed),
        /// A cancelled waybill moved all the same.
        MovedCancelled(WaybillCancelledButMoved),
        /// Nobody answers a question for cancellation.
        Overdue(CancellationOverdue),
        /// A cancellation was decided.
        Decided(CancellationDecided),
    }
}

impl Incoming {
    /// The return it names.
    pub(crate) fn return_key(&self) -> Option<ReturnKey> {
        let key = match self {
            Self::Request(RequestReturn { source, return_ref, .. })
            | Self::Approve(ApproveReturn { source, return_ref, .. })
            | Self::Reject(RejectReturn { source, return_ref, .. })
            | Self::Cancel(CancelReturn { source, return_ref, .. })
            | Self::Receipt(RecordReturnReceipt { source, return_ref, .. })
            | Self::Inspection(RecordReturnInspection { source, return_ref, .. })
            | Self::Close(CloseReturn { source, return_ref, .. })
            | Self::Replace(RequestReplacement {
                source,
                timing: ReplacementTiming::AfterReturn { return_ref },
                ..
            }) => (source, return_ref),
            Self::Replace(_)
            | Self::OpenCase(_)
            | Self::UpdateCase(_)
            | Self::Moved(_)
            | Self::AttemptFailed(_)
            | Self::MovedCancelled(_)
            | Self::Overdue(_)
            | Self::Decided(_) => return None,
        };
        Some(ReturnKey { source: key.0.clone(), return_ref: key.1.clone() })
    }

    /// The waybill that it tells something of.
    pub(crate) const fn waybill_no(&self) -> Option<&WaybillNo> {
        match self {
            Self::Moved(WaybillStatusChanged { waybill_no, .. })
            | Self::AttemptFailed(WaybillAttemptFailed { waybill_no, .. })
            | Self::MovedCancelled(WaybillCancelledButMoved { waybill_no, .. })
            | Self::Overdue(CancellationOverdue { waybill_no, .. })
            | Self::Decided(CancellationDecided { waybill_no, .. }) => Some(waybill_no),
            Self::Request(_)
            | Self::Approve(_)
            | Self::Reject(_)
            | Self::Cancel(_)
            | Self::Receipt(_)
            | Self::Inspection(_)
            | Self::Close(_)
            | Self::Replace(_)
            | Self::OpenCase(_)
            | Self::UpdateCase(_) => None,
        }
    }
}
