//! Which warehouse picks a waybill, and how: the part of the delivery network that sales orders need.
//!
//! What lives here: warehouses, pick-flow rules and the choice among them, pure. What never does: how
//! they are loaded (`store.rs`) and when (`worker.rs`).

use contracts::{DepotCode, SalesOrderLine, SkuType, WarehouseCode};

/// Which goods are meant: dry, cold, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Goods {
    pub dry: bool,
    pub frozen: bool,
}

impl Goods {
    const fn include(self, other: Self) -> bool {
        (self.dry || !other.dry) && (self.frozen || !other.frozen)
    }

    fn kinds(self) -> u8 {
        u8::from(self.dry) + u8::from(self.frozen)
    }
}

/// The class of some lines together.
fn class_of(lines: &[SalesOrderLine]) -> SkuType {
    let has = |class| lines.iter().any(|line| line.sku_type == class);
    match (has(SkuType::Dry), has(SkuType::Frozen), has(SkuType::Mixed)) {
        (_, false, false) => SkuType::Dry,
        (false, true, false) => SkuType::Frozen,
        (true, true, false) | (_, _, true) => SkuType::Mixed,
    }
}

impl From<SkuType> for Goods {
    fn from(sku_type: SkuType) -> Self {
        match sku_type {
            SkuType::Dry => Self { dry: true, frozen: false },
            SkuType::Frozen => Self { dry: false, frozen: true },
            SkuType::Mixed => Self { dry: true, frozen: true },
        }
    }
}

/// A warehouse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warehouse {
    pub code: WarehouseCode,
    pub depot: DepotCode,
    pub keeps: Goods,
}

/// A rule that says how to pick.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PickRule {
    /// Lower is tried first.
    pub priority: u32,
    pub sku_class: SkuType,
    pub min_lines: u32,
    /// None: no limit.
    pub max_lines: Option<u32>,
    pub pick_flow: String,
}

impl PickRule {
    fn fits(&self, sku_type: SkuType, lines: u32) -> bool {
        self.sku_class == sku_type
            && self.min_lines <= lines
            && self.max_lines.is_none_or(|max_lines| lines <= max_lines)
    }
}

/// Who picks, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fulfilment {
    pub warehouse: WarehouseCode,
    /// For example `PICK_BY_BATCH`.
    pub pick_flow: String,
}

/// Why nobody can be asked. The name is the reason in the table and in the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoFulfilment {
    /// No warehouse of the depot keeps all of it.
    NoWarehouse,
    /// No pick-flow rule fits.
    NoPickFlow,
    /// The warehouse that was named is none.
    UnknownWarehouse,
    /// The warehouse that was named does not keep all of it.
    NotKept,
}

impl NoFulfilment {
    /// The stable code.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NoWarehouse => "NO_WAREHOUSE",
            Self::NoPickFlow => "NO_PICK_FLOW",
            Self::UnknownWarehouse => "UNKNOWN_WAREHOUSE",
            Self::NotKept => "NOT_KEPT",
        }
    }
}

/// Warehouses and rules of one revision of the network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Network {
    pub revision: u64,
    pub warehouses: Vec<Warehouse>,
    pub pick_rules: Vec<PickRule>,
}

impl Network {
    /// Chooses for a waybill of this depot, class and number of lines.
    ///
    /// # Errors
    /// What is missing in the network.
    pub(crate) fn choose(
        &self,
        depot: &DepotCode,
        sku_type: SkuType,
        lines: u32,
    ) -> Result<Fulfilment, NoFulfilment> {
        let warehouse =
            self.warehouse_for(depot, sku_type.into()).ok_or(NoFulfilment::NoWarehouse)?;
        let pick_flow = self.pick_flow(sku_type, lines)?;
        Ok(Fulfilment { warehouse: warehouse.code.clone(), pick_flow })
    }

    /// How a named warehouse picks these lines.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn at(
        &self,
        warehouse: &WarehouseCode,
        lines: &[SalesOrderLine],
    ) -> Result<Fulfilment, NoFulfilment> {
        let named = self.warehouses.iter().find(|known| known.code == *warehouse);
        let named = named.ok_or(NoFulfilment::UnknownWarehouse)?;
        let class = class_of(lines);
        if !named.keeps.include(class.into()) {
            return Err(NoFulfilment::NotKept);
        }
        let count = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let pick_flow = self.pick_flow(class, count)?;
        Ok(Fulfilment { warehouse: named.code.clone(), pick_flow })
    }

    fn pick_flow(&self, sku_type: SkuType, lines: u32) -> Result<String, NoFulfilment> {
        let rules = self.pick_rules.iter().filter(|rule| rule.fits(sku_type, lines));
        let rule = rules.min_by_key(|rule| rule.priority).ok_or(NoFulfilment::NoPickFlow)?;
        Ok(rule.pick_flow.clone())
    }

    /// The most specialised one that keeps everything needed: dry goods leave a cold store's room to
    /// cold goods. Its code breaks ties, so that a replay chooses the same.
    fn warehouse_for(&self, depot: &DepotCode, needed: Goods) -> Option<&Warehouse> {
        let able = self
            .warehouses
            .iter()
            .filter(|warehouse| warehouse.depot == *depot && warehouse.keeps.include(needed));
        able.min_by_key(|warehouse| (warehouse.keeps.kinds(), &warehouse.code))
    }
}
