//! TSV tables of a network directory: header row, columns by name, no quoting. Text in, text out.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a network is of no use for sample data.
#[derive(Debug, Error)]
pub(crate) enum NetworkError {
    /// A file cannot be read or written.
    #[error("cannot access {}: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A table that is needed is not there.
    #[error("the network has no {table}.tsv")]
    Missing {
        /// Which table.
        table: String,
    },
    /// A column that is needed is not there.
    #[error("{table}.tsv has no column {column}")]
    Column {
        /// Which table.
        table: String,
        /// Which column.
        column: &'static str,
    },
    /// A table has a header only.
    #[error("{table}.tsv has no rows")]
    Empty {
        /// Which table.
        table: String,
    },
    /// A row names something that another table does not have.
    #[error("{code:?} is used but not in {table}.tsv")]
    Unknown {
        /// The table that should have it.
        table: String,
        /// What is missing.
        code: String,
    },
    /// A field cannot be read.
    #[error("{table}.tsv holds {value:?}, expected {expected}")]
    Value {
        /// Which table.
        table: String,
        /// What it says.
        value: String,
        /// What it should say.
        expected: &'static str,
    },
}

/// The tables of a network, by the file's name without `.tsv`, in the order of `dray network load`.
pub(crate) const TABLE_NAMES: [&str; 11] = [
    "depots",
    "zones",
    "districts",
    "timeslots",
    "truck_types",
    "upgrade_ladder",
    "truck_pool",
    "route_templates",
    "zone_quota",
    "warehouses",
    "pick_flow",
];

/// One table as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    name: String,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(name: &str, header: &[&str]) -> Self {
        let header = header.iter().map(|&column| column.to_owned()).collect();
        Self { name: name.to_owned(), header, rows: Vec::new() }
    }

    /// Adds a row; its fields stand in the order of the header.
    pub(crate) fn push<const N: usize>(&mut self, fields: [String; N]) {
        self.rows.push(fields.into());
    }

    fn parse(name: &str, text: &str) -> Self {
        let mut lines = text
            .trim_start_matches('\u{feff}')
            .lines()
            .map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
        let header = lines.next().unwrap_or_default();
        Self { name: name.to_owned(), header, rows: lines.collect() }
    }

    fn to_tsv(&self) -> String {
        let lines = std::iter::once(&self.header).chain(&self.rows);
        lines.flat_map(|fields| [fields.join("\t"), "\n".to_owned()]).collect()
    }

    fn column(&self, column: &'static str) -> Result<usize, NetworkError> {
        self.header
            .iter()
            .position(|name| name == column)
            .ok_or_else(|| NetworkError::Column { table: self.name.clone(), column })
    }

    /// Two columns of every row.
    ///
    /// # Errors
    /// [`NetworkError::Column`] when one of them is not there.
    pub(crate) fn pairs(
        &self,
        left: &'static str,
        right: &'static str,
    ) -> Result<Vec<(String, String)>, NetworkError> {
        let (left, right) = (self.column(left)?, self.column(right)?);
        let field = |row: &[String], index| row.get(index).cloned().unwrap_or_default();
        Ok(self.rows.iter().map(|row| (field(row, left), field(row, right))).collect())
    }
}

/// All tables of a network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tables(BTreeMap<String, Table>);

impl Tables {
    /// Reads every table that the directory has.
    ///
    /// # Errors
    /// [`NetworkError::Io`] when a file that is there cannot be read.
    pub(crate) fn load(directory: &Path) -> Result<Self, NetworkError> {
        let mut tables = Self::default();
        for name in TABLE_NAMES {
            let path = directory.join(format!("{name}.tsv"));
            match fs::read_to_string(&path) {
                Ok(text) => tables.insert(Table::parse(name, &text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(NetworkError::Io { path, source }),
            }
        }
        Ok(tables)
    }

    /// Adds or replaces a table.
    pub(crate) fn insert(&mut self, table: Table) {
        self.0.insert(table.name.clone(), table);
    }

    /// A table by name.
    ///
    /// # Errors
    /// [`NetworkError::Missing`] when it is not there.
    pub(crate) fn get(&self, name: &str) -> Result<&Table, NetworkError> {
        self.0.get(name).ok_or_else(|| NetworkError::Missing { table: name.to_owned() })
    }

    /// Writes every table as `<name>.tsv`.
    ///
    /// # Errors
    /// [`NetworkError::Io`] when a file cannot be written.
    pub(crate) fn save(&self, directory: &Path) -> Result<(), NetworkError> {
        fs::create_dir_all(directory)
            .map_err(|source| NetworkError::Io { path: directory.to_owned(), source })?;
        for table in self.0.values() {
            let path = directory.join(format!("{}.tsv", table.name));
            fs::write(&path, table.to_tsv()).map_err(|source| NetworkError::Io { path, source })?;
        }
        Ok(())
    }
}
