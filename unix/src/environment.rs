//! `Environment`: the variables that the program was started with, as bytes, and changes of them.
//!
//! Unchanged entries are passed on as they came, including doubles and entries without `=`.

use std::ffi::{CStr, CString, OsStr};
use std::io;
use std::os::unix::ffi::OsStrExt;

/// The variables of a program that will be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment(Vec<CString>);

impl Environment {
    /// Those of this process. They must not be changed by other means while it runs, and nothing in the toolchain
    /// does that.
    pub fn inherited() -> Environment {
        let mut entries = Vec::new();
        // SAFETY: `environ` is null or an array of C strings that ends with null, and nobody changes it.
        unsafe {
            let mut entry = libc::environ.cast_const();
            while !entry.is_null() && !(*entry).is_null() {
                entries.push(CStr::from_ptr(*entry).to_owned());
                entry = entry.add(1);
            }
        }
        Environment(entries)
    }

    /// The value of a variable.
    pub fn get(&self, name: &OsStr) -> Option<&OsStr> {
        let value = self.0.iter().find_map(|entry| value(entry.to_bytes(), name.as_bytes()))?;
        Some(OsStr::from_bytes(value))
    }

    /// Gives a variable a value. EINVAL for a name with `=` or without a byte, and for a NUL.
    pub fn set(&mut self, name: &OsStr, value: &OsStr) -> io::Result<()> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        if name.is_empty() || name.as_bytes().contains(&b'=') {
            return Err(invalid());
        }
        let entry = [name.as_bytes(), b"=", value.as_bytes()].concat();
        let entry = CString::new(entry).map_err(|_| invalid())?;
        self.remove(name);
        self.0.push(entry);
        Ok(())
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &OsStr) {
        self.0.retain(|entry| value(entry.to_bytes(), name.as_bytes()).is_none());
    }

    /// The entries, in the form that exec(2) wants them.
    pub(crate) fn entries(&self) -> &[CString] {
        &self.0
    }
}

/// The value in an entry, if it is that variable's.
fn value<'a>(entry: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    entry.strip_prefix(name)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(entries: &[&CStr]) -> Environment {
        Environment(entries.iter().map(|&entry| entry.to_owned()).collect())
    }

    #[test]
    fn only_what_is_named_is_changed() {
        let mut variables = environment(&[c"A=1", c"odd", c"AB=2", c"A=3"]);
        variables.set(OsStr::new("A"), OsStr::new("x=y")).unwrap();
        assert_eq!(variables, environment(&[c"odd", c"AB=2", c"A=x=y"]));
        assert_eq!(variables.get(OsStr::new("A")), Some(OsStr::new("x=y")));
        variables.remove(OsStr::new("odd"));
        variables.remove(OsStr::new("AB"));
        assert_eq!(variables, environment(&[c"odd", c"A=x=y"]));
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        let mut variables = environment(&[]);
        for (name, value) in [("", "x"), ("A=B", "x"), ("A", "x\0y"), ("A\0", "x")] {
            assert!(variables.set(OsStr::new(name), OsStr::new(value)).is_err(), "{name:?}");
        }
        assert_eq!(variables, environment(&[]));
    }

    #[test]
    fn the_inherited_variables_are_those_of_the_process() {
        assert_eq!(Environment::inherited().get(OsStr::new("PATH")), std::env::var_os("PATH").as_deref());
    }
}
