//! Bugs planted into the agent's shell, to see that the audit finds them.

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bug {
    /// Nothing.
    None,
    /// An order is sent before its intent is durable.
    SendsBeforeCommit,
    /// Each fill is told twice.
    BooksTwice,
    /// An order without an answer is sent again under another name.
    SendsAgain,
    /// An order without an answer counts as refused.
    TimeoutIsRefusal,
    /// What filled while the agent was away is not looked at.
    ForgetsAtStart,
    /// An order that the venue does not know yet counts as never arrived.
    GivesUpAtOnce,
    /// The answer to a cancel, whatever it is, counts as the order's end.
    CancelIsEnd,
    /// Fees are not booked.
    DropsFees,
}

impl Bug {
    pub const PLANTED: [Self; 8] = [
        Self::SendsBeforeCommit,
        Self::BooksTwice,
        Self::SendsAgain,
        Self::TimeoutIsRefusal,
        Self::ForgetsAtStart,
        Self::GivesUpAtOnce,
        Self::CancelIsEnd,
        Self::DropsFees,
    ];
}
