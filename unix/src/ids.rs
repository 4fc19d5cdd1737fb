//! The identity of a process: rights are given away for good, and then it is checked that they are gone.

use std::io;

use rustix::io::Errno;

/// Becomes a group and nothing but `groups`, and looks whether it has. EPERM without the right to.
pub fn become_group(gid: u32, groups: &[u32]) -> io::Result<()> {
    // SAFETY: the length is that of the slice, which the call only reads; numbers need no care.
    unsafe {
        check(libc::setgroups(groups.len(), groups.as_ptr()))?;
        check(libc::setresgid(gid, gid, gid))?;
    }
    let [mut real, mut effective, mut saved] = [u32::MAX; 3];
    // SAFETY: the three pointers are to live numbers of this frame.
    check(unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) })?;
    let mut expected = groups.to_vec();
    expected.sort_unstable();
    let mut found: Vec<u32> = rustix::process::getgroups()?.iter().map(|gid| gid.as_raw()).collect();
    found.sort_unstable();
    as_expected([real, effective, saved] == [gid; 3] && found == expected)
}

/// Becomes a user, and looks whether it has. EPERM without the right to.
///
/// Capabilities that are ambient would stay with another user, and with what it runs.
pub fn become_user(uid: u32) -> io::Result<()> {
    if uid != rustix::process::geteuid().as_raw() {
        match rustix::thread::clear_ambient_capability_set() {
            // A kernel that has none.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // SAFETY: numbers need no care.
    check(unsafe { libc::setresuid(uid, uid, uid) })?;
    let [mut real, mut effective, mut saved] = [u32::MAX; 3];
    // SAFETY: the three pointers are to live numbers of this frame.
    check(unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) })?;
    as_expected([real, effective, saved] == [uid; 3])
}

/// Makes this process the leader of a session and a process group of its own. EPERM where it leads a group already.
pub fn new_session() -> io::Result<()> {
    rustix::process::setsid()?;
    Ok(())
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// A kernel that says yes and does nothing must not leave a program with rights it should not have.
fn as_expected(yes: bool) -> io::Result<()> {
    if yes { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::EPERM)) }
}
