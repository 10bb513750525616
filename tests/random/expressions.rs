//! Expressions and predicates over everything that there is in scope.

use crate::dice::Dice;
use crate::kind::{self, Collation, Kind};
use crate::queries::{Grower, names_column};
use crate::scope::Scope;
use crate::tree::{Aggregate, Expr, OrderBy, OrderItem, Window};

const TEXT: Kind = Kind::Text(Collation::General);

/// A form and the kinds of its arguments. Text arguments of a text get the wanted collation.
type Form = (&'static str, &'static [Kind]);

const INT_FORMS: &[Form] = &[
    ("({} + {})", &[Kind::Int, Kind::Int]),
    ("({} - {})", &[Kind::Int, Kind::Int]),
    ("({} * {})", &[Kind::Int, Kind::Int]),
    ("ABS({})", &[Kind::Int]),
    ("MOD({}, 3)", &[Kind::Int]),
    ("({} DIV 2)", &[Kind::Int]),
    ("SIGN({})", &[Kind::Decimal]),
    ("CHAR_LENGTH({})", &[TEXT]),
    ("LENGTH({})", &[Kind::Bytes]),
    ("ISNULL({})", &[Kind::Date]),
    ("({} IS NOT NULL)", &[TEXT]),
    ("COALESCE({}, {})", &[Kind::Int, Kind::Int]),
    ("IFNULL({}, {})", &[Kind::Int, Kind::Int]),
    ("NULLIF({}, {})", &[Kind::Int, Kind::Int]),
    ("IF({}, {}, {})", &[Kind::Int, Kind::Int, Kind::Int]),
    ("CASE WHEN {} THEN {} ELSE {} END", &[Kind::Int, Kind::Int, Kind::Int]),
    ("CASE {} WHEN {} THEN {} END", &[Kind::Int, Kind::Int, Kind::Int]),
    ("GREATEST({}, {})", &[Kind::Int, Kind::Int]),
    ("LEAST({}, {})", &[Kind::Int, Kind::Int]),
    ("YEAR({})", &[Kind::Date]),
    ("MONTH({})", &[Kind::DateTime]),
    ("HOUR({})", &[Kind::Time]),
    ("LOCATE('a', {})", &[TEXT]),
    ("FIELD({}, 'a', 'b')", &[TEXT]),
    ("STRCMP({}, {})", &[TEXT, TEXT]),
    ("({} = {})", &[Kind::Decimal, Kind::Decimal]),
    ("({} <=> {})", &[Kind::Int, Kind::Int]),
    ("({} < {})", &[Kind::Date, Kind::DateTime]),
    ("({} BETWEEN {} AND {})", &[Kind::Int, Kind::Int, Kind::Int]),
    ("BIT_COUNT({})", &[Kind::Int]),
    ("INTERVAL({}, 0, 5)", &[Kind::Int]),
    ("CAST({} AS SIGNED)", &[Kind::Bit]),
    ("({} + 0)", &[Kind::Enum]),
    ("({} + 1)", &[Kind::Year]),
    ("FIND_IN_SET('a', {})", &[Kind::Set]),
    ("JSON_LENGTH({})", &[Kind::Json]),
    ("DATEDIFF({}, {})", &[Kind::Date, Kind::DateTime]),
    ("DAYOFWEEK({})", &[Kind::Date]),
    ("EXTRACT(MINUTE FROM {})", &[Kind::Time]),
    ("TIMESTAMPDIFF(DAY, {}, {})", &[Kind::DateTime, Kind::Date]),
    ("MICROSECOND({})", &[Kind::DateTime]),
    ("ASCII({})", &[TEXT]),
    ("({} LIKE {})", &[TEXT, TEXT]),
    ("({} IN ({}, {}))", &[TEXT, TEXT, TEXT]),
    ("({} AND {})", &[Kind::Int, Kind::Int]),
    ("(NOT {})", &[Kind::Int]),
    ("FLOOR({})", &[Kind::Decimal]),
    ("CEILING({})", &[Kind::Int]),
    ("({} = {})", &[Kind::Enum, Kind::Enum]),
    ("({} < {})", &[Kind::Bit, Kind::Int]),
    ("({} = {})", &[TEXT, TEXT]),
];
const BIG_FORMS: &[Form] = &[
    ("COALESCE({}, {})", &[Kind::Big, Kind::Int]),
    ("({} & 255)", &[Kind::Int]),
    ("({} | {})", &[Kind::Int, Kind::Int]),
    ("CRC32({})", &[TEXT]),
    ("GREATEST({}, 5)", &[Kind::Big]),
    ("({} << 2)", &[Kind::Int]),
    ("CAST({} AS UNSIGNED)", &[Kind::Bit]),
];
const DECIMAL_FORMS: &[Form] = &[
    ("({} + {})", &[Kind::Decimal, Kind::Int]),
    ("({} - {})", &[Kind::Decimal, Kind::Decimal]),
    ("({} * {})", &[Kind::Decimal, Kind::Int]),
    ("({} / 4)", &[Kind::Int]),
    ("({} / NULLIF({}, 0))", &[Kind::Decimal, Kind::Int]),
    ("ROUND({}, 1)", &[Kind::Decimal]),
    ("TRUNCATE({}, 1)", &[Kind::Decimal]),
    ("CAST({} AS DECIMAL(12,3))", &[Kind::Int]),
    ("COALESCE({}, {})", &[Kind::Decimal, Kind::Int]),
    ("IF({}, {}, {})", &[Kind::Int, Kind::Decimal, Kind::Int]),
    ("CASE WHEN {} THEN {} END", &[Kind::Int, Kind::Decimal]),
    ("LEAST({}, {})", &[Kind::Decimal, Kind::Int]),
    ("ROUND({})", &[Kind::Decimal]),
    ("(-{})", &[Kind::Decimal]),
    ("MOD({}, 7)", &[Kind::Decimal]),
];
const DOUBLE_FORMS: &[Form] = &[
    ("({} * 0.5e0)", &[Kind::Double]),
    ("({} + {})", &[Kind::Double, Kind::Int]),
    ("SQRT(ABS({}))", &[Kind::Double]),
    ("({} + 0e0)", &[Kind::Decimal]),
    ("COALESCE({}, {})", &[Kind::Double, Kind::Int]),
    ("CASE {} WHEN {} THEN {} ELSE {} END", &[Kind::Int, Kind::Int, Kind::Double, Kind::Double]),
    ("ROUND({})", &[Kind::Double]),
];
/// Without NULLIF: MariaDB 10.11 groups all values of NULLIF(column of type TINYTEXT, '') together. Without REPEAT: MySQL 9.7
/// repeats the value of a subquery, and for the next row what came of it.
const TEXT_FORMS: &[Form] = &[
    ("CONCAT({}, '-')", &[TEXT]),
    ("CONCAT({}, {})", &[TEXT, TEXT]),
    ("UPPER({})", &[TEXT]),
    ("LOWER({})", &[TEXT]),
    ("LEFT({}, 2)", &[TEXT]),
    ("SUBSTRING({}, 2, 3)", &[TEXT]),
    ("TRIM({})", &[TEXT]),
    ("REVERSE({})", &[TEXT]),
    ("REPLACE({}, 'a', 'xy')", &[TEXT]),
    ("COALESCE({}, 'none')", &[TEXT]),
    ("IFNULL({}, {})", &[TEXT, TEXT]),
    ("IF({}, {}, {})", &[Kind::Int, TEXT, TEXT]),
    ("LPAD({}, 4, '*')", &[TEXT]),
    ("MID({}, 2)", &[TEXT]),
    ("CONCAT_WS('/', {}, {})", &[TEXT, TEXT]),
    ("SUBSTRING_INDEX({}, 'a', 1)", &[TEXT]),
    ("INSERT({}, 1, 1, 'q')", &[TEXT]),
    ("RPAD({}, 4, ' ')", &[TEXT]),
    ("LEFT({}, {})", &[TEXT, Kind::Int]),
    ("RTRIM({})", &[TEXT]),
    ("CASE WHEN {} THEN {} ELSE {} END", &[Kind::Int, TEXT, TEXT]),
    ("GREATEST({}, {})", &[TEXT, TEXT]),
    ("CONCAT({}, ' ')", &[TEXT]),
];
/// These have the collation of the connection, which is another one on MySQL.
const MADE_TEXT_FORMS: &[Form] = &[
    ("DATE_FORMAT({}, '%Y-%m')", &[Kind::DateTime]),
    ("CAST({} AS CHAR)", &[Kind::Int]),
    ("CAST({} AS CHAR)", &[Kind::Decimal]),
    ("HEX({})", &[Kind::Bytes]),
    ("ELT(1 + MOD(ABS({}), 3), 'x', 'y', 'z')", &[Kind::Int]),
];
const BYTES_FORMS: &[Form] = &[
    ("CONCAT({}, x'00')", &[Kind::Bytes]),
    ("SUBSTRING({}, 1, 1)", &[Kind::Bytes]),
    ("COALESCE({}, {})", &[Kind::Bytes, Kind::Bytes]),
];
const DATE_FORMS: &[Form] = &[
    ("DATE({})", &[Kind::DateTime]),
    ("COALESCE({}, {})", &[Kind::Date, Kind::Date]),
    ("CAST({} AS DATE)", &[Kind::DateTime]),
    ("IF({}, {}, {})", &[Kind::Int, Kind::Date, Kind::Date]),
    ("DATE_ADD({}, INTERVAL {} DAY)", &[Kind::Date, Kind::Int]),
    ("LAST_DAY({})", &[Kind::DateTime]),
    ("LEAST({}, {})", &[Kind::Date, Kind::Date]),
];
const DATETIME_FORMS: &[Form] = &[
    ("CAST({} AS DATETIME)", &[Kind::Date]),
    ("COALESCE({}, {})", &[Kind::DateTime, Kind::DateTime]),
    ("DATE_SUB({}, INTERVAL 90 MINUTE)", &[Kind::DateTime]),
    ("TIMESTAMP({}, {})", &[Kind::Date, Kind::Time]),
    ("GREATEST({}, {})", &[Kind::DateTime, Kind::DateTime]),
];
const TIME_FORMS: &[Form] = &[
    ("SEC_TO_TIME({})", &[Kind::Int]),
    ("COALESCE({}, {})", &[Kind::Time, Kind::Time]),
    ("TIME({})", &[Kind::DateTime]),
    ("ADDTIME({}, {})", &[Kind::Time, Kind::Time]),
    ("TIMEDIFF({}, {})", &[Kind::DateTime, Kind::DateTime]),
];
/// Without texts, by whose collation MariaDB would take documents for equal.
const JSON_FORMS: &[Form] =
    &[("JSON_OBJECT('v', {})", &[Kind::Int]), ("JSON_ARRAY({}, {})", &[Kind::Int, Kind::Decimal])];

