//! Reads, follows, searches and checks log directories of the multilog family.
//!
//! | module | promise |
//! |---|---|
//! | [`stamp`] | the stamp of a line, in any form of the family, is a moment |
//! | [`store`] | a directory is its generations in order, each of them one file, whatever happens meanwhile |
//! | [`archive`] | a file is text, however it is compressed, in segments that can be decoded by themselves |
//! | [`plan`] | no generation is looked at that can't have a wanted line |
//! | [`pattern`] | a pattern never sees beyond a line |
//! | [`search`] | every line whose text matches is found, and no other |
//! | [`pipeline`] | all processors work, in bounded memory and with few open files |
//! | [`merge`] | lines come in the order of (key, directory, place) |
//! | [`show`] | a line in the form that was asked for |
//! | [`explain`] | a multilog script in words, with its mistakes |
//! | [`follow`] | every line is shown once, and where lines are gone that is said |
//! | [`cursor`] | where a reader was, on the disk |
//! | [`unnamed`] | what has no room in memory has room in a file that nobody else sees |
//! | [`stat`] | a file or a time in numbers |
//! | [`time`] | what people write as times are moments |
//! | [`command`] | the command line |

#![forbid(unsafe_code)]

pub mod archive;
pub mod command;
pub mod cursor;
pub mod explain;
pub mod follow;
pub mod merge;
pub mod pattern;
pub mod pipeline;
pub mod plan;
pub mod search;
pub mod show;
pub mod stamp;
pub mod stat;
pub mod store;
pub mod time;
pub mod unnamed;

pub use command::main;
