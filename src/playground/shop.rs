//! The demo shop: its tables, and some thousand rows that are the same on every machine.
//!
//! Users, orders and order items are sharded by user; products and countries are reference tables; settings is a
//! single table. Rows are put straight onto the shards, each where the rules say, so that the servers are full before
//! ShardGate starts.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::sharding::{Located, Placement, Schema, ShardId, Table};
use crate::value::Value;

use super::error::Error;

/// The logical database.
pub const DATABASE: &str = "shop";
/// Number of shards, two for each replica set.
pub const SHARDS: usize = 4;
const USERS: u64 = 600;
const PRODUCTS: u64 = 40;
/// Rows of one INSERT.
const BATCH: usize = 200;

/// Tables of which every shard has its own.
const TABLES: &str = "
CREATE TABLE users (
  user_id BIGINT NOT NULL PRIMARY KEY,
  name VARCHAR(80) NOT NULL,
  email VARCHAR(120) NOT NULL,
  country_code CHAR(2) NOT NULL,
  created_at DATETIME NOT NULL,
  KEY by_country (country_code)
);
CREATE TABLE orders (
  user_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  total DECIMAL(10,2) NOT NULL,
  status ENUM('new', 'paid', 'sent', 'returned') NOT NULL DEFAULT 'new',
  placed_at DATETIME NOT NULL,
  PRIMARY KEY (user_id, order_id)
);
CREATE TABLE order_items (
  user_id BIGINT NOT NULL,
  order_id BIGINT NOT NULL,
  item_no INT NOT NULL,
  product_id INT NOT NULL,
  quantity INT NOT NULL,
  price DECIMAL(10,2) NOT NULL,
  PRIMARY KEY (user_id, order_id, item_no)
);
CREATE TABLE products (product_id INT NOT NULL PRIMARY KEY, title VARCHAR(120) NOT NULL, price DECIMAL(10,2) NOT NULL);
CREATE TABLE countries (code CHAR(2) NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL);
";
/// The table that lives on the default shard only.
const SETTINGS: &str = "
CREATE TABLE settings (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL UNIQUE, value VARCHAR(200));
INSERT INTO settings (name, value) VALUES ('currency', 'EUR'), ('free_shipping_from', '50.00'), ('greeting', 'Welcome!');
";

const COUNTRIES: [(&str, &str); 8] = [
    ("BR", "Brasil"),
    ("DE", "Deutschland"),
    ("FR", "France"),
    ("IN", "India"),
    ("IS", "Ísland"),
    ("JP", "日本"),
    ("PL", "Polska"),
    ("US", "United States"),
];
const FIRST_NAMES: [&str; 12] =
    ["Ada", "Björn", "Chloé", "Daniel", "Emma", "Fatima", "Grace", "Hiro", "Inês", "Jan", "Łucja", "Zoë"];
const LAST_NAMES: [&str; 10] =
    ["Almeida", "Brandt", "Curie", "Devi", "Einarsdóttir", "Fischer", "Kowalska", "Lovelace", "Sato", "O'Neil"];
const GOODS: [&str; 10] = ["lamp", "chair", "teapot", "notebook", "bicycle", "kite", "backpack", "clock", "mug", "rug"];
const KINDS: [&str; 4] = ["Plain", "Blue", "Old", "Fine"];
const STATUSES: [&str; 4] = ["new", "paid", "sent", "returned"];

/// The SQL that fills each shard's schema, tables included.
pub(crate) fn scripts(schema: &Schema) -> Result<BTreeMap<ShardId, String>, Error> {
    let (_, database) = schema.database(DATABASE).ok_or_else(|| Error::Config(format!("no database {DATABASE}")))?;
    let mut scripts: BTreeMap<ShardId, String> = BTreeMap::new();
    for shard in &database.shards {
        scripts.insert(shard, TABLES.to_owned());
    }
    scripts.entry(database.default_shard).or_default().push_str(SETTINGS);
    for (name, rows) in rows() {
        let table = database.table(name).ok_or_else(|| Error::Config(format!("no rule for table {name}")))?;
        for (shard, rows) in place(table, rows)? {
            let script = scripts.entry(shard).or_default();
            for batch in rows.chunks(BATCH) {
                let _ = writeln!(script, "INSERT INTO {name} VALUES {};", batch.join(", "));
            }
        }
    }
    Ok(scripts)
}

