//! The rows of `information_schema` that name databases and tables, put together of what shards have, for statements that
//! run over them (`gathered`).

use std::sync::Arc;

use super::catalog::answer_rows;
use super::error::ClientMessage;
use super::session::Session;
use crate::exec::links::{Link, Need, Side};
use crate::exec::scratch::{self, quoted, text_literal};
use crate::plan::catalog::Row;
use crate::plan::catalog::columns::{self, Content};
use crate::plan::catalog::places::{Place, places};
use crate::plan::catalog::rows::Collector;
use crate::plan::catalog::wanted::{Owner, Wanted, owner};
use crate::sharding::schema::same_name;
use crate::sharding::{DatabaseId, ShardId};

/// The schema that is alike on all servers.
const SYSTEM: &str = "information_schema";

/// What a user may do in the databases that it may use.
const PRIVILEGES: [&str; 18] = [
    "SELECT",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "DROP",
    "REFERENCES",
    "INDEX",
    "ALTER",
    "CREATE TEMPORARY TABLES",
    "LOCK TABLES",
    "EXECUTE",
    "CREATE VIEW",
    "SHOW VIEW",
    "CREATE ROUTINE",
    "ALTER ROUTINE",
    "EVENT",
    "TRIGGER",
];

impl Session {
    /// Makes the temporary table that stands for a table of `information_schema`, and fills it.
    pub(super) async fn assemble(
        &mut self,
        scratch: &mut Link,
        temporary: &str,
        wanted: &Wanted,
    ) -> Result<(), ClientMessage> {
        let table = format!("information_schema.{}", quoted(&wanted.table));
        let shown = scratch.lease.query(format!("SELECT * FROM {table} LIMIT 0").as_bytes(), &self.interrupt).await?;
        if let Some(error) = shown.error() {
            return Err(error.into());
        }
        let (all, _) = shown.table();
        let all: Vec<String> = all.iter().map(|column| String::from_utf8_lossy(column.name).into_owned()).collect();
        let needed = needed(&all, wanted);
        let name = format!("{}.{}", quoted(&self.schema.shard(scratch.shard).schema), quoted(temporary));
        scratch::create_from(&mut scratch.lease, &name, &needed, &table, &self.interrupt).await?;
        let rows = self.catalog_rows(wanted, &all, &needed).await?;
        let rows = rows.iter().map(Vec::as_slice);
        Ok(scratch::fill(&mut scratch.lease, &name, rows, "utf8mb4", &self.interrupt).await?)
    }

    /// The rows, with the needed columns.
    async fn catalog_rows(
        &mut self,
        wanted: &Wanted,
        all: &[String],
        needed: &[String],
    ) -> Result<Vec<Row>, ClientMessage> {
        match wanted.table.as_str() {
            "PROCESSLIST" => Ok(self.session_rows(needed, usize::MAX)),
            "USER_PRIVILEGES" => Ok(vec![self.privilege(needed, None, "USAGE")]),
            "SCHEMA_PRIVILEGES" => {
                let of = |name: &String| PRIVILEGES.map(|privilege| self.privilege(needed, Some(name), privilege));
                Ok(self.user.databases.iter().flat_map(of).collect())
            }
            "TABLE_PRIVILEGES" | "COLUMN_PRIVILEGES" | "FILES" | "TABLESPACES" => Ok(Vec::new()),
            _ => match owner(&wanted.table) {
                Some(owner) => self.owned_rows(wanted, owner, all, needed).await,
                None => Ok(Vec::new()),
            },
        }
    }

    async fn owned_rows(
        &mut self,
        wanted: &Wanted,
        owner: Owner,
        all: &[String],
        needed: &[String],
    ) -> Result<Vec<Row>, ClientMessage> {
        let content = |name: &String| columns::of_catalog(&wanted.table, name);
        let is_collected = needed.iter().any(|name| content(name).is_collected());
        let mut fetched: Vec<String> = if is_collected { all.to_vec() } else { needed.to_vec() };
        let is_there = |list: &[String], name: &str| list.iter().any(|known| known.eq_ignore_ascii_case(name));
        let owner = Owner { table: owner.table.filter(|name| is_there(all, name)), ..owner };
        let is_constraint = wanted.table == "CHECK_CONSTRAINTS" && !is_there(&fetched, "CONSTRAINT_NAME");
        fetched.extend(is_constraint.then(|| "CONSTRAINT_NAME".to_owned()));
        if let Some(name) = owner.table.filter(|name| !is_there(&fetched, name)) {
            fetched.push(name.to_owned());
        }
        // The first name of a schema is that of the row's own.
        fetched.insert(0, owner.schema.to_owned());
        let schema = Arc::clone(&self.schema);
        let wants = |name: &str| wanted.schema.as_deref().is_none_or(|wanted| same_name(wanted, name));
        let mut rows = Vec::new();
        if wants(SYSTEM) && wanted.table != "SCHEMATA_EXTENSIONS" {
            let shard = self.home_shard(&schema);
            let condition = condition(owner, SYSTEM, wanted.name.as_ref().map(std::slice::from_ref));
            rows.extend(self.catalog_of(shard, &wanted.table, &fetched, &condition).await?);
        }
        let mut ids: Vec<DatabaseId> = (0u16..).map(DatabaseId).take(schema.databases.len()).collect();
        ids.retain(|id| {
            let name = &schema.database_of(*id).name;
            wants(name) && self.may_use(name)
        });
        for id in ids {
            let contents = fetched.iter().map(|name| own_content(owner, name, content(name))).collect();
            let mut collector = Collector::new(fetched.clone(), contents);
            for place in places(&schema, id).iter().filter(|place| place.is_needed(is_collected)) {
                let names = wanted.name.as_deref().filter(|_| owner.table.is_some());
                let names = names.map(|name| place.physical_names(name, is_collected));
                if names.as_ref().is_some_and(Vec::is_empty) || owner.table.is_none() && !self.tells(place, wanted) {
                    continue;
                }
                let condition = condition(owner, place.schema, names.as_deref());
                let found = self.catalog_of(place.shard, &wanted.table, &fetched, &condition).await?;
                found.into_iter().for_each(|row| collector.add(place, row));
            }
            rows.extend(collector.finish());
        }
        let position = |name: &String| fetched.iter().position(|fetched| fetched == name).unwrap_or_default();
        let positions: Vec<usize> = needed.iter().map(position).collect();
        let project = |row: Row| positions.iter().map(|at| row.get(*at).cloned().flatten()).collect();
        Ok(rows.into_iter().map(project).collect())
    }

