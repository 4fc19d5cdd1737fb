//! `envini`: variables from a file with sections. The original package has no such tool.

use harness::{Scratch, is_original};

use crate::{refused, run, text};

#[test]
fn lines_are_variables_and_sections_their_prefix() {
    if !is_original() {
        let here = Scratch::new();
        here.write("file", "# comment\nA = 1 2\n[db]\nhost=x\n");
        assert_eq!(text(run(&here, "envini", &["file", "sh", "-c", "echo $A $db_host"])), "1 2 x\n");
    }
}

#[test]
fn what_is_not_understood_is_111_and_nothing_is_run() {
    if !is_original() {
        let here = Scratch::new();
        here.write("file", "A=1\nwhat is this\n");
        let words = "envini: fatal: unable to understand line 2 of file";
        refused(&run(&here, "envini", &["file", "echo", "run"]), 111, words);
        let words = "envini: fatal: unable to read nowhere: file does not exist";
        refused(&run(&here, "envini", &["nowhere", "echo", "run"]), 111, words);
        refused(&run(&here, "envini", &["file"]), 100, "envini: usage: envini file child");
    }
}
