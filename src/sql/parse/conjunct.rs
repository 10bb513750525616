//! Conditions cut at their ANDs, each piece with everything that it names.
//!
//! A piece is given only where every token of it is known, so that it can be asked of a row on its own, somewhere else.
//! A word counts as a keyword only where it can be nothing else; any other word is a column or a function.

use crate::sql::tokens::{Mode, Op, TokenKind};

use super::ast::{ColumnName, Predicate, Span};
use super::cursor::{Cursor, Tokens};
use super::{expression, predicate};

/// Words that no server takes for a name unless they are quoted.
const KEYWORDS: &[&str] = &[
    "AND", "OR", "XOR", "NOT", "IN", "LIKE", "REGEXP", "RLIKE", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "DIV", "MOD",
    "BINARY", "CASE", "WHEN", "THEN", "ELSE", "INTERVAL",
];

/// A piece of a condition. The condition is true only if the piece is.
#[derive(Debug, Clone, PartialEq)]
pub struct Conjunct {
    pub span: Span,
    pub columns: Vec<ColumnName>,
    /// The functions that it calls, in lower case.
    pub calls: Vec<String>,
    /// Its `?`, by their place in the statement.
    pub params: Vec<(u16, Span)>,
    pub predicate: Predicate,
}

/// The tokens of one statement.
#[derive(Debug)]
pub struct Reader<'a> {
    tokens: Tokens<'a>,
}

impl<'a> Reader<'a> {
    /// `None` if the statement cannot be cut into tokens for certain.
    pub fn new(sql: &'a [u8], mode: Mode) -> Option<Self> {
        Tokens::read(sql, mode).ok().map(|tokens| Self { tokens })
    }

    /// The pieces, as far as they are known, of the condition at `span`.
    pub fn conjuncts(&self, span: Span) -> Vec<Conjunct> {
        self.pieces(span).into_iter().filter_map(read).collect()
    }

    /// All of them; `None` if some are not known.
    pub fn all_conjuncts(&self, span: Span) -> Option<Vec<Conjunct>> {
        self.pieces(span).into_iter().map(read).collect()
    }

    fn pieces(&self, span: Span) -> Vec<Cursor<'_, 'a>> {
        let list = &self.tokens.list;
        let at = list.partition_point(|token| token.start < span.start);
        let end = list.partition_point(|token| token.end <= span.end);
        predicate::conjuncts(Cursor::new(&self.tokens).within(at, end.max(at)))
    }
}

fn read(cursor: Cursor<'_, '_>) -> Option<Conjunct> {
    let tokens = cursor.tokens;
    let span = tokens.span(cursor.at, cursor.end);
    let mut found =
        Conjunct { span, columns: Vec::new(), calls: Vec::new(), params: Vec::new(), predicate: Predicate::Opaque };
    // An executable comment that only begins or only ends in the piece.
    let text = tokens.sql.get(span.start as usize..span.end as usize)?;
    if [&b"*/"[..], b"/*!", b"/*M!"].into_iter().any(|mark| memchr::memmem::find(text, mark).is_some()) {
        return None;
    }
    let mut open_cases = 0_u32;
    let mut at = cursor.at;
    while at < cursor.end {
        at = match tokens.kind(at)? {
            TokenKind::Word if tokens.is_word(at, "CASE") => {
                open_cases += 1;
                at + 1
            }
            // END is no reserved word.
            TokenKind::Word if open_cases > 0 && tokens.is_word(at, "END") => {
                open_cases -= 1;
                at + 1
            }
            TokenKind::Word | TokenKind::QuotedIdent => match behind_keyword(tokens, at) {
                Some(next) => next,
                None => read_name(cursor, at, &mut found)?,
            },
            TokenKind::Param => {
                found.params.push((tokens.params_before(at), tokens.span(at, at + 1)));
                at + 1
            }
            TokenKind::Op(Op::LParen) if tokens.opens_query(at) => return None,
            TokenKind::Op(Op::Assign | Op::LBrace | Op::RBrace | Op::Semicolon | Op::Dot | Op::Colon | Op::At)
            | TokenKind::UserVar
            | TokenKind::SystemVar
            | TokenKind::Invalid => return None,
            TokenKind::Op(_)
            | TokenKind::String { .. }
            | TokenKind::NationalString
            | TokenKind::Integer
            | TokenKind::Decimal
            | TokenKind::Float
            | TokenKind::Hex
            | TokenKind::Bit => at + 1,
        };
    }
    found.predicate = predicate::read(cursor);
    (open_cases == 0).then_some(found)
}

/// The index behind what is certainly no name; `None`: it may be one.
fn behind_keyword(tokens: &Tokens<'_>, at: usize) -> Option<usize> {
    let is_string = |index| matches!(tokens.kind(index), Some(TokenKind::String { .. }));
    let is_literal = |index| {
        let kind = tokens.kind(index);
        is_string(index) || matches!(kind, Some(TokenKind::Hex | TokenKind::Bit | TokenKind::Integer))
    };
    let is_introducer = tokens.kind(at) == Some(TokenKind::Word) && tokens.text(at).starts_with(b"_");
    if is_introducer && is_literal(at + 1) || tokens.is_any_word(at, KEYWORDS) {
        return Some(at + 1);
    }
    if tokens.is_any_word(at, &["ESCAPE", "DATE", "TIME", "TIMESTAMP"]) && is_string(at + 1) {
        return Some(at + 2);
    }
    if at >= 2 && tokens.is_word(at - 2, "INTERVAL") && is_literal(at - 1) {
        return Some(at + 1);
    }
    match () {
        () if tokens.is_word(at, "COLLATE") => Some(at + 2),
        // The type or the character set at the end of CAST or CONVERT.
        () if tokens.is_any_word(at, &["AS", "USING"]) => closing(tokens, at),
        () => None,
    }
}

