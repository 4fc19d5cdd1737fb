//! A table for a terminal or a pipe: columns as wide as their widest cell, the last one cut to the terminal; pure.

use unix::diag::Message;

/// What a cell is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mood {
    Plain,
    Good,
    Bad,
    /// It is as it is wanted, and does nothing.
    Quiet,
    Head,
}

impl Mood {
    fn begins(self) -> &'static str {
        match self {
            Mood::Plain => "",
            Mood::Good => "\x1b[32m",
            Mood::Bad => "\x1b[1;31m",
            Mood::Quiet => "\x1b[2m",
            Mood::Head => "\x1b[1m",
        }
    }
}

/// A cell: text without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    text: String,
    mood: Mood,
}

impl Cell {
    /// Control characters become question marks, and what is not UTF-8 is replaced.
    pub(super) fn new(text: impl AsRef<[u8]>, mood: Mood) -> Cell {
        let shown = Message::new(text);
        Cell { text: String::from_utf8_lossy(shown.as_bytes()).into_owned(), mood }
    }

    pub(super) fn plain(text: impl AsRef<[u8]>) -> Cell {
        Cell::new(text, Mood::Plain)
    }
}

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) colours: bool,
    /// Columns of the terminal. None: nothing is cut.
    pub(super) width: Option<usize>,
}

/// The text of a table. All rows have the same number of cells.
pub(super) fn text(rows: &[Vec<Cell>], look: Look) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(length).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let mut taken = 0;
        let mut line = String::new();
        for (place, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let last = place + 1 == columns;
            let room = look.width.filter(|_| last).map(|all| all.saturating_sub(taken));
            let shown: String = cell.text.chars().take(room.unwrap_or(usize::MAX)).collect();
            let padding = if last { 0 } else { width - length(cell) + 2 };
            line += &coloured(&shown, cell.mood, look.colours);
            line += &" ".repeat(padding);
            taken += width + 2;
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

fn coloured(text: &str, mood: Mood, colours: bool) -> String {
    match mood {
        Mood::Plain => text.into(),
        _ if !colours || text.is_empty() => text.into(),
        _ => format!("{}{text}\x1b[0m", mood.begins()),
    }
}

fn length(cell: &Cell) -> usize {
    cell.text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Cell>> {
        vec![
            vec![
                Cell::new("NAME", Mood::Head),
                Cell::new("STATE", Mood::Head),
                Cell::new("LAST", Mood::Head),
            ],
            vec![Cell::plain("a"), Cell::new("up", Mood::Good), Cell::plain("one \x1b[2J two")],
            vec![Cell::plain("n\u{e4}me\n2"), Cell::new("down", Mood::Bad), Cell::plain("")],
        ]
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_no_control_character_passes() {
        let look = Look { colours: false, width: None };
        let expected = "NAME    STATE  LAST\na       up     one ?[2J two\nn\u{e4}me?2  down\n";
        assert_eq!(text(&rows(), look), expected);
        assert_eq!(text(&[], look), "");
    }

    #[test]
    fn the_last_column_is_cut_to_the_terminal() {
        let cut = |width| text(&rows(), Look { colours: false, width: Some(width) });
        assert!(cut(18).contains("\na       up     one\n"), "{}", cut(18));
        assert!(cut(3).starts_with("NAME    STATE\n"));
    }

    #[test]
    fn colours_change_no_width() {
        let look = Look { colours: true, width: None };
        let text = text(&rows(), look);
        assert!(text.contains("a       \x1b[32mup\x1b[0m     one ?[2J two\n"), "{text:?}");
        assert!(text.contains("\x1b[1;31mdown\x1b[0m\n"), "{text:?}");
    }
}
