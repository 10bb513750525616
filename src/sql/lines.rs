//! A file as LOAD DATA reads it: where its lines end, and what some fields of each say.
//!
//! Lines are cut as the server cuts them, since each goes to a server as it stands in the file and is read there again: a
//! field that is enclosed may hold the ends of lines and fields, an escaped character is never one of them, and what
//! follows the last field that is wanted is passed over by simpler rules. Nothing is decoded but those fields. Files may
//! be cut anywhere on their way here; what is held is one line and what came behind it.

use thiserror::Error;

use crate::value::Charset;

/// How fields and lines are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// FIELDS TERMINATED BY
    pub field_end: Vec<u8>,
    /// `[OPTIONALLY] ENCLOSED BY`
    pub enclosed: Option<u8>,
    /// ESCAPED BY
    pub escape: Option<u8>,
    /// LINES STARTING BY
    pub line_start: Vec<u8>,
    /// LINES TERMINATED BY
    pub line_end: Vec<u8>,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            field_end: b"\t".to_vec(),
            enclosed: None,
            escape: Some(b'\\'),
            line_start: Vec::new(),
            line_end: b"\n".to_vec(),
        }
    }
}

impl Format {
    /// Whether lines can be told from one another by their ends. Otherwise their fields have fixed widths, or a line ends
    /// where its last field does: both depend on the table's columns.
    pub fn has_lines(&self) -> bool {
        !self.line_end.is_empty() && !self.field_end.is_empty() && self.field_end != self.line_end
    }
}

/// Whether a file in this character set can be cut byte by byte: none of its longer characters has an ASCII byte in it.
pub fn is_cut_by_bytes(charset: &str) -> bool {
    // Their characters are of several bytes, of which the server looks at all together.
    const WIDE: [&str; 4] = ["ujis", "eucjpms", "euckr", "gb2312"];
    match Charset::from_mysql_name(charset) {
        Charset::Utf8 | Charset::Latin1 | Charset::Ascii | Charset::Binary => true,
        Charset::Other => !WIDE.iter().any(|wide| wide.eq_ignore_ascii_case(charset)),
        Charset::Gbk | Charset::Gb18030 | Charset::Big5 | Charset::Sjis | Charset::Cp932 | Charset::NotAscii => false,
    }
}

/// Why a file cannot be cut.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LineError {
    #[error("line {line} is longer than {limit} bytes")]
    TooLong { line: u64, limit: usize },
    /// Servers differ in how much of such bytes they take for one character, and so in where the line ends.
    #[error("line {line} has bytes behind its last field that are not UTF-8")]
    Broken { line: u64 },
}

/// What a line says in a field that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'a> {
    /// The line ends before it.
    Missing,
    Null,
    /// Without escapes and enclosing characters.
    Text(&'a [u8]),
}

/// One line, from its first byte to the end that terminates it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    pub text: &'a [u8],
    /// Counted from 1, with those that were ignored.
    pub number: u64,
    values: &'a [Value],
    /// NULL may be written as a word.
    knows_word: bool,
}

impl<'a> Line<'a> {
    /// The field that is the `place`th of those that are looked for.
    pub fn field(&self, place: usize) -> Field<'a> {
        self.values.get(place).map_or(Field::Missing, |value| value.field(self.knows_word))
    }
}

/// What is wanted of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub format: Format,
    /// Fields that are read of each line; what follows them is passed over.
    pub fields: usize,
    /// The fields that are looked for: their places in the line.
    pub values: Vec<usize>,
    /// IGNORE n LINES
    pub ignored: u64,
    /// Whether the file is in UTF-8.
    pub is_utf8: bool,
    /// The longest line that is accepted, in bytes.
    pub longest: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// A line that is ignored.
    Ignored,
    /// Before what a line starts by.
    Before,
    /// At the first byte of a field.
    FieldStart,
    Plain,
    Enclosed,
    /// Behind the last field that is read.
    Rest,
}

/// How one step ended.
enum Step {
    /// It was not the end of the line.
    On,
    /// More bytes are needed to tell.
    Starved,
    LineEnd,
    /// The file ended before the line had a field.
    Nothing,
}

/// Cuts one file.
#[derive(Debug)]
pub struct Cutter {
    wanted: Wanted,
    buffer: Vec<u8>,
    /// Where the present line begins.
    start: usize,
    at: usize,
    phase: Phase,
    /// The field that is read.
    index: usize,
    number: u64,
    ignored_left: u64,
    values: Vec<Value>,
    /// Of `values`, the one that is read.
    current: Option<usize>,
    /// Bytes that mean something in a field that is not enclosed, and in one that is.
    in_plain: [bool; 256],
    in_enclosed: [bool; 256],
}