fn forms(kind: Kind) -> &'static [Form] {
    match kind {
        Kind::Int => INT_FORMS,
        Kind::Big => BIG_FORMS,
        Kind::Decimal => DECIMAL_FORMS,
        Kind::Double => DOUBLE_FORMS,
        Kind::Text(_) => TEXT_FORMS,
        Kind::Bytes => BYTES_FORMS,
        Kind::Date => DATE_FORMS,
        Kind::DateTime => DATETIME_FORMS,
        Kind::Time => TIME_FORMS,
        Kind::Json => JSON_FORMS,
        Kind::Year | Kind::Bit | Kind::Enum | Kind::Set => &[],
    }
}

const COMPARISONS: [&str; 7] = ["{} = {}", "{} <> {}", "{} < {}", "{} <= {}", "{} > {}", "{} >= {}", "{} <=> {}"];

const FRAMES: [&str; 7] = [
    "",
    "",
    "ROWS BETWEEN 1 PRECEDING AND CURRENT ROW",
    "ROWS UNBOUNDED PRECEDING",
    "ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
    "ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING",
    "RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
];

/// As it stands there.
fn number(text: &str) -> Expr {
    Expr::Literal { text: text.to_owned(), param: None, kind: Kind::Int }
}

pub fn any_kind(dice: &mut Dice) -> Kind {
    dice.pick(&kind::TYPES).1
}

