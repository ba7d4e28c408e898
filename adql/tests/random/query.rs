//! Queries: FROM and its joins, the clauses, set operations, WITH.

use adql::Type;

use super::tables::{Bounds, SCHEMA, bounds};
use super::{Common, Family, Generator, Random, Scope, Value};

/// A query and its columns; those of geometry cannot be ordered by.
struct Built {
    text: String,
    kinds: Vec<Type>,
    ordered: bool,
}

impl Generator<'_> {
    /// Every expression for every row of one table.
    pub(super) fn bold_query(&mut self) -> Random {
        let mut scope = Scope::default();
        let table = self.table(&mut scope);
        self.scopes.push(scope);
        let count = 1 + self.tape.draw(2);
        let items: Vec<String> = (0..count)
            .map(|_| {
                let family = Family::ALL[self.tape.draw(Family::ALL.len())];
                self.value(family, 3).text
            })
            .collect();
        self.scopes.pop();
        Random {
            text: format!("SELECT id, {} FROM {table} ORDER BY 1", items.join(", ")),
            ordered: true,
        }
    }

    pub(super) fn whole_query(&mut self) -> Random {
        let mut with = Vec::new();
        if self.tape.once_in(6) {
            for number in 0..1 + self.tape.draw(2) {
                let name = format!("q{number}");
                let families = self.families(3);
                let (text, columns) = self.named_query(&families, 1);
                with.push(format!("{name} AS ({text})"));
                self.common.push(Common { name, columns });
            }
        }
        let built = match self.tape.once_in(6) {
            true => self.set_operation(),
            false => {
                let families = self.families(4);
                self.select(&families, 2, true)
            }
        };
        let with = match with.is_empty() {
            true => String::new(),
            false => format!("WITH {} ", with.join(", ")),
        };
        Random {
            text: format!("{with}{}", built.text),
            ordered: built.ordered,
        }
    }

    fn families(&mut self, most: usize) -> Vec<Family> {
        let count = 1 + self.tape.draw(most);
        (0..count)
            .map(|_| Family::ALL[self.tape.draw(Family::ALL.len())])
            .collect()
    }

    /// A subquery of a condition, which sees the queries around it.
    pub(super) fn subquery(&mut self, families: &[Family]) -> String {
        self.select(families, 0, false).text
    }

    /// A query whose columns have the names `c0`, `c1`, …; it sees nothing of
    /// what is around it.
    fn named_query(&mut self, families: &[Family], depth: usize) -> (String, Vec<Value>) {
        let around = std::mem::take(&mut self.scopes);
        let built = match self.tape.once_in(5) {
            true => self.sides(families),
            false => self.select(families, depth, false),
        };
        self.scopes = around;
        let columns = built.kinds.iter().enumerate();
        let columns = columns.map(|(number, kind)| {
            let most = match kind {
                Type::SmallInt | Type::Integer => Bounds::new(2.2e9, 0),
                _ => Bounds::WILD,
            };
            Value::new(format!("c{number}"), *kind, most)
        });
        (built.text, columns.collect())
    }

    /// `top`: the columns may be called anything, and be geometries.
    fn select(&mut self, families: &[Family], depth: usize, top: bool) -> Built {
        let mut scope = Scope::default();
        let from = self.from(&mut scope, depth);
        self.scopes.push(scope);
        let filter = match self.tape.draw(3) {
            0 => String::new(),
            _ => format!(" WHERE {}", self.condition(depth)),
        };
        let group = self.group_by(families);
        let mut items = Vec::new();
        let mut kinds = Vec::new();
        for family in families {
            let plain = self.scope().group.is_none();
            let item = match self.tape.draw(24) {
                21 if plain => self.nothing(*family),
                22 if top && plain => self.truth().unwrap_or_else(|| self.item(*family)),
                23 | 20 if top && plain => self.geometry_item(),
                _ => self.item(*family),
            };
            kinds.push(item.kind);
            items.push(item);
        }
        let having = match self.scope().group.is_some() && self.tape.once_in(3) {
            true => format!(" HAVING {}", self.condition(0)),
            false => String::new(),
        };
        let sortable = kinds
            .iter()
            .all(|kind| *kind == Type::Region || !kind.is_geometry());
        let distinct = sortable && self.tape.once_in(6);
        let names: Vec<String> = (0..items.len())
            .map(|number| self.name_of(number, top))
            .collect();
        let (mut order, total) = self.order(&items, &names, distinct, sortable);
        let near = match total && !distinct {
            true => self.nearness(),
            false => None,
        };
        if let Some(near) = &near {
            order = order.replacen(" ORDER BY ", &format!(" ORDER BY {near}, "), 1);
        }
        let grouped = self.scope().group.is_some();
        self.scopes.pop();
        let (limit, offset) = match total && (near.is_some() || self.tape.once_in(3)) {
            true => self.cut(),
            false => (String::new(), String::new()),
        };
        let list: Vec<String> = items
            .iter()
            .zip(&names)
            .map(|(item, name)| match name.is_empty() {
                true => item.text.clone(),
                false => format!("{} AS {name}", item.text),
            })
            .collect();
        let star = top && families.len() == 1 && !grouped && self.tape.once_in(12);
        let (list, order, total, offset) = match star && limit.is_empty() && !distinct {
            true => ("*".to_owned(), String::new(), false, String::new()),
            false => (list.join(", "), order, total, offset),
        };
        let distinct = if distinct { "DISTINCT " } else { "" };
        Built {
            text: format!(
                "SELECT {distinct}{limit}{list} FROM {from}{filter}{group}{having}{order}{offset}"
            ),
            kinds,
            ordered: total,
        }
    }

    /// A column that is true or false.
    fn truth(&mut self) -> Option<Value> {
        let columns = self.scope().columns.iter();
        let flags: Vec<Value> = columns
            .filter(|it| it.kind == Type::Boolean)
            .cloned()
            .collect();
        (!flags.is_empty()).then(|| flags[self.tape.draw(flags.len())].clone())
    }

    fn name_of(&mut self, number: usize, top: bool) -> String {
        match self.tape.draw(4) {
            0 | 1 => format!("c{number}"),
            _ if !top => format!("c{number}"),
            2 => String::new(),
            _ => format!("\"Größe {number} \"\" 星\""),
        }
    }

    /// TOP and OFFSET.
    fn cut(&mut self) -> (String, String) {
        let limit = match self.tape.draw(4) {
            0 => String::new(),
            1 => "TOP 1 ".to_owned(),
            2 => "TOP 3 ".to_owned(),
            _ => "TOP 1000 ".to_owned(),
        };
        let offset = match self.tape.draw(3) {
            0 => String::new(),
            1 => " OFFSET 1".to_owned(),
            _ => " OFFSET 4".to_owned(),
        };
        (limit, offset)
    }

    /// ORDER BY, and whether it says the order of all rows.
    fn order(
        &mut self,
        items: &[Value],
        names: &[String],
        distinct: bool,
        sortable: bool,
    ) -> (String, bool) {
        if self.tape.draw(2) == 0 {
            return (String::new(), false);
        }
        let mut keys = Vec::new();
        let total = sortable && self.tape.draw(4) > 0;
        for (number, item) in items.iter().enumerate() {
            let geometry = item.kind.is_geometry() && item.kind != Type::Region;
            if geometry || !(total || self.tape.once_in(2)) {
                continue;
            }
            let key = match self.tape.draw(3) {
                1 if !names[number].is_empty() => names[number].clone(),
                _ => (number + 1).to_string(),
            };
            keys.push(format!("{key}{}", self.tape.pick(&["", " DESC", " ASC"])));
        }
        if !distinct && self.tape.once_in(3) {
            let family = Family::ALL[self.tape.draw(Family::ALL.len())];
            let key = match self.scope().group.is_none() && self.tape.once_in(4) {
                true => format!("DISTANCE({}, {})", self.point(), self.point()),
                // A number alone would be the number of a column.
                false => match self.value(family, 1) {
                    value if value.text.bytes().all(|b| b.is_ascii_digit()) => {
                        format!("{} + 0.5", value.text)
                    }
                    value => value.text,
                },
            };
            keys.insert(0, format!("{key}{}", self.tape.pick(&["", " DESC"])));
        }
        match keys.is_empty() {
            true => (String::new(), false),
            false => (format!(" ORDER BY {}", keys.join(", ")), total),
        }
    }

    /// Turns the scope of the query into one of groups.
    fn group_by(&mut self, families: &[Family]) -> String {
        if !self.tape.once_in(4) {
            return String::new();
        }
        let mut keys = Vec::new();
        for family in families.iter().take(self.tape.draw(3)) {
            let key = match self.tape.once_in(3) {
                false => self.own_column(*family),
                true => self.own_column(*family).map(|column| match column.kind {
                    kind if kind.is_integer() => Value::new(
                        format!("MOD({}, 3)", column.text),
                        Type::BigInt,
                        Bounds::new(3.0, 0),
                    ),
                    kind if kind.is_numeric() => column,
                    Type::Text => Value::plain(format!("({} || 'x')", column.text), Type::Text),
                    _ => column,
                }),
            };
            keys.extend(key);
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.group = Some(keys.clone());
        }
        let keys: Vec<String> = keys.into_iter().map(|key| key.text).collect();
        match keys.is_empty() {
            true => String::new(),
            false => format!(" GROUP BY {}", keys.join(", ")),
        }
    }

    fn own_column(&mut self, family: Family) -> Option<Value> {
        let columns = self.scope().columns.iter();
        let columns: Vec<Value> = columns
            .filter(|it| family.takes(it.kind))
            .cloned()
            .collect();
        (!columns.is_empty()).then(|| columns[self.tape.draw(columns.len())].clone())
    }

    fn set_operation(&mut self) -> Built {
        let families = self.families(3);
        let built = self.sides(&families);
        if !self.tape.once_in(3) {
            return built;
        }
        let keys: Vec<String> = (1..=built.kinds.len())
            .map(|number| number.to_string())
            .collect();
        let (_, offset) = self.cut();
        Built {
            text: format!("{} ORDER BY {}{offset}", built.text, keys.join(", ")),
            ordered: true,
            ..built
        }
    }

    fn sides(&mut self, families: &[Family]) -> Built {
        let mut built = self.side(families);
        for _ in 0..1 + self.tape.draw(2) {
            let word = self.tape.pick(&["UNION", "EXCEPT", "INTERSECT"]);
            let all = if self.tape.once_in(2) { " ALL" } else { "" };
            let right = self.side(families);
            built.text = format!("{} {word}{all} {}", built.text, right.text);
            for (kind, other) in built.kinds.iter_mut().zip(right.kinds) {
                *kind = super::value::wider(*kind, other);
            }
        }
        built.ordered = false;
        built
    }

    /// In parentheses, so that the side keeps its own clauses.
    fn side(&mut self, families: &[Family]) -> Built {
        let built = self.select(families, 0, false);
        Built {
            text: format!("({})", built.text),
            ..built
        }
    }

    fn from(&mut self, scope: &mut Scope, depth: usize) -> String {
        let mut text = self.source(scope, depth);
        // Two joins are rare: every one multiplies the rows.
        let joins = [0, 1, 0, 1, 0, 1, 1, 2][self.tape.draw(8)].min(depth);
        for _ in 0..joins {
            text = self.joined(text, scope, depth);
        }
        // What a comma separates does not see the other side.
        if depth > 0 && self.tape.once_in(8) {
            let mut other = Scope::default();
            let right = self.from(&mut other, 0);
            scope.take(other);
            text = format!("{text}, {right}");
        }
        text
    }

    fn joined(&mut self, left: String, scope: &mut Scope, depth: usize) -> String {
        let before = scope.columns.len();
        if self.tape.once_in(8) {
            let right = self.source(scope, depth);
            return format!("{left} CROSS JOIN {right}");
        }
        let mut right = Scope::default();
        let text = self.source(&mut right, depth);
        let kind = self.tape.pick(&[
            "JOIN",
            "INNER JOIN",
            "LEFT JOIN",
            "RIGHT OUTER JOIN",
            "FULL JOIN",
        ]);
        let shared = shared(&scope.columns, &right.columns);
        let natural = shared.iter().all(|name| single(&scope.columns, name));
        if !shared.is_empty() && natural && self.tape.once_in(4) {
            let (text, names) =
                match self.tape.once_in(2) && comparable(&scope.columns, &right.columns) {
                    true => (format!("{left} NATURAL {kind} {text}"), shared.clone()),
                    false => {
                        let name = shared[self.tape.draw(shared.len())].clone();
                        (format!("{left} {kind} {text} USING ({name})"), vec![name])
                    }
                };
            // Merged columns are spoken of by their names alone.
            for name in names {
                let kinds = scope.columns.iter().chain(&right.columns);
                let kinds = kinds.filter(|it| bare(&it.text) == name);
                let merged = kinds.cloned().reduce(|a, b| Value {
                    kind: super::value::wider(a.kind, b.kind),
                    text: name.clone(),
                    bounds: a.bounds.either(b.bounds),
                });
                scope.columns.retain(|it| bare(&it.text) != name);
                right.columns.retain(|it| bare(&it.text) != name);
                scope.columns.extend(merged);
            }
            scope.take(right);
            return text;
        }
        let (a, b) = (scope.columns[..before].to_vec(), right.columns.clone());
        scope.take(right);
        let family = Family::ALL[self.tape.draw(2)];
        let pair = a.iter().find(|it| family.takes(it.kind));
        let pair = pair.zip(b.iter().find(|it| family.takes(it.kind)));
        let condition = match pair {
            Some((a, b)) if self.tape.draw(4) > 0 => format!("{} = {}", a.text, b.text),
            _ => {
                self.scopes.push(scope.clone());
                let condition = self.condition(0);
                self.scopes.pop();
                condition
            }
        };
        format!("{left} {kind} {text} ON {condition}")
    }

    /// A table, a subquery, or a query of WITH.
    fn source(&mut self, scope: &mut Scope, depth: usize) -> String {
        let alias = match self.tape.draw(10) {
            0 if !self.common.is_empty() => {
                let common = self.common[self.tape.draw(self.common.len())].clone();
                let alias = self.alias();
                scope.name(&alias, &common.columns);
                return format!("{} AS {alias}", common.name);
            }
            1 | 2 if depth > 0 => {
                let families = self.families(3);
                let (text, columns) = self.named_query(&families, depth - 1);
                let alias = self.alias();
                scope.name(&alias, &columns);
                return format!("({text}) AS {alias}");
            }
            _ => self.alias(),
        };
        let table = self.table_as(scope, &alias);
        match self.tape.once_in(2) {
            true => format!("{table} {alias}"),
            false => format!("{table} AS {alias}"),
        }
    }

    /// A table alone, spoken of by its own name.
    fn table(&mut self, scope: &mut Scope) -> String {
        self.table_as(scope, "")
    }

    fn table_as(&mut self, scope: &mut Scope, alias: &str) -> String {
        let tables = self.catalog.tables();
        let table = &tables[self.tape.draw(tables.len())];
        let columns = table.columns.iter().map(|column| {
            let name = match adql::is_regular(&column.name) {
                true => column.name.clone(),
                false => format!("\"{}\"", column.name.replace('"', "\"\"")),
            };
            Value::new(name, column.kind, bounds(&column.name, column.kind))
        });
        let columns: Vec<Value> = columns.collect();
        scope.name(alias, &columns);
        let qualified = |name: &str| match alias {
            "" => name.to_owned(),
            alias => format!("{alias}.{name}"),
        };
        for (lon, lat) in [("ra", "dec"), ("lon", "lat"), ("ra2", "dec2")] {
            if columns.iter().any(|it| it.text == lon) {
                scope.positions.push((qualified(lon), qualified(lat)));
            }
        }
        let regions = table.regions.iter().map(|index| qualified(&index.column));
        scope.regions.extend(regions);
        match self.tape.once_in(3) {
            true => table.name.to_uppercase(),
            false => format!("{SCHEMA}.{}", table.name),
        }
    }
}

