//! What a value is: bytes that become a typed value with its limits settled, or a reason why they can't.

use std::fmt;

/// A value that the original's grammar does not have. What can't be understood is an error.
pub trait Value: Sized {
    /// Reads what follows the head of the action.
    fn parse(text: &[u8]) -> Result<Self, Malformed>;
}

/// A number of the original's grammar. As text it is the argument that means it.
pub trait Number: Copy + fmt::Display {
    /// Reads what follows the head of the action. Whatever it is, the original reads a number in it.
    fn parse(text: &[u8]) -> (Self, Understood);
}

/// Why a value can't be understood, in words that end a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How much of a number of the original's grammar means something. The original refuses none: it reads the digits at
/// the start, and 0 where there are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Understood {
    /// All of it.
    Whole,
    /// The digits at the start, if there are any.
    Digits,
}
