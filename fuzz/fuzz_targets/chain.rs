//! What the chain-loading tools read: any bytes as a variable's file, a file of variables, a table of accounts, options.

#![no_main]

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use libfuzzer_sys::fuzz_target;
use supervise_min::chain::account::Account;
use supervise_min::chain::{envdir, envini};
use unix::options::{Given, Names, Syntax, parse};

const SYNTAX: Syntax = Syntax { program: "fuzz", letters: "a:bc:d", names: Names::Some, usage: "fuzz" };

fuzz_target!(|input: (&[u8], &[u8])| {
    let (name, bytes) = input;
    let value = envdir::value(bytes);
    assert!(!value.contains(&0) && !value.ends_with(b" ") && !value.ends_with(b"\t"));
    if let Ok(settings) = envini::parse(bytes) {
        assert!(settings.iter().all(|(name, _)| !name.is_empty()));
    }
    if let Some(account) = Account::of_table(bytes, OsStr::from_bytes(name)) {
        assert!(account.uid != u32::MAX && account.gid != u32::MAX && !name.is_empty());
    }
    // Only what is understood: a refusal says so on descriptor 2.
    let words: Vec<OsString> = bytes.split(|&byte| byte == 0).map(|word| OsString::from_vec(word.to_vec())).collect();
    if words.iter().all(|word| !word.as_bytes().starts_with(b"-") || word == "-b" || word.len() > 2 && word.as_bytes()[1] == b'a') {
        let (given, rest) = parse(&SYNTAX, &words).expect("only options that are known");
        assert!(given.len() + rest.len() <= words.len());
        assert!(given.iter().all(|option| matches!(option, Given::Letter(b'b') | Given::Value(b'a', _))));
    }
});
