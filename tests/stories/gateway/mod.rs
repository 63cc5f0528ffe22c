//! Stories about what lies behind the doors.

mod cookie;
mod faults;
mod films;
mod forward_auth;
mod passing;
mod refusing;
mod streams;
mod upstream;
