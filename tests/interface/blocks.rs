//! The blocks of commands in a document, and what it shows of their output.

/// Commands, and their output if it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) commands: String,
    pub(super) shown: Option<String>,
}

impl Block {
    /// A session has its commands behind `$ ` and `> `, and everything else in it is output. In any other block every
    /// line is a command.
    fn of(lines: &[String]) -> Block {
        if !lines.iter().any(|line| line.starts_with("$ ")) {
            return Block { commands: lines.join("\n"), shown: None };
        }
        let command = |line: &String| {
            let rest = line.strip_prefix("$ ").or_else(|| line.strip_prefix("> "));
            rest.or_else(|| (line == ">").then_some("")).map(str::to_string)
        };
        let commands: Vec<String> = lines.iter().filter_map(command).collect();
        let shown: Vec<String> = lines.iter().filter(|line| command(line).is_none()).cloned().collect();
        Block { commands: commands.join("\n"), shown: (!shown.is_empty()).then(|| shown.join("\n")) }
    }

    /// Whether this output is the one that is shown, apart from labels, numbers and the width of columns.
    pub(super) fn shows(&self, output: &str) -> bool {
        self.shown.as_ref().is_none_or(|shown| shape(shown) == shape(output))
    }
}

/// Each label and each number is a zero, and each run of blanks is one.
fn shape(text: &str) -> String {
    let mut shape = String::new();
    let mut rest = text.trim_end();
    while let Some(letter) = rest.chars().next() {
        let hexadecimal = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let length = match letter {
            '@' => 1 + rest.bytes().skip(1).take(24).take_while(hexadecimal).count(),
            '0'..='9' => rest.bytes().take_while(u8::is_ascii_digit).count(),
            ' ' => rest.bytes().take_while(|byte| *byte == b' ').count(),
            _ => 0,
        };
        match (letter, length) {
            ('@', 25) => shape.push_str("@0"),
            (' ', _) => shape.push(' '),
            ('0'..='9', _) => shape.push('0'),
            _ => shape.push(letter),
        }
        let is_one = matches!(letter, '0'..='9' | ' ') || length == 25;
        rest = &rest[if is_one { length } else { letter.len_utf8() }..];
    }
    // What stands at the end of a line is not seen.
    shape.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Those of the section EXAMPLES of a manual page.
pub(super) fn of_page(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut literal: Option<Vec<String>> = None;
    let section = text.lines().skip_while(|line| *line != ".Sh EXAMPLES").skip(1);
    for line in section.take_while(|line| !line.starts_with(".Sh ")) {
        match (&mut literal, line) {
            (Some(lines), ".Ed") => {
                blocks.push(Block::of(lines));
                literal = None;
            }
            (Some(lines), line) => lines.push(unescaped(line)),
            (None, line) if line.starts_with(".Bd -literal") => literal = Some(Vec::new()),
            (None, line) => {
                blocks.extend(line.strip_prefix(".Dl ").map(|line| Block::of(&[unescaped(line)])));
            }
        }
    }
    blocks
}

fn unescaped(line: &str) -> String {
    let line = line.strip_prefix("\\&").unwrap_or(line);
    [("\\(aq", "'"), ("\\(dq", "\""), ("\\&", ""), ("\\-", "-"), ("\\e", "\\")]
        .into_iter()
        .fold(line.to_string(), |line, (escaped, plain)| line.replace(escaped, plain))
}

/// Those of a text in Markdown: code in `sh`, with the output in a block `text` right behind it, if there is one.
pub(super) fn of_markdown(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = text.lines();
    let mut behind_commands = false;
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            behind_commands &= line.is_empty();
            continue;
        };
        let inside: Vec<String> =
            lines.by_ref().take_while(|line| *line != "```").map(str::to_string).collect();
        match (language, blocks.last_mut()) {
            ("sh", _) => blocks.push(Block { commands: inside.join("\n"), shown: None }),
            ("text", Some(block)) if behind_commands => block.shown = Some(inside.join("\n")),
            _ => {}
        }
        behind_commands = language == "sh";
    }
    blocks
}

#[test]
fn a_page_has_lines_and_sessions() {
    let page = ".Sh NAME\n.Dl no\n.Sh EXAMPLES\nWords:\n.Dl exec x \\(aqa\\(aq\n.Bd -literal -offset indent\n\
                $ a <<E\n> b\\ec\n> E\nout 12\n$ d\n.Ed\n.Bd -literal\n\\&.x\n.Ed\n.Sh SEE ALSO\n.Dl no\n";
    let block = |commands: &str, shown: Option<&str>| Block {
        commands: commands.into(),
        shown: shown.map(str::to_string),
    };
    let expected = [block("exec x 'a'", None), block("a <<E\nb\\c\nE\nd", Some("out 12")), block(".x", None)];
    assert_eq!(of_page(page), expected);
    assert!(expected[1].shows("out 7\n") && !expected[1].shows("out x\n") && expected[0].shows("any"));
}

#[test]
fn a_text_has_commands_and_what_they_print() {
    let text = "```text\npicture\n```\n```sh\na\nb\n```\n\n```text\nout\n```\n\n```sh\nc\n```\nwords\n```text\nno\n```\n";
    let blocks = of_markdown(text);
    assert_eq!(blocks.len(), 2);
    assert_eq!((&*blocks[0].commands, blocks[0].shown.as_deref()), ("a\nb", Some("out")));
    assert_eq!((&*blocks[1].commands, blocks[1].shown.as_deref()), ("c", None));
}

#[test]
fn labels_numbers_and_widths_do_not_count() {
    assert_eq!(shape("@400000006b00e05e2c8dfba4 a 12s   b  \nx@1 é\n"), "@0 a 0s b\nx@0 é");
}
