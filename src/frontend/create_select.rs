//! CREATE TABLE ... SELECT whose rows come from several shards, or go there.
//!
//! A server says how the table looks: it runs the client's own text over empty temporary tables. Then the table is made
//! like any other, and INSERT ... SELECT brings the rows. If that fails the table is dropped again. In between others see
//! the table, with no rows in it. A temporary table is made on the connection that the session holds from then on, and
//! ends no transaction.

use std::sync::Arc;

use super::error::ClientMessage;
use super::prepared::Prepared;
use super::query::Statement;
use super::session::Session;
use super::transactions::End;
use crate::exec::conditions::Condition;
use crate::exec::links::{Link, Side};
use crate::exec::prepared::{self, Execution};
use crate::plan::gather::{Choice, Gathering};
use crate::plan::{self, Binding, Context, Gathers, Plan};
use crate::sharding::{DatabaseId, Placement, ShardId, ShardSet, Table};
use crate::sql::control::CreateSelect;
use crate::sql::parse;
use crate::txn::transaction::quoted;
use crate::wire::column::ColumnDefinition;
use crate::wire::command::Execute;
use crate::wire::error_code as codes;
use crate::wire::response::OkPacket;
use crate::wire::text;

/// The temporary table that a server makes of the client's text.
const EXAMPLE: &str = "shardgate_created";

/// How the new table looks.
struct Shape {
    /// From the parenthesis on, as SHOW CREATE TABLE has it.
    definition: Vec<u8>,
    columns: Vec<Vec<u8>>,
    /// Those that the query fills, in its order.
    selected: Vec<Vec<u8>>,
}

/// A prepared statement, and the packet that brings its parameters.
type Given<'a> = (&'a Prepared, &'a [u8]);

impl Session {
    pub(super) async fn create_select(
        &mut self,
        create: &CreateSelect,
        statement: &Statement<'_>,
    ) -> Result<(), ClientMessage> {
        let Some(insert) = self.create_for_rows(create, statement, None).await? else { return Ok(()) };
        let done = Box::pin(self.statement(&Statement { sql: &insert, ..*statement })).await;
        self.drop_unless_filled(create, statement.sql, &done).await;
        done
    }

    /// The same where the query has parameters.
    pub(super) async fn execute_create_select(
        &mut self,
        create: &CreateSelect,
        statement: &mut Prepared,
        head: Execute,
        body: &[u8],
    ) -> Result<(), ClientMessage> {
        let sql = Arc::clone(&statement.text);
        let text = Statement { sql: &sql, more_follows: false };
        let Some(insert) = self.create_for_rows(create, &text, Some((statement, body))).await? else { return Ok(()) };
        let done = Box::pin(self.execute_instead(statement, &insert, head, body)).await;
        self.drop_unless_filled(create, &sql, &done).await;
        done
    }

    /// Makes the table, and the INSERT that brings its rows. `None`: there is such a table already, as the client was told.
    async fn create_for_rows(
        &mut self,
        create: &CreateSelect,
        statement: &Statement<'_>,
        given: Option<Given<'_>>,
    ) -> Result<Option<Vec<u8>>, ClientMessage> {
        self.check_create_select(create, statement)?;
        if !create.is_temporary {
            self.refuse_in_xa()?;
            self.end_transaction(End::Commit).await?;
        }
        if self.is_there(create).await? && !create.replaces {
            self.tell_of_existing(create, statement.more_follows).await?;
            return Ok(None);
        }
        let shape = self.created_shape(create, statement.sql, given).await?;
        let target = &statement.sql[create.target.clone()];
        if create.is_temporary {
            self.create_temporary(create, &shape).await?;
        } else {
            self.check_key(create, &shape)?;
            let verb: &[u8] = if create.replaces { b"CREATE OR REPLACE TABLE " } else { b"CREATE TABLE " };
            self.change_by(&[verb, target, b" ", &shape.definition].concat()).await?;
        }
        let columns = shape.selected.iter().map(|name| quoted_bytes(name)).collect::<Vec<_>>().join(&b", "[..]);
        let query = &statement.sql[create.query.clone()];
        Ok(Some([create.verb.as_bytes(), b" INTO ", target, b" (", &columns, b") ", query].concat()))
    }

