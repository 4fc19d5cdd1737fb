//! `argv0`: a program under another name. The original package has no such tool; it is that of ucspi-tcp.

use harness::{Scratch, is_original};

use crate::{refused, run, text};

#[test]
fn the_program_is_told_another_name() {
    if !is_original() {
        let here = Scratch::new();
        assert_eq!(text(run(&here, "argv0", &["sh", "-name", "-c", "echo $0"])), "-name\n");
        let usage = "argv0: usage: argv0 realname program [ arg ... ]";
        refused(&run(&here, "argv0", &["sh"]), 100, usage);
        refused(
            &run(&here, "argv0", &["nowhere", "x"]),
            111,
            "argv0: fatal: unable to run nowhere: file does not exist",
        );
    }
}
