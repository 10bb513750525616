//! The named locks: GET_LOCK and its kin.
//!
//! Each name has one server that keeps it: a hash of the name picks it among the replica sets, in the order of their
//! names, so that every ShardGate picks the same. The calls of a statement are made there before the statement runs, on a
//! connection of the session's own for each server, and their values stand in the statement in the place of the calls.
//! The locks go with these connections when the session ends, however it ends.

use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use super::error::ClientMessage;
use super::lock_board::LockBoard;
use super::response::LocalColumn;
use super::session::Session;
use crate::backend::answer::Answer;
use crate::backend::interrupt::Interrupt;
use crate::exec::cancel;
use crate::exec::links::{Link, Side};
use crate::plan::{Plan, StatementKind};
use crate::sharding::ShardId;
use crate::sql::lock_calls::{LockCall, LockCalls, LockFunction};
use crate::sql::{Lexer, Mode, TokenKind, literal};
use crate::value::Value;
use crate::wire::error_code as codes;
use crate::wire::text;
use crate::wire::{ColumnFlags, ColumnType};

/// What IS_USED_LOCK says of a holder that is no session of this ShardGate. No session has this number.
const SOMEBODY: u64 = u32::MAX as u64;

/// Names that one session may hold at once.
const MAX_HELD: usize = 10_000;

/// The locks that a session holds.
#[derive(Debug, Default)]
pub(super) struct NamedLocks {
    /// One for each server that keeps some.
    keepers: Vec<Keeper>,
}

#[derive(Debug)]
struct Keeper {
    link: Link,
    /// Each name as often as it was taken.
    names: Vec<String>,
}

/// One call, with its arguments evaluated.
#[derive(Debug)]
struct Asked {
    function: LockFunction,
    /// As servers compare it; `None`: NULL, or all.
    name: Option<String>,
    /// Whether the caller is willing to wait.
    waits: bool,
    sql: Vec<u8>,
}