/// The parenthesis that closes what the token is in.
fn closing(tokens: &Tokens<'_>, mut at: usize) -> Option<usize> {
    while !tokens.is_op(at, Op::RParen) {
        tokens.kind(at)?;
        at = if tokens.is_op(at, Op::LParen) { tokens.close_of(at) + 1 } else { at + 1 };
    }
    Some(at)
}

/// Notes the column or function; the index behind its name.
fn read_name(cursor: Cursor<'_, '_>, at: usize, found: &mut Conjunct) -> Option<usize> {
    let tokens = cursor.tokens;
    if tokens.is_op(at + 1, Op::LParen) && tokens.kind(at) == Some(TokenKind::Word) {
        found.calls.push(tokens.ident(at).ok()?.text.to_ascii_lowercase());
        return Some(at + 1);
    }
    let end = at + 2 * expression::name_parts(tokens, at, cursor.end) - 1;
    if tokens.is_op(end, Op::LParen) {
        return None;
    }
    found.columns.push(expression::column_in(tokens, at, end)?);
    Some(end)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Of each piece its text, columns and calls.
    fn pieces(condition: &str) -> Vec<String> {
        let sql = format!("SELECT ? FROM t WHERE {condition}");
        let span = Span { start: (sql.len() - condition.len()) as u32, end: sql.len() as u32 };
        let reader = Reader::new(sql.as_bytes(), Mode::default()).unwrap();
        let shown = |piece: &Conjunct| {
            let text = &sql[piece.span.start as usize..piece.span.end as usize];
            let columns: Vec<&str> = piece.columns.iter().map(|column| column.column.text.as_str()).collect();
            let params: Vec<String> = piece.params.iter().map(|(index, _)| format!("?{index}")).collect();
            format!("{text} [{}]", [columns.join(" "), piece.calls.join(" "), params.join(" ")].join("|"))
        };
        reader.conjuncts(span).iter().map(shown).collect()
    }

    #[test]
    fn conditions_are_cut_at_their_ands() {
        let cases: &[(&str, &[&str])] = &[
            ("a = 1 AND t.b > 'x'", &["a = 1 [a||]", "t.b > 'x' [b||]"]),
            ("(a = 1 AND (b = 2 AND c = 3)) AND d", &["a = 1 [a||]", "b = 2 [b||]", "c = 3 [c||]", "d [d||]"]),
            ("a = 1 OR b = 2 AND c", &["a = 1 OR b = 2 AND c [a b c||]"]),
            ("(a = 1 OR b = 2) AND c", &["a = 1 OR b = 2 [a b||]", "c [c||]"]),
            ("a XOR b AND c", &["a XOR b AND c [a b c||]"]),
            ("a BETWEEN 1 AND ? AND NOT b <=> ?", &["a BETWEEN 1 AND ? [a||?1]", "NOT b <=> ? [b||?2]"]),
            ("a LIKE 'x|%' ESCAPE '|' AND b", &["a LIKE 'x|%' ESCAPE '|' [a||]", "b [b||]"]),
            ("CASE WHEN a AND b THEN c END AND d", &["CASE WHEN a AND b THEN c END [a b c||]", "d [d||]"]),
            ("UPPER(a) = 'X' AND a < DATE '2024-01-01'", &["UPPER(a) = 'X' [a|upper|]", "a < DATE '2024-01-01' [a||]"]),
            ("a < b + INTERVAL 1 DAY", &["a < b + INTERVAL 1 DAY [a b||]"]),
            (
                "CAST(a AS CHAR(5) CHARACTER SET utf8mb4) = 'x'",
                &["CAST(a AS CHAR(5) CHARACTER SET utf8mb4) = 'x' [a|cast|]"],
            ),
            ("a COLLATE utf8mb4_bin = _latin1'x'", &["a COLLATE utf8mb4_bin = _latin1'x' [a||]"]),
            ("`and` = 1 AND t.`or`", &["`and` = 1 [and||]", "t.`or` [or||]"]),
            // Not known to the last token.
            ("a = (SELECT 1) AND b = @x AND c = @@y AND d = db.f(1) AND {d '2024-01-01'}", &[]),
            ("a = (SELECT 1) AND b = @x AND c = @@y AND d = db.f(1) AND e", &["e [e||]"]),
            ("a = CURRENT_DATE AND b", &["b [b||]"]),
            ("a /*! = 1 AND b */ = 2 AND c", &["c [c||]"]),
        ];
        for (condition, expected) in cases {
            assert_eq!(pieces(condition), *expected, "{condition}");
        }
    }
}
