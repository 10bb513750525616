//! Statements as text: where the tokens are, which of them are literals, what the session itself must act on, and how
//! new text is spliced in. Bytes in, values out; knows neither schemas nor connections.
//!
//! Everything here works on the client's own bytes, in the client's character set and sql_mode, by the lexical rules
//! of the server that ShardGate announces (MySQL manual, "Language Structure"). What cannot be read for certain is
//! `TokenKind::Invalid`, never a guess: a token boundary that differs from the server's could hide a predicate.

pub mod control;
mod cursor;
pub mod definition;
pub mod facts;
pub mod hint;
pub mod lexer;
pub mod lines;
pub mod literal;
pub mod lock_calls;
pub mod parameter;
pub mod parse;
pub mod rewrite;
mod rows;
mod scan;
pub mod shape;
pub mod split;
pub mod tokens;

pub use cursor::TableName;
pub use lexer::{Lexer, PieceKind};
pub use shape::{Leading, Literal, LiteralKind, Outcome, Shape};
pub use tokens::{Mode, Op, Token, TokenKind, ident};