/// One of the fields that are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Value {
    bytes: Vec<u8>,
    found: Found,
    /// `\N` was in it.
    has_null_escape: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Found {
    #[default]
    Nothing,
    Plain,
    Enclosed,
}

impl Value {
    fn field(&self, knows_word: bool) -> Field<'_> {
        let is_word = knows_word && self.found == Found::Plain && self.bytes == b"NULL";
        match self.found {
            Found::Nothing => Field::Missing,
            _ if is_word || self.has_null_escape && self.bytes.len() == 1 => Field::Null,
            Found::Plain | Found::Enclosed => Field::Text(&self.bytes),
        }
    }
}

impl Cutter {
    pub fn new(wanted: Wanted) -> Self {
        let mut in_plain = [false; 256];
        let mut in_enclosed = [false; 256];
        let format = &wanted.format;
        for byte in [format.field_end.first(), format.line_end.first(), format.escape.as_ref()].into_iter().flatten() {
            in_plain[usize::from(*byte)] = true;
        }
        for byte in [format.enclosed, format.escape].into_iter().flatten() {
            in_enclosed[usize::from(byte)] = true;
        }
        let ignored_left = wanted.ignored;
        let values = vec![Value::default(); wanted.values.len()];
        let mut cutter = Self {
            wanted,
            buffer: Vec::new(),
            start: 0,
            at: 0,
            phase: Phase::Before,
            index: 0,
            number: 1,
            ignored_left,
            values,
            current: None,
            in_plain,
            in_enclosed,
        };
        cutter.phase = cutter.first_phase();
        cutter
    }

