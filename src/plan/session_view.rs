//! What a session asks of a plan before it runs it.

use crate::sharding::{Schema, ShardId};
use crate::sql::control::Control;
use crate::sql::facts::Facts;

use super::bind::Target;
use super::{Action, DdlPlan, Plan, Route, StatementKind};

impl Plan {
    /// Whether running the statement is all there is to it: nothing to prepare, to note or to keep afterwards.
    pub fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Databases that the statement names, as it writes them: logical ones, and the servers' own.
    pub fn named_databases(&self) -> &[String] {
        self.names.qualifiers()
    }

    /// What must be known of a statement that changes tables.
    pub fn ddl(&self) -> Option<&DdlPlan> {
        self.ddl.as_deref()
    }

    /// Tables that the statement names, as it writes them, but for those of statements that were not understood.
    pub fn tables(&self) -> &[String] {
        self.names.mentioned()
    }

    /// Whether no transaction of a server begins with it: it reads no tables, and calls nothing that could.
    pub fn begins_nothing(&self) -> bool {
        let is_bare_read =
            self.kind == StatementKind::Read && self.names.mentioned().is_empty() && !self.calls_routines;
        is_bare_read || self.kind == StatementKind::Other && self.is_apart
    }

    /// For `is_plain`, once all else is known.
    pub(super) fn with_plainness(mut self) -> Self {
        let is_routed = matches!(self.action, Action::Route(_) | Action::Insert(_));
        let is_common = matches!(self.kind, StatementKind::Read | StatementKind::LockingRead | StatementKind::Write);
        let is_at_home = self.names.qualifiers().is_empty();
        self.is_plain = is_at_home
            && !self.calls_routines
            && is_routed
            && is_common
            && !self.implicit_commit
            && !self.writes_copies
            && !self.tells_names
            && !self.takes_numbers()
            && self.facts.concern_no_session();
        self
    }

    /// Whether its rows may want numbers of a sequence, or give some that the sequence must learn of.
    fn takes_numbers(&self) -> bool {
        matches!(&self.action, Action::Insert(template) if template.numbering.is_some())
    }

    /// How many rows an INSERT of rows has.
    pub fn rows(&self) -> usize {
        if let Action::Insert(template) = &self.action { template.rows.len() } else { 0 }
    }

    /// Whether the shard must get another text than the client's.
    pub fn is_altered(&self, shard: ShardId) -> bool {
        self.altered.contains(shard)
    }

    /// Whether it is what a client can say to a transaction that was lost.
    pub fn ends_transaction(&self) -> bool {
        matches!(self.action, Action::Control(Control::Commit { .. } | Control::Rollback { .. }))
    }

    /// A shard that knows the statement's tables, whatever the values are. `None`: any will do, or there is none for
    /// certain, as where rows must be gathered.
    pub fn example_shard(&self, schema: &Schema) -> Option<ShardId> {
        match &self.action {
            Action::Control(_) | Action::LocalSelect(_) => None,
            Action::Insert(insert) if insert.reads_others() => None,
            Action::Insert(insert) => insert.example_shard(schema),
            Action::Route(route) => match &route.target {
                Target::Fixed(Route::One(shard)) => Some(*shard),
                Target::Fixed(
                    Route::Any(shards)
                    | Route::Scatter(shards)
                    | Route::Merge(shards)
                    | Route::Regroup(shards)
                    | Route::Load(shards),
                ) => shards.first(),
                Target::Fixed(Route::Gather | Route::Staged) => None,
                Target::Fixed(Route::Split(rows)) => rows.first().map(|rows| rows.shard),
                Target::Placed { .. } if route.staged.as_ref().is_some_and(|staged| staged.reads_others()) => None,
                Target::Placed { table, .. } => table.table(schema)?.shard_set().first(),
                Target::Narrowed(narrowed) => {
                    let sets = narrowed.tables.iter().map(|(id, _)| id.table(schema).map(|table| table.shard_set()));
                    let all = sets.chain([narrowed.at.clone()]).flatten().reduce(|mut all, more| {
                        all.intersect_with(&more);
                        all
                    })?;
                    all.first()
                }
            },
        }
    }
}

impl Facts {
    /// Nothing in the session's state matters to the statement, and it changes nothing there.
    fn concern_no_session(&self) -> bool {
        let reads = self.uses_last_insert_id || self.needs_local_values() || !self.reads_user_vars.is_empty();
        let writes = self.calc_found_rows || !self.writes_user_vars.is_empty() || self.creates_temporary.is_some();
        let others = self.calls_procedure || self.uses_handler || self.has_invalid || self.load_data;
        !(reads || writes || others || !self.drops_tables.is_empty())
    }

    /// Whether what LAST_INSERT_ID() says must be given to the connection before, and asked for afterwards. (The answer to
    /// LOAD DATA does not tell what numbers its rows got.)
    pub fn passes_last_insert_id(&self) -> bool {
        self.uses_last_insert_id || self.calls_procedure || self.load_data
    }

    /// Functions that a pooled connection would answer for itself instead of for the session.
    pub fn needs_local_values(&self) -> bool {
        let own_variables = self.reads_system_vars.iter().any(|name| {
            let name = name.strip_prefix("session.").unwrap_or(name);
            ["warning_count", "error_count", "wait_timeout"].contains(&name)
        });
        own_variables
            || self.named_locks
            || self.uses_found_rows
            || self.uses_row_count
            || self.uses_connection_id
            || self.uses_user
    }

    /// Whether a replica's answer is as good as the primary's.
    pub fn allow_replica(&self) -> bool {
        self.concern_no_session() || !(self.uses_last_insert_id || self.uses_handler)
    }
}
