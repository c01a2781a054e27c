//! The input files: which there are, which orders they name, and into the hot folder with them.
//!
//! The orders are counted here from the files themselves, apart from the fleet, so that one the fleet
//! never saw is missed.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use crate::error::{CommandError, Exit, Result};

/// One input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputFile {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// `order`, `return` and so on.
    pub(crate) kind: String,
    /// Whose it is.
    pub(crate) source: String,
}

impl InputFile {
    /// Reads `<kind>-<source>-<sequence>...`; `None` for a name that is no hot-folder file's.
    fn of(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let stem = name.strip_suffix(".gz").unwrap_or(name).strip_suffix(".tsv")?;
        let (kind, rest) = stem.split_once('-')?;
        let (source, _sequence) = rest.rsplit_once('-')?;
        Some(Self {
            path: path.to_path_buf(),
            name: name.to_owned(),
            kind: kind.to_owned(),
            source: source.to_owned(),
        })
    }

    /// True for files of orders.
    pub(crate) fn is_order_file(&self) -> bool {
        self.kind == "order"
    }

    /// True for what the fleet has a worker for.
    fn is_worked_on(&self) -> bool {
        ["order", "cancel", "return", "status"].contains(&self.kind.as_str())
    }

    /// When it is dropped.
    fn part(&self) -> Part {
        if self.kind == "return" { Part::Returns } else { Part::Day }
    }
}

/// Returns give back what was delivered: their files come after everything else had its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Orders, cancellations, reports.
    Day,
    /// What is given back.
    Returns,
}

/// (source, order reference).
pub(crate) type OrderKey = (String, String);

/// All input.
#[derive(Debug)]
pub(crate) struct Feed {
    /// The files in the order of their names.
    pub(crate) files: Vec<InputFile>,
    /// Every order that the order files name, with the first file that does.
    pub(crate) orders: BTreeMap<OrderKey, String>,
}

impl Feed {
    /// Looks at directories and the directories in them, and reads the order files.
    pub(crate) fn find(directories: &[PathBuf]) -> Result<Self> {
        let mut files = Vec::new();
        for directory in directories {
            let before = files.len();
            for path in list(directory)? {
                if path.is_dir() {
                    files.extend(list(&path)?.iter().filter_map(|path| InputFile::of(path)));
                } else {
                    files.extend(InputFile::of(&path));
                }
            }
            if files.len() == before {
                let message = format!(
                    "{} holds no file named <kind>-<source>-<sequence>.tsv or .tsv.gz",
                    directory.display()
                );
                return Err(CommandError::new(Exit::NoInput, message));
            }
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let mut orders = BTreeMap::new();
        for file in files.iter().filter(|file| file.is_order_file()) {
            for order_ref in order_references(file)? {
                orders.entry((file.source.clone(), order_ref)).or_insert_with(|| file.name.clone());
            }
        }
        Ok(Self { files, orders })
    }

    /// Number of files that the fleet works on when everything up to this part is there.
    pub(crate) fn worked_on(&self, up_to: Part) -> usize {
        let there = |file: &&InputFile| file.is_worked_on() && file.part() <= up_to;
        self.files.iter().filter(there).count()
    }

    /// Copies the files of a part into the inboxes of their sources, each appearing whole.
    pub(crate) fn drop_into(&self, root: &Path, part: Part) -> Result<()> {
        for file in self.files.iter().filter(|file| file.part() == part) {
            let inbox = root.join(&file.source).join("inbox");
            std::fs::create_dir_all(&inbox)
                .map_err(|error| CommandError::file("create", &inbox, &error))?;
            let partial = inbox.join(format!("{}.part", file.name));
            let target = inbox.join(&file.name);
            std::fs::copy(&file.path, &partial)
                .and_then(|_bytes| std::fs::rename(&partial, &target))
                .map_err(|error| CommandError::file("copy into the hot folder", &target, &error))?;
        }
        Ok(())
    }
}

fn list(directory: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| CommandError::file("list", directory, &error);
    let entries = std::fs::read_dir(directory).map_err(failed)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<Vec<PathBuf>>>()
        .map_err(failed)?;
    paths.sort();
    Ok(paths)
}

/// The order references of a file, consecutive repetitions once.
fn order_references(file: &InputFile) -> Result<Vec<String>> {
    let failed = |error: std::io::Error| CommandError::file("read", &file.path, &error);
    let opened = File::open(&file.path).map_err(failed)?;
    let plain: Box<dyn Read> = if file.path.extension() == Some(OsStr::new("gz")) {
        Box::new(MultiGzDecoder::new(opened))
    } else {
        Box::new(opened)
    };
    let mut lines = BufReader::new(plain).split(b'\n');
    let header = lines.next().transpose().map_err(failed)?.unwrap_or_default();
    let header = String::from_utf8_lossy(&header).into_owned();
    let mut names = header.trim_start_matches('\u{feff}').trim_end_matches('\r').split('\t');
    let Some(column) = names.position(|name| name == "order_ref") else {
        return Ok(Vec::new());
    };
    let mut references: Vec<String> = Vec::new();
    for line in lines {
        let line = line.map_err(failed)?;
        let field = line.split(|byte| *byte == b'\t').nth(column).unwrap_or_default();
        let reference = String::from_utf8_lossy(field);
        let reference = reference.trim();
        if !reference.is_empty() && references.last().is_none_or(|last| last != reference) {
            references.push(reference.to_owned());
        }
    }
    Ok(references)
}
