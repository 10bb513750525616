//! Statement cases as data: `tests/cases/**/*.sql`. tests/README.md describes the format.

use std::collections::BTreeSet;
use std::path::Path;

use shardgate::playground::flavour::Flavour;

use super::answer::{FIELDS, Leniency};
use super::client::Param;

/// Statements that run in order on one session of their own.
#[derive(Clone, Debug)]
pub struct Case {
    /// `file:line`.
    pub place: String,
    pub steps: Vec<Step>,
}

impl Case {
    /// Whether it holds only where rows are by their natural key: it writes what another key forbids.
    pub fn needs_natural_key(&self) -> bool {
        self.steps.iter().any(|step| step.natural_key)
    }

    /// Whether it is about something that this flavour of servers has.
    pub fn is_for(&self, flavour: Flavour) -> bool {
        self.steps.iter().all(|step| step.only.is_none_or(|only| only == flavour))
    }

    /// Whether the tables may look different afterwards.
    pub fn writes(&self) -> bool {
        const READS: [&str; 7] = ["SELECT", "SHOW", "SET", "USE", "EXPLAIN", "DESC", "DESCRIBE"];
        self.steps.iter().any(|step| !READS.contains(&step.verb().as_str()))
    }

    /// Whether tables hold something else on each server, such as the time.
    pub fn leaves_own_rows(&self) -> bool {
        self.steps.iter().any(|step| step.own_rows)
    }

    /// Whether the table's name occurs.
    pub fn names(&self, table: &str) -> bool {
        self.steps.iter().any(|step| String::from_utf8_lossy(&step.sql).to_lowercase().contains(table))
    }
}

/// One statement and how its answers are compared.
#[derive(Clone, Debug, Default)]
pub struct Step {
    pub sql: Vec<u8>,
    /// Values of its `?`, one set for each execution; their SQL texts replace the `?` when it goes as text.
    pub params: Vec<Vec<(Param, String)>>,
    pub leniency: Leniency,
    /// Fields that may differ on MySQL only.
    pub open_on_mysql: BTreeSet<String>,
    /// Both must fail, whatever with.
    pub error_only: bool,
    /// The error that ShardGate gives instead of an answer, for now, and words of its message.
    pub refused: Option<(u16, String)>,
    /// The same, only where it is prepared.
    pub refused_prepared: Option<(u16, String)>,
    /// Sent as text also when cases run prepared.
    pub text_only: bool,
    /// Sent prepared also when cases run as text.
    pub prepared_only: bool,
    /// Its case is left out where tables have other keys.
    pub natural_key: bool,
    /// What its case writes is not the same on any two servers.
    pub own_rows: bool,
    /// The file that it loads.
    pub file: Vec<u8>,
    /// Its case is left out on servers of another flavour.
    pub only: Option<Flavour>,
}

impl Step {
    /// The first word, in capitals; comments before it are passed over.
    pub fn verb(&self) -> String {
        let text = String::from_utf8_lossy(&self.sql);
        let mut rest = text.trim_start_matches(|c: char| c.is_whitespace() || c == '(');
        while let Some(comment) = rest.strip_prefix("/*").filter(|comment| !comment.starts_with(['!', 'M'])) {
            rest = comment.split_once("*/").map_or("", |(_, after)| after).trim_start();
        }
        rest.chars()
            .skip_while(|c| "/*!M".contains(*c) || c.is_ascii_digit())
            .collect::<String>()
            .trim_start()
            .chars()
            .take_while(|c| c.is_ascii_alphabetic())
            .collect::<String>()
            .to_uppercase()
    }

    /// Whether SQL leaves the order of its rows open, as far as its text shows.
    pub fn names_no_order(&self) -> bool {
        !String::from_utf8_lossy(&self.sql).to_uppercase().contains("ORDER BY")
    }

    /// Whether it is prepared when cases run prepared: what applications prepare.
    pub fn is_preparable(&self) -> bool {
        let verb = self.verb();
        !self.text_only && ["SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"].contains(&verb.as_str())
    }

    /// The statement once for each set of parameters, with these written into it.
    pub fn as_texts(&self) -> Vec<Vec<u8>> {
        if self.params.is_empty() {
            return vec![self.sql.clone()];
        }
        self.params.iter().map(|params| self.with_params(params)).collect()
    }

    fn with_params(&self, params: &[(Param, String)]) -> Vec<u8> {
        let mut texts = params.iter().map(|(_, text)| text.as_bytes());
        let mut out = Vec::new();
        for byte in &self.sql {
            match byte {
                b'?' => out.extend_from_slice(texts.next().unwrap_or(b"?")),
                other => out.push(*other),
            }
        }
        out
    }
}

/// Every case of every `.sql` file in the folder, by file name.
pub fn load(folder: &Path) -> Vec<Case> {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "sql"));
    files.sort();
    files
        .iter()
        .flat_map(|file| parse(&file.file_name().unwrap().to_string_lossy(), &std::fs::read_to_string(file).unwrap()))
        .collect()
}

