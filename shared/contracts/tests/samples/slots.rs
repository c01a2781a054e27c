//! Free slots, and files that are handed in.

use std::collections::BTreeMap;

use contracts::{
    AfterError, Basket, ErrorPlace, Goods, ImportStanding, Query, QueryAnswer, Remaining, SlotList,
    SlotOffer, UnassignableReason, UploadContent, UploadError, UploadFile, UploadList,
    UploadStanding, UploadState, UploadView,
};

use super::{Visitor, date, id, time, uuid};

const SHA256: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const FILE: &str = "order-uci-000042.tsv";

pub(crate) fn visit(visitor: &mut impl Visitor) {
    slots(visitor);
    uploads(visitor);
}

fn slots(visitor: &mut impl Visitor) {
    let dry = Goods { pieces: 12, volume_ml: Some(20_000), weight_g: Some(9_000) };
    let frozen = Goods { pieces: 2, volume_ml: None, weight_g: None };
    visitor.visit(
        "query.ask.v1-slots",
        Query::Slots {
            district: id("D-101"),
            basket: Basket { dry, frozen, waybills: 2 },
            from: Some(date("2010-12-02")),
            days: 7,
            at: Some(time("2010-12-01T08:26:00Z")),
        },
    );
    let offer = SlotOffer {
        delivery_date: date("2010-12-02"),
        timeslot: id("0900-1300"),
        from: "09:00".to_owned(),
        until: "13:00".to_owned(),
        cut_off: time("2010-12-01T20:00:00Z"),
        available: false,
        reason: Some(UnassignableReason::ZoneQuota),
        remaining: Some(Remaining { waybills: 1, dry_ml: 2, frozen_ml: 3, weight_g: 4 }),
    };
    let list = SlotList {
        district: id("D-101"),
        zone: Some(id("Z01")),
        judged_at: time("2010-12-01T08:26:00Z"),
        slots: vec![offer],
    };
    visitor.visit_answer("query.answer.v1-slots", QueryAnswer::Slots(Box::new(list)));
}

fn uploads(visitor: &mut impl Visitor) {
    let upload = |content| UploadFile {
        source: id("uci"),
        file_name: FILE.to_owned(),
        sha256: SHA256.to_owned(),
        size_bytes: 700_000,
        part: 1,
        parts: 2,
        content,
    };
    let text = UploadContent::Text("order_ref\tline_no\n".to_owned());
    visitor.visit("hotfolder.upload.v1", upload(text));
    let packed = UploadContent::Base64("b3JkZXJfcmVm".to_owned());
    visitor.visit("hotfolder.upload.v1-base64", upload(packed));
    let (source, before) = (Some(id("uci")), Some(uuid(21)));
    visitor.visit("query.ask.v1-uploads", Query::Uploads { source, before, limit: 50 });
    let after = Some(AfterError { line: 7, entry: 0 });
    let (source, file_name) = (id("uci"), FILE.to_owned());
    visitor.visit("query.ask.v1-upload", Query::Upload { source, file_name, after });
    let list = UploadList { uploads: vec![standing()], next: Some(uuid(20)) };
    visitor.visit_answer("query.answer.v1-uploads", QueryAnswer::Uploads(Box::new(list)));
    let error = UploadError {
        line: 8,
        entry: 1,
        column: Some("quantity".to_owned()),
        code: "QUANTITY_OUT_OF_RANGE".to_owned(),
        message: "quantity must be 1 to 9999".to_owned(),
        order_ref: Some("536365".to_owned()),
    };
    let view = UploadView {
        upload: standing(),
        verdicts: BTreeMap::new(),
        errors: vec![error],
        next: Some(ErrorPlace { line: 8, entry: 1 }),
    };
    visitor.visit_answer("query.answer.v1-upload", QueryAnswer::Upload(Box::new(view)));
}

fn standing() -> UploadStanding {
    UploadStanding {
        upload_id: uuid(21),
        source: id("uci"),
        file_name: FILE.to_owned(),
        state: UploadState::Stored,
        sha256: SHA256.to_owned(),
        size_bytes: 700_000,
        parts: 2,
        received: 2,
        uploaded_by: "anna".to_owned(),
        started_at: time("2010-12-01T08:26:00Z"),
        stored_at: Some(time("2010-12-01T08:26:01Z")),
        import: Some(ImportStanding {
            state: "DONE".to_owned(),
            detail: Some("1 order was rejected".to_owned()),
            lines: 9,
            accepted: 2,
            duplicate: 1,
            rejected: 1,
            started_at: time("2010-12-01T08:26:02Z"),
            finished_at: Some(time("2010-12-01T08:26:03Z")),
        }),
        version: 3,
    }
}
