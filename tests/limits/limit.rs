//! Limits, as programs set them before they start a logger.

use harness::tool;

/// A limit: what is put before a command.
pub(crate) struct Limit {
    pub(crate) name: String,
    words: Vec<String>,
}

/// How much of the matrix there is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Short,
    Long,
}

impl Form {
    pub(crate) fn wanted() -> Form {
        if std::env::var_os("LIMITS").is_some_and(|form| form == "long") { Form::Long } else { Form::Short }
    }
}

impl Limit {
    /// By prlimit(1).
    pub(crate) fn by_prlimit(option: &str, most: usize) -> Limit {
        Limit {
            name: format!("{option}={most}"),
            words: vec!["prlimit".into(), format!("--{option}={most}")],
        }
    }

    /// By softlimit.
    pub(crate) fn by_softlimit(options: &[&str]) -> Limit {
        let mut words = vec![tool("softlimit").to_str().unwrap().to_string()];
        words.extend(options.iter().map(ToString::to_string));
        Limit { name: format!("softlimit {}", options.join(" ")), words }
    }

    /// None, to see what everything is.
    pub(crate) fn none() -> Limit {
        Limit { name: "no limit".into(), words: vec![] }
    }

    /// What is put before a command, whose time is limited as well.
    pub(crate) fn before(&self, seconds: u32) -> Vec<String> {
        let time = ["timeout", "-s", "KILL", &seconds.to_string()].map(String::from);
        time.into_iter().chain(self.words.iter().cloned()).collect()
    }
}

/// Little memory.
pub(crate) fn of_memory(form: Form) -> Vec<Limit> {
    let thousands: Vec<usize> = match form {
        Form::Short => vec![2800, 3000, 3500, 4000, 5000, 6000, 8000],
        Form::Long => {
            (26..80).map(|hundreds| hundreds * 100).chain((80..200).step_by(4).map(|n| n * 100)).collect()
        }
    };
    let mut limits: Vec<Limit> = thousands.iter().map(|kb| Limit::by_prlimit("as", kb * 1024)).collect();
    limits.extend([300, 500, 1000].map(|kb| Limit::by_prlimit("data", kb * 1024)));
    limits.extend([32, 64, 256].map(|kb| Limit::by_prlimit("stack", kb * 1024)));
    limits.push(Limit::by_softlimit(&["-m", "3000000"]));
    limits.push(Limit::by_softlimit(&["-d", "500000", "-s", "100000"]));
    limits
}

/// Few descriptors. With the first few the original can't start either.
pub(crate) fn of_descriptors(form: Form) -> Vec<Limit> {
    let counts: Vec<usize> = match form {
        Form::Short => vec![7, 8, 9, 10, 12, 14, 16, 18, 20, 24, 32, 48],
        Form::Long => (5..80).collect(),
    };
    counts.iter().map(|&count| Limit::by_prlimit("nofile", count)).collect()
}
