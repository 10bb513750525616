//! Small tables that are shipped to the shards of a large one (`plan::shipped`): temporary tables there take the place of
//! the client's, and the statement goes the ways of `several`, `merging` and `regrouped` on the same connections.
//!
//! Servers are asked how many rows they expect. What turns out not to work so is gathered, as long as the client was sent
//! nothing.

use std::sync::Arc;

use futures_util::future::join_all;

use super::error::ClientMessage;
use super::gather_load::{asking_for_rows, rows_of_plan};
use super::gathered::Last;
use super::merging::is_of_text;
use super::query::Statement;
use super::session::Session;
use crate::backend::settings::Settings;
use crate::exec::gather::{Site, Taken};
use crate::exec::links::{Link, Need, Side};
use crate::plan::gather::{Choice, Gathered};
use crate::plan::shipped::{self, Asked, Parcel, Shipped};
use crate::plan::{Binding, Described, Plan, Route, StatementKind, explain};
use crate::sharding::{DatabaseId, Schema, ShardId};
use crate::sql::Shape;
use crate::wire::error_code as codes;

/// A statement that would be gathered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate<'a> {
    pub(super) plan: &'a Plan,
    pub(super) input: Binding<'a>,
    pub(super) database: Option<DatabaseId>,
}

/// What is shipped for it.
#[derive(Debug)]
pub(super) struct Shipment {
    pub(super) parcels: Vec<Parcel>,
    pub(super) shipped: Shipped,
    /// A shard that has all of the tables, with the client's statement as that shard would get it.
    example: Option<(ShardId, Vec<u8>)>,
}

/// What is the session's while the tables are where they belong.
#[derive(Debug)]
pub(super) struct Unshipped {
    schema: Arc<Schema>,
}

impl Session {
    /// A statement that came as text. Whether the client has its answer.
    pub(super) async fn ship_text(&mut self, plan: &Plan, statement: &Statement<'_>) -> Result<bool, ClientMessage> {
        if !self.may_ship(plan) {
            return Ok(false);
        }
        let schema = Arc::clone(&self.schema);
        let shape = Shape::of(statement.sql, self.mode);
        let input =
            Binding { schema: &schema, sql: statement.sql, literals: shape.literals(), params: &[], mode: self.mode };
        let candidate = Candidate { plan, input, database: self.database() };
        let Some(mut shipment) = self.shipment(&candidate, &shape).await? else { return Ok(false) };
        if !self.deliver(&candidate, &mut shipment).await? {
            return Ok(false);
        }
        let Shipped { schema, plan, route, .. } = shipment.shipped;
        let before = self.use_shipped(schema);
        let done = Box::pin(self.on_route(&Arc::new(plan), statement, route)).await;
        self.end_shipping(before).await;
        self.judged_shipped(done)
    }

    /// What EXPLAIN ROUTE shows of a statement whose small tables would be shipped now; `None`: they would not be.
    pub(super) async fn shipped_steps(
        &mut self,
        plan: &Plan,
        sql: &[u8],
    ) -> Result<Option<Vec<explain::Step>>, ClientMessage> {
        if !self.may_ship(plan) || !matches!(plan.bind(&self.binding(sql)), Ok(Route::Gather)) {
            return Ok(None);
        }
        let schema = Arc::clone(&self.schema);
        let shape = Shape::of(sql, self.mode);
        let input = Binding { schema: &schema, sql, literals: shape.literals(), params: &[], mode: self.mode };
        let candidate = Candidate { plan, input, database: self.database() };
        let Some(shipment) = self.shipment(&candidate, &shape).await? else { return Ok(None) };
        Ok(Some(explain::shipped_steps(&shipment.parcels, &shipment.shipped, &input)?))
    }

