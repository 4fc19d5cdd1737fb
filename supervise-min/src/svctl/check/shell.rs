//! The commands of a shell script: words, and the sign behind each command; pure.
//!
//! Quotes, comments, `$( )`, `${ }`, backquotes and documents within the script are passed over as the shell does it.
//! What is not closed goes on to the end.

/// What is behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// A line end, `;`, `&&`, `||`, a parenthesis, or the end.
    End,
    /// `|`
    Pipe,
    /// `&`
    Background,
}

/// A simple command, or the words between two signs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    /// The line of its sign, from 1 on.
    pub(super) line: usize,
    pub(super) sign: Sign,
}

impl Command {
    /// Its first word that sets no variable.
    pub(super) fn first(&self) -> Option<&str> {
        self.rest().next()
    }

    /// Whether the shell becomes a program by it, and does not only open files.
    pub(super) fn is_exec(&self) -> bool {
        let mut words = self.rest();
        let is_program = |word: &str| {
            let behind = word.trim_start_matches(|c: char| c.is_ascii_digit());
            !behind.starts_with(['>', '<', '&']) && word != "--"
        };
        words.next() == Some("exec") && words.next().is_some_and(is_program)
    }

    fn rest(&self) -> impl Iterator<Item = &str> {
        const OPENERS: [&str; 7] = ["then", "else", "do", "{", "!", "if", "while"];
        let skipped = |word: &&str| sets(word) || OPENERS.contains(word);
        self.words.iter().map(String::as_str).skip_while(skipped)
    }
}

/// Whether a word is `NAME=value`.
fn sets(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    })
}

/// The commands of a script, in their order.
pub(super) fn commands(text: &[u8]) -> Vec<Command> {
    let text = String::from_utf8_lossy(text);
    let mut reader = Reader { letters: text.chars().collect(), line: 1, ..Reader::default() };
    while let Some(letter) = reader.take() {
        reader.letter(letter);
    }
    reader.end(Sign::End);
    reader.commands
}

#[derive(Default)]
struct Reader {
    letters: Vec<char>,
    at: usize,
    line: usize,
    word: Option<String>,
    words: Vec<String>,
    commands: Vec<Command>,
    /// Documents that begin with the next line, by the line that ends each.
    documents: Vec<(String, bool)>,
}

impl Reader {
    fn take(&mut self) -> Option<char> {
        let letter = self.letters.get(self.at).copied()?;
        self.at += 1;
        self.line += usize::from(letter == '\n');
        Some(letter)
    }

    fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    fn letter(&mut self, letter: char) {
        match letter {
            '\\' => match self.take() {
                Some('\n') | None => {}
                Some(other) => self.add(other),
            },
            '\'' => self.quoted('\''),
            '"' => self.quoted('"'),
            '`' => self.quoted('`'),
            '$' => self.dollar(),
            '#' if self.word.is_none() => self.comment(),
            '<' if self.peek() == Some('<') => self.document(),
            '>' | '<' => {
                self.add(letter);
                // What is duplicated.
                if self.peek() == Some('&') {
                    self.at += 1;
                    self.add('&');
                }
            }
            '&' if self.peek() == Some('>') => self.add('&'),
            '&' => {
                let sign = if self.skip('&') { Sign::End } else { Sign::Background };
                self.end(sign);
            }
            '|' => {
                let sign = if self.skip('|') { Sign::End } else { Sign::Pipe };
                self.end(sign);
            }
            ';' | '(' | ')' => self.end(Sign::End),
            '\n' => self.new_line(),
            _ if letter.is_whitespace() => self.end_word(),
            _ => self.add(letter),
        }
    }

    fn add(&mut self, letter: char) {
        self.word.get_or_insert_default().push(letter);
    }

