//! Data nodes as ShardingSphere names them: `ds_${0..1}.t_order_0${0..3}`, and which of them is meant by what an algorithm
//! computes.

use serde_json::Value as Json;

use super::document::{object, scalar, string};
use crate::sharding::function::compute::Buckets;
use crate::sharding::function::params::{Param, Params};
use crate::sharding::function::{Named, registry};

/// What the names have before their numbers, and how many digits those have at least.
pub(super) fn stem<'n>(names: &[&'n str]) -> Option<(&'n str, usize)> {
    let first = names.first()?;
    let stem = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let numbers: Vec<&str> = names.iter().map(|name| name.strip_prefix(stem)).collect::<Option<_>>()?;
    let are_numbers = numbers.iter().all(|number| number.parse::<u64>().is_ok());
    let width = numbers.iter().map(|number| number.len()).min()?;
    let is_padded = |number: &&&str| number.len() > 1 && number.starts_with('0');
    let is_even = numbers.iter().all(|number| number.len() == width || !number.starts_with('0'));
    match numbers.iter().any(|number| is_padded(&number)) {
        true => (are_numbers && is_even).then_some((stem, width)),
        false => are_numbers.then_some((stem, 1)),
    }
}

/// The pattern of the names, whose numbers are those of buckets.
pub(super) fn pattern(names: &[&str]) -> Option<String> {
    stem(names).map(|(stem, width)| match width {
        0 | 1 => format!("{stem}{{bucket}}"),
        _ => format!("{stem}{{bucket:0{width}}}"),
    })
}

/// Of each bucket of an algorithm the place of its name, which ends with what the algorithm computes; `None` where a bucket has no
/// name. Algorithms that compute the whole name know their names, and what is not known here is left as it is.
pub(super) fn in_order(algorithm: &Json, names: &[&str]) -> Option<Vec<usize>> {
    let as_written = Some((0..names.len()).collect());
    let kind = string(algorithm, "type").to_uppercase();
    let params: Params =
        object(algorithm, "props").map(|(name, value)| (name.clone(), Param::Text(scalar(value)))).collect();
    let Some(known) = registry::original("shardingsphere", &kind).filter(|_| !kind.contains("INLINE")) else {
        return as_written;
    };
    let Ok(named) = Named::read(known, params).0 else { return as_written };
    let Buckets::Count(count) = named.compute().buckets() else { return as_written };
    // `check` says that these numbers differ.
    if count != names.len() {
        return as_written;
    }
    let number = |name: &str| {
        let digits = name.len() - name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        name[name.len() - digits..].parse::<u64>().ok()
    };
    let place = |bucket: usize| match named.compute().label(bucket) {
        Some(label) => names.iter().position(|name| name.ends_with(&label)),
        None => names.iter().position(|name| number(name) == Some(bucket as u64)),
    };
    (0..count).map(place).collect()
}

/// Without the name of the parser before a row expression: all are read alike.
pub(super) fn without_parser(text: &str) -> &str {
    let text = text.trim();
    ["<GROOVY>", "<LITERAL>", "<PURELIST>"].iter().find_map(|parser| text.strip_prefix(parser)).unwrap_or(text)
}

/// `ds_${0..1}.t_order_${0..3}` as pairs, the sources outermost.
pub(super) fn data_nodes(text: &str) -> Vec<(String, String)> {
    let mut nodes = Vec::new();
    for part in split_outside(without_parser(text)) {
        for node in combinations(part.trim()) {
            if let Some((source, table)) = node.split_once('.') {
                nodes.push((source.to_owned(), table.to_owned()));
            }
        }
    }
    nodes
}

/// Whether an expression is more than ranges and lists of values.
pub(super) fn is_understood(text: &str) -> bool {
    let nodes = data_nodes(text);
    let is_plain = |name: &String| !name.is_empty() && !name.contains(['$', '{', '}', '(', ')', '|']);
    !nodes.is_empty() && nodes.iter().all(|(source, table)| is_plain(source) && is_plain(table))
}

/// At commas that are not in braces.
pub(super) fn split_outside(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_i32, 0);
    for (at, character) in text.char_indices() {
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

/// Each `${0..3}` or `${['a','b']}` with each of its values.
pub(super) fn combinations(text: &str) -> Vec<String> {
    /// More nodes than there can be shards.
    const MOST: usize = 4096;
    let Some(dollar) = text.find('$') else { return vec![text.to_owned()] };
    let after = text[dollar + 1..].trim_start_matches("->");
    let Some((inner, rest)) = after.strip_prefix('{').and_then(|inner| inner.split_once('}')) else {
        return vec![text.to_owned()];
    };
    let values: Vec<String> = match inner.split_once("..") {
        Some((first, last)) => match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
            (Ok(first), Ok(last)) => (first..=last).take(MOST).map(|number| number.to_string()).collect(),
            _ => Vec::new(),
        },
        None => {
            let list = inner.trim().trim_start_matches('[').trim_end_matches(']');
            list.split(',').map(|value| value.trim().trim_matches(['\'', '"']).to_owned()).collect()
        }
    };
    let tails = combinations(rest);
    let all = values.iter().flat_map(|value| tails.iter().map(move |tail| format!("{}{value}{tail}", &text[..dollar])));
    all.take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_leading_zeros() {
        let cases = [
            (&["t_0", "t_1"][..], Some("t_{bucket}")),
            (&["t_00", "t_01"][..], Some("t_{bucket:02}")),
            (&["t_9", "t_10"][..], Some("t_{bucket}")),
            (&["t_09", "t_10"][..], Some("t_{bucket:02}")),
            (&["t_098", "t_100", "t_1000"][..], Some("t_{bucket:03}")),
            (&["t_1", "t_02"][..], None),
            (&["t_a", "t_b"][..], None),
        ];
        for (names, wanted) in cases {
            assert_eq!(pattern(names).as_deref(), wanted, "{names:?}");
        }
    }

    #[test]
    fn only_ranges_and_lists_are_understood() {
        assert!(is_understood("ds_${0..1}.t_$->{['a', 'b']}_0${0..3}, ds_9.t"));
        for text in ["", "ds_0.t_${(1..12).collect{it.toString()}}", "ds_0.t_${a}${", "ds_${x..y}.t"] {
            assert!(!is_understood(text), "{text}");
        }
    }

    #[test]
    fn buckets_find_their_names_in_any_order() {
        let algorithm = serde_json::json!({ "type": "MOD", "props": { "sharding-count": 3 } });
        assert_eq!(in_order(&algorithm, &["t_2", "t_0", "t_1"]), Some(vec![1, 2, 0]));
        assert_eq!(in_order(&algorithm, &["t_00", "t_01", "t_02"]), Some(vec![0, 1, 2]));
        assert_eq!(in_order(&algorithm, &["t_1", "t_2", "t_3"]), None);
    }
}
