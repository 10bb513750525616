//! What a client tells ShardGate in a comment: `/*shardgate: primary */`, `/*shardgate: replica, shard=s1 */`.
//!
//! Such a comment may stand anywhere in the statement, and there may be several. Other comments mean nothing here. A
//! word that is not known is an error, not ignored: who misspells `primary` would read stale rows.

use std::ops::Range;

use crate::sql::lexer::{Lexer, PieceKind};
use crate::sql::scan;
use crate::sql::tokens::Mode;

/// Where a statement must go, as its client says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hint {
    pub side: Option<Side>,
    /// The name of a shard.
    pub shard: Option<String>,
    /// The rule of a table that is created, and where the comment is: `/*shardgate: rule(shard_key = "id", ...) */`.
    pub rule: Option<(Range<usize>, String)>,
}

/// Which servers of a replica set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Primary,
    Replica,
}

/// Why a hint cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    #[error("unknown hint '{0}': it should be 'primary', 'replica', 'shard=<name>', or 'rule(...)' on CREATE TABLE")]
    Unknown(String),
    #[error("the hint '{0}' contradicts another one")]
    Contradiction(String),
}

/// The hints in all comments of the statement; words are separated by commas or spaces, and compare without case.
pub fn read(sql: &[u8], mode: Mode) -> Result<Hint, HintError> {
    let mut hint = Hint::default();
    let mut lexer = Lexer::new(sql, mode);
    while let Some(piece) = lexer.next_piece() {
        if piece.kind == PieceKind::ShardgateHint {
            let body = scan::hint_body(&sql[piece.start..piece.end]).unwrap_or_default();
            let body = String::from_utf8_lossy(body);
            if let Some(rule) = rule_in(&body) {
                if !set(&mut hint.rule, (piece.start..piece.end, rule.to_owned())) {
                    return Err(HintError::Contradiction("rule".to_owned()));
                }
                continue;
            }
            body.split([',', ' ', '\t', '\r', '\n'])
                .filter(|word| !word.is_empty())
                .try_for_each(|word| hint.add(word))?;
        }
    }
    Ok(hint)
}

/// What stands in `rule( ... )`.
fn rule_in(body: &str) -> Option<&str> {
    let body = body.trim();
    let word = body.get(..4).filter(|word| word.eq_ignore_ascii_case("rule"))?;
    body[word.len()..].trim_start().strip_prefix('(')?.strip_suffix(')')
}

impl Hint {
    fn add(&mut self, word: &str) -> Result<(), HintError> {
        let fits = match word.split_once('=') {
            None if word.eq_ignore_ascii_case("primary") => set(&mut self.side, Side::Primary),
            None if word.eq_ignore_ascii_case("replica") => set(&mut self.side, Side::Replica),
            Some((key, name)) if key.eq_ignore_ascii_case("shard") && !name.is_empty() => {
                set(&mut self.shard, name.to_owned())
            }
            _ => return Err(HintError::Unknown(word.to_owned())),
        };
        fits.then_some(()).ok_or_else(|| HintError::Contradiction(word.to_owned()))
    }
}

/// Whether the slot holds `value` now: it was empty, or held the same.
fn set<T: PartialEq>(slot: &mut Option<T>, value: T) -> bool {
    slot.as_ref().is_none_or(|held| *held == value) && {
        *slot = Some(value);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_read_from_comments() {
        let side = |side| Ok(Hint { side: Some(side), ..Hint::default() });
        let unknown = |word: &str| Err(HintError::Unknown(word.into()));
        let cases = [
            ("SELECT 1", Ok(Hint::default())),
            ("/* primary */ SELECT 1", Ok(Hint::default())),
            ("/*shardgate: primary */ SELECT 1", side(Side::Primary)),
            ("/* ShardGate : REPLICA*/ SELECT 1", side(Side::Replica)),
            ("SELECT 1 /*shardgate:primary,primary*/", side(Side::Primary)),
            (
                "SELECT /*shardgate: shard=s1*/ 1 /*shardgate:\nreplica*/",
                Ok(Hint { side: Some(Side::Replica), shard: Some("s1".into()), rule: None }),
            ),
            (
                "CREATE TABLE t (a INT) /*shardgate: rule (shard_key = \"a\", shards = [\"s 0\"]) */",
                Ok(Hint { rule: Some((23..79, "shard_key = \"a\", shards = [\"s 0\"]".into())), ..Hint::default() }),
            ),
            ("SELECT '/*shardgate: primary*/'", Ok(Hint::default())),
            ("SELECT 1 -- /*shardgate: primary*/", Ok(Hint::default())),
            ("/*shardgate: */ SELECT 1", Ok(Hint::default())),
            ("/*shardgate: primry */ SELECT 1", unknown("primry")),
            ("/*shardgate: shard= */ SELECT 1", unknown("shard=")),
            ("/*shardgate: primary replica */", Err(HintError::Contradiction("replica".into()))),
            ("/*shardgate: shard=a*/ /*shardgate: shard=b*/", Err(HintError::Contradiction("shard=b".into()))),
        ];
        for (sql, expected) in cases {
            assert_eq!(read(sql.as_bytes(), Mode::default()), expected, "{sql}");
        }
    }
}
