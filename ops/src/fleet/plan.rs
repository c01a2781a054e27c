//! Which programs run, from which files, with which settings. Pure but for looking the files up.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use queue_topology::WorkerKind;

use super::Clock;
use crate::error::{CommandError, Exit, Result};
use crate::site::Site;

/// The broker user of the warehouse's own system.
const PARTNER_WMS: &str = "partner-wms";

/// What is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Where the programs are.
    pub(crate) programs: PathBuf,
    /// Only these workers; empty: all.
    pub(crate) only: Vec<WorkerKind>,
    /// More than one instance of a worker.
    pub(crate) instances: Vec<(WorkerKind, NonZeroU16)>,
    /// The clock they judge by.
    pub(crate) clock: Clock,
    /// The root of the hot folder.
    pub(crate) hotfolder: PathBuf,
    /// Beside the workers, play the warehouse: arguments of `loadtest partner-sim wms`.
    pub(crate) partner_wms: Option<Vec<String>>,
}

/// One child.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    /// The name for people and files: `waybill-status`, `waybill-status-2`.
    pub(crate) name: String,
    /// Which worker it is; `None`: a program that neither says that it is ready nor sends heartbeats.
    pub(crate) worker: Option<WorkerKind>,
    /// Counted from 1 within its kind.
    pub(crate) number: u16,
    /// Its program.
    pub(crate) program: PathBuf,
    /// Its arguments.
    pub(crate) arguments: Vec<String>,
    /// What it is told beyond what this process was told.
    pub(crate) environment: BTreeMap<&'static str, String>,
    /// Where its output goes.
    pub(crate) log: PathBuf,
    /// Where it writes the address of its admin port.
    pub(crate) admin_addr_file: PathBuf,
}

/// Every child of a fleet.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(super) specs: Vec<Spec>,
    pub(super) clock: Clock,
    pub(super) hotfolder: PathBuf,
}

/// What only the CLI needs: no child is given it.
pub(super) const WITHHELD: [&str; 6] = [
    "DATABASE_OWNER_URL",
    "DATABASE_TCP_URL",
    "AMQP_MANAGEMENT_URL",
    "DRAY_SECRET_FILE",
    "PARTNER_PSS_AMQP_URL",
    "PARTNER_ODS_AMQP_URL",
];

impl Plan {
    /// Plans what is asked for. Fails when a program is missing.
    pub(crate) fn new(request: &Request, site: &Site) -> Result<Self> {
        let chosen = |kind: &WorkerKind| request.only.is_empty() || request.only.contains(kind);
        let mut specs = Vec::new();
        for kind in WorkerKind::ALL.into_iter().filter(chosen) {
            let asked = request.instances.iter().rev().find(|(known, _)| *known == kind);
            for number in 1..=asked.map_or(1, |(_, count)| count.get()) {
                specs.push(worker(kind, number, request, site)?);
            }
        }
        if let Some(arguments) = &request.partner_wms {
            specs.push(partner_wms(arguments, request, site)?);
        }
        Ok(Self { specs, clock: request.clock, hotfolder: request.hotfolder.clone() })
    }
}

fn worker(kind: WorkerKind, number: u16, request: &Request, site: &Site) -> Result<Spec> {
    let name = match number {
        1 => kind.name().to_owned(),
        _ => format!("{}-{number}", kind.name()),
    };
    let mut spec = spec(name, &request.programs.join(kind.name()), site)?;
    spec.worker = Some(kind);
    spec.number = number;
    spec.environment = BTreeMap::from([
        ("AMQP_URL", site.worker(kind)?.url()),
        ("DATABASE_URL", site.database_url()?.expose().to_owned()),
        ("DRAY_ADMIN_ADDR", "127.0.0.1:0".to_owned()),
        ("DRAY_ADMIN_ADDR_FILE", spec.admin_addr_file.display().to_string()),
        ("DRAY_CLOCK", request.clock.word().to_owned()),
        ("DRAY_HOTFOLDER", request.hotfolder.display().to_string()),
    ]);
    if kind == WorkerKind::Identity {
        spec.environment.insert("DRAY_IDENTITY_SECRET", site.identity_secret()?);
    }
    if kind == WorkerKind::PortalShim {
        // it stands where strangers reach it: nothing but the broker is its business
        spec.environment.extend([
            ("DRAY_PORTAL_LISTEN", site.portal_address(number)?.to_string()),
            ("DATABASE_URL", String::new()),
            ("REDIS_URL", String::new()),
        ]);
    }
    Ok(spec)
}

fn partner_wms(arguments: &[String], request: &Request, site: &Site) -> Result<Spec> {
    let mut spec = spec(PARTNER_WMS.to_owned(), &request.programs.join("loadtest"), site)?;
    spec.arguments = ["partner-sim", "wms"]
        .map(str::to_owned)
        .into_iter()
        .chain(arguments.iter().cloned())
        .collect();
    let address = site.admin()?.logged_in_as(PARTNER_WMS, &site.broker_password(PARTNER_WMS)?);
    // everything but its own address is none of a partner's business
    spec.environment = BTreeMap::from([
        ("PARTNER_WMS_AMQP_URL", address.url()),
        ("AMQP_URL", String::new()),
        ("DATABASE_URL", String::new()),
        ("REDIS_URL", String::new()),
    ]);
    Ok(spec)
}

fn spec(name: String, program: &Path, site: &Site) -> Result<Spec> {
    if !program.is_file() {
        let message = format!(
            "there is no program {}: build it (cargo build --release --workspace) or name its directory \
             with --release-dir",
            program.display()
        );
        return Err(CommandError::new(Exit::NoInput, message));
    }
    let admin_addr_file = site.directory("run")?.join(format!("{name}.addr"));
    let log = site.directory("log")?.join(format!("{name}.log"));
    Ok(Spec {
        name,
        worker: None,
        number: 1,
        program: program.to_path_buf(),
        arguments: Vec::new(),
        environment: BTreeMap::new(),
        log,
        admin_addr_file,
    })
}

/// The directory of this program: the others are built into the same one.
pub(crate) fn beside_this_program() -> Result<PathBuf> {
    let this = std::env::current_exe().map_err(|error| {
        CommandError::new(Exit::System, format!("cannot find this program: {error}"))
    })?;
    Ok(this.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf))
}
