//! The hot folder: files of orders become commands, and each file is answered with a report.
//!
//! Read in this order: [`name`], [`tsv`] and [`order`] say what a file is; [`folder`] and
//! [`content`] how it lies on the disk; [`decide`] what becomes of it; [`ingest`], [`import`] and
//! [`pipeline`] do it; [`desk`] asks the fleet; [`store`] keeps the record; [`report`] answers.

mod answer;
pub mod content;
pub mod decide;
pub mod desk;
mod errors;
pub mod fault;
pub mod folder;
pub mod import;
pub mod ingest;
pub mod metrics;
pub mod name;
pub mod order;
pub mod pace;
pub mod pipeline;
pub mod report;
pub mod settings;
pub mod skip;
pub mod store;
pub mod tsv;
pub mod watch;
pub mod window;

#[cfg(test)]
mod tests;
