//! The messages of a stop: what it waits for and why, and what was left.

use unix::diag::Message;

use super::holders::Holder;

/// No more are named in one message.
pub(super) const MOST: usize = 20;
/// Nor more processes for one pipe.
const MOST_HOLDERS: usize = 5;

/// Why svscan waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// This process runs, which is what the word says; nothing: the service itself.
    Runs(&'static str, u32),
    /// So many bytes were not read.
    Unread(u64),
    /// These can write to its pipe.
    Held(Vec<Holder>),
}

/// A service for which svscan waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waited {
    /// The service directory.
    pub(super) name: Vec<u8>,
    pub(super) why: Vec<Why>,
}

/// `what` and all of them.
pub(super) fn list(what: &str, all: &[Waited]) -> Message {
    let mut message = Message::new(what);
    for (place, Waited { name, why }) in all.iter().take(MOST).enumerate() {
        let reasons: Vec<String> = why.iter().map(reason).collect();
        message = message.and(if place == 0 { "" } else { ", " }).and(name);
        if !reasons.is_empty() {
            message = message.and(" (").and(reasons.join(", ")).and(")");
        }
    }
    match all.len().saturating_sub(MOST) {
        0 => message,
        more => message.and(" and ").and(more.to_string()).and(" more"),
    }
}

/// What nobody will read.
pub(super) fn thrown_away(name: &[u8], bytes: u64) -> Message {
    Message::new("threw away ").and(bytes.to_string()).and(" bytes that ").and(name).and(" has not read")
}

fn reason(why: &Why) -> String {
    match why {
        Why::Runs("", pid) => format!("pid {pid}"),
        Why::Runs(what, pid) => format!("{what}, pid {pid}"),
        Why::Unread(bytes) => format!("{bytes} bytes unread"),
        Why::Held(holders) if holders.is_empty() => "pipe held by a process that can't be seen".into(),
        Why::Held(holders) => {
            let named: Vec<String> = holders
                .iter()
                .take(MOST_HOLDERS)
                .map(|holder| format!("pid {} {}", holder.pid, holder.name))
                .collect();
            let more = if holders.len() > MOST_HOLDERS { " and others" } else { "" };
            format!("pipe held by {}{more}", named.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(name: &str, why: Vec<Why>) -> Waited {
        Waited { name: name.into(), why }
    }

    fn said(all: &[Waited]) -> String {
        String::from_utf8_lossy(list("waiting for ", all).as_bytes()).into_owned()
    }

    #[test]
    fn each_is_named_with_its_reason() {
        let nginx = Holder { pid: 34, name: "nginx".into() };
        let all = [
            waited("a", vec![Why::Runs("", 12)]),
            waited("b/log", vec![Why::Unread(7)]),
            waited("c/log", vec![Why::Unread(1), Why::Held(vec![nginx])]),
            waited("d", vec![Why::Runs("shutdown", 13)]),
            waited("e/log", vec![Why::Held(Vec::new())]),
            waited("f", Vec::new()),
        ];
        let words = "waiting for a (pid 12), b/log (7 bytes unread), c/log (1 bytes unread, pipe held by pid 34 nginx), \
                     d (shutdown, pid 13), e/log (pipe held by a process that can't be seen), f";
        assert_eq!(said(&all), words);
    }

    #[test]
    fn a_crowd_is_counted() {
        let all = vec![waited("x", Vec::new()); MOST + 3];
        assert!(said(&all).ends_with("x, x and 3 more"));
        let holders = (0..9).map(|pid| Holder { pid, name: "sh".into() }).collect();
        assert!(said(&[waited("y/log", vec![Why::Held(holders)])]).ends_with("pid 4 sh and others)"));
    }
}
