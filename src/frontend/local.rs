//! Functions about the session itself: a pooled connection would answer for itself, so ShardGate answers.
//!
//! A SELECT of nothing else is answered without a server. In any other statement the calls are replaced by their values
//! before it goes out. (DATABASE() there is the plan's concern: it knows the logical name.)

use data_encoding::HEXLOWER;

use super::error::ClientMessage;
use super::response::LocalColumn;
use super::session::{Current, Session};
use crate::plan::{LocalItem, LocalValue};
use crate::sql::{Lexer, Mode, Op, Token, TokenKind, lock_calls, parse};
use crate::txn::transaction::quoted;
use crate::wire::column::in_form;
use crate::wire::command::PrepareOk;
use crate::wire::response::EofPacket;
use crate::wire::{ColumnFlags, ColumnType};

impl Session {
    /// A SELECT whose items are all such functions.
    pub(super) async fn local_select(&mut self, items: &[LocalItem], more_follows: bool) -> Result<(), ClientMessage> {
        let columns: Vec<_> = items.iter().map(|item| column(item, self.mode)).collect();
        let row = items.iter().map(|item| self.local_value(item.value)).collect();
        self.last.row_count = -1;
        self.last.found_rows = 1;
        if !self.mode.mariadb {
            // MariaDB (10.11) keeps the list of warnings over a SELECT without tables.
            self.diagnostics.clear();
        }
        self.send_rows(&columns, &[row], more_follows).await
    }

    /// The payloads of the answer to PREPARE of such a SELECT.
    pub(super) fn local_definitions(&self, items: &[LocalItem]) -> Vec<Vec<u8>> {
        let mut first = Vec::new();
        PrepareOk { statement_id: 0, columns: items.len() as u16, params: 0, warnings: 0 }.write(&mut first);
        let definitions = items.iter().map(|item| {
            let definition = self.as_servers_describe(&column(item, self.mode)).definition();
            in_form(&definition, self.class.extended_metadata()).into_owned()
        });
        let end = (!self.class.deprecate_eof()).then(|| {
            let mut payload = Vec::new();
            EofPacket { warnings: 0, status: self.status() }.write(&mut payload);
            payload
        });
        std::iter::once(first).chain(definitions).chain(end).collect()
    }

    fn local_value(&self, value: LocalValue) -> Option<String> {
        match value {
            LocalValue::Database => match &self.current {
                Current::None => None,
                Current::Logical(id) => Some(self.schema.database_of(*id).name.clone()),
                Current::System(name) => Some(name.to_string()),
            },
            LocalValue::ConnectionId => Some(self.registered.entry.id.to_string()),
            LocalValue::User => Some(format!("{}@{}", self.user.name, self.peer.ip())),
            LocalValue::CurrentUser => Some(format!("{}@%", self.user.name)),
            LocalValue::FoundRows => Some(self.last.found_rows.to_string()),
            LocalValue::RowCount => Some(self.last.row_count.to_string()),
        }
    }

    /// The statement with the values in place of the calls.
    pub(super) fn with_local_values(&self, sql: &[u8]) -> Vec<u8> {
        let tokens: Vec<Token> = Lexer::new(sql, self.mode).collect();
        let mut out = Vec::with_capacity(sql.len() + 32);
        let mut done = 0;
        let mut at = 0;
        let mut titles = Titles::new(sql, self.mode, &tokens);
        let mut locks_met = 0;
        while at < tokens.len() {
            let before = at.checked_sub(1).map(|before| &tokens[before]);
            let (value, used) = if let Some((_, used)) = lock_calls::call_at(sql, &tokens[at..], before) {
                let text = &sql[tokens[at].start as usize..tokens[at + used - 1].end as usize];
                locks_met += 1;
                let Some(value) = self.lock_value(locks_met - 1, text) else {
                    at += 1;
                    continue;
                };
                (value, used)
            } else if is_definer(sql, &tokens[..at]) {
                at += 1;
                continue;
            } else if let Some((value, used)) = call(sql, &tokens[at..], before) {
                (self.as_expression(value).into_bytes(), used)
            } else {
                at += 1;
                continue;
            };
            // The end of an earlier item comes before this call.
            titles.write_ended(at, &mut done, &mut out);
            titles.touch(at);
            out.extend_from_slice(&sql[done..tokens[at].start as usize]);
            out.extend_from_slice(&value);
            done = tokens[at + used - 1].end as usize;
            at += used;
        }
        titles.write_ended(usize::MAX, &mut done, &mut out);
        out.extend_from_slice(&sql[done..]);
        out
    }

