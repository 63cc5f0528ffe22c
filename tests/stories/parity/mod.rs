//! The same story through every door: equal verdicts, each in its own words.

mod accounts;
mod door;
mod hosts;
mod isolation;
mod keys;
mod lockout;
mod passwords;
mod sessions;
