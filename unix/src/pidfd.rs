//! What a descriptor of a process can do beyond poll(2) and signals: it tells how a process ended that was no child of
//! this one, and it reaches the group that the process leads.

use std::io;
use std::mem::{size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd};

use crate::signal::Signal;

use crate::spawn::Ending;

/// `struct pidfd_info` of linux/pidfd.h in its first size.
#[repr(C)]
struct Info {
    mask: u64,
    cgroup: u64,
    /// pid, tgid, ppid and eight user and group ids.
    ids: [u32; 11],
    exit_code: i32,
}

const _: () = assert!(size_of::<Info>() == 64);

/// `PIDFD_GET_INFO`: read and written, of type 0xff, number 11.
const GET_INFO: libc::c_ulong = 3 << 30 | (size_of::<Info>() as libc::c_ulong) << 16 | 0xff << 8 | 11;
/// `PIDFD_INFO_EXIT`: asks for the exit code of a process that was waited for. Linux 6.15.
const EXIT: u64 = 1 << 3;
/// `PIDFD_SIGNAL_PROCESS_GROUP`: Linux 6.9.
const GROUP: libc::c_uint = 1 << 2;

/// How a process ended for which its parent has waited. None: it has not ended, or was not waited for, or the kernel
/// does not say.
pub(crate) fn ending(pidfd: impl AsFd) -> Option<Ending> {
    // SAFETY: the structure is made of integers.
    let mut info = Info { mask: EXIT, ..unsafe { zeroed() } };
    // SAFETY: `info` is of the size that the number of the call says, and lives through it.
    let done = unsafe { libc::ioctl(pidfd.as_fd().as_raw_fd(), GET_INFO, &raw mut info) };
    (done == 0 && info.mask & EXIT != 0).then(|| Ending::of_raw(info.exit_code))
}

/// Whether the kernel says how processes have ended that were waited for.
#[cfg(test)]
pub(crate) fn tells() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(['.', '-']).map(|number| number.parse::<u32>().unwrap_or(0));
    (numbers.next(), numbers.next()) >= (Some(6), Some(15))
}

/// Sends a signal to the group that the process of this descriptor leads or has led. EINVAL: the kernel can't.
pub(crate) fn signal_group(pidfd: impl AsFd, signal: Signal) -> io::Result<()> {
    let pidfd = pidfd.as_fd().as_raw_fd();
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: numbers, and a null pointer that asks for the information that kill(2) gives.
    let sent = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, pidfd, signal.as_raw(), no_info, GROUP) };
    if sent == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