/// Cases are separated by blank lines; each statement ends with `;` at the end of a line.
pub fn parse(name: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let (mut steps, mut step, mut begun) = (Vec::new(), Step::default(), None);
    for (number, line) in text.lines().chain([""]).enumerate() {
        let place = format!("{name}:{}", number + 1);
        if line.trim().is_empty() {
            assert!(step.sql.is_empty(), "{place}: the statement before does not end with `;`");
            if !steps.is_empty() {
                cases.push(Case { place: begun.take().unwrap_or(place), steps: std::mem::take(&mut steps) });
            }
            step = Step::default();
            begun = None;
            continue;
        }
        if step.sql.is_empty() && line.starts_with("-- ") {
            annotate(&mut step, line.trim_start_matches("-- "), &place);
            continue;
        }
        begun.get_or_insert(place);
        if !step.sql.is_empty() {
            step.sql.push(b'\n');
        }
        match line.strip_suffix(';') {
            None => step.sql.extend_from_slice(line.as_bytes()),
            Some(line) => {
                step.sql.extend_from_slice(line.as_bytes());
                steps.push(std::mem::take(&mut step));
            }
        }
    }
    cases
}

fn annotate(step: &mut Step, note: &str, place: &str) {
    let (key, value) = note.split_once(':').map_or((note.trim(), ""), |(key, value)| (key.trim(), value.trim()));
    match key {
        "unordered" => step.leniency.unordered = true,
        "error-only" => step.error_only = true,
        "text" => step.text_only = true,
        "prepared" => step.prepared_only = true,
        "natural key" => step.natural_key = true,
        "own rows" => step.own_rows = true,
        "only" => step.only = Some(flavour(value, place)),
        "refused" => step.refused = Some(refusal(value, place)),
        "refused prepared" => step.refused_prepared = Some(refusal(value, place)),
        "params" => {
            step.params.push(split_list(value).iter().map(|text| (param(text, place), text.clone())).collect());
        }
        "ignore" => step.leniency.ignored = fields(value, place),
        "ignore on MySQL" => step.open_on_mysql = fields(value, place),
        "file" => step.file = unescaped(note.split_once(':').map_or("", |(_, text)| text.trim_start_matches(' '))),
        "about" => {}
        other => panic!("{place}: no annotation `{other}` (a remark starts with `-- about:`)"),
    }
}

fn fields(list: &str, place: &str) -> BTreeSet<String> {
    let found: BTreeSet<_> = list.split(',').map(|field| field.trim().to_owned()).collect();
    let unknown = found.iter().find(|field| !FIELDS.contains(&field.as_str()));
    assert!(unknown.is_none(), "{place}: no field {unknown:?}");
    found
}

/// `\n`, `\t`, `\r`, `\\` and `\xff` stand for what they do elsewhere.
fn unescaped(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let escaped = if byte == b'\\' { bytes.next() } else { None };
        out.push(match escaped {
            None => byte,
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'x') => {
                let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            Some(other) => other,
        });
    }
    out
}

fn flavour(value: &str, place: &str) -> Flavour {
    match value {
        "MariaDB" => Flavour::MariaDb,
        "MySQL" => Flavour::MySql,
        other => panic!("{place}: no flavour `{other}`"),
    }
}

/// `1235 words of the message`
fn refusal(value: &str, place: &str) -> (u16, String) {
    let (code, words) = value.split_once(' ').unwrap_or((value, ""));
    (code.parse().unwrap_or_else(|_| panic!("{place}: `{code}` is no error code")), words.to_owned())
}

/// Cuts at commas outside of quotes.
fn split_list(value: &str) -> Vec<String> {
    let (mut parts, mut quoted) = (vec![String::new()], false);
    for c in value.chars() {
        quoted ^= c == '\'';
        match c {
            ',' if !quoted => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// NULL, 42, 18446744073709551615, 1.5e0, 12.50 (a decimal), 'text', x'00ff'
fn param(text: &str, place: &str) -> Param {
    if text.eq_ignore_ascii_case("null") {
        return Param::Null;
    }
    if let Some(hex) = text.strip_prefix("x'").and_then(|hex| hex.strip_suffix('\'')) {
        let byte = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        return Param::Bytes((0..hex.len()).step_by(2).map(byte).collect());
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return Param::Text(inner.replace("''", "'"));
    }
    if let Ok(value) = text.parse() {
        return Param::Int(value);
    }
    if let Ok(value) = text.parse() {
        return Param::UInt(value);
    }
    let number: f64 = text.parse().unwrap_or_else(|_| panic!("{place}: `{text}` is no parameter"));
    if text.contains(['e', 'E']) { Param::Double(number) } else { Param::Decimal(text.to_owned()) }
}
