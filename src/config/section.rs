//! TOML read with its places. A [`Section`] is asked for each key that it may have; in the end it reports the keys that
//! nobody asked for. So what is known and what is read cannot differ, and one bad key does not hide the next.

use std::cell::RefCell;
use std::ops::{Range, RangeInclusive};
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::files::SeenFile;
use super::problem::{Problem, Report, nearest};

/// The text of one file.
#[derive(Debug)]
pub(super) struct Source {
    /// The path to show.
    pub(super) file: String,
    pub(super) text: String,
    /// Where each line ends.
    ends: Vec<usize>,
}

impl Source {
    pub(super) fn new(file: String, text: String) -> Self {
        let ends = memchr::memchr_iter(b'\n', text.as_bytes()).collect();
        Self { file, text, ends }
    }

    /// The whole file as a section; `None`, reported, if it is not TOML.
    pub(super) fn parse<'d>(&'d self, report: &'d Report) -> Option<Section<'d>> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        let context = Context { source: self, report };
        for error in &errors {
            context.problem(error.span().unwrap_or(0..0), "", error.message());
        }
        errors.is_empty().then(|| Section::new(table.into_inner(), 0..0, String::new(), context))
    }

    fn line(&self, offset: usize) -> usize {
        self.ends.partition_point(|end| *end < offset) + 1
    }
}

/// Where sections report to.
#[derive(Debug, Clone, Copy)]
struct Context<'d> {
    source: &'d Source,
    report: &'d Report,
}

impl Context<'_> {
    fn locate(&self, at: Range<usize>, key: &str, message: impl Into<String>) -> Problem {
        let line = Some(self.source.line(at.start));
        Problem { file: self.source.file.clone(), line, key: key.to_owned(), message: message.into() }
    }

    fn problem(&self, at: Range<usize>, key: &str, message: impl Into<String>) {
        self.report.problem(self.locate(at, key, message));
    }
}

/// A table of the file.
#[derive(Debug)]
pub(super) struct Section<'d> {
    table: DeTable<'d>,
    at: Range<usize>,
    path: String,
    context: Context<'d>,
    /// Keys that were asked for.
    known: RefCell<Vec<&'static str>>,
}

impl<'d> Section<'d> {
    fn new(table: DeTable<'d>, at: Range<usize>, path: String, context: Context<'d>) -> Self {
        Self { table, at, path, context, known: RefCell::default() }
    }

    /// The value of a key.
    pub(super) fn item(&self, key: &'static str) -> Option<Item<'d>> {
        self.known.borrow_mut().push(key);
        let value = self.table.get(key)?;
        Some(Item { value: value.clone(), path: self.path_of(key), context: self.context })
    }

    /// The value of a key that must be there.
    pub(super) fn required(&self, key: &'static str) -> Option<Item<'d>> {
        let item = self.item(key);
        if item.is_none() {
            self.problem(key, "missing");
        }
        item
    }

    /// Notes that these keys may be there.
    pub(super) fn know(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    /// Whether a key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Whether a list is left out, or empty.
    pub(super) fn is_without(&self, key: &str) -> bool {
        self.table.get(key).is_none_or(|value| value.get_ref().as_array().is_some_and(|list| list.is_empty()))
    }

    /// A text, if it is there.
    pub(super) fn text(&self, key: &'static str) -> Option<String> {
        self.item(key)?.text()
    }

    /// A text, if it is one, without report.
    pub(super) fn peek(&self, key: &str) -> Option<&str> {
        self.table.get(key)?.get_ref().as_str()
    }

    /// A text that must be there.
    pub(super) fn required_text(&self, key: &'static str) -> Option<String> {
        self.required(key)?.text()
    }

    /// The tables of an array of tables; none if it is not there.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'d>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let example = format!("[[{key}]]");
        match item.value.get_ref() {
            DeValue::Array(_) => {
                item.list(&example).unwrap_or_default().into_iter().filter_map(|item| item.section(&example)).collect()
            }
            _ => {
                item.expected(&format!("a list of tables: write {example}"));
                Vec::new()
            }
        }
    }

    /// The keys and values, as ordered in the file.
    pub(super) fn entries(&self) -> Vec<(String, Item<'d>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let item = |key: &str, value: &Spanned<DeValue<'d>>| Item {
            value: value.clone(),
            path: self.path_of(key),
            context: self.context,
        };
        entries.into_iter().map(|(key, value)| (key.get_ref().to_string(), item(key.get_ref(), value))).collect()
    }

    /// Reports a problem of a key, at its line; if it is not there, at the section's.
    pub(super) fn problem(&self, key: &str, message: impl Into<String>) {
        let at = self.table.get_key_value(key).map_or(self.at.clone(), |(key, _)| key.span());
        self.context.problem(at, &self.path_of(key), message);
    }

    /// Reports a key that is there and has no meaning, and why.
    pub(super) fn refuse(&self, key: &'static str, reason: &str) {
        self.known.borrow_mut().push(key);
        if self.has(key) {
            self.problem(key, reason);
        }
    }

    /// Reports the keys that nobody asked for.
    pub(super) fn finish(&self) {
        let known = self.known.borrow();
        for (key, _) in self.table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let message = match nearest(key.get_ref(), known.iter().copied()) {
                Some(meant) => format!("unknown key; did you mean \"{meant}\"?"),
                None => format!("unknown key; known keys: {}", each_once(&known).join(", ")),
            };
            self.context.problem(key.span(), &self.path_of(key.get_ref()), message);
        }
    }

    /// Where the section begins, for what is found out later: a message is to be put in.
    pub(super) fn place(&self) -> Problem {
        self.context.locate(self.at.clone(), &self.path, "")
    }

    /// The file that this is in.
    pub(super) fn file(&self) -> &'d str {
        &self.context.source.file
    }

