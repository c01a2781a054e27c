//! In whose name a source's files speak: orders as the shop, reports as the partner that the folder
//! belongs to.

use std::collections::BTreeMap;
use std::str::FromStr;

use contracts::{Actor, Merchant, Role, Source};
use thiserror::Error;

use crate::name::FileKind;

/// The role that a source reports in, and the merchant whose goods alone it may speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Reporter {
    role: Role,
    merchant: Option<Merchant>,
}

/// Which source reports as whom: `wms=warehouse,ods=road,m01=merchant:M01`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reporters(BTreeMap<Source, Reporter>);

/// Why a text is no such list.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not SOURCE=warehouse, sorting, road, shop or merchant:CODE")]
pub struct InvalidReporter(String);

impl FromStr for Reporters {
    type Err = InvalidReporter;

    fn from_str(text: &str) -> Result<Self, InvalidReporter> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts
            .map(|part| reporter(part).ok_or_else(|| InvalidReporter(part.to_owned())))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

fn reporter(part: &str) -> Option<(Source, Reporter)> {
    let (source, role) = part.split_once('=')?;
    let plain = |role| Some(Reporter { role, merchant: None });
    let reporter = match role.split_once(':') {
        Some(("merchant", code)) => {
            let merchant = Some(Merchant::new(code).ok()?);
            Some(Reporter { role: Role::Merchant, merchant })
        }
        Some(_) => None,
        None => match role {
            "warehouse" => plain(Role::Warehouse),
            "sorting" => plain(Role::Sorting),
            "road" => plain(Role::Road),
            "shop" => plain(Role::Shop),
            _ => None,
        },
    };
    Some((Source::new(source).ok()?, reporter?))
}

impl Reporters {
    /// On whose behalf a file speaks; `origin` says where in it. A source that is not listed is a shop.
    #[must_use]
    pub fn actor(&self, kind: FileKind, source: &Source, origin: String) -> Actor {
        let listed = self.0.get(source).filter(|_| kind == FileKind::Status);
        Actor {
            subject: source.to_string(),
            role: listed.map_or(Role::Shop, |reporter| reporter.role),
            merchant: listed.and_then(|r| r.merchant.as_ref()).map(ToString::to_string),
            origin: Some(origin),
        }
    }

    /// The merchant that a source's folder belongs to, if it is a merchant's.
    #[must_use]
    pub fn merchant_of(&self, source: &Source) -> Option<&Merchant> {
        self.0.get(source).and_then(|reporter| reporter.merchant.as_ref())
    }
}
