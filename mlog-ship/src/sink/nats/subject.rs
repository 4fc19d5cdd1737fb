//! `Template`: which subject a directory has.
//!
//! A variable is a part of one token, whatever the name is: a byte outside `[A-Za-z0-9_-]` is `%XX`. So different names are
//! different tokens, and no name has a dot or a wildcard.

use std::fmt::Write as _;

use crate::identity::Origin;

/// The longest subject. Servers take a line of 4096 bytes with two subjects in it.
const LONGEST: usize = 1024;

/// The subject of a directory: tokens of printable characters, without wildcards.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject(String);

/// A subject with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    tokens: Vec<Vec<Word>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Word {
    Text(String),
    Host,
    Service,
}

impl Subject {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str(&self.0)
    }
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Template, String> {
        if text.is_empty() {
            return Err("is empty: logs.{host}.{service} is one".into());
        }
        if text.starts_with('$') {
            return Err("begins with $: these subjects are the server's own".into());
        }
        let tokens = text.split('.').map(token).collect::<Result<Vec<_>, String>>()?;
        Ok(Template { tokens })
    }

    /// The subject of a directory.
    ///
    /// # Errors
    ///
    /// What it lacks: a name is empty, or the subject is too long.
    pub fn subject(&self, origin: &Origin) -> Result<Subject, String> {
        let mut subject = String::new();
        for (at, words) in self.tokens.iter().enumerate() {
            if at > 0 {
                subject.push('.');
            }
            for word in words {
                match word {
                    Word::Text(text) => subject.push_str(text),
                    Word::Host if origin.host.is_empty() => return Err("the host has no name".into()),
                    Word::Service if origin.service.is_empty() => {
                        return Err("the service has no name".into());
                    }
                    Word::Host => encode(&origin.host, &mut subject),
                    Word::Service => encode(&origin.service, &mut subject),
                }
            }
        }
        if subject.len() > LONGEST {
            return Err(format!("the subject is {} bytes long: {LONGEST} at most", subject.len()));
        }
        Ok(Subject(subject))
    }

    /// All subjects that the template can be, as a stream wants to be told: a token with a variable is `*`.
    pub fn wildcard(&self) -> String {
        let token = |words: &Vec<Word>| match &words[..] {
            [Word::Text(text)] => text.clone(),
            _ => "*".into(),
        };
        self.tokens.iter().map(token).collect::<Vec<_>>().join(".")
    }
}

fn token(text: &str) -> Result<Vec<Word>, String> {
    if text.is_empty() {
        return Err("has an empty token: a dot is between two names".into());
    }
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let (before, behind) = rest.split_at(open);
        let Some(close) = behind.find('}') else { return Err("has a { without its }".into()) };
        plain(before, &mut words)?;
        words.push(match &behind[1..close] {
            "host" => Word::Host,
            "service" => Word::Service,
            other => return Err(format!("has {{{other}}}: {{host}} and {{service}} are known")),
        });
        rest = &behind[close + 1..];
    }
    plain(rest, &mut words)?;
    Ok(words)
}

fn plain(text: &str, words: &mut Vec<Word>) -> Result<(), String> {
    let is_wrong = |one: char| !one.is_ascii_graphic() || matches!(one, '*' | '>' | '{' | '}');
    if let Some(wrong) = text.chars().find(|&one| is_wrong(one)) {
        return Err(format!(
            "has {wrong:?}: printable characters without blanks, *, > and braces are allowed"
        ));
    }
    if !text.is_empty() {
        words.push(Word::Text(text.into()));
    }
    Ok(())
}

fn encode(name: &[u8], to: &mut String) {
    for &byte in name {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            to.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            write!(to, "%{byte:02X}").ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn origin(host: &[u8], service: &[u8]) -> Origin {
        Origin { directory: "/".into(), host: host.into(), service: service.into() }
    }

    fn subject(template: &str, host: &[u8], service: &[u8]) -> Result<String, String> {
        Ok(Template::parse(template)?.subject(&origin(host, service))?.0)
    }

    #[test]
    fn names_are_one_token_each() {
        for (template, host, service, wanted) in [
            ("logs.{host}.{service}", "web-1", "nginx", "logs.web-1.nginx"),
            ("logs.{host}.{service}", "a.b.example", "a b", "logs.a%2Eb%2Eexample.a%20b"),
            ("logs.{host}.{service}", "*", ">", "logs.%2A.%3E"),
            ("logs.{host}.{service}", "\u{e9}", "%2E", "logs.%C3%A9.%252E"),
            ("{service}", "x", "$JS", "%24JS"),
            ("v1.h-{host}_{service}.all", "a", "b", "v1.h-a_b.all"),
            ("fixed", "", "", "fixed"),
            ("{host}.{host}", "\r\n", "", "%0D%0A.%0D%0A"),
        ] {
            assert_eq!(
                subject(template, host.as_bytes(), service.as_bytes()).as_deref(),
                Ok(wanted),
                "{template}"
            );
        }
    }

    #[test]
    fn what_is_no_template_is_said() {
        for (template, says) in [
            ("", "is empty"),
            ("$JS.{host}", "server's own"),
            ("a..b", "empty token"),
            (".a", "empty token"),
            ("a.", "empty token"),
            ("a.{hots}", "{hots}"),
            ("a.{host", "without its }"),
            ("a.host}", "'}'"),
            ("a.{}", "{}"),
            ("a.*", "'*'"),
            ("a.>", "'>'"),
            ("a b", "' '"),
            ("a.\n", "'\\n'"),
            ("a.\u{e9}", "'\u{e9}'"),
        ] {
            let error = Template::parse(template).unwrap_err();
            assert!(error.contains(says), "{template}: {error}");
        }
        assert!(subject("a.{host}", b"", b"x").unwrap_err().contains("host has no name"));
        assert!(subject("a.{service}", b"x", b"").unwrap_err().contains("service has no name"));
        assert!(subject("a.{host}", &[b'.'; 400], b"x").unwrap_err().contains("1202 bytes long"));
    }

    #[test]
    fn a_stream_is_told_of_all_subjects_of_a_template() {
        for (template, wanted) in
            [("logs.{host}.{service}", "logs.*.*"), ("logs.x-{host}.all", "logs.*.all"), ("logs", "logs")]
        {
            assert_eq!(Template::parse(template).unwrap().wildcard(), wanted);
        }
    }

    proptest! {
        #[test]
        fn different_names_are_different_subjects(
            one in any::<(Vec<u8>, Vec<u8>)>(), other in any::<(Vec<u8>, Vec<u8>)>(),
        ) {
            let template = Template::parse("logs.{host}.{service}").unwrap();
            let made = |names: &(Vec<u8>, Vec<u8>)| template.subject(&origin(&names.0, &names.1));
            if let (Ok(first), Ok(second)) = (made(&one), made(&other)) {
                prop_assert_eq!(first == second, one == other);
                prop_assert_eq!(first.as_str().split('.').count(), 3);
                prop_assert!(first.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"*>".contains(&byte)));
            }
        }
    }
}