    /// What could not be filled is not there; the client hears of the first error.
    async fn drop_unless_filled(&mut self, create: &CreateSelect, sql: &[u8], filled: &Result<(), ClientMessage>) {
        if filled.is_ok() && !self.last.failed {
            return;
        }
        let dropped = match create.is_temporary {
            true => self.drop_temporary(create).await,
            false => self.change_by(&[b"DROP TABLE ", &sql[create.target.clone()]].concat()).await.map(drop),
        };
        if let Err(error) = dropped {
            tracing::warn!(table = %create.table.table, error = %error.text, "a table is left over that could not be filled");
        }
    }

    fn check_create_select(&self, create: &CreateSelect, statement: &Statement<'_>) -> Result<(), ClientMessage> {
        let refused = |what: &str| {
            Err(ClientMessage::unsupported(&format!("CREATE TABLE ... SELECT over several shards {what}")))
        };
        if !self.autocommit && !create.is_temporary {
            return refused("under autocommit = 0: its rows are committed with it");
        }
        if self.links.has_table_locks() {
            return refused("under LOCK TABLES");
        }
        let (database, rule, _) = self.place_of(create)?;
        let database = &self.schema.database_of(database).name;
        if !self.may_use(database) {
            return Err(self.access_denied(database));
        }
        if create.is_temporary {
            plan::ddl::check_temporary_name(&create.table.table, rule)?;
            self.check_room_for_temporary(&create.table.table)?;
        }
        let names = parse::mentioned_names(&statement.sql[create.query.clone()], self.mode).unwrap_or_default();
        if create.replaces && names.iter().any(|name| name.table.text.eq_ignore_ascii_case(&create.table.table)) {
            // The table would be gone before it is read. MariaDB refuses it too.
            let text = format!(
                "Table '{}' is specified twice, both as a target for 'CREATE' and as a separate source for data",
                create.table.table
            );
            return Err(ClientMessage::new(codes::UPDATE_TABLE_USED, text));
        }
        Ok(())
    }

    /// The new table's database, its rule, and the shards that get it.
    fn place_of(&self, create: &CreateSelect) -> Result<(DatabaseId, Option<&Table>, ShardSet), ClientMessage> {
        let database = match &create.table.database {
            Some(name) => self.named_database(name)?,
            None => self.database().ok_or_else(|| ClientMessage::from(plan::PlanError::NoDatabase))?,
        };
        let known = self.schema.database_of(database);
        let rule = known.table(&create.table.table);
        let shards = rule.map_or_else(|| ShardSet::single(known.default_shard), Table::shard_set);
        Ok((database, rule, shards))
    }

    /// Whether there is such a table, on the first of its shards.
    async fn is_there(&mut self, create: &CreateSelect) -> Result<bool, ClientMessage> {
        if create.is_temporary {
            return self.is_temporary_there(create).await;
        }
        let (_, rule, shards) = self.place_of(create)?;
        let Some(shard) = shards.first() else { return Ok(false) };
        let table = rule.map_or(create.table.table.as_str(), |rule| rule.physical_name(shard));
        let sql = format!("SHOW COLUMNS FROM {}.{}", quoted(&self.schema.shard(shard).schema), quoted(table));
        match self.ask_spare(shard, sql.as_bytes()).await? {
            Ok(_) => Ok(true),
            Err(error) if error.code == codes::NO_SUCH_TABLE => Ok(false),
            Err(error) => Err(self.in_logical_names(error, Some(shard))),
        }
    }

    async fn tell_of_existing(&mut self, create: &CreateSelect, more_follows: bool) -> Result<(), ClientMessage> {
        let text = format!("Table '{}' already exists", create.table.table);
        if !create.is_tolerant {
            return Err(ClientMessage::new(codes::TABLE_EXISTS, text));
        }
        let code = codes::TABLE_EXISTS.number.to_string();
        self.diagnostics.set(vec![Condition { level: "Note".to_owned(), code, message: text }]);
        self.last.row_count = 0;
        self.send_ok(OkPacket { warnings: 1, ..OkPacket::default() }, more_follows).await
    }

