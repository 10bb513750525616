//! Rows of an INSERT that a sequence numbers: which of them want a number, and the text with the numbers in it.
//!
//! The text is the client's own with numbers put in, in the place of NULL, 0 and DEFAULT, or as one more column where the
//! rows leave it out. It is planned anew, and so placed by its numbers like one in which the client had written them.

use std::ops::Range;

use crate::sharding::Sequence;
use crate::sql::tokens::{Mode, Op, TokenKind};
use crate::sql::{Lexer, Token};
use crate::value::Value;

use super::names::{Anchor, write_quoted};
use super::narrow::{Known, TableId};
use super::{Action, Binding, Plan};

/// What an INSERT into a numbered table says of the numbered column.
#[derive(Debug, Clone)]
pub(super) struct Numbering {
    /// The column's name.
    pub(super) column: String,
    /// Its place in the rows; `None` if they leave it out.
    pub(super) place: Option<usize>,
    pub(super) form: Form,
}

/// How the statement names columns.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    /// `SET a = 1`
    Set,
    /// `(a, b) VALUES ...`: before the first column.
    List(Anchor),
    /// `() VALUES ()` or `VALUES ()`: behind the table's name.
    Bare(Anchor),
}

/// The number that a row gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    /// The table has no such column, or its servers number rows.
    Unasked,
    Known(Known),
    /// Left out, or DEFAULT.
    Left,
    /// An expression.
    Opaque,
}

/// What becomes of a row's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// `None`: not a number above 0 that is known here.
    Given(Option<u64>),
    Wanted,
    /// A number, but not one that is understood here.
    Unclear,
    /// Nothing is known of it.
    Unknown,
}

impl Number {
    pub(super) fn state(&self, input: &Binding<'_>) -> State {
        match self {
            Number::Unasked => State::Given(None),
            Number::Left => State::Wanted,
            Number::Opaque => State::Unknown,
            Number::Known(known) => state_of(&known.value(input), input.mode),
        }
    }
}

fn state_of(value: &Value<'_>, mode: Mode) -> State {
    match value {
        Value::Null => State::Wanted,
        Value::Int(0) if !mode.no_auto_value_on_zero => State::Wanted,
        Value::Int(number) => State::Given(u64::try_from(*number).ok()),
        Value::UInt(number) => State::Given(Some(*number)),
        Value::Text { bytes, .. } => match std::str::from_utf8(bytes.trim_ascii()).ok().map(str::parse::<u64>) {
            Some(Ok(0)) if !mode.no_auto_value_on_zero => State::Wanted,
            Some(Ok(number)) => State::Given(Some(number)),
            _ => State::Unclear,
        },
        Value::Decimal(_) | Value::Double(_) | Value::Binary(_) | Value::Hex(_) | Value::Temporal(_) => State::Unclear,
        Value::Unknown => State::Unknown,
    }
}

/// What one INSERT needs of a sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Numbers<'a> {
    pub table: TableId,
    pub sequence: &'a Sequence,
    /// How many rows want a number.
    pub wanted: usize,
    /// The highest that is given: those that follow must be above it.
    pub highest: Option<u64>,
}

/// A parameter of the numbered text of a prepared statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parameter {
    /// The client's, by its number.
    Own(u16),
    Number(u64),
}

/// One place where a number goes.
struct Edit {
    at: Range<usize>,
    /// What stands before and behind the number; `None`: no number, only `before`.
    before: Vec<u8>,
    number: Option<u64>,
    behind: &'static [u8],
}

