//! What supervise and the tools that talk to it share: commands, the status, and the rules of a service's life.

pub mod command;
pub mod folder;
pub mod hold;
pub mod json;
pub mod machine;
pub mod place;
pub mod rules;
pub mod scanner;
pub mod seen;
pub mod shutdown;
pub mod state;
pub mod status;
pub mod survivor;
pub mod waiting;
