//! The network, as far as sales orders need it (written by delivery-network).

use contracts::{DepotCode, WarehouseCode};
use sea_orm::FromQueryResult;
use store::{NONE, StoreError, Tx};

use super::{invalid, sku_type};
use crate::network::{Goods, Network, PickRule, Warehouse};

const REVISION: &str = "SELECT revision FROM network_revision WHERE id = 1";
const WAREHOUSES: &str = "SELECT warehouse, depot, keeps FROM warehouse";
const PICK_RULES: &str =
    "SELECT priority, sku_class, min_lines, max_lines, pick_flow FROM pick_flow";

#[derive(FromQueryResult)]
struct RevisionRow {
    revision: u64,
}

#[derive(FromQueryResult)]
struct WarehouseRow {
    warehouse: String,
    depot: String,
    keeps: String,
}

#[derive(FromQueryResult)]
struct PickRuleRow {
    priority: u32,
    sku_class: String,
    min_lines: u32,
    max_lines: Option<u32>,
    pick_flow: String,
}

/// The revision of the network; 0 before anybody stored one.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn network_revision(tx: &Tx) -> Result<u64, StoreError> {
    let rows: Vec<RevisionRow> = tx.select(REVISION, &NONE).await?;
    Ok(rows.first().map_or(0, |row| row.revision))
}

/// Loads the network under the revision that was read before it: if it changes in between, the next
/// batch finds a higher revision and loads again.
///
/// # Errors
/// [`StoreError`] when a statement fails or a row cannot be read.
pub(crate) async fn load_network(tx: &Tx, revision: u64) -> Result<Network, StoreError> {
    let warehouses: Vec<WarehouseRow> = tx.select(WAREHOUSES, &NONE).await?;
    let pick_rules: Vec<PickRuleRow> = tx.select(PICK_RULES, &NONE).await?;
    Ok(Network {
        revision,
        warehouses: warehouses.into_iter().map(warehouse).collect::<Result<_, _>>()?,
        pick_rules: pick_rules.into_iter().map(pick_rule).collect::<Result<_, _>>()?,
    })
}

fn warehouse(row: WarehouseRow) -> Result<Warehouse, StoreError> {
    let mut keeps = Goods::default();
    for word in row.keeps.split(',').filter(|word| !word.is_empty()) {
        let goods = Goods::from(sku_type(word)?);
        keeps.dry |= goods.dry;
        keeps.frozen |= goods.frozen;
    }
    Ok(Warehouse {
        code: WarehouseCode::new(row.warehouse).map_err(invalid)?,
        depot: DepotCode::new(row.depot).map_err(invalid)?,
        keeps,
    })
}

fn pick_rule(row: PickRuleRow) -> Result<PickRule, StoreError> {
    Ok(PickRule {
        priority: row.priority,
        sku_class: sku_type(&row.sku_class)?,
        min_lines: row.min_lines,
        max_lines: row.max_lines,
        pick_flow: row.pick_flow,
    })
}