impl NamedLocks {
    /// The session ends or starts afresh.
    pub(super) async fn release_all(&mut self, session: u32, board: &LockBoard, interrupt: &Interrupt) {
        for mut keeper in self.keepers.drain(..) {
            keeper.names.iter().for_each(|name| board.release(session, name));
            // A connection that cannot be reset is dropped, which closes it.
            if keeper.link.lease.reset(interrupt).await.is_ok() {
                keeper.link.lease.give_back();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keepers.is_empty()
    }

    fn held(&self) -> usize {
        self.keepers.iter().map(|keeper| keeper.names.len()).sum()
    }
}

impl Keeper {
    /// How often the name was taken.
    fn times(&self, name: &str) -> usize {
        self.names.iter().filter(|held| *held == name).count()
    }

    fn forget(&mut self, name: &str) {
        if let Some(at) = self.names.iter().position(|held| held == name) {
            self.names.swap_remove(at);
        }
    }
}

impl Session {
    /// Gives back all named locks.
    pub(super) async fn release_named_locks(&mut self, interrupt: &Interrupt) {
        if !self.locks.is_empty() {
            self.locks.release_all(self.registered.entry.id, &self.shared.lock_board, interrupt).await;
        }
    }

    /// Makes the calls of a statement, in their order. An error leaves those before it made, as on one server.
    pub(super) async fn call_locks(&mut self, plan: &Plan, calls: &LockCalls, sql: &[u8]) -> Result<(), ClientMessage> {
        self.lock_values.clear();
        if plan.explains || plan.kind == StatementKind::Show {
            return Ok(());
        }
        let may_act = !matches!(plan.kind, StatementKind::Write | StatementKind::Ddl);
        for call in &calls.calls {
            if call.function.acts() && !(may_act && call.is_certain) {
                return Err(ClientMessage::unsupported(&format!(
                    "{} where it may be called never or often: call it in a statement of its own",
                    call.function.name()
                )));
            }
        }
        let mut values = Vec::new();
        for call in &calls.calls {
            let asked = self.asked(plan, call, sql).await?;
            values.push(self.ask_keepers(&asked).await?);
        }
        self.lock_values = values;
        Ok(())
    }

    /// The answer of a SELECT of nothing but such calls.
    pub(super) async fn send_lock_values(
        &mut self,
        calls: &LockCalls,
        titles: &[Vec<u8>],
        more_follows: bool,
    ) -> Result<(), ClientMessage> {
        let is_mariadb = self.mode.mariadb;
        let columns = calls.calls.iter().zip(titles).map(|(call, title)| column(call.function, title, is_mariadb));
        let columns: Vec<_> = columns.collect();
        let row = std::mem::take(&mut self.lock_values).into_iter().map(|value| value.map(|value| value.to_string()));
        let row = row.collect();
        self.txn.take_next();
        self.send_table(&columns, &[row], more_follows).await
    }

    async fn asked(&mut self, plan: &Plan, call: &LockCall, sql: &[u8]) -> Result<Asked, ClientMessage> {
        let function = call.function;
        let texts: Vec<&[u8]> = call.arguments.iter().map(|place| &sql[place.clone()]).collect();
        let (name, arguments) = match self.plain_arguments(&texts) {
            Some(name) => (name, texts.join(&b", "[..])),
            None => self.evaluated_arguments(plan, &texts).await?,
        };
        let name = if self.mode.mariadb { name } else { name.map(|name| name.to_lowercase()) };
        let waits = texts.get(1).is_some_and(|timeout| *timeout != b"0");
        let sql = [b"SELECT ", function.name().as_bytes(), b"(", &arguments, b")"].concat();
        Ok(Asked { function, name, waits, sql })
    }

    /// The name, if the arguments are literals that need no server to be understood.
    fn plain_arguments(&self, texts: &[&[u8]]) -> Option<Option<String>> {
        let is_literal = |text: &&[u8]| {
            let mut tokens = Lexer::new(text, self.mode);
            let first = tokens.next().map(|token| token.kind);
            let is_value = matches!(first, Some(TokenKind::String { .. } | TokenKind::Integer | TokenKind::Decimal));
            is_value && tokens.next().is_none()
        };
        if !texts.iter().all(is_literal) {
            return None;
        }
        let Some(name) = texts.first() else { return Some(None) };
        let bytes = literal::unescape(name, self.mode);
        let text = std::str::from_utf8(&bytes).ok().filter(|text| text.is_ascii())?;
        Some(Some(text.to_owned()))
    }

    /// The name, and the arguments as literals, from the default shard.
    async fn evaluated_arguments(
        &mut self,
        plan: &Plan,
        texts: &[&[u8]],
    ) -> Result<(Option<String>, Vec<u8>), ClientMessage> {
        let name = texts.first().copied().unwrap_or(b"NULL");
        let mut sql = [b"SELECT HEX(CONVERT(", name, b" USING utf8mb4))"].concat();
        for text in texts {
            sql.extend_from_slice(b", ");
            sql.extend_from_slice(text);
        }
        let sql = self.with_local_values(&sql);
        let shard = self.home_shard(&self.schema);
        let mut link = Link::apart(&self.need().2, shard, Side::Primary).await?;
        self.bring_user_variables(&mut link, plan).await?;
        let answer = link.lease.query(&sql, &self.interrupt).await;
        self.clean(link).await;
        let answer = answer?;
        let literals = super::variables::user_literals(&answer).map_err(|error| match error.code {
            codes::BAD_FIELD_ERROR => ClientMessage::unsupported("a named lock whose name depends on rows"),
            _ => error,
        })?;
        let (_, rows) = answer.table();
        let digits = rows.first().and_then(|row| text::cells(row).next()).and_then(Result::ok).flatten();
        let name = digits.and_then(|digits| HEXLOWER_PERMISSIVE.decode(digits).ok());
        let name = name.map(|name| String::from_utf8_lossy(&name).into_owned());
        let arguments = literals.into_iter().skip(1).map(|value| value.unwrap_or_else(|| "NULL".to_owned()));
        Ok((name, arguments.collect::<Vec<_>>().join(", ").into_bytes()))
    }

    /// Makes the call on the server that keeps the name.
    async fn ask_keepers(&mut self, asked: &Asked) -> Result<Option<u64>, ClientMessage> {
        if asked.function == LockFunction::ReleaseAll {
            return self.release_everywhere().await.map(Some);
        }
        let is_get = asked.function == LockFunction::Get;
        if is_get && self.locks.held() >= MAX_HELD {
            return Err(ClientMessage::unsupported("so many named locks in one session"));
        }
        let id = self.registered.entry.id;
        let shared = Arc::clone(&self.shared);
        let name = asked.name.as_deref().unwrap_or_default();
        let _waiting = match is_get && asked.waits {
            true => Some(shared.lock_board.wait(id, name).ok_or_else(|| self.lock_deadlock())?),
            false => None,
        };
        let mut keeper = self.keeper(name).await?;
        if asked.function == LockFunction::Release && keeper.times(name) == 1 {
            shared.lock_board.release(id, name);
        }
        let answer = match keeper.link.lease.query(&asked.sql, &self.interrupt).await {
            Ok(answer) => answer,
            Err(error) => {
                // The locks that were on the connection go with it.
                keeper.names.iter().for_each(|name| shared.lock_board.release(id, name));
                cancel::abandon(keeper.link);
                return Err(error.into());
            }
        };
        let value = number(&answer);
        match (asked.function, &value) {
            (LockFunction::Get, Ok(Some(1))) => {
                shared.lock_board.take(id, name);
                keeper.names.push(name.to_owned());
            }
            (LockFunction::Release, Ok(Some(1))) => keeper.forget(name),
            _ => {}
        }
        self.keep(keeper).await;
        let value = value?;
        Ok(match asked.function {
            LockFunction::IsUsed => value.map(|_| shared.lock_board.holder(name).map_or(SOMEBODY, u64::from)),
            _ => value,
        })
    }

    /// The session's connection to the server that keeps a name.
    async fn keeper(&mut self, name: &str) -> Result<Keeper, ClientMessage> {
        let need = self.need().2;
        let shards = need.schema.all_shards();
        let shard = keeper_of(shards.map(|shard| (need.replica_set(shard), shard)), name);
        let shard = shard.ok_or_else(|| ClientMessage::unsupported("named locks without a shard"))?;
        let id = need.schema.shard(shard).replica_set;
        let keeps = |keeper: &Keeper| self.schema.shard(keeper.link.shard).replica_set == id;
        if let Some(at) = self.locks.keepers.iter().position(keeps) {
            return Ok(self.locks.keepers.swap_remove(at));
        }
        let link = Link::apart(&self.need().2, shard, Side::Primary).await?;
        Ok(Keeper { link, names: Vec::new() })
    }

    /// Keeps the connection while it has locks, else gives it back.
    async fn keep(&mut self, keeper: Keeper) {
        match keeper.names.is_empty() {
            true => self.clean(keeper.link).await,
            false => self.locks.keepers.push(keeper),
        }
    }

    async fn release_everywhere(&mut self) -> Result<u64, ClientMessage> {
        let id = self.registered.entry.id;
        let mut released = 0;
        for mut keeper in std::mem::take(&mut self.locks.keepers) {
            keeper.names.iter().for_each(|name| self.shared.lock_board.release(id, name));
            let answer = keeper.link.lease.query(b"SELECT RELEASE_ALL_LOCKS()", &self.interrupt).await?;
            released += number(&answer)?.unwrap_or_default();
            self.clean(keeper.link).await;
        }
        Ok(released)
    }

    /// As a server says it of a circle among its own locks.
    fn lock_deadlock(&self) -> ClientMessage {
        match self.mode.mariadb {
            true => ClientMessage::new(
                codes::LOCK_DEADLOCK,
                "Deadlock found when trying to get lock; try restarting transaction",
            ),
            false => ClientMessage::new(
                codes::USER_LOCK_DEADLOCK,
                "Deadlock found when trying to get user-level lock; try rolling back transaction/releasing locks and \
                 restarting lock acquisition.",
            ),
        }
    }

    /// What stands for a call whose value is known: the call decides its type.
    pub(super) fn lock_value(&self, at: usize, call: &[u8]) -> Option<Vec<u8>> {
        let value = self.lock_values.get(at)?;
        let value = value.map_or_else(|| "NULL".to_owned(), |value| value.to_string());
        Some([b"IF(FALSE, ", call, b", ", value.as_bytes(), b")"].concat())
    }
}

/// A prepared statement's text with its parameters' values in their places.
pub(super) fn with_values(sql: &[u8], mode: Mode, values: &[Value<'_>], charset: &str) -> Option<Vec<u8>> {
    let markers = Lexer::new(sql, mode).filter(|token| token.kind == TokenKind::Param);
    let mut out = Vec::with_capacity(sql.len());
    let mut done = 0;
    for (marker, value) in markers.zip(values) {
        out.extend_from_slice(&sql[done..marker.start as usize]);
        out.extend_from_slice(&literal_of(value, charset)?);
        done = marker.end as usize;
    }
    out.extend_from_slice(&sql[done..]);
    Some(out)
}

/// `None` for values that are not known here.
fn literal_of(value: &Value<'_>, charset: &str) -> Option<Vec<u8>> {
    Some(match value {
        Value::Null => b"NULL".to_vec(),
        Value::Int(number) => number.to_string().into_bytes(),
        Value::UInt(number) => number.to_string().into_bytes(),
        Value::Decimal(text) => text.to_vec(),
        Value::Double(number) => format!("{number:e}").into_bytes(),
        Value::Text { bytes, .. }
            if bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b" _.:-/".contains(byte)) =>
        {
            [b"'", bytes.as_ref(), b"'"].concat()
        }
        Value::Text { bytes, .. } => format!("_{charset} x'{}'", HEXLOWER.encode(bytes)).into_bytes(),
        Value::Binary(bytes) | Value::Hex(bytes) => format!("_binary x'{}'", HEXLOWER.encode(bytes)).into_bytes(),
        Value::Temporal(_) | Value::Unknown => return None,
    })
}

/// A shard on the replica set that keeps a name, given each shard with the name of its set: FNV-1a of the name in lower
/// case picks among the sets, sorted by name.
fn keeper_of<'a>(places: impl Iterator<Item = (&'a str, ShardId)>, name: &str) -> Option<ShardId> {
    let mut sets: Vec<(&str, ShardId)> = places.collect();
    sets.sort_unstable();
    sets.dedup_by_key(|(set, _)| *set);
    let hash = name
        .to_lowercase()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let picked = hash.checked_rem(sets.len() as u64)?;
    sets.get(usize::try_from(picked).ok()?).map(|(_, shard)| *shard)
}

