//! The split: which lines of an order travel on which waybill, and under which number.
//!
//! Every line that ships is on exactly one waybill. Never here: trucks, routes, capacities.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{
    CreateOrder, FieldError, FulfilledBy, Merchant, OrderLine, SkuType, Store, WaybillDraft,
    WaybillDraftLine, WaybillKind, WaybillNo,
};

use super::check::error;

/// Whether a merchant's dry and frozen goods may share a waybill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Compartments {
    /// One waybill for both.
    Mixed,
    /// One waybill each.
    Split,
}

/// How orders are split.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SplitPolicy {
    /// Dry and frozen goods together or apart.
    pub(crate) compartments: Compartments,
    /// SKUs that stay on the order and make no parcel; upper and lower case differ.
    pub(crate) no_ship: BTreeSet<String>,
}

/// What the lines of one waybill have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    merchant: &'a Merchant,
    store: Option<&'a Store>,
    fulfilled_by: FulfilledBy,
    compartment: Option<SkuType>,
}

impl<'a> Group<'a> {
    fn of(line: &'a OrderLine, compartments: Compartments) -> Self {
        Self {
            merchant: &line.merchant,
            store: line.store.as_ref(),
            fulfilled_by: line.fulfilled_by,
            compartment: match compartments {
                Compartments::Mixed => None,
                Compartments::Split => Some(line.sku_type),
            },
        }
    }
}

/// Cuts an order into waybills, numbered from 1 in the order in which their first lines stand.
///
/// # Errors
/// A reference that makes no waybill number.
pub(crate) fn split(
    order: &CreateOrder,
    policy: &SplitPolicy,
) -> Result<Vec<WaybillDraft>, FieldError> {
    let groups = grouped(order, policy).into_iter();
    groups.zip(1_usize..).map(|((group, lines), k)| draft(order, k, group, &lines)).collect()
}

/// Depends on line numbers alone: a command that names its lines in another order splits alike.
fn grouped<'a>(
    order: &'a CreateOrder,
    policy: &SplitPolicy,
) -> Vec<(Group<'a>, Vec<&'a OrderLine>)> {
    let shipped = order.lines.iter().filter(|line| !policy.no_ship.contains(line.sku.as_str()));
    let mut lines: Vec<&OrderLine> = shipped.collect();
    lines.sort_by_key(|line| line.line_no);
    let mut groups: BTreeMap<Group<'a>, Vec<&OrderLine>> = BTreeMap::new();
    for line in lines {
        groups.entry(Group::of(line, policy.compartments)).or_default().push(line);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, lines)| lines.first().map(|line| line.line_no));
    groups
}

fn draft(
    order: &CreateOrder,
    k: usize,
    group: Group<'_>,
    lines: &[&OrderLine],
) -> Result<WaybillDraft, FieldError> {
    let waybill_no = WaybillNo::derive(&order.source, &order.order_ref, k)
        .map_err(|found| error(None, "order_ref", "INVALID_REFERENCE", found.to_string()))?;
    Ok(WaybillDraft {
        kind: WaybillKind::Forward,
        hold: None,
        waybill_no,
        merchant: group.merchant.clone(),
        store: group.store.cloned(),
        sku_type: sku_type_of(lines),
        fulfilled_by: group.fulfilled_by,
        dry_ml: volume_ml(lines, SkuType::Dry),
        frozen_ml: volume_ml(lines, SkuType::Frozen),
        weight_g: lines.iter().map(|line| units(line.quantity, line.weight_g)).sum(),
        lines: lines.iter().map(|line| draft_line(line)).collect(),
    })
}

fn sku_type_of(lines: &[&OrderLine]) -> SkuType {
    let mut types = lines.iter().map(|line| line.sku_type);
    let first = types.next().unwrap_or(SkuType::Dry);
    if types.all(|other| other == first) { first } else { SkuType::Mixed }
}

fn volume_ml(lines: &[&OrderLine], sku_type: SkuType) -> u64 {
    let lines = lines.iter().filter(|line| line.sku_type == sku_type);
    lines.map(|line| units(line.quantity, line.volume_ml)).sum()
}

/// The contract bounds quantity and lines so tightly that 2,000 of these fit 64 bits.
fn units(quantity: u32, each: u32) -> u64 {
    u64::from(quantity) * u64::from(each)
}

fn draft_line(line: &OrderLine) -> WaybillDraftLine {
    WaybillDraftLine {
        line_no: line.line_no,
        sku: line.sku.clone(),
        quantity: line.quantity,
        sku_type: line.sku_type,
    }
}
