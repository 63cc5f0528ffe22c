//! The real process: killed, stopped, starved, flooded, misconfigured, and worked on from its command line.

mod attack;
mod backup;
mod cli;
mod client;
mod connections;
mod disk;
mod faults;
mod gateway;
mod house;
mod kill;
mod ledger;
mod limits;
mod locked;
mod nodes;
mod overload;
mod place;
mod redis;
mod refusals;
mod roles;
mod shared_budgets;
mod stop;
mod takeover;
mod user_schema;