    /// A duration within these bounds (`None`, reported, if it is another), or the default where the key is left out.
    pub(super) fn duration(
        &self,
        key: &'static str,
        default: Duration,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        self.item(key).map_or(Some(default), |item| item.duration(range))
    }

    /// A number within these bounds, or the default.
    pub(super) fn integer(&self, key: &'static str, default: usize, range: RangeInclusive<u64>) -> Option<usize> {
        self.item(key).map_or(Some(default), |item| item.integer(range).map(|integer| integer as usize))
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

/// A value of the file.
#[derive(Debug)]
pub(super) struct Item<'d> {
    value: Spanned<DeValue<'d>>,
    path: String,
    context: Context<'d>,
}

impl<'d> Item<'d> {
    /// Reports a problem of the value.
    pub(super) fn problem(&self, message: impl Into<String>) {
        self.context.problem(self.value.span(), &self.path, message);
    }

    /// Reports something doubtful.
    pub(super) fn warning(&self, message: impl Into<String>) {
        self.context.report.warning(self.context.locate(self.value.span(), &self.path, message));
    }

    /// Notes that a file was read because of this value.
    pub(super) fn saw(&self, path: &Path, bytes: &[u8]) {
        self.context.report.saw(SeenFile::attached(path, bytes));
    }

    /// The same of the map of a sharding function.
    pub(super) fn saw_map(&self, path: &Path, text: &str) {
        self.context.report.saw(SeenFile::map(path, text));
    }

    /// The text of a file that the value names.
    pub(super) fn read_file(&self, path: &Path) -> std::io::Result<String> {
        self.context.report.read(path)
    }

    /// Reports that something else should be here.
    pub(super) fn expected(&self, what: &str) {
        self.problem(format!("this is {}, and should be {what}", kind(self.value.get_ref())));
    }

    pub(super) fn is_text(&self) -> bool {
        self.value.get_ref().is_str()
    }

    pub(super) fn is_table(&self) -> bool {
        self.value.get_ref().is_table()
    }

    pub(super) fn is_list(&self) -> bool {
        self.value.get_ref().is_array()
    }

    pub(super) fn text(&self) -> Option<String> {
        let text = self.value.get_ref().as_str();
        if text.is_none() {
            self.expected("a text in quotes");
        }
        text.map(str::to_owned)
    }

    /// The value as a text, without report.
    pub(super) fn peek(&self) -> Option<&str> {
        self.value.get_ref().as_str()
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        let boolean = self.value.get_ref().as_bool();
        if boolean.is_none() {
            self.expected("true or false");
        }
        boolean
    }

    /// The value as true or false, without report.
    pub(super) fn as_boolean(&self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// A text, a number or a truth value, as it is written, without report.
    pub(super) fn as_scalar(&self) -> Option<String> {
        match self.value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(_) => self.as_integer().map(|integer| integer.to_string()),
            DeValue::Float(float) => Some(float.to_string()),
            DeValue::Boolean(truth) => Some(truth.to_string()),
            DeValue::Datetime(moment) => Some(moment.to_string()),
            DeValue::Array(_) | DeValue::Table(_) => None,
        }
    }

    /// The value as an integer, without report.
    pub(super) fn as_integer(&self) -> Option<i128> {
        let integer = self.value.get_ref().as_integer()?;
        i128::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    /// An integer of this range.
    pub(super) fn integer(&self, range: RangeInclusive<u64>) -> Option<u64> {
        let found = self.as_integer().and_then(|integer| u64::try_from(integer).ok());
        let integer = found.filter(|integer| range.contains(integer));
        if integer.is_none() {
            let what = format!("a number from {} to {}", range.start(), range.end());
            match self.as_integer() {
                Some(given) => self.problem(format!("{given} should be {what}")),
                None => self.expected(&what),
            }
        }
        integer
    }

    /// One of these words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&'static str, T)]) -> Option<T> {
        let words: Vec<String> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let Some(given) = self.value.get_ref().as_str() else {
            self.expected(&format!("one of {}", words.join(", ")));
            return None;
        };
        let chosen = choices.iter().find(|(word, _)| *word == given).map(|(_, value)| *value);
        if chosen.is_none() {
            let meant = nearest(given, choices.iter().map(|(word, _)| *word));
            let hint = meant.map(|word| format!("; did you mean \"{word}\"?")).unwrap_or_default();
            self.problem(format!("\"{given}\" is not one of {}{hint}", words.join(", ")));
        }
        chosen
    }

    /// The items of a list.
    pub(super) fn list(&self, example: &str) -> Option<Vec<Item<'d>>> {
        let Some(array) = self.value.get_ref().as_array() else {
            self.expected(&format!("a list, as in {example}"));
            return None;
        };
        let item = |(index, value): (usize, &Spanned<DeValue<'d>>)| Item {
            value: value.clone(),
            path: format!("{}[{index}]", self.path),
            context: self.context,
        };
        Some(array.iter().enumerate().map(item).collect())
    }

    /// A table.
    pub(super) fn section(&self, example: &str) -> Option<Section<'d>> {
        match self.value.get_ref() {
            DeValue::Table(table) => {
                Some(Section::new(table.clone(), self.value.span(), self.path.clone(), self.context))
            }
            _ => {
                self.expected(&format!("a table, as in {example}"));
                None
            }
        }
    }
}

/// Keys are asked for more than once.
fn each_once<'k>(keys: &[&'k str]) -> Vec<&'k str> {
    let mut once: Vec<&str> = Vec::new();
    keys.iter().for_each(|key| {
        if !once.contains(key) {
            once.push(key)
        }
    });
    once
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