fn number(answer: &Answer) -> Result<Option<u64>, ClientMessage> {
    if let Some(error) = answer.error() {
        return Err(error.into());
    }
    let (_, rows) = answer.table();
    let cell = rows.first().and_then(|row| text::cells(row).next()).and_then(Result::ok).flatten();
    Ok(cell.and_then(|bytes| std::str::from_utf8(bytes).ok()?.parse().ok()))
}

/// Types and widths as MariaDB 10.11 and MySQL 9.7 report them.
fn column(function: LockFunction, title: &[u8], is_mariadb: bool) -> LocalColumn {
    let unsigned = ColumnFlags::UNSIGNED_FLAG;
    let (flags, length) = match (function, is_mariadb) {
        (LockFunction::Get | LockFunction::Release | LockFunction::IsFree, _) => (ColumnFlags::empty(), 1),
        (LockFunction::IsUsed, true) => (ColumnFlags::empty(), 10),
        (LockFunction::IsUsed, false) => (unsigned, 21),
        (LockFunction::ReleaseAll, true) => (unsigned | ColumnFlags::NOT_NULL_FLAG, 11),
        (LockFunction::ReleaseAll, false) => (unsigned | ColumnFlags::NOT_NULL_FLAG, 21),
    };
    let kind = if is_mariadb { ColumnType::MYSQL_TYPE_LONG } else { ColumnType::MYSQL_TYPE_LONGLONG };
    LocalColumn::number(&String::from_utf8_lossy(title), kind, flags, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shardgate_picks_the_same_server_for_a_name() {
        let places = [("rs1", ShardId(0)), ("rs0", ShardId(1)), ("rs1", ShardId(2)), ("rs2", ShardId(3))];
        let elsewhere = [("rs2", ShardId(0)), ("rs1", ShardId(1)), ("rs0", ShardId(2))];
        let set = |places: &[(&'static str, ShardId)], name: &str| {
            let shard = keeper_of(places.iter().copied(), name);
            places.iter().find(|(_, known)| Some(*known) == shard).map(|(set, _)| *set)
        };
        let mut picked: Vec<_> = Vec::new();
        for name in ["a", "b", "c", "d", "e", "f", "g"] {
            assert_eq!(set(&places, name), set(&elsewhere, name));
            assert_eq!(set(&places, name), set(&places, &name.to_uppercase()));
            picked.extend(set(&places, name));
        }
        picked.sort_unstable();
        picked.dedup();
        assert_eq!(picked, ["rs0", "rs1", "rs2"]);
    }

    #[test]
    fn parameters_become_literals() {
        let text = |text: &'static str| Value::Text { bytes: text.as_bytes().into(), charset: Mode::default().charset };
        let check = |values: &[Value<'_>], wanted: Option<&str>| {
            let found = with_values(b"SELECT GET_LOCK(?, ?), '?'", Mode::default(), values, "latin1");
            assert_eq!(found.as_deref(), wanted.map(str::as_bytes));
        };
        check(&[text("a b"), Value::Int(-1)], Some("SELECT GET_LOCK('a b', -1), '?'"));
        check(&[text("a'b"), Value::Null], Some("SELECT GET_LOCK(_latin1 x'612762', NULL), '?'"));
        check(&[Value::Unknown, Value::Null], None);
    }
}