impl Scope {
    fn name(&mut self, alias: &str, columns: &[Value]) {
        self.columns.extend(columns.iter().map(|column| Value {
            text: match alias {
                "" => column.text.clone(),
                alias => format!("{alias}.{}", column.text),
            },
            ..column.clone()
        }));
    }

    fn take(&mut self, other: Scope) {
        self.columns.extend(other.columns);
        self.positions.extend(other.positions);
        self.regions.extend(other.regions);
    }
}

/// A column's name without its qualifier.
fn bare(text: &str) -> &str {
    match text.split_once('.') {
        Some((alias, name)) if alias.starts_with('a') => name,
        _ => text,
    }
}

fn shared(left: &[Value], right: &[Value]) -> Vec<String> {
    let names = left.iter().map(|it| bare(&it.text));
    let shared = names.filter(|name| {
        right
            .iter()
            .any(|it| bare(&it.text) == *name && Family::of(it.kind) == family(left, name))
            && single(right, name)
    });
    shared.map(str::to_owned).collect()
}

fn family(columns: &[Value], name: &str) -> Option<Family> {
    let column = columns.iter().find(|it| bare(&it.text) == name)?;
    Family::of(column.kind)
}

fn single(columns: &[Value], name: &str) -> bool {
    columns.iter().filter(|it| bare(&it.text) == name).count() == 1
}

/// Whether every column that both have can be compared, and is there once.
fn comparable(left: &[Value], right: &[Value]) -> bool {
    left.iter().all(|it| {
        let name = bare(&it.text);
        let there = right.iter().any(|other| bare(&other.text) == name);
        !there
            || (single(left, name)
                && single(right, name)
                && family(left, name).is_some()
                && (family(left, name) == family(right, name)))
    })
}
