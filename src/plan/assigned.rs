//! SET of user variables whose values no shard can compute by itself, as a query that computes them. Servers evaluate all values of a
//! SET before they assign the first, and those of INTO one by one: so the query has variables of its own.

use super::names::write_quoted;
use crate::sql::control::{Assignment, SetSelected};
use crate::sql::{Lexer, Mode, TokenKind};

/// The query, if nothing else is assigned.
pub(super) fn selected(assignments: &[Assignment], sql: &[u8], mode: Mode) -> Option<SetSelected> {
    if Lexer::new(sql, mode).any(|token| token.kind == TokenKind::Param) {
        return None;
    }
    let (mut query, mut into, mut variables) = (b"SELECT ".to_vec(), b" INTO ".to_vec(), Vec::new());
    for (place, assignment) in assignments.iter().enumerate() {
        let Assignment::User { name, value } = assignment else { return None };
        if place > 0 {
            query.extend_from_slice(b", ");
            into.extend_from_slice(b", ");
        }
        let own = format!("shardgate {place}");
        query.extend_from_slice(sql.get(value.clone())?);
        into.push(b'@');
        write_quoted(own.as_bytes(), &mut into);
        variables.push((own, name.clone()));
    }
    query.extend(into);
    Some(SetSelected { query, variables })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::control::{self, Control};

    #[test]
    fn only_user_variables_are_selected() {
        let cases = [
            (
                "SET @a = (SELECT 1), @`B``c` := 2 + 3;",
                Some("SELECT (SELECT 1), 2 + 3 INTO @`shardgate 0`, @`shardgate 1` -> a b`c"),
            ),
            ("SET @a = (SELECT 1), sql_mode = ''", None),
            ("SET @a = (SELECT ?)", None),
        ];
        for (sql, expected) in cases {
            let Some(Ok(Control::Set(list))) = control::parse(sql.as_bytes(), Mode::default()) else { panic!("{sql}") };
            let found = selected(&list, sql.as_bytes(), Mode::default()).map(|set| {
                let names: Vec<_> = set.variables.into_iter().map(|(_, name)| name).collect();
                format!("{} -> {}", String::from_utf8_lossy(&set.query), names.join(" "))
            });
            assert_eq!(found.as_deref(), expected, "{sql}");
        }
    }
}
