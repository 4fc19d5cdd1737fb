//! Which file of a directory belongs to which sink, where there are several of a kind or they have been changed. Pure.

/// A file for a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Its number among those of the kind, from 0.
    pub file: usize,
    /// Whether it is of an engine that is no sink any more, and the sink goes on where that was.
    pub of_another: bool,
}

/// The files of sinks of one kind, each of which is known by its engine. `kept` are the engines of the files that there are:
/// None where there is no file, and empty where it does not say.
pub fn assign(engines: &[String], kept: &[Option<String>]) -> Vec<Assigned> {
    let mut claimed: Vec<Option<usize>> = vec![None; engines.len()];
    let is_free = |claimed: &[Option<usize>], file: usize| !claimed.contains(&Some(file));
    for (at, engine) in engines.iter().enumerate() {
        let own = std::iter::once(at).chain(0..kept.len());
        let is_its = |file: &usize| kept.get(*file).is_some_and(|kept| kept.as_ref() == Some(engine));
        claimed[at] = own.filter(is_its).find(|&file| is_free(&claimed, file));
    }
    let mut assigned = Vec::new();
    for at in 0..engines.len() {
        let found = claimed[at];
        let new =
            || (0..).find(|&file| is_free(&claimed, file) && kept.get(file).is_none_or(Option::is_none));
        let file = found.or_else(|| is_free(&claimed, at).then_some(at)).or_else(new).unwrap_or(at);
        claimed[at] = Some(file);
        let says = kept.get(file).and_then(Option::as_deref).unwrap_or_default();
        assigned.push(Assigned { file, of_another: found.is_none() && !says.is_empty() });
    }
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sink_has_the_file_of_its_engine_wherever_it_is_named() {
        for (engines, kept, wanted) in [
            ("A", "", "0"),
            ("AB", "", "01"),
            ("A", "A", "0"),
            // A state of an earlier version does not say.
            ("A", "?", "0"),
            ("BA", "AB", "10"),
            // One was taken away: its file stays.
            ("B", "AB", "1"),
            ("A", "AB", "0"),
            // One has come in its place.
            ("BC", "AB", "12"),
            ("BCD", "AB", "123"),
            // The address is another one.
            ("C", "A", "0!"),
            ("AC", "AB", "01!"),
            ("CB", "AB", "0!1"),
            // It is named twice.
            ("AA", "AA", "01"),
            ("AA", "A", "01"),
            ("BAA", "ABA", "102"),
            // A file was moved away.
            ("AB", "-B", "01"),
        ] {
            let engines: Vec<String> = engines.chars().map(String::from).collect();
            let engine = |one: char| if one == '?' { String::new() } else { one.into() };
            let kept: Vec<Option<String>> =
                kept.chars().map(|one| (one != '-').then(|| engine(one))).collect();
            let shown = |one: Assigned| format!("{}{}", one.file, if one.of_another { "!" } else { "" });
            let found: String = assign(&engines, &kept).into_iter().map(shown).collect();
            assert_eq!(found, wanted, "{engines:?} {kept:?}");
        }
    }
}
