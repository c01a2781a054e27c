//! Folders, scans and moves, on a real file system.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use contracts::Timestamp;
use tempfile::TempDir;

use super::source;
use crate::folder::{Found, HotFolder, Place, Sightings, SourceFolder};

const SETTLED: Duration = Duration::from_secs(2);
const STALE: Duration = Duration::from_secs(3_600);

struct Fixture {
    root: TempDir,
    folder: SourceFolder,
    sightings: Sightings,
    start: Instant,
}

impl Fixture {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        fs::create_dir(root.path().join("shop")).unwrap();
        let folder = HotFolder::open(root.path()).unwrap().source(&source()).unwrap();
        let sightings = Sightings::new(SETTLED, STALE);
        Self { root, folder, sightings, start: Instant::now() }
    }

    fn path(&self, place: Place) -> PathBuf {
        self.root.path().join("shop").join(place.name())
    }

    fn put(&self, name: impl AsRef<OsStr>) {
        fs::write(self.path(Place::Inbox).join(name.as_ref()), "x").unwrap();
    }

    /// A scan `seconds` after the start: (name, ready | arriving | the misfit's code).
    fn scan(&mut self, seconds: u64, moved_in: &[&str]) -> Vec<(String, &'static str)> {
        let moved_in: HashSet<OsString> = moved_in.iter().map(OsString::from).collect();
        let now = self.start + Duration::from_secs(seconds);
        let entries = self.folder.scan(&mut self.sightings, &moved_in, now).unwrap();
        let word = |found: &Found| match found {
            Found::Ready(_) => "ready",
            Found::Arriving => "arriving",
            Found::Misfit(misfit) => misfit.code(),
        };
        entries.iter().map(|e| (e.name.to_string_lossy().into_owned(), word(&e.found))).collect()
    }

    fn names(&self, place: Place) -> Vec<String> {
        let names = self.folder.list(place).unwrap();
        names.into_iter().map(|name| name.to_string_lossy().into_owned()).collect()
    }
}

fn at() -> Timestamp {
    serde_json::from_str("\"2026-03-01T08:26:00.000001Z\"").unwrap()
}

#[test]
fn sources_are_folders_with_a_plain_name() {
    let root = TempDir::new().unwrap();
    for name in ["b", "a-1", ".hidden", "no space"] {
        fs::create_dir(root.path().join(name)).unwrap();
    }
    fs::write(root.path().join("file"), "").unwrap();
    std::os::unix::fs::symlink("/tmp", root.path().join("link")).unwrap();
    let (sources, others) = HotFolder::open(root.path()).unwrap().sources().unwrap();
    let sources: Vec<&str> = sources.iter().map(contracts::Source::as_str).collect();
    assert_eq!((sources, others.len()), (vec!["a-1", "b"], 4));
    assert!(HotFolder::open(&root.path().join("missing")).is_err());
}

#[test]
fn a_source_whose_subfolder_is_a_link_is_refused() {
    let root = TempDir::new().unwrap();
    fs::create_dir(root.path().join("shop")).unwrap();
    std::os::unix::fs::symlink("/tmp", root.path().join("shop").join("archive")).unwrap();
    assert!(HotFolder::open(root.path()).unwrap().source(&source()).is_err());
}

#[test]
fn a_file_is_ready_when_moved_in_or_marked_or_unchanged() {
    let mut f = Fixture::new();
    f.put("order-shop-1.tsv");
    f.put("order-shop-2.tsv");
    f.put("order-shop-3.tsv");
    f.put("order-shop-3.tsv.done");
    let first = f.scan(0, &["order-shop-2.tsv"]);
    let expected = |one: &'static str| {
        let names = ["order-shop-1.tsv", "order-shop-2.tsv", "order-shop-3.tsv"];
        names.map(String::from).into_iter().zip([one, "ready", "ready"]).collect::<Vec<_>>()
    };
    assert_eq!(first, expected("arriving"));
    assert_eq!(f.scan(1, &["order-shop-2.tsv"]), expected("arriving"), "a hint is no second scan");
    assert_eq!(f.scan(2, &["order-shop-2.tsv"]), expected("ready"));
}

#[test]
fn a_file_that_still_grows_is_left_alone() {
    let mut f = Fixture::new();
    f.put("order-shop-1.tsv");
    assert_eq!(f.scan(0, &[])[0].1, "arriving");
    let path = f.path(Place::Inbox).join("order-shop-1.tsv");
    fs::OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    assert_eq!(f.scan(2, &[])[0].1, "arriving");
    assert_eq!(f.scan(3, &[])[0].1, "arriving");
    assert_eq!(f.scan(4, &[])[0].1, "ready");
}

