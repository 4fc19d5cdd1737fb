//! `envini`: variables from a file with sections, as daemontools-encore has it. The original package has no such tool.

use harness::{Scratch, is_original};

use crate::{refused, run, text};

#[test]
fn lines_are_variables_and_sections_their_prefix() {
    if !is_original() {
        let here = Scratch::new();
        here.write("file", "# comment\nA = 1 2\nwhat is this\n[db]\nhost=x\n[]\nB=3\n");
        let show = ["file", "sh", "-c", "echo $A $db_host $_B"];
        assert_eq!(text(run(&here, "envini", &show)), "1 2 x 3\n");
        let show = ["file", "sh", "-c", "echo $X_A $X_db_host $X__B $A"];
        assert_eq!(text(run(&here, "envini", &[&["-p", "X_"], &show[..]].concat())), "1 2 x 3\n");
        assert_eq!(text(run(&here, "envini", &[&["-pX_"], &show[..]].concat())), "1 2 x 3\n");
    }
}

#[test]
fn a_file_that_is_missing_has_no_variables_and_what_cannot_be_read_is_111() {
    if !is_original() {
        let here = Scratch::new();
        assert_eq!(text(run(&here, "envini", &["nowhere", "echo", "run"])), "run\n");
        here.write("file", "A=1\nB=\0\n");
        let words = "envini: fatal: unable to understand line 2 of file";
        refused(&run(&here, "envini", &["file", "echo", "run"]), 111, words);
        let words = "envini: fatal: unable to read .: is a directory";
        refused(&run(&here, "envini", &[".", "echo", "run"]), 111, words);
        let usage = "envini: usage: envini [ -p prefix ] inifile child";
        for words in [&["file"][..], &[], &["-p", "x", "file"], &["-p"]] {
            refused(&run(&here, "envini", words), 111, usage);
        }
    }
}