impl Plan {
    /// What the statement needs of a sequence; `None` if it is no INSERT of rows into a table that has one, or gives a
    /// number that is not understood (binding it fails).
    pub fn numbers<'a>(&self, input: &Binding<'a>) -> Option<Numbers<'a>> {
        let Action::Insert(template) = &self.action else { return None };
        template.numbering.as_ref()?;
        let sequence = template.table.sharded(input.schema)?.sequence.as_ref()?;
        let mut numbers = Numbers { table: template.table, sequence, wanted: 0, highest: None };
        for row in &template.rows {
            match row.number.state(input) {
                State::Given(number) => numbers.highest = numbers.highest.max(number),
                State::Wanted => numbers.wanted += 1,
                State::Unclear | State::Unknown => return None,
            }
        }
        Some(numbers)
    }

    /// The text with `numbers` in it, one for each row that wants one.
    pub fn numbered(&self, input: &Binding<'_>, numbers: &[u64]) -> Vec<u8> {
        let mut out = Vec::with_capacity(input.sql.len() + 32);
        let mut done = 0;
        for edit in self.number_edits(input, numbers) {
            out.extend_from_slice(&input.sql[done..edit.at.start]);
            out.extend_from_slice(&edit.before);
            edit.number.iter().for_each(|number| out.extend_from_slice(number.to_string().as_bytes()));
            out.extend_from_slice(edit.behind);
            done = edit.at.end;
        }
        out.extend_from_slice(&input.sql[done..]);
        out
    }

    /// The same with a parameter for each number, and all parameters in their order.
    pub fn numbered_by_parameters(&self, input: &Binding<'_>, numbers: &[u64]) -> (Vec<u8>, Vec<Parameter>) {
        let markers = Lexer::new(input.sql, input.mode).filter(|token| token.kind == TokenKind::Param);
        let mut markers = (0u16..).zip(markers.map(|token| token.start as usize)).peekable();
        let (mut out, mut parameters) = (Vec::with_capacity(input.sql.len() + 32), Vec::new());
        let mut done = 0;
        for edit in self.number_edits(input, numbers) {
            while let Some((own, _)) = markers.next_if(|(_, at)| *at < edit.at.start) {
                parameters.push(Parameter::Own(own));
            }
            // The edit takes the place of these.
            while markers.next_if(|(_, at)| *at < edit.at.end).is_some() {}
            out.extend_from_slice(&input.sql[done..edit.at.start]);
            out.extend_from_slice(&edit.before);
            if let Some(number) = edit.number {
                out.push(b'?');
                parameters.push(Parameter::Number(number));
            }
            out.extend_from_slice(edit.behind);
            done = edit.at.end;
        }
        out.extend_from_slice(&input.sql[done..]);
        parameters.extend(markers.map(|(own, _)| Parameter::Own(own)));
        (out, parameters)
    }

    /// In the order of the text.
    fn number_edits(&self, input: &Binding<'_>, numbers: &[u64]) -> Vec<Edit> {
        let Action::Insert(template) = &self.action else { return Vec::new() };
        let Some(numbering) = &template.numbering else { return Vec::new() };
        let mut edits: Vec<Edit> =
            numbering.head(input, &template.rows.first().map(|row| row.from)).into_iter().collect();
        let mut numbers = numbers.iter();
        for row in &template.rows {
            if row.number.state(input) != State::Wanted {
                continue;
            }
            let Some(number) = numbers.next() else { break };
            let range = row.from.offset(input.literals)..row.to.offset(input.literals);
            edits.extend(numbering.row(input, range, *number));
        }
        edits
    }
}

impl Numbering {
    /// The column's name, where the statement leaves it out and names it apart from the values.
    fn head(&self, input: &Binding<'_>, first_row: &Option<Anchor>) -> Option<Edit> {
        if self.place.is_some() {
            return None;
        }
        let mut before = Vec::new();
        let (at, behind): (usize, &[u8]) = match self.form {
            Form::Set => return None,
            Form::List(first) => (first.offset(input.literals), b", "),
            Form::Bare(table) => {
                let rows = first_row.map_or(input.sql.len(), |row| row.offset(input.literals));
                let table = table.offset(input.literals);
                let tokens: Vec<Token> = tokens_in(input, table..rows).collect();
                let values = tokens
                    .iter()
                    .rposition(|token| token.is_word(input.sql, "VALUES") || token.is_word(input.sql, "VALUE"))?;
                let closing = values.checked_sub(1).and_then(|last| tokens.get(last));
                match closing
                    .filter(|token| token.kind == TokenKind::Op(Op::RParen) && is_empty_list(&tokens[..values]))
                {
                    Some(closing) => (closing.start as usize, b""),
                    None => {
                        before.push(b'(');
                        (tokens[values].start as usize, b") ")
                    }
                }
            }
        };
        write_quoted(self.column.as_bytes(), &mut before);
        Some(Edit { at: at..at, before, number: None, behind })
    }

