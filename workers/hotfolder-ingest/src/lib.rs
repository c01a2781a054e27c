//! The hot folder: files of orders become commands, and each file is answered with a report.

pub mod content;
pub mod fault;
pub mod folder;
pub mod name;
pub mod order;
pub mod report;
pub mod tsv;

#[cfg(test)]
mod tests;
