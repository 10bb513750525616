//! What names an expression may use while statements grow.

use crate::kind::Kind;
use crate::tree::Expr;

/// A column of something in FROM.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: String,
    pub kind: Kind,
    /// Its value follows from the tables alone. Others may be selected, but nothing is computed from them.
    pub is_exact: bool,
}

/// A table, a derived table or a CTE under its alias.
#[derive(Clone, Debug)]
pub struct Relation {
    pub alias: String,
    pub fields: Vec<Field>,
    /// Columns no two rows of which are equal, if some are known.
    pub key: Option<Vec<String>>,
}

/// The relations of a block, and of the blocks around it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub relations: &'a [Relation],
    pub outer: Option<&'a Scope<'a>>,
}

impl Relation {
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    pub fn column(&self, field: &Field) -> Expr {
        Expr::Column { of: self.alias.clone(), name: field.name.clone(), kind: field.kind }
    }

    pub fn columns(&self) -> impl Iterator<Item = Expr> {
        self.fields.iter().map(|field| self.column(field))
    }

    pub fn exact_columns(&self) -> impl Iterator<Item = Expr> {
        self.fields.iter().filter(|field| field.is_exact).map(|field| self.column(field))
    }
}

impl Scope<'_> {
    /// Exact columns of the block itself.
    pub fn columns(&self) -> Vec<Expr> {
        self.relations.iter().flat_map(Relation::exact_columns).collect()
    }

    /// The columns that make a row of the block one of a kind, if known.
    pub fn key(&self) -> Option<Vec<Expr>> {
        let keys = self.relations.iter().map(|relation| {
            let names = relation.key.as_ref()?;
            names
                .iter()
                .map(|name| relation.field(name).map(|field| relation.column(field)))
                .collect::<Option<Vec<_>>>()
        });
        Some(keys.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect())
    }
}