    /// Whether a statement may find its tables elsewhere. Not where connections of the session's own see what others do
    /// not, where temporary tables have a server of their own, or where rows beyond a LIMIT are counted: with operands of
    /// a UNION on several shards, no server counts all of them.
    pub(super) fn may_ship(&self, plan: &Plan) -> bool {
        plan.kind == StatementKind::Read
            && !plan.facts.calc_found_rows
            && self.setup.options.gather.ship_from.is_some()
            && self.setup.options.gather.scratch.is_none()
            && !self.txn.is_open()
            && self.autocommit
            && self.links.held().is_empty()
            && self.temporary_tables.is_empty()
            && !self.txn.has_next()
    }

    /// What to ship, if that moves less than gathering does.
    pub(super) async fn shipment(
        &mut self,
        candidate: &Candidate<'_>,
        shape: &Shape,
    ) -> Result<Option<Shipment>, ClientMessage> {
        let Candidate { plan, input, database } = *candidate;
        let Some(parcels) = plan.gather().and_then(|gather| gather.parcels(&input)) else { return Ok(None) };
        let asked = Asked { plan, input, shape, database };
        if !shipped::may_help(&parcels, &asked) {
            return Ok(None);
        }
        let side = self.side(plan);
        let mut sized = Vec::new();
        for parcel in parcels {
            let Some(rows) = self.expected_rows(&parcel.gathered, side).await? else { return Ok(None) };
            sized.push((rows, parcel));
        }
        sized.sort_by_key(|(rows, _)| *rows);
        let least = self.setup.options.gather.ship_from.unwrap_or(u64::MAX);
        let (sizes, parcels): (Vec<u64>, Vec<Parcel>) = sized.into_iter().unzip();
        let Some((count, shipped)) = shipped::cheapest(&parcels, &sizes, least, &asked) else { return Ok(None) };
        let choice =
            Choice { preferred: &shipped.shards, may_use_copies: false, may_filter: false, may_condense: false };
        let gathering = plan.gather().map(|gather| gather.bind(&input, choice));
        let is_whole = |sources: &[Gathered]| sources.iter().all(|source| source.copy.is_some());
        let example = gathering.filter(|all| is_whole(&all.sources) && shipped.shards.contains(all.scratch));
        let example = example.map(|gathering| (gathering.scratch, gathering.example));
        if example.is_none() && matches!(shipped.route, Route::Regroup(_)) {
            return Ok(None);
        }
        let parcels = parcels.into_iter().take(count).collect();
        Ok(Some(Shipment { parcels, shipped, example }))
    }

    /// How many rows the servers expect to send of a table, all at once; `None`: they do not say.
    pub(super) async fn expected_rows(&mut self, source: &Gathered, side: Side) -> Result<Option<u64>, ClientMessage> {
        let asking = self.asking();
        let need = Need { settings: &asking, ..self.need().2 };
        let asked = source.fetches.iter().map(|(shard, from)| {
            let sql = asking_for_rows(from, &source.filter);
            async move {
                let mut link = Link::apart(&need, *shard, side).await?;
                let answer = link.lease.query(&sql, need.interrupt).await?;
                link.lease.give_back();
                Ok::<_, ClientMessage>(rows_of_plan(&answer))
            }
        });
        let told = join_all(asked).await.into_iter().collect::<Result<Vec<Option<u64>>, _>>()?;
        // Servers say how many rows they expect to look at, whatever LIMIT leaves of them.
        let at_most = source.at_most.unwrap_or(u64::MAX);
        Ok(told.into_iter().map(|rows| rows.map(|rows| rows.min(at_most))).sum())
    }

    /// Makes and fills the tables on all shards, on connections that the session then holds. `false`: nothing was done.
    pub(super) async fn deliver(
        &mut self,
        candidate: &Candidate<'_>,
        shipment: &mut Shipment,
    ) -> Result<bool, ClientMessage> {
        let side = self.side(candidate.plan);
        let need = self.need().2;
        let links = join_all(shipment.shipped.shards.iter().map(|shard| Link::apart(&need, shard, side))).await;
        let mut links = links.into_iter().collect::<Result<Vec<Link>, _>>()?;
        let done = self.deliver_on(&mut links, candidate, shipment).await;
        if !matches!(done, Ok(true)) {
            self.measuring = None;
            for link in links {
                self.clean(link).await;
            }
            return match done {
                Err(message) if is_of_shipping(&message) => Ok(false),
                done => done,
            };
        }
        for mut link in links {
            link.pins.temporary_tables = true;
            self.links.put(link);
        }
        Ok(true)
    }

