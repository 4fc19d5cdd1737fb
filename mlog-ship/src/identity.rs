//! `Instance` and `Origin`: who ships, and what.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The shipper: random, made with the state directory and kept in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance(pub String);

impl Instance {
    /// How many hexadecimal digits.
    const LENGTH: usize = 32;

    /// A new one.
    ///
    /// # Errors
    ///
    /// There is no source of random bytes.
    pub fn new() -> std::io::Result<Instance> {
        use std::io::Read as _;
        let mut bytes = [0; Instance::LENGTH / 2];
        std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Instance(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Reads the text of its file. None: it is none.
    pub fn parse(text: &[u8]) -> Option<Instance> {
        let text = std::str::from_utf8(text.strip_suffix(b"\n")?).ok()?;
        let is_one = text.len() == Instance::LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_one.then(|| Instance(text.to_string()))
    }
}

/// A directory, as engines name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The absolute path.
    pub directory: PathBuf,
    /// The host, as bytes.
    pub host: Vec<u8>,
    /// The service: the name of the service directory, else the last part of the path that says something.
    pub service: Vec<u8>,
}

/// Parts of paths that many log directories have.
const USUAL: [&str; 5] = ["main", "log", "logs", "current", "supervise"];

/// The service whose log directory this is, as far as the path says.
pub fn service(directory: &Path) -> Vec<u8> {
    let parts = || {
        directory.components().rev().filter_map(|part| match part {
            std::path::Component::Normal(name) => Some(name),
            _ => None,
        })
    };
    let says = |name: &&OsStr| !USUAL.iter().any(|usual| name.as_bytes() == usual.as_bytes());
    parts().find(says).or_else(|| parts().next()).unwrap_or_default().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_called_as_its_directory_is() {
        for (path, name) in [
            ("/service/web/log/main", "web"),
            ("/var/log/web", "web"),
            ("/var/log/web/", "web"),
            ("/var/log/web/errors", "errors"),
            ("/log/main", "main"),
            ("/", ""),
        ] {
            assert_eq!(service(Path::new(path)), name.as_bytes(), "{path}");
        }
    }

    #[test]
    fn an_instance_is_read_as_it_was_written_and_two_are_not_the_same() {
        let (one, other) = (Instance::new().unwrap(), Instance::new().unwrap());
        assert_ne!(one, other);
        assert_eq!(Instance::parse(format!("{}\n", one.0).as_bytes()), Some(one));
        for text in
            ["", "\n", "0123\n", "0123456789abcdef0123456789abcdeg\n", "0123456789abcdef0123456789abcdef"]
        {
            assert_eq!(Instance::parse(text.as_bytes()), None, "{text}");
        }
    }
}
