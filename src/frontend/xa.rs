//! XA statements of clients, for what stays on one shard: the branch begins there with its first statement, and everything
//! that is said of it goes there. Another shard cannot join, because what the client coordinates is one branch on one server.
//! As long as no statement was about a table, the branch follows them to whatever shard they need.
//!
//! A branch that is prepared outlives its session; whoever names it later finds it on whichever server has it.

use super::error::ClientMessage;
use super::query::Statement;
use super::response;
use super::session::Session;
use super::transactions::End;
use crate::backend::answer::Answer;
use crate::backend::error::Error;
use crate::exec::links::{Link, Side};
use crate::sharding::ShardId;
use crate::sql::Lexer;
use crate::sql::control::XaVerb;
use crate::txn::transaction::XaState;
use crate::txn::xid::FORMAT_ID;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;
use crate::wire::text;

impl Session {
    pub(super) async fn xa(&mut self, verb: XaVerb, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        if names_own_format(statement.sql) {
            let what = "XA with the formatID of ShardGate's own branches: the console ends what is in doubt";
            return Err(ClientMessage::unsupported(what));
        }
        if self.txn.is_lost() && matches!(verb, XaVerb::Commit | XaVerb::Rollback) {
            // Its server has rolled it back, and says that it knows no such branch.
            self.end_transaction(End::Rollback).await?;
        }
        match verb {
            XaVerb::Start => self.xa_start(statement.sql)?,
            XaVerb::End | XaVerb::Prepare => self.xa_on_own(verb, statement.sql).await?,
            XaVerb::Commit | XaVerb::Rollback => self.xa_finish(statement.sql).await?,
            XaVerb::Recover => return self.xa_recover(statement).await,
        }
        self.diagnostics.clear();
        self.accept(statement.more_follows).await
    }

    fn xa_start(&mut self, sql: &[u8]) -> Result<(), ClientMessage> {
        self.refuse_in_xa()?;
        if self.txn.is_open() {
            let text = "XAER_OUTSIDE: Some work is done outside global transaction";
            return Err(ClientMessage::new(codes::XAER_OUTSIDE, text));
        }
        let sql = std::str::from_utf8(sql).map_err(|_| ClientMessage::unsupported("XA START with such a name"))?;
        let name = Lexer::new(sql.as_bytes(), self.mode).nth(2).and_then(|token| sql.get(token.start as usize..));
        self.txn.begin_client_xa(sql.to_owned(), name.unwrap_or_default().to_owned());
        Ok(())
    }

    /// What neither BEGIN nor COMMIT nor DDL may end.
    pub(super) fn refuse_in_xa(&self) -> Result<(), ClientMessage> {
        match self.txn.xa_state() {
            Some(state) => Err(Error::XaEnded { state: state.name() }.into()),
            None => Ok(()),
        }
    }

    /// Of the branch that the session has; one that has done nothing is on the home shard.
    async fn xa_on_own(&mut self, verb: XaVerb, sql: &[u8]) -> Result<(), ClientMessage> {
        let shard = self.txn.first_shard().unwrap_or_else(|| self.home_shard(&self.schema));
        let mut link = self.obtain(shard, Side::Primary).await?;
        let told = self.tell_xa(&mut link, sql).await;
        match verb {
            _ if told.is_err() => {}
            // MySQL lets go of what is prepared (from 8.0.29 on); MariaDB keeps it with its connection.
            XaVerb::Prepare if !self.mode.mariadb => self.forget_xa(&mut link),
            XaVerb::Prepare => self.txn.set_xa_state(XaState::Prepared),
            _ => self.txn.set_xa_state(XaState::Idle),
        }
        self.links.put(link);
        told
    }

    /// The session's own branch, or one that is prepared somewhere.
    async fn xa_finish(&mut self, sql: &[u8]) -> Result<(), ClientMessage> {
        if self.txn.is_client_xa()
            && let Some(shard) = self.txn.first_shard()
        {
            let mut link = self.obtain(shard, Side::Primary).await?;
            let told = self.tell_xa(&mut link, sql).await;
            if told.is_ok() {
                self.forget_xa(&mut link);
            }
            self.links.put(link);
            match told {
                Err(error) if error.code.number == codes::XAER_NOTA.number => {}
                told => return told,
            }
        }
        let mut outcome = Err(ClientMessage::new(codes::XAER_NOTA, "XAER_NOTA: Unknown XID"));
        for shard in self.one_shard_of_each_set() {
            let mut link = Link::apart(&self.need().2, shard, Side::Primary).await?;
            outcome = self.tell_xa(&mut link, sql).await;
            link.lease.give_back();
            let is_elsewhere = matches!(&outcome, Err(error) if error.code.number == codes::XAER_NOTA.number);
            if !is_elsewhere {
                break;
            }
        }
        outcome
    }

    async fn tell_xa(&mut self, link: &mut Link, sql: &[u8]) -> Result<(), ClientMessage> {
        let sql = String::from_utf8_lossy(sql);
        let answer = link.lease.query_patiently(&sql, &self.interrupt).await?;
        match answer.error() {
            None => Ok(()),
            Some(error) => Err(error.into()),
        }
    }

    fn forget_xa(&mut self, link: &mut Link) {
        link.pins.transaction = false;
        self.txn.end();
        self.registered.entry.activity.left();
    }

    /// What is prepared on all servers, but for ShardGate's own branches.
    async fn xa_recover(&mut self, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        let (mut definitions, mut rows) = (Vec::new(), Vec::new());
        for shard in self.one_shard_of_each_set() {
            let mut link = Link::apart(&self.need().2, shard, Side::Primary).await?;
            let answer = link.lease.query(statement.sql, &self.interrupt).await?;
            link.lease.give_back();
            if let Some(error) = answer.error() {
                return Err(error.into());
            }
            definitions = answer.definitions().map(<[u8]>::to_vec).collect();
            rows.extend(foreign(&answer));
        }
        let mut out = Vec::new();
        let end = OkPacket { status: self.status(), ..OkPacket::default() };
        let form = self.form();
        response::collected(&mut out, &mut self.client.seq, &definitions, &rows, &end, form);
        self.send(&out).await
    }

    fn one_shard_of_each_set(&self) -> Vec<ShardId> {
        let mut seen = Vec::new();
        self.schema
            .all_shards()
            .filter(|shard| {
                let set = self.schema.shard(*shard).replica_set;
                let is_new = !seen.contains(&set);
                seen.push(set);
                is_new
            })
            .collect()
    }
}

/// A client that ended one of ShardGate's own branches would leave half of a transaction.
fn names_own_format(sql: &[u8]) -> bool {
    let [decimal, hex] = [FORMAT_ID.to_string(), format!("{FORMAT_ID:x}")];
    let text = String::from_utf8_lossy(sql).to_ascii_lowercase();
    text.contains(&decimal) || text.contains(&hex)
}

/// The rows whose format is not that of ShardGate's own branches.
fn foreign(answer: &Answer) -> Vec<Vec<Option<Vec<u8>>>> {
    let own = Some(FORMAT_ID.to_string().into_bytes());
    let cells = |row| text::cells(row).filter_map(Result::ok).map(|cell| cell.map(<[u8]>::to_vec)).collect();
    let rows = answer.table().1.into_iter().map(cells);
    rows.filter(|row: &Vec<_>| row.first() != Some(&own)).collect()
}