    async fn deliver_on(
        &mut self,
        links: &mut [Link],
        candidate: &Candidate<'_>,
        shipment: &mut Shipment,
    ) -> Result<bool, ClientMessage> {
        let Candidate { plan, input, .. } = candidate;
        let mut there = None;
        if let Some((shard, text)) = &shipment.example
            && let Some(link) = links.iter_mut().find(|link| link.shard == *shard)
        {
            there = self.described_by(link, plan, text, &Last::Text).await?;
        }
        if there.is_none() && matches!(shipment.shipped.route, Route::Regroup(_)) {
            return Ok(false);
        }
        let loading = self.loading();
        for link in links.iter_mut() {
            self.adapt(link, &loading).await?;
            self.stay_out_of_the_log(link).await?;
        }
        let mut taken = Taken::default();
        for parcel in &shipment.parcels {
            self.deliver_one(links, plan, &parcel.gathered, &loading, &mut taken).await?;
        }
        if let (Some(there), Some(link)) = (there, links.first_mut()) {
            let settings = Arc::clone(&self.settings);
            self.adapt(link, &settings).await?;
            let mut text = input.sql.to_vec();
            let shipped = &shipment.shipped;
            shipped.plan.render_own(&Binding { schema: &shipped.schema, ..*input }, link.shard, &mut text);
            if plan.facts.needs_local_values() {
                text = self.with_local_values(&text);
            }
            let here = self.prepared_columns(link, &text).await?.unwrap_or_default();
            let both = here.into_iter().zip(there).map(|(here, there)| Described { here, there });
            shipment.shipped.plan.described = Some(both.collect());
        }
        Ok(true)
    }

    async fn deliver_one(
        &mut self,
        links: &mut [Link],
        plan: &Plan,
        source: &Gathered,
        loading: &Arc<Settings>,
        taken: &mut Taken,
    ) -> Result<(), ClientMessage> {
        let definition = self.definition(source, false, loading).await?;
        let site = Site { gathered: source, schema: None, interrupt: &self.interrupt };
        let made = join_all(links.iter_mut().map(|link| site.create_as(&mut link.lease, &definition))).await;
        let mut tables = made.into_iter().collect::<Result<Vec<_>, _>>()?;
        // They are all alike.
        let Some(table) = tables.first_mut() else { return Ok(()) };
        self.fill(links, table, source, plan, taken).await
    }

    /// From here on the shipped tables are where the plan says.
    pub(super) fn use_shipped(&mut self, schema: Schema) -> Unshipped {
        Unshipped { schema: std::mem::replace(&mut self.schema, Arc::new(schema)) }
    }

    /// Nobody gets the connections with the temporary tables on them.
    pub(super) async fn end_shipping(&mut self, before: Unshipped) {
        self.schema = before.schema;
        for link in self.links.take_all() {
            self.clean(link).await;
        }
    }

    /// Whether the client has its answer.
    pub(super) fn judged_shipped(&mut self, done: Result<(), ClientMessage>) -> Result<bool, ClientMessage> {
        match done {
            Err(message) if !self.client.has_begun_answer() && is_of_shipping(&message) => {
                self.measuring = None;
                Ok(false)
            }
            done => done.map(|()| true),
        }
    }
}

/// Whether an error may come of where the tables were sent, and tell nothing of the client's statement: one of the text, of
/// a temporary table (full, opened twice, of an engine that is not to be used, missing where the statement went in another way), or of the room for what is gathered, since
/// a statement may be one whose parts are merged where that is short.
fn is_of_shipping(message: &ClientMessage) -> bool {
    const CODES: [u16; 6] =
        [codes::TOO_BIG_SELECT.number, 1114, 1137, codes::NO_SUCH_TABLE.number, codes::NOT_SUPPORTED_YET.number, 3161];
    is_of_text(message.code) || CODES.contains(&message.code.number)
}
