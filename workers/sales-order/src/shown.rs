//! What is shown of sales orders: their entries in the cache, where queries look first.
//!
//! Never read here, never a reason for anything.

use cache::{Cache, Key, Kind};
use contracts::{SalesOrderNo, SalesOrderStanding, WaybillNo};

use crate::decide::waybill_of;

/// Shows sales orders; an older version never replaces a newer one.
pub(crate) async fn put(cache: &Cache, standings: &[(WaybillNo, SalesOrderStanding)]) {
    let entries: Vec<_> = standings.iter().filter_map(entry).collect();
    cache.put_if_newer(&entries).await;
}

/// Drops entries that are older than these versions of sales orders, by their numbers.
pub(crate) async fn drop_older(cache: &Cache, sales_orders: Vec<(String, u64)>) {
    let keys: Vec<_> = sales_orders
        .into_iter()
        .filter_map(|(number, version)| Some((SalesOrderNo::new(number).ok()?, version)))
        .map(|(number, version)| (Key::new(Kind::SalesOrder, waybill_of(&number)), version))
        .collect();
    cache.drop_older(&keys).await;
}

/// The entry of a sales order: queries know it by its waybill.
fn entry((waybill_no, standing): &(WaybillNo, SalesOrderStanding)) -> Option<(Key, u64, Vec<u8>)> {
    let key = Key::new(Kind::SalesOrder, waybill_no.as_str());
    // it has a JSON form; without an entry queries ask the database
    let body = serde_json::to_vec(standing).ok()?;
    Some((key, standing.version, body))
}
