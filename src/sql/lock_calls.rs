//! Calls of the named-lock functions (GET_LOCK and its kin) in a statement: where they are, and whether the statement
//! makes each of them exactly once, whatever values and rows it meets.

use std::ops::Range;

use crate::sql::Lexer;
use crate::sql::tokens::{Mode, Op, Token, TokenKind, ident};

/// Which of the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockFunction {
    Get,
    Release,
    ReleaseAll,
    IsFree,
    IsUsed,
}

impl LockFunction {
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET_LOCK",
            Self::Release => "RELEASE_LOCK",
            Self::ReleaseAll => "RELEASE_ALL_LOCKS",
            Self::IsFree => "IS_FREE_LOCK",
            Self::IsUsed => "IS_USED_LOCK",
        }
    }

    /// Whether a call changes which locks are held.
    pub fn acts(self) -> bool {
        matches!(self, Self::Get | Self::Release | Self::ReleaseAll)
    }

    fn of(word: &[u8]) -> Option<Self> {
        let all = [Self::Get, Self::Release, Self::ReleaseAll, Self::IsFree, Self::IsUsed];
        all.into_iter().find(|function| word.eq_ignore_ascii_case(function.name().as_bytes()))
    }
}

/// One call. Ranges are places in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockCall {
    pub function: LockFunction,
    pub span: Range<usize>,
    pub arguments: Vec<Range<usize>>,
    /// Nothing before it can keep it from being made, and nothing repeats it.
    pub is_certain: bool,
}

/// All calls of a statement, in the order in which they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockCalls {
    pub calls: Vec<LockCall>,
    /// Where the statement is a SELECT of nothing but these calls: what its columns are called.
    pub titles: Option<Vec<Vec<u8>>>,
}

/// The function that is called by these tokens, and how many of them the call has.
pub fn call_at(sql: &[u8], tokens: &[Token], before: Option<&Token>) -> Option<(LockFunction, usize)> {
    let first = tokens.first().filter(|token| token.kind == TokenKind::Word)?;
    if before.is_some_and(|token| token.is_op(Op::Dot)) || !tokens.get(1).is_some_and(|token| token.is_op(Op::LParen)) {
        return None;
    }
    let function = LockFunction::of(first.text(sql))?;
    let mut depth = 0_u32;
    for (at, token) in tokens.iter().enumerate().skip(1) {
        match token.kind {
            TokenKind::Op(Op::LParen) => depth += 1,
            TokenKind::Op(Op::RParen) => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((function, at + 1));
        }
    }
    None
}

/// Reads the calls of a statement.
pub fn read(sql: &[u8], mode: Mode) -> LockCalls {
    let tokens: Vec<Token> = Lexer::new(sql, mode).collect();
    let reads_rows = reads_rows(sql, &tokens);
    let mut found = LockCalls::default();
    let mut around = Around::default();
    let mut at = 0;
    while at < tokens.len() {
        let before = at.checked_sub(1).map(|before| &tokens[before]);
        let Some((function, length)) = call_at(sql, &tokens[at..], before) else {
            around.pass(sql, &tokens[at]);
            at += 1;
            continue;
        };
        let inner = &tokens[at + 2..at + length - 1];
        let span = tokens[at].start as usize..tokens[at + length - 1].end as usize;
        let is_nested = (0..inner.len()).any(|index| call_at(sql, &inner[index..], None).is_some());
        let is_certain = !reads_rows && !is_nested && around.is_certain();
        found.calls.push(LockCall { function, span, arguments: arguments(inner), is_certain });
        at += length;
    }
    found.titles = titles(sql, mode, &tokens);
    found
}

/// Whether more stands in the statement than expressions that are evaluated once.
fn reads_rows(sql: &[u8], tokens: &[Token]) -> bool {
    const WORDS: [&str; 8] = ["FROM", "WHERE", "HAVING", "UNION", "EXCEPT", "INTERSECT", "WITH", "PROCEDURE"];
    let is_any = |token: &Token| WORDS.iter().any(|word| token.is_word(sql, word));
    let selects = tokens.iter().filter(|token| token.is_word(sql, "SELECT")).count();
    // LIMIT 0 would evaluate nothing.
    let is_limited = tokens.windows(2).any(|pair| pair[0].is_word(sql, "LIMIT") && pair[1].text(sql) != b"1");
    selects > 1 || is_limited || tokens.iter().any(is_any)
}

/// What stands before a call and could keep it from being made.
#[derive(Debug, Default)]
struct Around {
    /// For each open parenthesis: whether a comma came in it.
    open: Vec<bool>,
    /// A part of the expression that is evaluated only if an earlier one says so.
    depends: bool,
}

impl Around {
    fn pass(&mut self, sql: &[u8], token: &Token) {
        match token.kind {
            TokenKind::Op(Op::LParen) => self.open.push(false),
            TokenKind::Op(Op::RParen) => drop(self.open.pop()),
            TokenKind::Op(Op::Comma) => match self.open.last_mut() {
                Some(has_comma) => *has_comma = true,
                None => self.depends = false,
            },
            TokenKind::Op(Op::AmpAmp | Op::PipePipe) => self.depends = true,
            TokenKind::Word => {
                self.depends |=
                    ["AND", "OR", "THEN", "ELSE", "BETWEEN", "IN"].iter().any(|word| token.is_word(sql, word));
            }
            _ => {}
        }
    }

