//! Where a job stands (UWS 1.1 section 2.1.3).

/// The phases that jobs here go through. HELD, SUSPENDED, UNKNOWN and ARCHIVED
/// never happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Pending,
    Queued,
    Executing,
    Completed,
    Error,
    Aborted,
}

/// What the standard knows and we do not have: a list of such jobs is empty.
const ELSEWHERE: [&str; 4] = ["HELD", "SUSPENDED", "UNKNOWN", "ARCHIVED"];

impl Phase {
    pub const ALL: [Phase; 6] = [
        Phase::Pending,
        Phase::Queued,
        Phase::Executing,
        Phase::Completed,
        Phase::Error,
        Phase::Aborted,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Phase::Pending => "PENDING",
            Phase::Queued => "QUEUED",
            Phase::Executing => "EXECUTING",
            Phase::Completed => "COMPLETED",
            Phase::Error => "ERROR",
            Phase::Aborted => "ABORTED",
        }
    }

    pub fn parse(text: &str) -> Option<Phase> {
        Phase::ALL.into_iter().find(|phase| phase.name() == text)
    }

    /// Whether the standard has a phase of this name.
    pub fn is_name(text: &str) -> bool {
        Phase::parse(text).is_some() || ELSEWHERE.contains(&text)
    }

    /// Whether it may still change, so that waiting makes sense
    /// (section 2.2.1.2).
    pub fn is_active(self) -> bool {
        matches!(self, Phase::Pending | Phase::Queued | Phase::Executing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_standard() {
        for phase in Phase::ALL {
            assert_eq!(Phase::parse(phase.name()), Some(phase));
        }
        assert_eq!(Phase::parse("HELD"), None);
        assert!(Phase::is_name("HELD"));
        assert!(!Phase::is_name("RUN"));
    }
}
