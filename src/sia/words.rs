//! Faults in the words of the protocol (SIA 2.0 section 3.2).

use crate::tap::Fault;

/// What is said of a fault: it begins with one of four words, by which clients
/// tell what may be done about it.
pub fn told(fault: &Fault) -> String {
    let word = match fault.status() {
        400..=499 => "UsageFault",
        503 => "TransientFault",
        500..=599 => "FatalFault",
        _ => "DefaultFault",
    };
    format!("{word}: {}", fault.message())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_word_says_whose_fault_it_is() {
        let check = |fault: Fault, expected: &str| assert_eq!(told(&fault), expected);
        check(Fault::usage("invalid BAND"), "UsageFault: invalid BAND");
        check(Fault::ours("it broke"), "FatalFault: it broke");
        check(
            Fault::from(crate::database::Error::Cancelled),
            "TransientFault: the query was cancelled; send it again",
        );
    }
}
