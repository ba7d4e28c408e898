//! A table of keys, read key by key.

use super::document::Node;
use super::notes::{Notes, nearest};

/// A table of the document, and the keys that lead to it.
pub(super) struct Table<'a> {
    pub path: String,
    entries: &'a [(String, Node)],
}

/// `table.key`
pub(super) fn joined(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

impl<'a> Table<'a> {
    pub(super) fn new(path: &str, node: &'a Node, notes: &mut Notes) -> Option<Table<'a>> {
        match node {
            Node::Map(entries) => Some(Table {
                path: path.to_owned(),
                entries,
            }),
            node => {
                notes.fault(
                    path,
                    format!("should be a table of keys, and is {}", node.kind()),
                );
                None
            }
        }
    }

    /// The value of a key, unless it is null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        let found = self.entries.iter().find(|(name, _)| name == key);
        found
            .map(|(_, node)| node)
            .filter(|node| **node != Node::Null)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, &'a Node)> {
        self.entries.iter().map(|(key, node)| (key.as_str(), node))
    }

    pub(super) fn path(&self, key: &str) -> String {
        joined(&self.path, key)
    }

    /// Reports the keys that are none of these.
    pub(super) fn knows(&self, known: &[&str], notes: &mut Notes) {
        for (key, _) in self.entries {
            if known.contains(&key.as_str()) {
                continue;
            }
            let sentence = match nearest(key, known.iter().copied()) {
                Some(meant) => format!("is not a key of this table, and is ignored; {meant} is"),
                None => "is not a key of this table, and is ignored".to_owned(),
            };
            notes.warn(&self.path(key), sentence);
        }
    }

    fn wrong(&self, key: &str, wanted: &str, node: &Node, notes: &mut Notes) {
        let sentence = format!("should be {wanted}, and is {}", node.kind());
        notes.fault(&self.path(key), sentence);
    }

    pub(super) fn text(&self, key: &str, notes: &mut Notes) -> Option<String> {
        match self.get(key)? {
            Node::Text(text) => Some(text.clone()),
            node => {
                self.wrong(key, "a text", node, notes);
                None
            }
        }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, key: &str, notes: &mut Notes) -> Option<String> {
        if self.get(key).is_none() {
            notes.fault(&self.path(key), "is missing");
        }
        self.text(key, notes)
    }

    pub(super) fn int(&self, key: &str, notes: &mut Notes) -> Option<i64> {
        match self.get(key)? {
            Node::Int(number) => Some(*number),
            node => {
                self.wrong(key, "a whole number", node, notes);
                None
            }
        }
    }

    /// The table below a key.
    pub(super) fn table(&self, key: &str, notes: &mut Notes) -> Option<Table<'a>> {
        Table::new(&self.path(key), self.get(key)?, notes)
    }

    /// A list below a key.
    pub(super) fn list(&self, key: &str, notes: &mut Notes) -> Option<&'a [Node]> {
        match self.get(key)? {
            Node::List(list) => Some(list),
            node => {
                self.wrong(key, "a list", node, notes);
                None
            }
        }
    }

    /// Texts, or one alone where `one` allows it.
    pub(super) fn texts(&self, key: &str, one: bool, notes: &mut Notes) -> Option<Vec<String>> {
        if one && let Some(Node::Text(text)) = self.get(key) {
            return Some(vec![text.clone()]);
        }
        let mut texts = Vec::new();
        for (place, node) in self.list(key, notes)?.iter().enumerate() {
            match node {
                Node::Text(text) => texts.push(text.clone()),
                node => {
                    let path = format!("{}[{place}]", self.path(key));
                    notes.fault(&path, format!("should be a text, and is {}", node.kind()));
                }
            }
        }
        Some(texts)
    }
}