pub fn call(form: &'static str, args: Vec<Expr>, kind: Kind) -> Expr {
    Expr::Call { form, args, kind }
}

fn with_typed_params(arg: Expr) -> Expr {
    if names_column(&arg) { arg } else { arg.without_params() }
}

impl Grower<'_> {
    pub fn literal(&mut self, kind: Kind) -> Expr {
        let (text, param) = kind::literal(kind, &mut self.dice);
        let param = param.filter(|_| self.dice.percent(70));
        Expr::Literal { text, param, kind }
    }

    /// A column of this kind, of the block or (rarely) of one around it.
    fn column(&mut self, scope: Scope<'_>, kind: Kind) -> Option<Expr> {
        let of_kind = |scope: &Scope<'_>| -> Vec<Expr> {
            scope.columns().into_iter().filter(|column| column.kind() == kind).collect()
        };
        let own = of_kind(&scope);
        let around = scope.outer.and_then(|outer| outer.outer).filter(|_| self.dice.percent(25));
        let outer = around.or(scope.outer).map(of_kind).unwrap_or_default();
        match (own.is_empty(), outer.is_empty()) {
            (_, false) if own.is_empty() || self.dice.percent(15) => Some(self.dice.pick(&outer).clone()),
            (false, _) => Some(self.dice.pick(&own).clone()),
            _ => None,
        }
    }

    pub fn any_column(&mut self, scope: Scope<'_>) -> Option<Expr> {
        let columns = scope.columns();
        (!columns.is_empty()).then(|| self.dice.pick(&columns).clone())
    }

    /// An expression of this kind, with at most so many calls inside each other.
    pub fn expr(&mut self, scope: Scope<'_>, kind: Kind, depth: usize) -> Expr {
        if depth == 0 || self.dice.percent(45) {
            let literal = self.dice.percent(12);
            let column = if literal { None } else { self.column(scope, kind) };
            return column.unwrap_or_else(|| self.literal(kind));
        }
        if self.dice.percent(6)
            && let Some(scalar) = self.scalar_subquery(scope, kind)
        {
            return scalar;
        }
        if kind == Kind::Text(Collation::Bin) && self.dice.percent(20) {
            let of = Kind::Text(*self.dice.pick(&[Collation::General, Collation::Unicode]));
            return call("({} COLLATE utf8mb4_bin)", vec![self.expr(scope, of, depth - 1)], kind);
        }
        let all = match kind {
            Kind::Text(Collation::General) if !self.is_mysql && self.dice.percent(25) => MADE_TEXT_FORMS,
            _ => forms(kind),
        };
        if all.is_empty() {
            return self.expr(scope, kind, 0);
        }
        let (form, kinds) = *self.dice.pick(all);
        let other = *self.dice.pick(&Collation::ALL);
        let args = kinds.iter().map(|wanted| match (wanted, kind) {
            (Kind::Text(_), Kind::Text(collation)) => Kind::Text(collation),
            (Kind::Text(_), _) => Kind::Text(other),
            (wanted, _) => *wanted,
        });
        let args: Vec<Expr> = args.map(|wanted| self.expr(scope, wanted, depth - 1)).collect();
        call(form, args, kind)
    }

    /// An expression of the kind of one of the columns in scope.
    pub fn any_expr(&mut self, scope: Scope<'_>, depth: usize) -> Expr {
        let kind = match self.any_column(scope) {
            Some(column) if self.dice.percent(75) => column.kind(),
            _ => any_kind(&mut self.dice),
        };
        self.expr(scope, kind, depth)
    }

    /// A condition; with depth, it may hold others and subqueries.
    pub fn predicate(&mut self, scope: Scope<'_>, depth: usize) -> Expr {
        let Some(column) = self.any_column(scope) else {
            return call("{} < {}", vec![self.expr(scope, Kind::Int, 1), self.expr(scope, Kind::Int, 1)], Kind::Int);
        };
        let kind = column.kind();
        let left = if self.dice.percent(70) { column.clone() } else { self.expr(scope, kind, 1) };
        match self.dice.below(if depth > 0 { 20 } else { 12 }) {
            0 | 1 => call(if self.dice.percent(50) { "{} IS NULL" } else { "{} IS NOT NULL" }, vec![column], Kind::Int),
            2 => {
                let form = if self.dice.percent(70) { "{} BETWEEN {} AND {}" } else { "{} NOT BETWEEN {} AND {}" };
                let (low, high) = (self.literal(kind), self.expr(scope, kind, 1));
                call(form, vec![left, low, high], Kind::Int)
            }
            3 | 4 => {
                let form = if self.dice.percent(70) { "{} IN ({}, {}, {})" } else { "{} NOT IN ({}, {}, {})" };
                let list = [self.literal(kind), self.literal(kind), self.literal(kind)];
                call(form, [vec![left], list.to_vec()].concat(), Kind::Int)
            }
            5 if matches!(kind, Kind::Text(_)) => {
                let form = self.dice.word(&["{} LIKE 'a%'", "{} LIKE '%b'", "{} NOT LIKE '_'", "{} LIKE 'A_'"]);
                call(form, vec![left], Kind::Int)
            }
            5..=11 => {
                let form = self.dice.word(&COMPARISONS);
                let right = if self.dice.percent(60) { self.literal(kind) } else { self.expr(scope, kind, 1) };
                call(form, vec![left, right], Kind::Int)
            }
            12 | 13 => {
                let form = self.dice.word(&["({} OR {})", "({} OR {})", "({} XOR {})", "NOT ({} AND {})"]);
                let sides = vec![self.predicate(scope, depth - 1), self.predicate(scope, depth - 1)];
                call(form, sides, Kind::Int)
            }
            14 => {
                let form = self.dice.word(&["NOT ({})", "({}) IS TRUE", "({}) IS NOT FALSE", "({}) IS UNKNOWN"]);
                call(form, vec![self.predicate(scope, depth - 1)], Kind::Int)
            }
            15 => {
                let others = [self.any_expr(scope, 0), self.any_expr(scope, 0)];
                let kinds = others.each_ref().map(Expr::kind);
                let form = self.dice.word(&["({}, {}) = ({}, {})", "({}, {}) < ({}, {})", "({}, {}) <> ({}, {})"]);
                let rights = [self.literal(kinds[0]), self.literal(kinds[1])];
                call(form, [others.to_vec(), rights.to_vec()].concat(), Kind::Int)
            }
            _ => self.subquery_predicate(scope, left),
        }
    }

    /// An aggregate over the block's rows.
    pub fn aggregate(&mut self, scope: Scope<'_>) -> Expr {
        let number = *self.dice.pick(&[Kind::Int, Kind::Int, Kind::Decimal, Kind::Decimal, Kind::Big, Kind::Double]);
        let distinct = self.dice.percent(20);
        let mut made = Aggregate {
            name: "COUNT",
            distinct: false,
            args: Vec::new(),
            order: Vec::new(),
            separator: None,
            kind: Kind::Int,
        };
        match self.dice.below(26) {
            0..=2 => {}
            3..=5 => {
                made.distinct = self.dice.percent(50);
                made.args = vec![self.any_expr(scope, 1)];
                if made.distinct && self.dice.percent(25) {
                    made.args.push(self.any_expr(scope, 0));
                }
            }
            6..=9 => {
                made.name = "SUM";
                made.distinct = distinct;
                made.kind = if number == Kind::Double { Kind::Double } else { Kind::Decimal };
                made.args = vec![self.expr(scope, number, 2)];
            }
            10..=12 => {
                made.name = "AVG";
                made.distinct = distinct;
                made.kind = if number == Kind::Double { Kind::Double } else { Kind::Decimal };
                made.args = vec![self.expr(scope, number, 1)];
            }
            13..=17 => {
                made.name = if self.dice.percent(50) { "MIN" } else { "MAX" };
                let arg = self.any_expr(scope, 1);
                made.kind = arg.kind();
                made.args = vec![arg];
            }
            18..=20 => return self.group_concat(scope),
            21 => {
                made.name = self.dice.word(&["STD", "STDDEV_SAMP", "VAR_POP", "VARIANCE", "VAR_SAMP"]);
                made.kind = Kind::Double;
                made.args = vec![self.expr(scope, number, 1)];
            }
            22 | 23 => {
                made.name = self.dice.word(&["BIT_AND", "BIT_OR", "BIT_XOR"]);
                made.kind = Kind::Big;
                made.args = vec![self.expr(scope, Kind::Int, 1)];
            }
            _ => {
                made.name = "JSON_ARRAYAGG";
                made.kind = Kind::Json;
                // Not of what may be a truth value: MariaDB writes it as `true` or as 1, by its plan.
                made.args = vec![self.expr(scope, Kind::Decimal, 1)];
            }
        }
        if self.is_mysql {
            // What type a parameter alone has is what a connection of MySQL's met before.
            made.args = made.args.into_iter().map(with_typed_params).collect();
        }
        Expr::Aggregate(Box::new(made))
    }

    fn group_concat(&mut self, scope: Scope<'_>) -> Expr {
        let kind =
            *self.dice.pick(&[Kind::Int, Kind::Int, Kind::Decimal, TEXT, Kind::Text(Collation::Bin), Kind::Date]);
        let mut arg = self.expr(scope, kind, 1);
        // MySQL 9 hangs in GROUP_CONCAT(1 ORDER BY 1) where rows are sorted afterwards.
        if !names_column(&arg) {
            let Some(column) = self.any_column(scope) else {
                return self.aggregate(scope);
            };
            arg = column;
        }
        let kind = arg.kind();
        let distinct = !matches!(kind, Kind::Text(_)) && self.dice.percent(40);
        let order = match self.dice.below(3) {
            0 => Vec::new(),
            _ if distinct => vec![self.ordered(arg.clone())],
            _ => {
                let mut order = vec![self.ordered(arg.clone())];
                order.extend(scope.key().unwrap_or_default().into_iter().map(|key| self.ordered(key)));
                order
            }
        };
        let separator = *self.dice.pick(&[None, Some("; "), Some("")]);
        // Without an order the elements must be found again.
        let separator = if order.is_empty() { Some("; ") } else { separator };
        let kind = TEXT;
        Expr::Aggregate(Box::new(Aggregate { name: "GROUP_CONCAT", distinct, args: vec![arg], order, separator, kind }))
    }

    pub fn ordered(&mut self, value: Expr) -> OrderItem {
        OrderItem { by: OrderBy::Value(value), descending: self.dice.percent(35) }
    }

    /// A window function over the block's rows.
    pub fn window(&mut self, scope: Scope<'_>) -> Expr {
        let mut window = Window {
            name: "COUNT",
            args: Vec::new(),
            partition: Vec::new(),
            order: Vec::new(),
            frame: "",
            kind: Kind::Int,
        };
        if self.dice.percent(60) {
            window.partition = vec![self.any_expr(scope, 0)];
        }
        if self.dice.percent(25) {
            window.partition.extend(self.key_column(scope));
        }
        let key: Vec<OrderItem> =
            scope.key().unwrap_or_default().into_iter().map(|column| self.ordered(column)).collect();
        if self.dice.percent(60) {
            let by = self.any_expr(scope, 1);
            window.order.push(self.ordered(by));
        }
        match self.dice.below(11) {
            0 | 1 => {
                // MariaDB computes CUME_DIST and PERCENT_RANK of another window's rows where there are several.
                window.name = self.dice.word(&["RANK", "DENSE_RANK"]);
                window.kind = Kind::Int;
                window.order.extend(key.into_iter().take(1));
            }
            2 | 3 => {
                window.name = "ROW_NUMBER";
                window.order.extend(key);
            }
            4 => {
                window.name = self.dice.word(&["LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"]);
                let arg = self.any_expr(scope, 0);
                window.kind = arg.kind();
                window.args = vec![arg];
                window.order.extend(key);
                if window.name.ends_with("VALUE") {
                    window.frame = self.dice.word(&FRAMES);
                }
            }
            9 => {
                window.name = self.dice.word(&["LAG", "LEAD", "NTH_VALUE"]);
                let arg = self.any_expr(scope, 0);
                window.kind = arg.kind();
                window.args = vec![arg, number("2")];
                window.order.extend(key);
            }
            10 => {
                window.name = "NTILE";
                window.args = vec![number("3")];
                window.order.extend(key);
            }
            5 => {
                window.name = "SUM";
                window.kind = Kind::Decimal;
                window.args = vec![self.expr(scope, Kind::Int, 1)];
                window.order.extend(key);
                window.frame = self.dice.word(&FRAMES);
            }
            6 => {
                window.name = self.dice.word(&["MIN", "MAX"]);
                let arg = self.any_expr(scope, 0);
                window.kind = arg.kind();
                window.args = vec![arg];
            }
            7 => {
                window.name = self.dice.word(&["SUM", "AVG"]);
                window.kind = Kind::Decimal;
                window.args = vec![self.expr(scope, Kind::Decimal, 1)];
            }
            _ => {}
        }
        Expr::Window(Box::new(window))
    }
}
