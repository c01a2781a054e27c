//! Fronts of the local fleet: programs that reach no database, and so keep no heartbeats there. The register knows that
//! they run, their admin ports tell how they are.
//!
//! Never here: fronts of other machines, of which nobody here knows.

use std::collections::BTreeMap;
use std::path::Path;

use queue_topology::WorkerKind;
use serde::Serialize;

use super::{child, register};
use crate::error::Result;
use crate::output::cell;
use crate::site::Site;

/// Requests that are being answered, by every front.
const IN_FLIGHT: &str = "dray_http_in_flight";
/// Requests that were answered, by route, method and status.
const ANSWERED: &str = "dray_http_requests_total";

/// One that runs.
#[derive(Debug, Serialize)]
pub(super) struct Front {
    /// Which program it is.
    pub(super) worker: &'static str,
    /// Its name among its kind.
    instance: Option<String>,
    /// Where it serves.
    serves: Option<String>,
    /// It says that it can do its work.
    ready: bool,
    /// Requests that it answers at this moment.
    in_flight: Option<u64>,
    /// Requests that it has answered since its start.
    answered_total: Option<u64>,
    /// Where its metrics are.
    admin_addr: Option<String>,
}

/// Every front of the fleet of this state directory.
pub(super) async fn living(site: &Site) -> Result<Vec<Front>> {
    let run = site.directory("run")?;
    let mut fronts = Vec::new();
    for kind in WorkerKind::ALL.into_iter().filter(|kind| !kind.has_database()) {
        for (name, environment) in register::running_environment(kind, site)? {
            let admin_addr_file = run.join(format!("{name}.addr"));
            fronts.push(look(kind, &environment, &admin_addr_file).await);
        }
    }
    Ok(fronts)
}

async fn look(
    kind: WorkerKind,
    environment: &BTreeMap<String, String>,
    admin_addr_file: &Path,
) -> Front {
    let admin_addr = tokio::fs::read_to_string(admin_addr_file).await.ok();
    let admin_addr = admin_addr.map(|text| text.trim().to_owned());
    let metrics = match &admin_addr {
        Some(address) => child::metrics(address).await,
        None => None,
    };
    let sum_of = |name: &str| metrics.as_deref().and_then(|metrics| total(metrics, name));
    Front {
        worker: kind.name(),
        instance: environment.get("DRAY_INSTANCE").cloned(),
        serves: environment.get("DRAY_PORTAL_LISTEN").cloned(),
        ready: child::is_ready(admin_addr_file).await,
        in_flight: sum_of(IN_FLIGHT),
        answered_total: sum_of(ANSWERED),
        admin_addr,
    }
}

/// The sum of all series of this name, as lines like `name{label="value"} 12` say it; `None` where there is none.
pub(super) fn total(metrics: &str, name: &str) -> Option<u64> {
    let series = metrics.lines().filter_map(|line| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']))?;
        rest.rsplit_once(' ')?.1.trim().parse::<u64>().ok()
    });
    series.reduce(u64::saturating_add)
}

impl Front {
    /// The cells of its row among the workers, whose columns it does not all have.
    pub(super) fn cells(&self) -> [String; 14] {
        let none = || cell::<String>(None);
        [
            self.worker.to_owned(),
            cell(self.instance.as_ref()),
            if self.ready { "yes" } else { "no" }.to_owned(),
            none(),
            none(),
            none(),
            none(),
            cell(self.in_flight),
            cell(self.answered_total),
            none(),
            none(),
            none(),
            none(),
            cell(self.admin_addr.as_ref()),
        ]
    }

    /// Where it serves, for people.
    pub(super) fn address(&self) -> Option<String> {
        let serves = self.serves.as_ref()?;
        Some(format!("{} answers at http://{serves}", self.worker))
    }
}
