//! Files of other systems as values: XML, and YAML and JSON as JSON. Entities of XML that are outside of the file are not
//! resolved, and no file is read that is larger than any configuration.

use std::path::{Path, PathBuf};

use roxmltree::{Node, ParsingOptions};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value as Json};

use super::ImportError;

const MAX_FILE: u64 = 16 << 20;
const MAX_NODES: u32 = 1_000_000;

pub(super) fn fail(path: &Path, reason: impl ToString) -> ImportError {
    ImportError { file: path.display().to_string(), reason: reason.to_string() }
}

pub(super) fn text(path: &Path) -> Result<String, ImportError> {
    let metadata = std::fs::metadata(path).map_err(|error| fail(path, error))?;
    if metadata.len() > MAX_FILE {
        return Err(fail(path, format!("the file is longer than {MAX_FILE} bytes")));
    }
    std::fs::read_to_string(path).map_err(|error| fail(path, error))
}

/// The file itself, or those of the folder with one of these extensions, by name.
pub(super) fn files(path: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, ImportError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path).map_err(|error| fail(path, error))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().and_then(|end| end.to_str()).is_some_and(|end| extensions.contains(&end)));
    files.sort();
    match files.is_empty() {
        true => Err(fail(path, format!("there is no file that ends with .{}", extensions.join(" or .")))),
        false => Ok(files),
    }
}

/// The folder, where one of its files is named.
pub(super) fn folder_of(path: &Path) -> &Path {
    if path.is_file() { path.parent().unwrap_or(path) } else { path }
}

/// Does something with a parsed XML file.
pub(super) fn with_xml<T>(
    path: &Path,
    read: impl FnOnce(Node<'_, '_>) -> Result<T, ImportError>,
) -> Result<T, ImportError> {
    let text = text(path)?;
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let document = roxmltree::Document::parse_with_options(&text, options).map_err(|error| fail(path, error))?;
    read(document.root_element())
}

/// Child elements of this name.
pub(super) fn children<'a, 'x: 'a>(node: Node<'a, 'x>, name: &'a str) -> impl Iterator<Item = Node<'a, 'x>> {
    node.children().filter(move |child| child.is_element() && child.tag_name().name() == name)
}

/// All text inside, CDATA too, trimmed.
pub(super) fn inner(node: Node<'_, '_>) -> String {
    let texts = node.descendants().filter(|node| node.is_text()).filter_map(|node| node.text());
    texts.collect::<String>().trim().to_owned()
}

/// An attribute, trimmed; empty if it is not there.
pub(super) fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    node.attribute(name).unwrap_or_default().trim()
}

/// `<property name="x">text</property>`.
pub(super) fn properties(node: Node<'_, '_>) -> Vec<(String, String)> {
    children(node, "property").map(|property| (attribute(property, "name").to_owned(), inner(property))).collect()
}

pub(super) fn property(node: Node<'_, '_>, name: &str) -> Option<String> {
    properties(node).into_iter().find(|(known, _)| known == name).map(|(_, text)| text)
}

pub(super) fn json(path: &Path) -> Result<Json, ImportError> {
    serde_json::from_str(&text(path)?).map_err(|error| fail(path, error))
}

/// The first document. The tag of a mapping is under the key `!`.
pub(super) fn yaml(path: &Path) -> Result<Json, ImportError> {
    let text = text(path)?;
    let documents = Yaml::load_from_str(&text).map_err(|error| fail(path, error))?;
    documents.first().map(of_yaml).ok_or_else(|| fail(path, "the file is empty"))
}

fn of_yaml(yaml: &Yaml<'_>) -> Json {
    match yaml {
        Yaml::Value(Scalar::Boolean(value)) => Json::Bool(*value),
        Yaml::Value(Scalar::Integer(value)) => Json::from(*value),
        Yaml::Value(Scalar::FloatingPoint(value)) => Json::from(value.into_inner()),
        Yaml::Value(Scalar::String(text)) | Yaml::Representation(text, ..) => Json::String(text.to_string()),
        Yaml::Sequence(items) => Json::Array(items.iter().map(of_yaml).collect()),
        Yaml::Mapping(mapping) => {
            Json::Object(merged(mapping.iter().map(|(key, value)| (scalar(&of_yaml(key)), of_yaml(value))).collect()))
        }
        Yaml::Tagged(tag, inner) => match of_yaml(inner) {
            Json::Object(mut object) => {
                object.insert("!".to_owned(), Json::String(tag.suffix.to_string()));
                Json::Object(object)
            }
            other => other,
        },
        Yaml::Value(Scalar::Null) | Yaml::Alias(_) | Yaml::BadValue => Json::Null,
    }
}

/// `<<` stands for the entries of another mapping, or of several, which the mapping's own go before.
fn merged(mut object: Map<String, Json>) -> Map<String, Json> {
    let from = object.remove("<<");
    let others = match from {
        Some(Json::Array(items)) => items,
        Some(one) => vec![one],
        None => Vec::new(),
    };
    for (name, value) in others.into_iter().filter_map(|other| other.as_object().cloned()).flatten() {
        object.entry(name).or_insert(value);
    }
    object
}

/// A scalar as it is written; empty for all else.
pub(super) fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(_) | Json::Bool(_) => value.to_string(),
        Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
    }
}

pub(super) fn string(value: &Json, key: &str) -> String {
    value.get(key).map(scalar).unwrap_or_default()
}

/// Whether it says something: it is there, and neither empty nor off.
fn says(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Array(items) => !items.is_empty(),
        Json::Object(object) => !object.is_empty(),
        Json::Bool(_) | Json::Number(_) | Json::String(_) => !is_off(&scalar(value)),
    }
}

fn is_off(text: &str) -> bool {
    matches!(text.trim(), "" | "0" | "false" | "off" | "none" | "null" | "-1")
}

/// The keys of an object that say something and are not among those that are `read`.
pub(super) fn unread<'j>(value: &'j Json, read: &[&str]) -> Vec<&'j str> {
    let entries = value.as_object().into_iter().flat_map(Map::iter);
    let unread = entries.filter(|(name, value)| !read.contains(&name.as_str()) && says(value));
    unread.map(|(name, _)| name.as_str()).collect()
}

/// The same for the attributes of an element, and for the properties and other elements in it.
pub(super) fn unread_parts(node: Node<'_, '_>, read: &[&str]) -> Vec<String> {
    let attributes = node.attributes().filter(|one| !is_off(one.value())).map(|one| one.name().to_owned());
    let elements =
        node.children().filter(|child| child.is_element()).filter_map(|child| match child.tag_name().name() {
            "property" if is_off(&inner(child)) => None,
            "property" => Some(attribute(child, "name").to_owned()),
            other => Some(other.to_owned()),
        });
    let mut parts: Vec<String> = attributes.chain(elements).filter(|name| !read.contains(&name.as_str())).collect();
    parts.dedup();
    parts
}

pub(super) fn list<'j>(value: &'j Json, key: &str) -> &'j [Json] {
    value.get(key).and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn object<'j>(value: &'j Json, key: &str) -> impl Iterator<Item = (&'j String, &'j Json)> {
    value.get(key).and_then(Json::as_object).into_iter().flat_map(Map::iter)
}
