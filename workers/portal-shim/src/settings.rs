//! What the portal is told at start.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use ::settings::FrontSettings;
use clap::{Args, Parser};

/// Every setting of the process.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "portal-shim",
    version,
    about = "Turns HTTP requests into messages and answers with what the fleet says"
)]
pub(crate) struct Settings {
    /// What every front has.
    #[command(flatten)]
    pub(crate) front: FrontSettings,
    /// The portal's own.
    #[command(flatten)]
    pub(crate) portal: PortalSettings,
}

impl AsRef<FrontSettings> for Settings {
    fn as_ref(&self) -> &FrontSettings {
        &self.front
    }
}

/// Where it listens and how much it takes on.
#[derive(Debug, Clone, Args)]
pub(crate) struct PortalSettings {
    /// Address for HTTP; port 0 takes a free one. TLS is for the proxy in front
    #[arg(
        long = "portal-listen",
        env = "DRAY_PORTAL_LISTEN",
        value_name = "DRAY_PORTAL_LISTEN",
        default_value = "127.0.0.1:8480"
    )]
    pub(crate) listen: SocketAddr,

    /// File that receives the address in use, for those who asked for a free port
    #[arg(
        long = "portal-listen-file",
        env = "DRAY_PORTAL_LISTEN_FILE",
        value_name = "DRAY_PORTAL_LISTEN_FILE"
    )]
    pub(crate) listen_file: Option<PathBuf>,

    /// How others reach it, for labels and links: https://portal.example; the address of the request when not given
    #[arg(long = "portal-url", env = "DRAY_PORTAL_URL", value_name = "DRAY_PORTAL_URL")]
    url: Option<String>,

    /// Proxies in front of it whose X-Forwarded-For is believed: the last so many entries are theirs
    #[arg(long = "portal-proxies", env = "DRAY_PORTAL_PROXIES", value_name = "DRAY_PORTAL_PROXIES", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=8))]
    pub(crate) proxies: u8,

    /// Connections at most; more wait in the kernel
    #[arg(long = "portal-connections", env = "DRAY_PORTAL_CONNECTIONS", value_name = "DRAY_PORTAL_CONNECTIONS", default_value_t = 900, value_parser = clap::value_parser!(u16).range(1..=20_000))]
    pub(crate) connections: u16,

    /// Status reports and planning in progress at most; more are answered 503 at once
    #[arg(long = "portal-first", env = "DRAY_PORTAL_FIRST", value_name = "DRAY_PORTAL_FIRST", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) first: u16,

    /// Other requests in progress at most; more are answered 503 at once
    #[arg(long = "portal-normal", env = "DRAY_PORTAL_NORMAL", value_name = "DRAY_PORTAL_NORMAL", default_value_t = 192, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) normal: u16,

    /// Lists in progress at most; more are answered 503 at once
    #[arg(long = "portal-low", env = "DRAY_PORTAL_LOW", value_name = "DRAY_PORTAL_LOW", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) low: u16,

    /// Requests without a token (tracking, signing in) in progress at most; more are answered 503 at once
    #[arg(long = "portal-public", env = "DRAY_PORTAL_PUBLIC", value_name = "DRAY_PORTAL_PUBLIC", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub(crate) public: u16,

    /// Ready messages of the deepest queue behind new orders at which only ten of them a second are let in
    #[arg(long = "portal-depth", env = "DRAY_PORTAL_DEPTH", value_name = "DRAY_PORTAL_DEPTH", default_value_t = 200, value_parser = clap::value_parser!(u32).range(4..=100_000))]
    pub(crate) depth: u32,

    /// Requests without a token a second for each address; of IPv6, for each /64
    #[arg(
        long = "portal-public-rate",
        env = "DRAY_PORTAL_PUBLIC_RATE",
        value_name = "DRAY_PORTAL_PUBLIC_RATE",
        default_value = "10"
    )]
    pub(crate) public_rate: NonZeroU32,

    /// Lists a second for each caller
    #[arg(
        long = "portal-low-rate",
        env = "DRAY_PORTAL_LOW_RATE",
        value_name = "DRAY_PORTAL_LOW_RATE",
        default_value = "2"
    )]
    pub(crate) low_rate: NonZeroU32,

    /// Lists a second for all callers together
    #[arg(
        long = "portal-low-total",
        env = "DRAY_PORTAL_LOW_TOTAL",
        value_name = "DRAY_PORTAL_LOW_TOTAL",
        default_value = "50"
    )]
    pub(crate) low_total: NonZeroU32,
}

impl PortalSettings {
    /// How others reach it, without a slash at its end. Compose files set empty variables: an empty one is none.
    pub(crate) fn url(&self) -> Option<&str> {
        let url = self.url.as_deref()?.trim().trim_end_matches('/');
        (!url.is_empty()).then_some(url)
    }
}
