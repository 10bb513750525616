//! Where the tables of a logical database are, and what each physical schema calls them.

use std::collections::BTreeMap;

use crate::sharding::schema::same_name;
use crate::sharding::{Database, DatabaseId, Placement, ReplicaSetId, Schema, ShardId};

/// One physical schema that holds tables of a logical database.
#[derive(Debug)]
pub struct Place<'s> {
    /// A shard that is there.
    pub shard: ShardId,
    /// The physical schema.
    pub schema: &'s str,
    /// Tables without a rule are here.
    pub is_default: bool,
    database: &'s Database,
    /// By physical name, in lower case.
    tables: BTreeMap<String, Known<'s>>,
    /// Physical names that another logical database uses here, in lower case.
    foreign: Vec<String>,
    /// Physical schemas of this replica set, and the databases that they belong to.
    schemas: Vec<(&'s str, &'s str)>,
}

/// A physical table that a rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'s> {
    /// The logical table.
    pub name: &'s str,
    physical: &'s str,
    pub part: Part,
}

/// What a physical table is of its logical one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The one that the logical table is described by.
    First,
    /// It holds other rows of the same table.
    Share,
    /// It holds the same rows as another.
    Copy,
}

/// The physical schemas of a logical database, that of its default shard first.
pub fn places(schema: &Schema, id: DatabaseId) -> Vec<Place<'_>> {
    let database = schema.database_of(id);
    let mut all: Vec<Place<'_>> = Vec::new();
    let shards = std::iter::once(database.default_shard).chain(database.shards.iter());
    for shard in shards {
        let here = schema.shard(shard);
        if !all.iter().any(|place| schema.shard(place.shard).is_same_place(here)) {
            all.push(Place::new(schema, database, shard));
        }
    }
    all
}

/// The place of a shard, as the tables of this logical database see it.
pub fn place_of(schema: &Schema, id: DatabaseId, shard: ShardId) -> Place<'_> {
    Place::new(schema, schema.database_of(id), shard)
}

impl<'s> Place<'s> {
    fn new(schema: &'s Schema, database: &'s Database, shard: ShardId) -> Self {
        let here = schema.shard(shard);
        let is_here = |id: ShardId| schema.shard(id).is_same_place(here);
        let others = schema.databases.iter().filter(|other| other.name != database.name);
        Place {
            shard,
            schema: &here.schema,
            is_default: is_here(database.default_shard),
            database,
            tables: tables(database, is_here),
            foreign: others.flat_map(|other| tables(other, is_here).into_keys()).collect(),
            schemas: schemas(schema, database, here.replica_set),
        }
    }

    /// The logical database.
    pub fn database(&self) -> &'s str {
        &self.database.name
    }

    /// Whether something is here that no other place tells; `with_shares`: or that must be added up.
    pub fn is_needed(&self, with_shares: bool) -> bool {
        let counts = |known: &Known<'_>| known.part == Part::First || with_shares && known.part == Part::Share;
        self.is_default || self.tables.values().any(counts)
    }

    /// What the physical table of this name is to the client; `None` if it is not for the client to see.
    pub fn table<'n>(&self, physical: &'n str) -> Option<Known<'n>>
    where
        's: 'n,
    {
        let lower = physical.to_lowercase();
        if let Some(known) = self.tables.get(&lower) {
            return Some(*known);
        }
        // A table that stands in the way of a rule's, or that another database's rule names, cannot be named.
        let is_hidden = self.database.table(physical).is_some() || self.foreign.contains(&lower);
        (self.is_default && !is_hidden).then_some(Known { name: physical, physical, part: Part::First })
    }

    /// The physical names under which a logical table may be told of here. Letter case does not count.
    pub fn physical_names(&self, logical: &str, with_shares: bool) -> Vec<String> {
        let counts = |part| part == Part::First || with_shares && part == Part::Share;
        let known = self.tables.iter().filter(|(_, known)| same_name(known.name, logical) && counts(known.part));
        let mut names: Vec<String> = known.map(|(_, known)| known.physical.to_owned()).collect();
        if names.is_empty() && self.is_default && self.database.table(logical).is_none() {
            names.push(logical.to_owned());
        }
        names
    }

    /// What the client calls a physical table that has another name, whatever part it is.
    pub fn renamed(&self, physical: &str) -> Option<&'s str> {
        let known = self.tables.get(&physical.to_lowercase())?;
        (known.name != physical).then_some(known.name)
    }

    /// What the client calls a constraint, or the index of one, that has another name here: where shards share a schema,
    /// the table's name is in it.
    pub fn constraint(&self, name: &str) -> Option<String> {
        if let Some((own, _)) = name.rsplit_once('@').filter(|(_, table)| self.renamed(table).is_some()) {
            return Some(own.to_owned());
        }
        let at = ["_ibfk_", "_chk_"].iter().find_map(|infix| name.rfind(infix))?;
        Some(format!("{}{}", self.renamed(&name[..at])?, &name[at..]))
    }

    /// The logical database of a physical schema on this replica set; this place's own database if several share it.
    pub fn database_of(&self, physical: &str) -> Option<&'s str> {
        self.schemas.iter().find(|(schema, _)| same_name(schema, physical)).map(|(_, database)| *database)
    }
}

/// The physical tables that a database's rules name at a place.
fn tables(database: &Database, is_here: impl Fn(ShardId) -> bool) -> BTreeMap<String, Known<'_>> {
    let mut tables = BTreeMap::new();
    for table in database.tables() {
        let all = table.shard_set();
        let is_copied = matches!(table.placement, Placement::Reference(_));
        for shard in all.iter().filter(|shard| is_here(*shard)) {
            let part = match (all.first() == Some(shard), is_copied) {
                (true, _) => Part::First,
                (false, true) => Part::Copy,
                (false, false) => Part::Share,
            };
            let known = Known { name: table.name.as_str(), physical: table.physical_name(shard), part };
            let place = tables.entry(table.physical_name(shard).to_lowercase()).or_insert(known);
            if part == Part::First {
                *place = known;
            }
        }
    }
    tables
}

fn schemas<'s>(schema: &'s Schema, own: &'s Database, set: ReplicaSetId) -> Vec<(&'s str, &'s str)> {
    let databases = std::iter::once(own).chain(&schema.databases);
    let of_database = |database: &'s Database| {
        let here = database.shards.iter().map(|id| schema.shard(id)).filter(move |shard| shard.replica_set == set);
        here.map(|shard| (shard.schema.as_str(), database.name.as_str())).collect::<Vec<_>>()
    };
    databases.flat_map(of_database).collect()
}