    /// Whether a place has rows of a table that are not about tables.
    fn tells(&self, place: &Place<'_>, wanted: &Wanted) -> bool {
        place.is_default || wanted.table == "CHECK_CONSTRAINTS"
    }

    async fn catalog_of(
        &mut self,
        shard: ShardId,
        table: &str,
        columns: &[String],
        condition: &str,
    ) -> Result<Vec<Row>, ClientMessage> {
        let list: Vec<_> = columns.iter().map(|name| quoted(name)).collect();
        let sql = format!("SELECT {} FROM information_schema.{table} WHERE {condition}", list.join(", "));
        let mariadb = self.mode.mariadb;
        let settings = self.variant(|settings| {
            for (name, value) in
                [("character_set_client", "'utf8mb4'"), ("character_set_results", "'utf8mb4'"), ("sql_mode", "''")]
            {
                settings.set(name, value);
            }
            settings.unset("sql_select_limit");
            settings.unset("autocommit");
            if !mariadb {
                // Its times are TIMESTAMPs, which are stored under this zone; MariaDB's are in the session's.
                settings.set("time_zone", "'+00:00'");
            }
        });
        let mut link = Link::apart(&Need { settings: &settings, ..self.need().2 }, shard, Side::Primary).await?;
        let answer = link.lease.query(sql.as_bytes(), &self.interrupt).await?;
        link.lease.give_back();
        if let Some(error) = answer.error() {
            return Err(error.into());
        }
        Ok(answer_rows(&answer).collect())
    }

    fn privilege(&self, needed: &[String], database: Option<&str>, privilege: &str) -> Row {
        let cell = |name: &String| match name.to_ascii_uppercase().as_str() {
            "GRANTEE" => Some(format!("'{}'@'%'", self.user.name.replace('\'', "''")).into_bytes()),
            "TABLE_CATALOG" => Some(b"def".to_vec()),
            "TABLE_SCHEMA" => database.map(|name| name.as_bytes().to_vec()),
            "PRIVILEGE_TYPE" => Some(privilege.as_bytes().to_vec()),
            _ => Some(b"NO".to_vec()),
        };
        needed.iter().map(cell).collect()
    }
}

/// Of all columns, those that the statement names; never none.
fn needed(all: &[String], wanted: &Wanted) -> Vec<String> {
    let is_named = |name: &&String| match &wanted.words {
        Some(words) => words.iter().any(|word| word.eq_ignore_ascii_case(name)),
        None => true,
    };
    let named: Vec<String> = all.iter().filter(is_named).cloned().collect();
    if named.is_empty() { all.iter().take(1).cloned().collect() } else { named }
}

/// A column that tells what a row is about, or is like others.
fn own_content(owner: Owner, name: &str, content: Content) -> Content {
    match content {
        // VIEW_NAME, and what else only this table calls so.
        _ if owner.table.is_some_and(|table| table.eq_ignore_ascii_case(name)) => Content::Table,
        other => other,
    }
}

/// Which rows a server is asked for.
fn condition(owner: Owner, schema: &str, names: Option<&[String]>) -> String {
    let mut condition = format!("{} = {}", owner.schema, text_literal(schema));
    if let (Some(table), Some(names)) = (owner.table, names) {
        let list: Vec<_> = names.iter().map(|name| text_literal(name)).collect();
        match list.as_slice() {
            [one] => condition.push_str(&format!(" AND {table} = {one}")),
            _ => condition.push_str(&format!(" AND {table} IN ({})", list.join(", "))),
        }
    }
    condition
}