    /// The value as an expression that has the type and width of the function's own result: the server works those out
    /// from both branches, and the value from the one.
    fn as_expression(&self, call: Call) -> String {
        let value = match call {
            Call::Function(value) => value,
            Call::WaitTimeout => {
                return match self.own_wait_timeout() {
                    Some(seconds) => format!("IF(FALSE, @@wait_timeout, CAST({seconds} AS UNSIGNED))"),
                    None => "@@wait_timeout".to_owned(),
                };
            }
            Call::WarningCount => {
                return format!("IF(FALSE, @@warning_count, CAST({} AS UNSIGNED))", self.diagnostics.warning_count);
            }
            Call::ErrorCount => {
                return format!(
                    "IF(FALSE, @@error_count, CAST({} AS UNSIGNED))",
                    self.diagnostics.conditions(true).count()
                );
            }
        };
        let text = self.local_value(value);
        // Names of users and databases come from the configuration and the client's login.
        let string = || match &text {
            Some(text) => {
                // MySQL warns of utf8mb3.
                let charset = if text.is_ascii() { "ascii" } else { "utf8mb3" };
                format!("_{charset} x'{}'", HEXLOWER.encode(text.as_bytes()))
            }
            None => "NULL".to_owned(),
        };
        let number = || text.clone().unwrap_or_default();
        match value {
            LocalValue::ConnectionId => format!("IF(FALSE, CONNECTION_ID(), CAST({} AS UNSIGNED))", number()),
            LocalValue::FoundRows => format!("IF(FALSE, FOUND_ROWS(), {})", number()),
            LocalValue::RowCount => format!("IF(FALSE, ROW_COUNT(), {})", number()),
            LocalValue::Database | LocalValue::User | LocalValue::CurrentUser => {
                format!("IF(FALSE, USER(), {})", string())
            }
        }
    }
}

/// Keeps the names of result columns: an item without an alias is called by its text, which is about to change.
struct Titles<'s> {
    sql: &'s [u8],
    mode: Mode,
    tokens: &'s [Token],
    /// First token of each select item, and the one after its last.
    items: Vec<(usize, usize)>,
    touched: Option<usize>,
}

impl<'s> Titles<'s> {
    fn new(sql: &'s [u8], mode: Mode, tokens: &'s [Token]) -> Titles<'s> {
        let mut items = Vec::new();
        let is_select = tokens.first().is_some_and(|token| token.is_word(sql, "SELECT"));
        let (mut depth, mut start) = (0usize, 1);
        for (at, token) in tokens.iter().enumerate().skip(1).take_while(|_| is_select) {
            match token.kind {
                TokenKind::Op(Op::LParen) => depth += 1,
                TokenKind::Op(Op::RParen) => depth = depth.saturating_sub(1),
                TokenKind::Op(Op::Comma) if depth == 0 => {
                    items.push((start, at));
                    start = at + 1;
                }
                _ if depth == 0 && ENDS_LIST.iter().any(|word| token.is_word(sql, word)) => {
                    items.push((start, at));
                    start = tokens.len();
                    break;
                }
                _ => {}
            }
        }
        if is_select && start < tokens.len() {
            items.push((start, tokens.len()));
        }
        Titles { sql, mode, tokens, items, touched: None }
    }

    /// The call at this token is replaced.
    fn touch(&mut self, at: usize) {
        self.touched = self.items.iter().position(|(start, end)| (*start..*end).contains(&at));
    }

    /// Writes the title of the touched item, if it ends before the token `at` and has no alias of its own.
    fn write_ended(&mut self, at: usize, done: &mut usize, out: &mut Vec<u8>) {
        let Some((start, end)) = self.touched.map(|item| self.items[item]).filter(|(_, end)| *end <= at) else {
            return;
        };
        self.touched = None;
        let (Some(first), Some(last)) = (self.tokens.get(start), self.tokens.get(end - 1)) else { return };
        let text = &self.sql[first.start as usize..last.end as usize];
        if parse::has_alias(text, self.mode) {
            return;
        }
        out.extend_from_slice(&self.sql[*done..(last.end as usize).max(*done)]);
        *done = (last.end as usize).max(*done);
        out.extend_from_slice(format!(" AS {}", quoted(&String::from_utf8_lossy(text))).as_bytes());
    }
}