    fn skip(&mut self, letter: char) -> bool {
        let same = self.peek() == Some(letter);
        self.at += usize::from(same);
        same
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end(&mut self, sign: Sign) {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        if !words.is_empty() || sign == Sign::Background {
            self.commands.push(Command { words, line: self.line, sign });
        }
    }

    fn new_line(&mut self) {
        // The sign is on the line that it ends.
        self.line -= 1;
        self.end(Sign::End);
        self.line += 1;
        for (end, tabs) in std::mem::take(&mut self.documents) {
            while self.at < self.letters.len() {
                let line = self.rest_of_line();
                self.take();
                if if tabs { line.trim_start_matches('\t') } else { &line } == end {
                    break;
                }
            }
        }
    }

    fn rest_of_line(&mut self) -> String {
        let rest: String = self.letters[self.at..].iter().take_while(|&&letter| letter != '\n').collect();
        self.at += rest.chars().count();
        rest
    }

    fn comment(&mut self) {
        self.rest_of_line();
    }

    /// To the closing quote. What is quoted is a part of a word even if it is nothing.
    fn quoted(&mut self, quote: char) {
        self.word.get_or_insert_default();
        while let Some(letter) = self.take().filter(|&letter| letter != quote) {
            let letter = if letter == '\\' && quote != '\'' { self.take().unwrap_or(letter) } else { letter };
            self.add(letter);
        }
    }

    fn dollar(&mut self) {
        self.add('$');
        let close = match self.peek() {
            Some('(') => ')',
            Some('{') => '}',
            _ => return,
        };
        let open = self.take();
        let mut depth = 1;
        while depth > 0 {
            let Some(letter) = self.take() else { break };
            match letter {
                '\\' => drop(self.take()),
                '\'' | '"' => self.quoted(letter),
                _ if Some(letter) == open => depth += 1,
                _ if letter == close => depth -= 1,
                _ => {}
            }
        }
    }

    /// `<<WORD` or `<<-WORD`; `<<<` is no document.
    fn document(&mut self) {
        self.at += 1;
        self.end_word();
        if self.skip('<') {
            return;
        }
        let tabs = self.skip('-');
        while self.peek().is_some_and(|letter| letter == ' ' || letter == '\t') {
            self.at += 1;
        }
        let mut end = String::new();
        while let Some(letter) =
            self.peek().filter(|letter| !letter.is_whitespace() && !";&|()".contains(*letter))
        {
            self.at += 1;
            if !"'\"\\".contains(letter) {
                end.push(letter);
            }
        }
        self.documents.push((end, tabs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(text: &str) -> String {
        let sign = |sign| match sign {
            Sign::End => ";",
            Sign::Pipe => "|",
            Sign::Background => "&",
        };
        let all = commands(text.as_bytes());
        let all = all.iter().map(|one| format!("{}:{}{}", one.line, one.words.join(","), sign(one.sign)));
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_and_signs() {
        for (text, expected) in [
            ("a b\nc", "1:a,b; 2:c;"),
            ("a && b || c | d & e; f", "1:a; 1:b; 1:c| 1:d& 1:e; 1:f;"),
            ("a 'b c' \"d\\\"e\" ''", "1:a,b c,d\"e,;"),
            ("a \\\n b", "2:a,b;"),
            ("a # b & c\nd", "1:a; 2:d;"),
            ("a b#c", "1:a,b#c;"),
            ("a 2>&1 <&3 &>x >>y", "1:a,2>&1,<&3,&>x,>>y;"),
            ("cat <<E <<-'F'\nx &\nE\n\ty | z\n\tF\nb", "1:cat; 6:b;"),
            ("cat <<<x\nb", "1:cat,x; 2:b;"),
            ("a $(b & (c; d)) ${e;f} `g|h`", "1:a,$,$,g|h;"),
            ("(a; b) &", "1:a; 1:b; 1:&"),
            ("a 'open", "1:a,open;"),
            ("cat <<E\nnever", "1:cat;"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }

    #[test]
    fn exec_of_a_program_is_not_exec_of_files() {
        for (text, is) in [
            ("exec x", true),
            ("A=1 exec x", true),
            ("then exec x", true),
            ("exec 2>&1", false),
            ("exec", false),
            ("exec >log x", false),
            ("x exec", false),
            ("1A=1 exec x", false),
        ] {
            assert_eq!(commands(text.as_bytes())[0].is_exec(), is, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[a '\"\\\\$(){}`<>&|;#\n-]{0,60}") {
            let lines = text.split('\n').count();
            prop_assert!(commands(text.as_bytes()).iter().all(|command| (1..=lines).contains(&command.line)));
        }

        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            commands(&bytes);
        }
    }
}
