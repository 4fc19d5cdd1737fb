//! `svctl.groups`: names for several services at once.
//!
//! ```text
//! # what the shop needs
//! web: nginx app-*
//! shop: @web redis postgres
//! ```
//!
//! A line has the name of a group, a colon, and names, globs or other groups. `#` begins a comment, and a backslash at
//! the end of a line goes on in the next. A group may have several lines.

/// The file, in the scan directory, where it is no service.
pub(super) const FILE: &str = "svctl.groups";

/// What is known of groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups(Vec<(Vec<u8>, Vec<Vec<u8>>)>);

impl Groups {
    /// From the text of the file. An error: the number of a line that is not understood.
    pub(super) fn parse(text: &[u8]) -> Result<Groups, usize> {
        let mut groups = Vec::new();
        let mut whole = Vec::new();
        // A line behind the last one ends a line that goes on.
        for (number, line) in text.split(|&byte| byte == b'\n').chain([&b""[..]]).enumerate() {
            let line = line.split(|&byte| byte == b'#').next().unwrap_or_default().trim_ascii_end();
            whole.extend_from_slice(line.strip_suffix(b"\\").unwrap_or(line));
            whole.push(b' ');
            if line.ends_with(b"\\") {
                continue;
            }
            let line = std::mem::take(&mut whole);
            if !line.trim_ascii().is_empty() {
                groups.push(group(&line).ok_or(number + 1)?);
            }
        }
        Ok(Groups(groups))
    }

    /// The names and globs of a group, with those of the groups in it. None: there is no group of this name.
    pub(super) fn members(&self, name: &[u8]) -> Option<Vec<Vec<u8>>> {
        let mut members = Vec::new();
        self.collect(name, &mut Vec::new(), &mut members).then_some(members)
    }

    /// The names of all groups.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|(name, _)| &name[..])
    }

    /// A group that is in itself adds nothing. False: one of them is not there.
    fn collect(&self, name: &[u8], within: &mut Vec<Vec<u8>>, members: &mut Vec<Vec<u8>>) -> bool {
        if within.iter().any(|outer| outer == name) {
            return true;
        }
        within.push(name.to_vec());
        let lines: Vec<_> = self.0.iter().filter(|(known, _)| known == name).collect();
        let mut found = !lines.is_empty();
        for member in lines.iter().flat_map(|(_, members)| members) {
            match member.strip_prefix(b"@") {
                Some(inner) => found &= self.collect(inner, within, members),
                None if members.contains(member) => {}
                None => members.push(member.clone()),
            }
        }
        found
    }
}

fn group(line: &[u8]) -> Option<(Vec<u8>, Vec<Vec<u8>>)> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let name = line[..colon].trim_ascii();
    let words = line[colon + 1..].split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
    let is_name = !name.is_empty() && !name.iter().any(|byte| byte.is_ascii_whitespace() || *byte == b'@');
    is_name.then(|| (name.to_vec(), words.map(<[u8]>::to_vec).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(text: &str, name: &str) -> Option<String> {
        let members = Groups::parse(text.as_bytes()).unwrap().members(name.as_bytes())?;
        Some(String::from_utf8(members.join(&b' ')).unwrap())
    }

    #[test]
    fn a_group_has_names_globs_and_groups() {
        let text =
            "# all\n\nweb: nginx app-* # front\nshop : @web redis \\\n  postgres\nweb: extra\nempty:\n";
        for (name, expected) in [
            ("web", Some("nginx app-* extra")),
            ("shop", Some("nginx app-* extra redis postgres")),
            ("empty", Some("")),
            ("none", None),
        ] {
            assert_eq!(members(text, name).as_deref(), expected, "{name}");
        }
        assert_eq!(Groups::parse(text.as_bytes()).unwrap().names().count(), 4);
    }

    #[test]
    fn a_group_within_itself_ends_and_one_that_is_not_there_is_missed() {
        assert_eq!(members("a: @b x\nb: @a y x\n", "a").as_deref(), Some("y x"));
        assert_eq!(members("a: @none x\n", "a"), None);
        // Each group in ten others, ten deep, would take for ever.
        let deep: String =
            (0..30).map(|n| format!("g{n}: {}\n", format!("@g{} ", n + 1).repeat(9))).collect();
        assert_eq!(members(&format!("{deep}g30: x\n"), "g0").as_deref(), Some("x"));
    }

    #[test]
    fn a_line_that_is_no_group_is_named() {
        for (text, line) in
            [("web nginx", 1), ("a: b\n\n: x", 3), ("a b: c", 1), ("a \\", 2), ("a: b\n@x: y", 2)]
        {
            assert_eq!(Groups::parse(text.as_bytes()), Err(line), "{text}");
        }
        assert_eq!(Groups::parse(b""), Ok(Groups::default()));
    }
}
