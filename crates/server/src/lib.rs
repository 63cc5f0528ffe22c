//! Configuration, wiring and command line: what turns the crates below into the binary `vestibule`.

pub mod address;
pub mod cli;
pub mod config;
mod data;
pub mod dialects;
pub mod instance;
mod logs;
mod master_key;
mod open_files;
pub mod pages;
pub mod routes;
mod signals;