    /// Rows could not be placed without the shard key.
    fn check_key(&self, create: &CreateSelect, shape: &Shape) -> Result<(), ClientMessage> {
        let (_, rule, _) = self.place_of(create)?;
        let Some(Placement::Sharded(sharded)) = rule.map(|rule| &rule.placement) else { return Ok(()) };
        for key in sharded.key_columns() {
            if !shape.columns.iter().any(|name| name.eq_ignore_ascii_case(key.as_bytes())) {
                return Err(ClientMessage::unsupported(&format!(
                    "'{}' without a column '{key}', which is the shard key of its rule,",
                    create.table.table
                )));
            }
        }
        Ok(())
    }

    /// How a server would make the table.
    async fn created_shape(
        &mut self,
        create: &CreateSelect,
        sql: &[u8],
        given: Option<Given<'_>>,
    ) -> Result<Shape, ClientMessage> {
        let query = &sql[create.query.clone()];
        self.shape.read(query, self.mode);
        let (database, mode) = (self.database(), self.mode);
        let context = Context { schema: &self.schema, database, in_catalog: false, mode, gathers: Gathers::Only };
        let plan = plan::plan(query, &self.shape, &context)?;
        self.check_access(&plan)?;
        let (_, _, shards) = self.place_of(create)?;
        let choice = Choice { preferred: &shards, may_use_copies: false, may_filter: true, may_condense: false };
        let values = given.map_or_else(Vec::new, |(statement, body)| statement.values(body));
        let binding = Binding { params: &values, ..self.binding(query) };
        let gathering = plan.gather().map(|gather| gather.bind(&binding, choice));
        let gathering = gathering.ok_or_else(|| ClientMessage::unsupported("this query in CREATE TABLE ... SELECT"))?;
        let execution = match given {
            None => None,
            Some((statement, body)) => {
                let own: Vec<u16> = (0..statement.params).collect();
                let params = gathering.params.as_ref().unwrap_or(&own);
                Some(statement.execution_of(Vec::new(), params, body)?)
            }
        };
        let shard = gathering.scratch;
        let mut scratch = Link::apart(&self.need().2, shard, Side::Primary).await?;
        let definition = &sql[create.definition.clone()];
        let shape = self.shape_on(&mut scratch, &plan, &gathering, (definition, execution)).await;
        self.clean(scratch).await;
        shape.map_err(|message| self.in_logical_names(message, Some(shard)))
    }

    async fn shape_on(
        &mut self,
        scratch: &mut Link,
        plan: &Plan,
        gathering: &Gathering,
        (definition, execution): (&[u8], Option<Execution>),
    ) -> Result<Shape, ClientMessage> {
        let loading = self.loading();
        self.adapt(scratch, &loading).await?;
        self.stay_out_of_the_log(scratch).await?;
        for source in &gathering.sources {
            self.make(scratch, source, &loading).await?;
        }
        let session = self.variant(|settings| settings.unset("sql_quote_show_create"));
        self.adapt(scratch, &session).await?;
        self.before_sending(plan, scratch).await?;
        let mut query = gathering.text.clone();
        if plan.facts.needs_local_values() {
            query = self.with_local_values(&query);
        }
        let name = format!("{}.{}", quoted(&self.schema.shard(scratch.shard).schema), quoted(EXAMPLE));
        let create = [format!("CREATE TEMPORARY TABLE {name} ").as_bytes(), definition, b" ", &query].concat();
        match execution {
            None => drop(self.ask_scratch(scratch, &create).await?),
            Some(execution) => {
                let execution = Execution { text: create, ..execution };
                let done = prepared::execute_collected(&mut scratch.lease, &execution, &self.interrupt).await?;
                done.error().map_or(Ok(()), |error| Err(ClientMessage::from(error)))?;
            }
        }
        let selected = self.prepared_columns(scratch, &query).await?.unwrap_or_default();
        let asking = self.variant_of(&session, |settings| settings.unset("sql_select_limit"));
        self.adapt(scratch, &asking).await?;
        let shown = self.ask_scratch(scratch, format!("SHOW CREATE TABLE {name}").as_bytes()).await?;
        let text = shown.into_iter().next().and_then(|row| row.into_iter().nth(1)).unwrap_or_default();
        let start = memchr::memchr(b'(', &text).unwrap_or(text.len());
        let columns = self.ask_scratch(scratch, format!("SHOW COLUMNS FROM {name}").as_bytes()).await?;
        let names = selected.iter().map(|payload| ColumnDefinition::parse(payload).map(|column| column.name.to_vec()));
        Ok(Shape {
            definition: text[start..].to_vec(),
            columns: columns.into_iter().filter_map(|row| row.into_iter().next()).collect(),
            selected: names.collect::<Result<_, _>>().map_err(super::handshake::wire_message)?,
        })
    }

