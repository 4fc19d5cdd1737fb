//! Any arguments: a script or a misuse, and never a panic. What is understood keeps its limits.

#![no_main]

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use libfuzzer_sys::fuzz_target;
use multilog::script::Script;

fuzz_target!(|bytes: &[u8]| {
    let arguments = bytes.split(|&b| b == 0).map(|argument| OsString::from_vec(argument.to_vec()));
    if let Ok(script) = Script::parse(arguments.collect()) {
        for log in &script.logs {
            assert!((4096..=2_147_483_647).contains(&log.size.bytes()));
            assert!(log.keep().is_none_or(|keep| keep.archives() >= 1));
            assert!(!log.code().as_bytes().contains(&b'/'));
        }
        for remark in &script.remarks {
            remark.message();
        }
    }
});