#[test]
fn what_does_not_belong_is_told_apart_once_it_is_settled() {
    let mut f = Fixture::new();
    let inbox = f.path(Place::Inbox);
    f.put("order-other-1.tsv");
    f.put("readme.txt");
    f.put(OsStr::from_bytes(b"order-shop-\xff.tsv"));
    f.put("order-shop-\n4.tsv");
    f.put("order-shop-5.tsv.part");
    f.put("lonely.done");
    fs::create_dir(inbox.join("order-shop-6.tsv")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", inbox.join("order-shop-7.tsv")).unwrap();
    f.put("order-shop-8.tsv");
    fs::hard_link(inbox.join("order-shop-8.tsv"), f.root.path().join("elsewhere")).unwrap();
    assert!(f.scan(0, &[]).iter().all(|(_, word)| *word == "arriving"));
    let settled: HashSet<&str> = f.scan(2, &[]).into_iter().map(|(_, word)| word).collect();
    let expected = [
        "NAME_OTHER_SOURCE",
        "NAME_EXTENSION",
        "NAME_NOT_UTF8",
        "NAME_CONTROL_CHARACTER",
        "NOT_A_REGULAR_FILE",
        "HARD_LINKS",
        "arriving",
    ];
    assert_eq!(settled, HashSet::from(expected));
    let stale = f.scan(3_600, &[]);
    assert_eq!(stale.iter().filter(|(_, word)| *word == "STALE_UPLOAD").count(), 2);
}

#[test]
fn setting_aside_gives_a_harmless_name_and_follows_no_link() {
    let f = Fixture::new();
    let bad = OsStr::from_bytes(b"evil\n\xff\x1b[2J.tsv");
    f.put(bad);
    std::os::unix::fs::symlink("/etc/passwd", f.path(Place::Inbox).join("link.tsv")).unwrap();
    let kept = f.folder.set_aside(bad, at()).unwrap();
    assert_eq!(kept, "evil____2J.tsv.20260301T082600000001Z");
    f.folder.set_aside(OsStr::new("link.tsv"), at()).unwrap();
    assert_eq!(f.names(Place::Unmapped).len(), 2);
    assert!(f.names(Place::Inbox).is_empty());
}

#[test]
fn a_file_is_claimed_once_and_archived_without_replacing_another() {
    let f = Fixture::new();
    let name = "order-shop-1.tsv";
    f.put(name);
    f.put("order-shop-1.tsv.done");
    f.folder.claim(name).unwrap();
    assert!(f.names(Place::Inbox).is_empty(), "the mark goes with the file");
    assert!(f.folder.claim(name).unwrap_err().is_gone());
    f.put(name);
    assert!(f.folder.claim(name).unwrap_err().is_taken());
    assert!(f.folder.give_back(name).unwrap_err().is_taken());
    let archived = f.folder.archive(name, at()).unwrap();
    assert_eq!(archived, "order-shop-1.tsv.20260301T082600000001Z");
    f.folder.claim(name).unwrap();
    assert!(f.folder.archive(name, at()).unwrap_err().is_taken());
    f.folder.give_back(name).unwrap();
    assert_eq!((f.names(Place::Inbox).len(), f.names(Place::Archive).len()), (1, 1));
}

#[test]
fn a_claimed_name_that_became_a_link_is_not_opened() {
    let f = Fixture::new();
    let path = f.path(Place::Processing).join("order-shop-1.tsv");
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    assert!(f.folder.open_claimed("order-shop-1.tsv").is_err());
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert!(f.folder.open_claimed("order-shop-1.tsv").is_err());
    assert!(f.folder.open_claimed("missing.tsv").unwrap_err().is_gone());
}

#[test]
fn a_written_file_is_there_as_a_whole_or_not_at_all() {
    let f = Fixture::new();
    let failing = f.folder.write(Place::Report, "a.json", |out| {
        out.write_all(b"half")?;
        Err(std::io::ErrorKind::StorageFull.into())
    });
    assert!(failing.is_err());
    assert!(f.names(Place::Report).is_empty());
    for text in ["one", "two"] {
        f.folder.write(Place::Report, "a.json", |out| out.write_all(text.as_bytes())).unwrap();
    }
    assert_eq!(fs::read_to_string(f.path(Place::Report).join("a.json")).unwrap(), "two");
    assert_eq!(f.names(Place::Report), ["a.json"]);
    assert!(f.folder.free_bytes().unwrap() > 0);
}