    /// Where the temporary table is to be: its shard, and its name there.
    fn place_of_temporary(&self, create: &CreateSelect) -> Result<(ShardId, String), ClientMessage> {
        let (database, ..) = self.place_of(create)?;
        let shard = self.schema.database_of(database).default_shard;
        Ok((shard, format!("{}.{}", quoted(&self.schema.shard(shard).schema), quoted(&create.table.table))))
    }

    async fn is_temporary_there(&mut self, create: &CreateSelect) -> Result<bool, ClientMessage> {
        if !self.is_temporary(&create.table.table) {
            return Ok(false);
        }
        // It may be another database's.
        let (shard, name) = self.place_of_temporary(create)?;
        match self.ask_held(shard, format!("SHOW CREATE TABLE {name}").as_bytes()).await? {
            Ok(answer) => {
                let text = answer.table().1.first().and_then(|row| text::cells(row).nth(1)?.ok()?);
                Ok(text.is_some_and(|text| text.starts_with(b"CREATE TEMPORARY")))
            }
            Err(error) if error.code == codes::NO_SUCH_TABLE => Ok(false),
            Err(error) => Err(self.in_logical_names(error, Some(shard))),
        }
    }

    async fn create_temporary(&mut self, create: &CreateSelect, shape: &Shape) -> Result<(), ClientMessage> {
        let (shard, name) = self.place_of_temporary(create)?;
        let verb = if create.replaces { "CREATE OR REPLACE" } else { "CREATE" };
        let sql = [format!("{verb} TEMPORARY TABLE {name} ").as_bytes(), &shape.definition].concat();
        let mut link = self.obtain(shard, Side::Primary).await?;
        let answer = link.lease.query(&sql, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            let message = ClientMessage::from(error);
            self.links.put(link);
            return Err(self.in_logical_names(message, Some(shard)));
        }
        self.hold_temporary(&create.table.table, &mut link);
        let status = answer.summary.status.unwrap_or_default();
        self.links.settle(link, status, &mut self.txn);
        Ok(())
    }

    async fn drop_temporary(&mut self, create: &CreateSelect) -> Result<(), ClientMessage> {
        let (shard, name) = self.place_of_temporary(create)?;
        // With its connection the table is gone, too.
        let Some(mut link) = self.links.take(shard, Side::Primary) else { return Ok(()) };
        let sql = format!("DROP TEMPORARY TABLE IF EXISTS {name}");
        let answer = link.lease.query(sql.as_bytes(), &self.interrupt).await?;
        let failed = answer.error().map(ClientMessage::from);
        if failed.is_none() {
            self.forget_temporary(&create.table.table, &mut link);
        }
        self.links.put(link);
        failed.map_or(Ok(()), Err)
    }

    /// Rows as the server shows them.
    async fn ask_scratch(&mut self, scratch: &mut Link, sql: &[u8]) -> Result<Vec<Vec<Vec<u8>>>, ClientMessage> {
        let answer = scratch.lease.query(sql, &self.interrupt).await?;
        if let Some(error) = answer.error() {
            return Err(error.into());
        }
        let cells =
            |row: &&[u8]| text::cells(row).map(|cell| cell.ok().flatten().unwrap_or_default().to_vec()).collect();
        Ok(answer.table().1.iter().map(cells).collect())
    }
}

fn quoted_bytes(name: &[u8]) -> Vec<u8> {
    let mut out = vec![b'`'];
    for byte in name {
        out.extend_from_slice(if *byte == b'`' { b"``" } else { std::slice::from_ref(byte) });
    }
    out.push(b'`');
    out
}
