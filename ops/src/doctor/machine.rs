//! This machine: disks, secret, hot folder; and Redis.

use std::path::Path;

use rustix::fs::{Access, access, statvfs};

use super::Findings;
use crate::redis::Redis;
use crate::site::{Site, required};

/// Below this much free space things begin to stop.
const FREE_BYTES_LEAST: u64 = 2_000_000_000;

pub(super) fn look(site: &Site, findings: &mut Findings) {
    match site.broker_password("dray-operator") {
        Ok(_) => findings.ok("secret", "there, and passwords can be derived from it"),
        Err(error) => findings.failed("secret", &error),
    }
    match site.directory("run") {
        Ok(path) => disk("disk of the state directory", &path, findings),
        Err(error) => findings.failed("state directory", &error),
    }
    match crate::fleet::hotfolder(site) {
        Ok(root) => hotfolder(&root, findings),
        Err(error) => findings.failed("hot folder", &error),
    }
}

fn hotfolder(root: &Path, findings: &mut Findings) {
    let shown = root.display();
    if !root.is_dir() {
        let advice = "`dray fleet up` makes it; or set DRAY_HOTFOLDER to the right directory";
        return findings.warn("hot folder", format!("{shown} is not there"), advice);
    }
    match access(root, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK) {
        Ok(()) => {
            findings.ok("hot folder", format!("{shown} can be written"));
            disk("disk of the hot folder", root, findings);
        }
        Err(error) => {
            let advice = "give the user of hotfolder-ingest the right to read and write there";
            findings.wrong("hot folder", format!("{shown}: {error}"), advice);
        }
    }
}

fn disk(area: &'static str, path: &Path, findings: &mut Findings) {
    match statvfs(path) {
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let text = format!("{} GB free at {}", free / 1_000_000_000, path.display());
            if free < FREE_BYTES_LEAST {
                findings.wrong(
                    area,
                    text,
                    "make room: the broker blocks publishers when its disk is full",
                );
            } else {
                findings.ok(area, text);
            }
        }
        Err(error) => findings.wrong(area, error.to_string(), "check that the path is there"),
    }
}

pub(super) async fn redis(findings: &mut Findings) {
    let url = match required("REDIS_URL") {
        Ok(url) => url,
        Err(error) => {
            return findings.warn(
                "redis",
                error.to_string(),
                "without it only the cache in each process works",
            );
        }
    };
    let Some(redis) = Redis::parse(&url) else {
        let found =
            "REDIS_URL is no redis:// address: this program does not look at TLS and sockets";
        return findings.warn("redis", found, "look with redis-cli");
    };
    let advice = "the fleet works without it, only slower: start it, or check REDIS_URL";
    match redis.ping().await {
        Ok(()) => match redis.info().await {
            Ok(info) => {
                let version = info.lines().find_map(|line| line.strip_prefix("redis_version:"));
                findings.ok(
                    "redis",
                    format!("{} version {}", redis.place, version.unwrap_or("?").trim()),
                );
            }
            Err(error) => findings.warn("redis", error.to_string(), advice),
        },
        Err(error) => findings.wrong("redis", error.to_string(), advice),
    }
}