    /// The number of the row at `range`.
    fn row(&self, input: &Binding<'_>, range: Range<usize>, number: u64) -> Option<Edit> {
        let edit = |at, before, behind| Some(Edit { at, before, number: Some(number), behind });
        match (self.form, self.place) {
            (Form::Set, None) => {
                let mut before = Vec::new();
                write_quoted(self.column.as_bytes(), &mut before);
                before.extend_from_slice(b" = ");
                edit(range.start..range.start, before, b", ")
            }
            (Form::Set, Some(place)) => edit(assigned(input, range, place)?, Vec::new(), b""),
            (Form::List(_) | Form::Bare(_), Some(place)) => edit(cell(input, range, place)?, Vec::new(), b""),
            (Form::List(_) | Form::Bare(_), None) => {
                let mut tokens = tokens_in(input, range);
                let opening = tokens.find(|token| token.kind == TokenKind::Op(Op::LParen))?.end as usize;
                let is_empty = tokens.next().is_none_or(|token| token.kind == TokenKind::Op(Op::RParen));
                edit(opening..opening, Vec::new(), if is_empty { b"" } else { b", " })
            }
        }
    }
}

/// Whether these tokens end with `()`.
fn is_empty_list(tokens: &[Token]) -> bool {
    let before = tokens.len().checked_sub(2).and_then(|at| tokens.get(at));
    before.is_some_and(|token| token.kind == TokenKind::Op(Op::LParen))
}

fn tokens_in<'a>(input: &Binding<'a>, range: Range<usize>) -> impl Iterator<Item = Token> + use<'a> {
    let (from, to) = (range.start as u32, range.end as u32);
    let tokens = Lexer::new(input.sql, input.mode).skip_while(move |token| token.start < from);
    tokens.take_while(move |token| token.start < to)
}

/// The text of a row's value.
fn cell(input: &Binding<'_>, row: Range<usize>, place: usize) -> Option<Range<usize>> {
    let mut tokens = tokens_in(input, row);
    tokens.find(|token| token.kind == TokenKind::Op(Op::LParen))?;
    between_commas(tokens, place)
}

/// The text of the value in an assignment of `SET`.
fn assigned(input: &Binding<'_>, row: Range<usize>, place: usize) -> Option<Range<usize>> {
    let whole = between_commas(tokens_in(input, row), place)?;
    let mut tokens = tokens_in(input, whole.clone());
    tokens.find(|token| matches!(token.kind, TokenKind::Op(Op::Eq | Op::Assign)))?;
    Some(tokens.next()?.start as usize..whole.end)
}

/// The piece before the `place + 1`th comma, or before the parenthesis that ends the list.
fn between_commas(tokens: impl Iterator<Item = Token>, place: usize) -> Option<Range<usize>> {
    let (mut depth, mut at) = (0u32, 0);
    let mut piece: Option<Range<usize>> = None;
    for token in tokens {
        match token.kind {
            TokenKind::Op(Op::LParen) => depth += 1,
            TokenKind::Op(Op::RParen) if depth == 0 => break,
            TokenKind::Op(Op::RParen) => depth -= 1,
            TokenKind::Op(Op::Comma) if depth == 0 => {
                if at == place {
                    break;
                }
                at += 1;
                piece = None;
                continue;
            }
            _ => {}
        }
        let start = piece.map_or(token.start as usize, |piece| piece.start);
        piece = Some(start..token.end as usize);
    }
    piece.filter(|_| at == place)
}
