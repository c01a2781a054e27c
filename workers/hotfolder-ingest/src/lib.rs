//! The hot folder: files of orders, cancellations, returns and reports become commands, and each file is answered with a report.
//!
//! Read in this order: [`name`], [`tsv`], [`format`], then [`order`], [`status`], [`cancel`] and [`returns`] say
//! what a file is; [`folder`] and [`content`] how it lies on the disk; [`decide`] what becomes of it;
//! [`ingest`], [`import`] and [`pipeline`] do it; [`desk`] asks the fleet; [`store`] keeps the record;
//! [`report`] answers. [`commands`] are the folder's own: a gap that is passed, a file that comes
//! as messages ([`upload`]).

mod answer;
pub mod cancel;
pub mod commands;
pub mod content;
pub mod decide;
pub mod desk;
mod errors;
pub mod fault;
mod fields;
pub mod folder;
pub mod format;
pub mod import;
pub mod ingest;
pub mod metrics;
pub mod name;
pub mod order;
pub mod pipeline;
pub mod report;
pub mod reporters;
pub mod returns;
pub mod settings;
mod skip;
pub mod status;
pub mod store;
pub mod tsv;
pub mod upload;
pub mod verdict;
pub mod watch;
pub mod window;

#[cfg(test)]
mod tests;
