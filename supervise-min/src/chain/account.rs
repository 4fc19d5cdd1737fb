//! `Account`: the numbers of a user, from /etc/passwd and, for those that are not there, from `getent`.
//!
//! In a statically linked program getpwnam(3) would load the name service modules of another C library. The program
//! `getent` is linked as the machine wants it and knows LDAP, sssd and systemd's users.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::tool::Fatal;

use super::getent::getent;

/// A user's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's.
    pub uid: u32,
    /// The group's.
    pub gid: u32,
}

impl Account {
    /// The account of that name, or the numbers of `:uid:gid`.
    ///
    /// # Errors
    ///
    /// Exit 111: nobody knows the account, or /etc/passwd can't be read.
    pub fn find(name: &OsStr) -> Result<Account, Fatal> {
        if let Some(numbers) = name.as_bytes().strip_prefix(b":") {
            return Account::of_numbers(numbers).ok_or_else(|| unknown(name));
        }
        let local = read("/etc/passwd")?;
        let found =
            Account::of_table(&local, name).or_else(|| Account::of_table(&asked("passwd", name)?, name));
        found.ok_or_else(|| unknown(name))
    }

    fn of_numbers(text: &[u8]) -> Option<Account> {
        let (uid, gid) = text.split_at_checked(memchr::memchr(b':', text)?)?;
        Some(Account { uid: number(uid)?, gid: number(&gid[1..])? })
    }

    /// From lines of /etc/passwd: the first with that name and two numbers.
    pub fn of_table(table: &[u8], name: &OsStr) -> Option<Account> {
        records(table).find_map(|fields| {
            let [known, _, uid, gid, ..] = fields[..] else { return None };
            let same = !name.is_empty() && known == name.as_bytes();
            same.then_some(Account { uid: number(uid)?, gid: number(gid)? })
        })
    }

    /// All groups that an account of that name is in, its own first.
    ///
    /// # Errors
    ///
    /// Exit 111: /etc/group can't be read.
    pub fn groups(self, name: &OsStr) -> Result<Vec<u32>, Fatal> {
        let mut groups = vec![self.gid];
        let all = match asked("initgroups", name) {
            Some(answer) => of_answer(&answer),
            None => of_groups(&read("/etc/group")?, name),
        };
        for gid in all {
            if !groups.contains(&gid) {
                groups.push(gid);
            }
        }
        Ok(groups)
    }
}

/// The number of a group, by its name or itself.
///
/// # Errors
///
/// Exit 111: nobody knows the group, or /etc/group can't be read.
pub fn group(name: &OsStr) -> Result<u32, Fatal> {
    let found = number(name.as_bytes()).or(gid_of(&read("/etc/group")?, name));
    let found = found.or_else(|| gid_of(&asked("group", name)?, name));
    found.ok_or_else(|| Fatal::failure(Message::new("unknown group ").and(name.as_bytes())))
}

/// From lines of /etc/group: the number of the group of that name.
fn gid_of(table: &[u8], name: &OsStr) -> Option<u32> {
    records(table).find_map(|fields| {
        let [known, _, gid, ..] = fields[..] else { return None };
        if !name.is_empty() && known == name.as_bytes() { number(gid) } else { None }
    })
}

/// The lines of a table, as their fields.
fn records(table: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    table.split(|&byte| byte == b'\n').map(|line| line.split(|&byte| byte == b':').collect())
}

fn unknown(name: &OsStr) -> Fatal {
    Fatal::failure(Message::new("unknown account ").and(name.as_bytes()))
}

/// A table that is not there is empty: minimal containers have none.
fn read(path: &str) -> Result<Vec<u8>, Fatal> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Fatal::system(Message::new("unable to read ").and(path), &error)),
    }
}

/// What `getent` knows. None: nothing, or there is no such program.
fn asked(table: &str, name: &OsStr) -> Option<Vec<u8>> {
    if name.as_bytes().first().is_none_or(|&byte| byte == b'-' || byte == b':') {
        return None;
    }
    getent(table, name, None)
}

/// `name gid gid ...`, the answer about the groups of a name.
fn of_answer(answer: &[u8]) -> Vec<u32> {
    let words = answer.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    words.skip(1).filter_map(number).collect()
}

/// From lines of /etc/group: the groups with that member.
fn of_groups(table: &[u8], name: &OsStr) -> Vec<u32> {
    let member = |fields: Vec<&[u8]>| {
        let [_, _, gid, members] = fields[..] else { return None };
        let is_in = members.split(|&byte| byte == b',').any(|member| member == name.as_bytes());
        if is_in { number(gid) } else { None }
    };
    records(table).filter_map(member).collect()
}

/// A number of digits alone. The largest is "no id" to the kernel.
fn number(text: &[u8]) -> Option<u32> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let number = std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok()?;
    (number != u32::MAX).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_table_with_the_name_counts() {
        let table = b"root:x:0:0:root:/root:/bin/sh\n+\n\nlog:x:nine:9\nlog:x:7:8:::\nlog:x:1:1:::\nmax:x:4294967295:1\n";
        let find =
            |name: &str| Account::of_table(table, OsStr::new(name)).map(|account| (account.uid, account.gid));
        assert_eq!(find("root"), Some((0, 0)));
        assert_eq!(find("log"), Some((7, 8)));
        assert_eq!(["lo", "logs", "", "+", "max", "x"].map(find), [None; 6]);
    }

    #[test]
    fn numbers_are_two_and_nothing_else() {
        let find =
            |text: &str| Account::of_numbers(text.as_bytes()).map(|account| (account.uid, account.gid));
        assert_eq!(find("1:2"), Some((1, 2)));
        assert_eq!(
            ["1", "1:", ":2", "1:2:3", "a:1", "+1:1", "1:4294967295", "1:4294967296"].map(find),
            [None; 8]
        );
    }

    #[test]
    fn groups_are_those_with_the_name_as_a_member() {
        let table = b"adm:x:4:log,root\nlogs:x:5:logger\nx:x:6:log\nbad:x:x:log\nempty:x:7:\n";
        assert_eq!(of_groups(table, OsStr::new("log")), [4, 6]);
        assert_eq!(of_answer(b"log                   4 6 27\n"), [4, 6, 27]);
        assert_eq!(of_answer(b"log\n"), []);
    }

    #[test]
    fn a_group_is_its_name_or_its_number() {
        let table = b"adm:x:4:log,root\nbad:x:x:\nlogs:x:5:\n";
        assert_eq!(
            ["adm", "logs", "bad", "", "a"].map(|name| gid_of(table, OsStr::new(name))),
            [Some(4), Some(5), None, None, None]
        );
        assert_eq!(group(OsStr::new("12")).unwrap(), 12);
        assert_eq!(group(OsStr::new("no such group")).unwrap_err().code(), 111);
    }

    #[test]
    fn an_account_that_nobody_knows_is_a_failure() {
        for name in ["", "no such account", "-s", ":", ":1", ":x:1", "--help"] {
            let error = Account::find(OsStr::new(name)).unwrap_err();
            assert_eq!(error.code(), 111);
            assert_eq!(error.message().as_bytes(), format!("unknown account {name}").as_bytes());
        }
    }
}