/// What follows a select list.
const ENDS_LIST: [&str; 9] = ["FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "UNION", "INTO", "FOR"];

/// What only the session can answer.
#[derive(Debug, Clone, Copy)]
enum Call {
    Function(LocalValue),
    /// `@@warning_count`
    WarningCount,
    /// `@@error_count`
    ErrorCount,
    /// `@@wait_timeout`
    WaitTimeout,
}

/// The function that is called here, and how many tokens the call has.
fn call(sql: &[u8], tokens: &[Token], before: Option<&Token>) -> Option<(Call, usize)> {
    let (first, rest) = tokens.split_first()?;
    if first.kind == TokenKind::SystemVar {
        return match first.text(sql).to_ascii_lowercase().as_slice() {
            b"@@warning_count" | b"@@session.warning_count" => Some((Call::WarningCount, 1)),
            b"@@error_count" | b"@@session.error_count" => Some((Call::ErrorCount, 1)),
            b"@@wait_timeout" | b"@@session.wait_timeout" => Some((Call::WaitTimeout, 1)),
            _ => None,
        };
    }
    if first.kind != TokenKind::Word || before.is_some_and(|token| token.kind == TokenKind::Op(Op::Dot)) {
        return None;
    }
    let is_call = rest.first().is_some_and(|token| token.kind == TokenKind::Op(Op::LParen))
        && rest.get(1).is_some_and(|token| token.kind == TokenKind::Op(Op::RParen));
    let value = match first.text(sql).to_ascii_lowercase().as_slice() {
        b"connection_id" if is_call => LocalValue::ConnectionId,
        b"user" | b"session_user" | b"system_user" if is_call => LocalValue::User,
        b"current_user" => LocalValue::CurrentUser,
        b"found_rows" if is_call => LocalValue::FoundRows,
        b"row_count" if is_call => LocalValue::RowCount,
        _ => return None,
    };
    Some((Call::Function(value), if is_call { 3 } else { 1 }))
}

/// Types and widths as MariaDB 10.11 and MySQL 9.7 report them.
fn column(item: &LocalItem, mode: Mode) -> LocalColumn {
    let name = String::from_utf8_lossy(&item.name).into_owned();
    match item.value {
        LocalValue::Database => LocalColumn::text(&name, 64),
        LocalValue::User | LocalValue::CurrentUser => LocalColumn::text(&name, if mode.mariadb { 384 } else { 288 }),
        LocalValue::ConnectionId => number(&name, ColumnFlags::NOT_NULL_FLAG | ColumnFlags::UNSIGNED_FLAG, 10),
        LocalValue::FoundRows | LocalValue::RowCount => number(&name, ColumnFlags::NOT_NULL_FLAG, 21),
    }
}

fn number(name: &str, flags: ColumnFlags, length: u32) -> LocalColumn {
    // CONNECTION_ID() is an INT UNSIGNED.
    let kind = if length == 10 { ColumnType::MYSQL_TYPE_LONG } else { ColumnType::MYSQL_TYPE_LONGLONG };
    LocalColumn::number(name, kind, flags, length)
}

/// Whether who a view or a routine belongs to comes next: an account, where no value can stand.
fn is_definer(sql: &[u8], before: &[Token]) -> bool {
    let [first, .., word, equals] = before else { return false };
    let creates = first.is_word(sql, "CREATE") || first.is_word(sql, "ALTER");
    creates && word.is_word(sql, "DEFINER") && equals.kind == TokenKind::Op(Op::Eq)
}
