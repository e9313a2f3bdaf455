//! What can be wrong with the description of a view's tables.

use super::{Column, Kind, NAME_BYTES_MAX, PHYSICAL_NAME_BYTES_MAX, Schema, Table};

impl Schema {
    /// Says what is wrong with the description, if anything: names, keys, columns that aren't there.
    pub fn check(&self) -> Result<(), String> {
        check_name("view", self.name)?;
        if self.version == 0 {
            return Err(format!("view {}: versions start at 1", self.name));
        }
        if self.tables.is_empty() {
            return Err(format!("view {} has no tables", self.name));
        }
        for (at, table) in self.tables.iter().enumerate() {
            table.check()?;
            if self.tables[..at].iter().any(|before| before.name == table.name) {
                return Err(format!("view {} has two tables {}", self.name, table.name));
            }
            let physical = self.physical_name(table);
            if physical.len() > PHYSICAL_NAME_BYTES_MAX {
                return Err(format!("{physical} is longer than {PHYSICAL_NAME_BYTES_MAX} bytes"));
            }
        }
        Ok(())
    }
}

impl Table {
    fn check(&self) -> Result<(), String> {
        check_name("table", self.name)?;
        for (at, column) in self.columns.iter().enumerate() {
            check_name("column", column.name)?;
            if self.columns[..at].iter().any(|before| before.name == column.name) {
                return Err(format!("table {} has two columns {}", self.name, column.name));
            }
        }
        if self.key.is_empty() {
            return Err(format!("table {} has no key", self.name));
        }
        for name in self.key {
            let column = self.known(name)?;
            if column.nullable || matches!(column.kind, Kind::Json | Kind::Words) {
                return Err(format!(
                    "{}.{name} is in the key, so it can be neither nullable nor JSON nor words",
                    self.name
                ));
            }
        }
        self.check_words()?;
        for index in self.indexes {
            if index.columns.is_empty() {
                return Err(format!("table {} has an index without columns", self.name));
            }
            for (name, _) in index.columns {
                let kind = self.known(name)?.kind;
                if matches!(kind, Kind::Json | Kind::Words) {
                    return Err(format!("{}.{name} is {kind}, which can't be in an index", self.name));
                }
            }
        }
        Ok(())
    }

    fn check_words(&self) -> Result<(), String> {
        let Some(words) = self.words().next() else {
            return Ok(());
        };
        if self.words().any(|column| column.nullable) {
            return Err(format!("{}.{} is words, so it can't be nullable", self.name, words.name));
        }
        let key = self.key.iter().map(|name| Ok(self.known(name)?.kind)).collect::<Result<Vec<_>, String>>()?;
        if key != [Kind::Text, Kind::Integer] {
            return Err(format!("table {} has words, so its key is a text and an integer", self.name));
        }
        Ok(())
    }

    fn known(&self, column: &str) -> Result<&'static Column, String> {
        let position = self.position(column);
        position.map(|at| &self.columns[at]).ok_or_else(|| format!("table {} has no column {column}", self.name))
    }
}

fn check_name(what: &str, name: &str) -> Result<(), String> {
    let starts = name.starts_with(|first: char| first.is_ascii_lowercase());
    let rest = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if starts && rest && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(format!(
        "{what} {name:?}: a name is a lower-case letter, then letters, digits and _, at most {NAME_BYTES_MAX} bytes"
    ))
}

#[cfg(test)]
mod tests {
    use crate::table::{Column, Direction, Index, Schema, Table};

    static COUNTS: Table = Table {
        name: "counts",
        comment: "",
        columns: &[Column::text("project", ""), Column::integer("open", ""), Column::integer("closed", "")],
        key: &["project"],
        indexes: &[],
    };

    #[track_caller]
    fn refused(table: Table, says: &str) {
        let table: &'static Table = Box::leak(Box::new(table));
        let tables: &'static [&'static Table] = Box::leak(Box::new([table]));
        let told = Schema { name: "view", version: 1, tables }.check().expect_err("the description is wrong");
        assert!(told.contains(says), "{told}");
    }

    #[test]
    fn a_wrong_description_says_what_is_wrong() {
        refused(Table { name: "Counts", ..COUNTS }, "lower-case");
        refused(Table { key: &[], ..COUNTS }, "no key");
        refused(Table { key: &["nobody"], ..COUNTS }, "no column nobody");
        refused(Table { indexes: &[Index { columns: &[("nobody", Direction::Asc)] }], ..COUNTS }, "no column nobody");
        refused(Table { columns: const { &[Column::text("project", "").nullable()] }, ..COUNTS }, "neither nullable");
        refused(
            Table { columns: const { &[Column::text("project", ""), Column::text("project", "")] }, ..COUNTS },
            "two columns",
        );
    }

    #[test]
    fn two_tables_of_one_name_are_refused() {
        static TWICE: Schema = Schema { name: "view", version: 1, tables: &[&COUNTS, &COUNTS] };
        assert_eq!(TWICE.check(), Err("view view has two tables counts".to_owned()));
    }

    #[test]
    fn a_table_counts_when_all_outside_its_key_are_integers() {
        let names: Vec<_> = COUNTS.counters().expect("it counts").map(|column| column.name).collect();
        assert_eq!(names, ["open", "closed"]);
        let noted = Table { columns: const { &[Column::text("project", ""), Column::text("note", "")] }, ..COUNTS };
        assert!(noted.counters().is_none());
    }

    #[test]
    fn the_physical_name_carries_the_version() {
        static BOARD: Schema = Schema { name: "board", version: 3, tables: &[&COUNTS] };
        assert_eq!(BOARD.physical_name(&COUNTS), "board_v3_counts");
    }
}