/// A row as SQL, with the value of its first column, by which sharded tables are sharded.
struct Row {
    key: u64,
    values: String,
}

fn place(table: &Table, rows: Vec<Row>) -> Result<BTreeMap<ShardId, Vec<String>>, Error> {
    let mut placed: BTreeMap<ShardId, Vec<String>> = BTreeMap::new();
    for row in rows {
        match &table.placement {
            Placement::Reference(shards) => {
                for shard in shards {
                    placed.entry(shard).or_default().push(row.values.clone());
                }
            }
            Placement::Single(shard) => placed.entry(*shard).or_default().push(row.values),
            Placement::Sharded(sharded) => match sharded.place(&Value::Int(row.key.cast_signed())) {
                Located::Shard(shard) => placed.entry(shard).or_default().push(row.values),
                other => {
                    return Err(Error::Config(format!("{} has no place for key {}: {other:?}", table.name, row.key)));
                }
            },
        }
    }
    Ok(placed)
}

fn rows() -> Vec<(&'static str, Vec<Row>)> {
    let mut chance = Chance(20_240_229);
    let countries =
        COUNTRIES.iter().map(|(code, name)| Row { key: 0, values: format!("('{code}', '{name}')") }).collect();
    let prices: Vec<u64> = (0..PRODUCTS).map(|_| 199 + 50 * chance.below(400)).collect();
    let products = (1..).zip(&prices).map(|(id, cents)| product(id, *cents)).collect();
    let (mut users, mut orders, mut items) = (Vec::new(), Vec::new(), Vec::new());
    for user in 1..=USERS {
        users.push(self::user(user, &mut chance));
        for order in 1..=chance.below(6) {
            add_order(user, user * 100 + order, &prices, &mut chance, &mut orders, &mut items);
        }
    }
    vec![("countries", countries), ("products", products), ("users", users), ("orders", orders), ("order_items", items)]
}

fn product(id: u64, cents: u64) -> Row {
    let title = format!("{} {}", KINDS[id as usize % KINDS.len()], GOODS[id as usize % GOODS.len()]);
    Row { key: id, values: format!("({id}, '{title}', {})", money(cents)) }
}

fn user(id: u64, chance: &mut Chance) -> Row {
    let (first, last) = (chance.pick(&FIRST_NAMES), chance.pick(&LAST_NAMES));
    let (country, _) = chance.pick(&COUNTRIES);
    let name = format!("{first} {last}").replace('\'', "''");
    let created = chance.moment();
    Row { key: id, values: format!("({id}, '{name}', 'user{id}@example.org', '{country}', '{created}')") }
}

fn add_order(user: u64, id: u64, prices: &[u64], chance: &mut Chance, orders: &mut Vec<Row>, items: &mut Vec<Row>) {
    let mut total = 0;
    for item in 1..=1 + chance.below(4) {
        let (product, quantity) = (chance.below(PRODUCTS), 1 + chance.below(3));
        let cents = prices[product as usize];
        total += cents * quantity;
        let values = format!("({user}, {id}, {item}, {}, {quantity}, {})", product + 1, money(cents));
        items.push(Row { key: user, values });
    }
    let (status, placed) = (chance.pick(&STATUSES), chance.moment());
    orders.push(Row { key: user, values: format!("({user}, {id}, {}, '{status}', '{placed}')", money(total)) });
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Numbers that look random and are the same on every run (a 64-bit linear congruential generator; upper bits).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn moment(&mut self) -> String {
        let (month, day) = (1 + self.below(12), 1 + self.below(28));
        let (hour, minute) = (self.below(24), self.below(60));
        format!("2025-{month:02}-{day:02} {hour:02}:{minute:02}:00")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shop_has_some_thousand_rows_and_they_never_change() {
        let counts: Vec<(&str, usize)> = rows().iter().map(|(name, rows)| (*name, rows.len())).collect();
        let again: Vec<String> = rows().into_iter().flat_map(|(_, rows)| rows).map(|row| row.values).collect();
        let first: Vec<String> = rows().into_iter().flat_map(|(_, rows)| rows).map(|row| row.values).collect();
        assert_eq!(first, again);
        assert!(counts.iter().map(|(_, count)| count).sum::<usize>() > 4000, "{counts:?}");
    }
}