    /// More bytes of the file.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.buffer.drain(..self.start);
            self.at -= self.start;
            self.start = 0;
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line, if it is whole. `is_all`: the file has no more bytes, so that its last line needs no end.
    pub fn next(&mut self, is_all: bool) -> Result<Option<Line<'_>>, LineError> {
        loop {
            match self.step(is_all)? {
                Step::On => {}
                Step::Starved if self.buffer.len() - self.start > self.wanted.longest => {
                    return Err(LineError::TooLong { line: self.number, limit: self.wanted.longest });
                }
                Step::Starved | Step::Nothing => return Ok(None),
                Step::LineEnd if self.phase == Phase::Ignored => self.begin_line(),
                Step::LineEnd => return Ok(Some(self.take_line())),
            }
        }
    }

    fn first_phase(&self) -> Phase {
        if self.ignored_left > 0 { Phase::Ignored } else { Phase::Before }
    }

    fn begin_line(&mut self) {
        self.ignored_left = self.ignored_left.saturating_sub(1);
        self.number += 1;
        self.start = self.at;
        self.phase = self.first_phase();
        self.index = 0;
    }

    fn take_line(&mut self) -> Line<'_> {
        let (start, number) = (self.start, self.number);
        let read = self.index;
        self.begin_line();
        for (value, place) in self.values.iter_mut().zip(&self.wanted.values) {
            if *place >= read {
                value.found = Found::Nothing;
            }
        }
        let knows_word = self.wanted.format.enclosed.is_some();
        Line { text: &self.buffer[start..self.at], number, values: &self.values, knows_word }
    }

    fn step(&mut self, is_all: bool) -> Result<Step, LineError> {
        match self.phase {
            Phase::Ignored | Phase::Rest => self.pass_over(is_all),
            Phase::Before => Ok(self.find_start(is_all)),
            Phase::FieldStart => Ok(self.begin_field(is_all)),
            Phase::Plain => Ok(self.plain(is_all)),
            Phase::Enclosed => Ok(self.enclosed(is_all)),
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.buffer.get(self.at + ahead).copied()
    }

    /// Whether `end` comes `ahead` bytes from here; `None` if the bytes do not tell yet.
    fn comes(&self, ahead: usize, end: &[u8], is_all: bool) -> Option<bool> {
        let rest = self.buffer.get(self.at + ahead..).unwrap_or_default();
        match rest.get(..end.len()) {
            Some(found) => Some(found == end),
            None if is_all || !end.starts_with(rest) => Some(false),
            None => None,
        }
    }

    /// Servers look for the start anywhere in the line, and beyond its end.
    fn find_start(&mut self, is_all: bool) -> Step {
        let start = &self.wanted.format.line_start;
        if start.is_empty() {
            self.phase = Phase::FieldStart;
            return Step::On;
        }
        match memchr::memmem::find(&self.buffer[self.at..], start) {
            Some(before) => {
                self.at += before + start.len();
                self.phase = Phase::FieldStart;
                Step::On
            }
            None if is_all => Step::Nothing,
            None => {
                // It may have begun in the last bytes.
                self.at = self.buffer.len().saturating_sub(start.len() - 1).max(self.at);
                Step::Starved
            }
        }
    }

    fn begin_field(&mut self, is_all: bool) -> Step {
        let Some(byte) = self.byte(0) else {
            return match (is_all, self.index) {
                (false, _) => Step::Starved,
                (true, 0) => Step::Nothing,
                (true, _) => Step::LineEnd,
            };
        };
        self.current = self.wanted.values.iter().position(|place| *place == self.index);
        if let Some(value) = self.value() {
            value.bytes.clear();
            value.has_null_escape = false;
        }
        if Some(byte) == self.wanted.format.enclosed {
            self.at += 1;
            self.phase = Phase::Enclosed;
        } else {
            self.phase = Phase::Plain;
        }
        Step::On
    }

    /// The value that is read, if the field is looked for.
    fn value(&mut self) -> Option<&mut Value> {
        self.values.get_mut(self.current?)
    }

    /// Steps over bytes without a meaning.
    fn run(&mut self, is_enclosed: bool) -> Option<u8> {
        let special = if is_enclosed { &self.in_enclosed } else { &self.in_plain };
        let rest = &self.buffer[self.at..];
        let length = rest.iter().position(|byte| special[usize::from(*byte)]).unwrap_or(rest.len());
        if let Some(value) = self.current.and_then(|at| self.values.get_mut(at)) {
            value.bytes.extend_from_slice(&rest[..length]);
        }
        self.at += length;
        self.byte(0)
    }

    fn put(&mut self, byte: u8) {
        if let Some(value) = self.value() {
            value.bytes.push(byte);
        }
    }

    /// Takes an escape and what it escapes. `None`: the byte stands for itself.
    fn escaped(&mut self, is_all: bool) -> Option<Step> {
        let escape = self.wanted.format.escape?;
        match self.byte(1) {
            None if is_all => {
                self.put(escape);
                self.at += 1;
                Some(Step::On)
            }
            None => Some(Step::Starved),
            Some(next) if self.wanted.format.enclosed != Some(escape) || next == escape => {
                if let Some(value) = self.value() {
                    value.has_null_escape |= next == b'N';
                }
                self.put(unescaped(next));
                self.at += 2;
                Some(Step::On)
            }
            Some(_) => None,
        }
    }

    fn plain(&mut self, is_all: bool) -> Step {
        let Some(byte) = self.run(false) else {
            return if is_all { self.end_field(Found::Plain, true) } else { Step::Starved };
        };
        if Some(byte) == self.wanted.format.escape
            && let Some(step) = self.escaped(is_all)
        {
            return step;
        }
        match self.end_at(0, is_all) {
            None => Step::Starved,
            Some(End::None) => {
                self.put(byte);
                self.at += 1;
                Step::On
            }
            Some(end) => self.end_field_at(Found::Plain, end),
        }
    }

    fn enclosed(&mut self, is_all: bool) -> Step {
        let Some(byte) = self.run(true) else {
            if !is_all {
                return Step::Starved;
            }
            // It was not closed: the character that opened it is part of it.
            let opened = self.wanted.format.enclosed;
            if let Some(value) = self.value() {
                value.bytes.splice(0..0, opened);
            }
            return self.end_field(Found::Plain, true);
        };
        if Some(byte) == self.wanted.format.escape
            && let Some(step) = self.escaped(is_all)
        {
            return step;
        }
        match self.byte(1) {
            None if !is_all => Step::Starved,
            None => {
                self.at += 1;
                self.end_field(Found::Enclosed, true)
            }
            Some(next) if next == byte => {
                self.put(byte);
                self.at += 2;
                Step::On
            }
            Some(_) => match self.end_at(1, is_all) {
                None => Step::Starved,
                Some(End::None) => {
                    self.put(byte);
                    self.at += 1;
                    Step::On
                }
                Some(end) => {
                    self.at += 1;
                    self.end_field_at(Found::Enclosed, end)
                }
            },
        }
    }

    /// What ends `ahead` bytes from here. A line's end is looked for first.
    fn end_at(&self, ahead: usize, is_all: bool) -> Option<End> {
        let format = &self.wanted.format;
        if self.comes(ahead, &format.line_end, is_all)? {
            return Some(End::Line);
        }
        Some(if self.comes(ahead, &format.field_end, is_all)? { End::Field } else { End::None })
    }

    fn end_field_at(&mut self, found: Found, end: End) -> Step {
        self.at += match end {
            End::Line => self.wanted.format.line_end.len(),
            End::Field => self.wanted.format.field_end.len(),
            End::None => 0,
        };
        self.end_field(found, end == End::Line)
    }

    fn end_field(&mut self, found: Found, ends_line: bool) -> Step {
        if let Some(value) = self.value() {
            value.found = found;
        }
        self.index += 1;
        self.phase = if self.index < self.wanted.fields { Phase::FieldStart } else { Phase::Rest };
        if ends_line { Step::LineEnd } else { Step::On }
    }

    /// To the end of the line, in which nothing is enclosed here.
    fn pass_over(&mut self, is_all: bool) -> Result<Step, LineError> {
        let is_rest = self.phase == Phase::Rest;
        let Some(byte) = self.byte(0) else {
            return Ok(match (is_all, is_rest) {
                (false, _) => Step::Starved,
                (true, true) => Step::LineEnd,
                (true, false) => Step::Nothing,
            });
        };
        if byte >= 0x80 && self.wanted.is_utf8 {
            return self.pass_over_character(is_all);
        }
        if Some(byte) == self.wanted.format.escape {
            self.at += if self.byte(1).is_some() || is_all { 2 } else { return Ok(Step::Starved) };
            self.at = self.at.min(self.buffer.len());
            return Ok(Step::On);
        }
        Ok(match self.comes(0, &self.wanted.format.line_end, is_all) {
            None => Step::Starved,
            Some(true) => {
                self.at += self.wanted.format.line_end.len();
                Step::LineEnd
            }
            Some(false) => {
                self.at += 1;
                Step::On
            }
        })
    }

    fn pass_over_character(&mut self, is_all: bool) -> Result<Step, LineError> {
        if self.comes(0, &self.wanted.format.line_end, is_all) == Some(true) {
            self.at += self.wanted.format.line_end.len();
            return Ok(Step::LineEnd);
        }
        let rest = &self.buffer[self.at..];
        let length = match rest[0] {
            0xF0.. => 4,
            0xE0.. => 3,
            _ => 2,
        };
        match rest.get(..length) {
            Some(character) if std::str::from_utf8(character).is_ok() => {
                self.at += length;
                Ok(Step::On)
            }
            None if !is_all => Ok(Step::Starved),
            _ => Err(LineError::Broken { line: self.number }),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    None,
    Field,
    Line,
}

fn unescaped(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b't' => b'\t',
        b'r' => b'\r',
        b'b' => 8,
        b'0' => 0,
        b'Z' => 26,
        other => other,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wanted(format: Format) -> Wanted {
        Wanted { format, fields: 2, values: vec![0], ignored: 0, is_utf8: true, longest: 1000 }
    }

    fn csv() -> Format {
        Format { field_end: b",".to_vec(), enclosed: Some(b'"'), ..Format::default() }
    }

    /// Lines and the values of their field, cut from pieces of this size.
    fn cut(wanted: Wanted, file: &[u8], size: usize) -> Vec<(String, Option<String>)> {
        let mut cutter = Cutter::new(wanted);
        let mut out = Vec::new();
        let mut pieces = file.chunks(size);
        loop {
            let piece = pieces.next();
            cutter.push(piece.unwrap_or_default());
            while let Some(line) = cutter.next(piece.is_none()).unwrap() {
                let field = match line.field(0) {
                    Field::Missing => Some("-".to_owned()),
                    Field::Null => None,
                    Field::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                };
                out.push((String::from_utf8_lossy(line.text).into_owned(), field));
            }
            if piece.is_none() {
                return out;
            }
        }
    }

    fn check(wanted: Wanted, file: &[u8], expected: &[(&str, Option<&str>)]) {
        let expected: Vec<(String, Option<String>)> =
            expected.iter().map(|(line, field)| ((*line).to_owned(), field.map(str::to_owned))).collect();
        for size in [1, 2, 3, 7, 1000] {
            assert_eq!(cut(wanted.clone(), file, size), expected, "in pieces of {size}");
        }
    }

    #[test]
    fn lines_of_tabs() {
        let file = b"1\ta\n\\N\tb\n2\\\t3\tc\n4\\\n5\td\n\n6";
        let expected = [
            ("1\ta\n", Some("1")),
            ("\\N\tb\n", None),
            ("2\\\t3\tc\n", Some("2\t3")),
            ("4\\\n5\td\n", Some("4\n5")),
            ("\n", Some("")),
            ("6", Some("6")),
        ];
        check(wanted(Format::default()), file, &expected);
    }

    #[test]
    fn enclosed_fields() {
        let file = b"\"1\",x\n\"a,\n\"\"b\"\"\",\"y\"\nNULL,z\n\"NULL\",z\n\"a\"b\",\n\"\\N\",q\n\"open,1\n";
        let expected = [
            ("\"1\",x\n", Some("1")),
            ("\"a,\n\"\"b\"\"\",\"y\"\n", Some("a,\n\"b\"")),
            ("NULL,z\n", None),
            ("\"NULL\",z\n", Some("NULL")),
            ("\"a\"b\",\n", Some("a\"b")),
            ("\"\\N\",q\n", None),
            ("\"open,1\n", Some("\"open,1\n")),
        ];
        check(wanted(csv()), file, &expected);
    }

    #[test]
    fn an_escape_that_also_encloses() {
        let format = Format { escape: Some(b'"'), ..csv() };
        let file = b"\"a\"\"b\",\"c\"\nd\"\"e\"f,\\\n";
        check(wanted(format), file, &[("\"a\"\"b\",\"c\"\n", Some("a\"b")), ("d\"\"e\"f,\\\n", Some("d\"e\"f"))]);
    }

    #[test]
    fn what_follows_the_last_field_is_not_enclosed() {
        let file = b"1,2,\"a\nb\",3\n4,5,x\\\ny\n";
        let expected = [("1,2,\"a\n", Some("1")), ("b\",3\n", Some("b\"")), ("4,5,x\\\ny\n", Some("4"))];
        check(wanted(csv()), file, &expected);
    }

    #[test]
    fn long_ends_and_starts() {
        let format = Format {
            field_end: b"||".to_vec(),
            line_end: b"\r\n".to_vec(),
            line_start: b"xx".to_vec(),
            ..Format::default()
        };
        let file = b"junk xx1|a||b\rc\r\nxxx2||\r\n  xx3\r\nno start";
        let expected = [("junk xx1|a||b\rc\r\n", Some("1|a")), ("xxx2||\r\n", Some("x2")), ("  xx3\r\n", Some("3"))];
        check(wanted(format), file, &expected);
    }

    #[test]
    fn ignored_lines_know_nothing_of_fields() {
        let wanted = Wanted { ignored: 2, values: vec![1], ..wanted(csv()) };
        let file = b"\"a\nb\",c\n1,2\n3\n4,";
        check(wanted, file, &[("1,2\n", Some("2")), ("3\n", Some("-")), ("4,", Some("-"))]);
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut cutter = Cutter::new(Wanted { longest: 10, ..wanted(Format::default()) });
        cutter.push(b"1\n12345678901");
        assert!(cutter.next(false).unwrap().is_some());
        assert_eq!(cutter.next(false), Err(LineError::TooLong { line: 2, limit: 10 }));
    }

    #[test]
    fn broken_text_behind_the_last_field_is_refused() {
        let mut cutter = Cutter::new(wanted(Format::default()));
        cutter.push(b"1\t2\t\xE4\n3\t4\n");
        assert_eq!(cutter.next(true), Err(LineError::Broken { line: 1 }));
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(file in proptest::collection::vec(
            proptest::sample::select(b"1a,\t\"\\N\r\n|x".to_vec()), 0..80), size in 1_usize..20) {
            for format in [Format::default(), csv(), Format { line_end: b"\r\n".to_vec(), ..csv() },
                Format { escape: Some(b'"'), ..csv() }, Format { escape: None, line_start: b"x|".to_vec(), ..csv() }] {
                prop_assert_eq!(cut(wanted(format.clone()), &file, size), cut(wanted(format), &file, 1000));
            }
        }

        #[test]
        fn all_bytes_of_a_file_are_in_its_lines(file in proptest::collection::vec(
            proptest::sample::select(b"1a,\"\\\r\n".to_vec()), 0..80)) {
            let lines: String = cut(wanted(csv()), &file, 1000).into_iter().map(|(line, _)| line).collect();
            prop_assert_eq!(lines.as_bytes(), file.as_slice());
        }
    }
}
