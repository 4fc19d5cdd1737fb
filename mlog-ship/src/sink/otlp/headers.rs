//! `Headers`: what goes with every request besides what the protocol says, such as `Authorization` or `X-Scope-OrgID`.
//!
//! A line is `Name: value`. Empty lines and lines that begin with `#` are nothing. The file is read again when the
//! engine says that it does not know who asks, so a token that was replaced is used without a restart.

use unix::diag::Message;

use super::file;
use super::target::HeadersFrom;

/// Names and values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, String)>);

/// Names alone are shown: the values are secrets.
impl std::fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

/// What the protocol says itself.
const OWN: [&str; 9] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "te",
    "transfer-encoding",
];

impl Headers {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// The file can't be read, the variable is not there, or a line is not understood. The value of a line is not in the
    /// message.
    pub fn read(from: &HeadersFrom) -> Result<Headers, Message> {
        match from {
            HeadersFrom::Nowhere => Ok(Headers::default()),
            HeadersFrom::File(path) => {
                let name = path.as_os_str().as_encoded_bytes();
                Headers::parse(&file::read(path)?).map_err(|line| wrong(line, name))
            }
            HeadersFrom::Variable(name) => {
                let missing = || Message::new("there is no environment variable ").and(name);
                let text = std::env::var_os(name).ok_or_else(missing)?;
                Headers::parse(text.as_encoded_bytes()).map_err(|line| wrong(line, name.as_bytes()))
            }
        }
    }

    /// Reads a text. The error is the number of the line that is not understood.
    fn parse(text: &[u8]) -> Result<Headers, usize> {
        let mut headers = Vec::new();
        for (number, line) in text.split(|&byte| byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            headers.push(header(line).ok_or(number + 1)?);
        }
        Ok(Headers(headers))
    }

    /// Names and values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn header(line: &[u8]) -> Option<(String, String)> {
    let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let visible = |byte: u8| byte == b'\t' || (b' '..0x7f).contains(&byte);
    let value = value.trim_ascii();
    let fine = !name.is_empty() && name.bytes().all(token) && value.bytes().all(visible);
    let own = OWN.iter().any(|own| name.eq_ignore_ascii_case(own));
    (fine && !own).then(|| (name.to_owned(), value.to_owned()))
}

fn wrong(line: usize, place: &[u8]) -> Message {
    let message = Message::new("line ").and(line.to_string()).and(" of ").and(place);
    message.and(" is no header `Name: value` that may be set")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_names_and_values() {
        let text = b"# for Loki\n\nX-Scope-OrgID: tenant 1\r\nAuthorization:Bearer a:b=\n Empty:\n";
        let headers = Headers::parse(text).unwrap();
        let expected = [("X-Scope-OrgID", "tenant 1"), ("Authorization", "Bearer a:b="), ("Empty", "")];
        assert_eq!(headers.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_line_that_is_no_header_is_named_by_its_number() {
        for line in [
            "x",
            ": y",
            "a b: c",
            "X: \u{fc}",
            "X: a\0b",
            "X: a\rY: b",
            "Content-Length: 3",
            "HOST: a",
            "Transfer-Encoding: chunked",
        ] {
            assert_eq!(Headers::parse(format!("A: b\n{line}\n").as_bytes()), Err(2), "{line:?}");
        }
        assert_eq!(Headers::parse(b"X: \xff"), Err(1));
    }

    #[test]
    fn values_are_not_in_messages() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("h");
        std::fs::write(&file, "secret").unwrap();
        let message = Headers::read(&HeadersFrom::File(file.clone())).unwrap_err();
        let message = String::from_utf8_lossy(message.as_bytes()).into_owned();
        assert!(message.starts_with("line 1 of /") && !message.contains("secret"), "{message}");
        std::fs::write(&file, "Authorization: secret").unwrap();
        let headers = Headers::read(&HeadersFrom::File(file.clone())).unwrap();
        assert_eq!(format!("{headers:?}"), "[\"Authorization\"]");
        std::fs::remove_file(&file).unwrap();
        let message = Headers::read(&HeadersFrom::File(file)).unwrap_err();
        assert!(message.as_bytes().starts_with(b"unable to read /"));
        let message = Headers::read(&HeadersFrom::Variable("NO_SUCH_VARIABLE".into())).unwrap_err();
        assert_eq!(message.as_bytes(), b"there is no environment variable NO_SUCH_VARIABLE");
    }
}
