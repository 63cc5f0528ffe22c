//! Our own failures.

/// Something that went wrong on our side. The text is for the log; a client sees only which kind it was.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// The work never began; repeating it is safe.
    #[error("the work did not begin before its deadline: {0}")]
    TooLate(String),
    /// The work began and its outcome is not known: it may have happened.
    #[error("the outcome is not known: {0}")]
    Unknown(String),
    /// A part that we depend on (the database, its disk) cannot serve now.
    #[error("unavailable: {0}")]
    Unavailable(String),
    /// A defect or damaged data.
    #[error("internal fault: {0}")]
    Internal(String),
}
