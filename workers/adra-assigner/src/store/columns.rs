//! The columns of the one JSON parameter that a statement takes. Text types equal those of the tables:
//! otherwise no index is used. Never here: a statement.

/// A code or a word.
macro_rules! ascii {
    ($name:literal, $length:literal) => {
        concat!(
            $name,
            " VARCHAR(",
            $length,
            ") CHARACTER SET ascii COLLATE ascii_bin PATH '$.",
            $name,
            "' ERROR ON ERROR"
        )
    };
}

/// A UUID as 32 hex digits.
macro_rules! id {
    ($name:literal) => {
        concat!(
            $name,
            " CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.",
            $name,
            "' ERROR ON ERROR"
        )
    };
}

/// Anything else: name and type.
macro_rules! plain {
    ($name:literal, $kind:literal) => {
        concat!($name, " ", $kind, " PATH '$.", $name, "' ERROR ON ERROR")
    };
}

/// An amount or a version.
macro_rules! number {
    ($name:literal) => {
        plain!($name, "BIGINT UNSIGNED")
    };
}

/// The rows of the parameter, as the table `r`.
macro_rules! rows {
    ($first:expr $(, $column:expr)* $(,)?) => {
        concat!("JSON_TABLE(?, '$[*]' COLUMNS(", $first, $(", ", $column,)* ")) r")
    };
}

/// The same for a statement that locks what it joins.
macro_rules! rows_to_lock {
    ($first:expr $(, $column:expr)* $(,)?) => {
        concat!("(SELECT r.* FROM ", rows!($first $(, $column)*), ") r")
    };
}

/// The three columns that name a slot day.
macro_rules! slot_day {
    () => {
        concat!(
            ascii!("depot", 32),
            ", ",
            plain!("delivery_date", "DATE"),
            ", ",
            ascii!("timeslot", 32)
        )
    };
}

/// The four amounts of a load.
macro_rules! load {
    () => {
        concat!(
            plain!("waybills", "INT UNSIGNED"),
            ", ",
            number!("dry_ml"),
            ", ",
            number!("frozen_ml"),
            ", ",
            number!("weight_g")
        )
    };
}

pub(super) use {ascii, id, load, number, plain, rows, rows_to_lock, slot_day};
