//! Stories of roles, as they are seen through the doors.

mod claims;