    fn is_certain(&self) -> bool {
        !self.depends && !self.open.contains(&true)
    }
}

fn arguments(tokens: &[Token]) -> Vec<Range<usize>> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0_u32, 0);
    let span = |part: &[Token]| Some(part.first()?.start as usize..part.last()?.end as usize);
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Op(Op::LParen) => depth += 1,
            TokenKind::Op(Op::RParen) => depth = depth.saturating_sub(1),
            TokenKind::Op(Op::Comma) if depth == 0 => {
                found.extend(span(&tokens[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    found.extend(span(&tokens[start..]));
    found
}

/// `SELECT call [[AS] alias], ...`
fn titles(sql: &[u8], mode: Mode, tokens: &[Token]) -> Option<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let mut at = usize::from(tokens.first()?.is_word(sql, "SELECT"));
    if at == 0 {
        return None;
    }
    loop {
        let (_, length) = call_at(sql, tokens.get(at..)?, None)?;
        let text = &sql[tokens[at].start as usize..tokens[at + length - 1].end as usize];
        at += length;
        let has_word = tokens.get(at).is_some_and(|token| token.is_word(sql, "AS"));
        at += usize::from(has_word);
        let alias = tokens.get(at).and_then(|token| ident(*token, sql, mode));
        found.push(alias.as_ref().map_or_else(|| text.to_vec(), |alias| alias.as_bytes().to_vec()));
        if has_word && alias.is_none() {
            return None;
        }
        at += usize::from(alias.is_some());
        match tokens.get(at) {
            None => return Some(found),
            Some(token) if token.is_op(Op::Semicolon) => return Some(found),
            Some(token) if token.is_op(Op::Comma) => at += 1,
            Some(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(sql: &str, wanted: &[(LockFunction, &[&str], bool)], titles: Option<&[&str]>) {
        let found = read(sql.as_bytes(), Mode::default());
        let shown: Vec<_> = found
            .calls
            .iter()
            .map(|call| {
                let arguments: Vec<&str> = call.arguments.iter().map(|place| &sql[place.clone()]).collect();
                (call.function, arguments, call.is_certain)
            })
            .collect();
        let wanted: Vec<_> =
            wanted.iter().map(|(function, args, certain)| (*function, args.to_vec(), *certain)).collect();
        assert_eq!(shown, wanted, "{sql}");
        let titles = titles.map(|titles| titles.iter().map(|title| title.as_bytes().to_vec()).collect());
        assert_eq!(found.titles, titles, "{sql}");
    }

    #[test]
    fn calls_and_their_arguments_are_found() {
        use LockFunction::{Get, IsFree, IsUsed, Release, ReleaseAll};
        check("SELECT GET_LOCK('a', 1)", &[(Get, &["'a'", "1"], true)], Some(&["GET_LOCK('a', 1)"]));
        check(
            "select get_lock (concat('a', f(1, 2)), ?) as x, RELEASE_ALL_LOCKS() `y`;",
            &[(Get, &["concat('a', f(1, 2))", "?"], true), (ReleaseAll, &[], true)],
            Some(&["x", "y"]),
        );
        check("DO RELEASE_LOCK('a'), IS_FREE_LOCK(@x)", &[(Release, &["'a'"], true), (IsFree, &["@x"], true)], None);
        check("SELECT IS_USED_LOCK('a') = CONNECTION_ID()", &[(IsUsed, &["'a'"], true)], None);
        check("SELECT t.get_lock('a'), 'GET_LOCK(1)', get_lock FROM t", &[], None);
    }

    #[test]
    fn only_what_is_certain_to_be_called_once_is_certain() {
        use LockFunction::Get;
        for (sql, certain) in [
            ("SELECT IF(GET_LOCK('a', 0), 'got', 'busy')", true),
            ("SELECT 1, GET_LOCK('a', 0) AND 1", true),
            ("SELECT 1 AND 1, GET_LOCK('a', 0)", true),
            ("SELECT CASE WHEN GET_LOCK('a', 0) THEN 1 ELSE 2 END", true),
            ("SELECT GET_LOCK('a', 0) LIMIT 1", true),
            ("SET @x = GET_LOCK('a', 0)", true),
            ("SELECT IF(x, GET_LOCK('a', 0), 0)", false),
            ("SELECT 0 AND GET_LOCK('a', 0)", false),
            ("SELECT 1 || GET_LOCK('a', 0)", false),
            ("SELECT CASE 1 WHEN 2 THEN GET_LOCK('a', 0) END", false),
            ("SELECT GET_LOCK('a', 0) FROM t", false),
            ("SELECT GET_LOCK('a', 0) LIMIT 0", false),
            ("SELECT (SELECT GET_LOCK('a', 0))", false),
        ] {
            check(sql, &[(Get, &["'a'", "0"], certain)], None);
        }
        let nested = read(b"SELECT GET_LOCK(RELEASE_LOCK('a'), 0)", Mode::default());
        assert!(!nested.calls[0].is_certain);
    }
}
