//! A statement, taken apart as far as the rules ask.

/// A statement in the shape that the list has it in.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) text: String,
}

impl Statement {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }

    /// In capitals, for words to be looked for: no name or value is in the way, for
    /// names are in back quotes and small letters, and values are bound.
    pub(crate) fn upper(&self) -> String {
        self.text.to_uppercase()
    }

    /// Whether `words` stand in it, as whole words.
    pub(crate) fn says(&self, words: &str) -> bool {
        let text: String = (self.upper().chars())
            .map(|c| {
                if c.is_alphanumeric() || c == '_' {
                    c
                } else {
                    ' '
                }
            })
            .collect();
        let spaced = |text: &str| {
            format!(
                " {} ",
                text.split_whitespace().collect::<Vec<_>>().join(" ")
            )
        };
        spaced(&text).contains(&spaced(words))
    }

    pub(crate) fn is_upsert(&self) -> bool {
        self.upper().contains("ON DUPLICATE KEY UPDATE")
    }

    pub(crate) fn locks_rows(&self) -> bool {
        self.upper().ends_with(" FOR UPDATE")
    }

    /// The one table it reads or writes; none for a join.
    pub(crate) fn table(&self) -> Option<&str> {
        let after = ["INSERT INTO ", "UPDATE ", "DELETE FROM "]
            .iter()
            .find_map(|begin| self.text.strip_prefix(begin))
            .or_else(|| self.text.split_once(" FROM ").map(|(_, after)| after))?;
        let name = after.split([' ', ',', '(']).next()?;
        let is_join = self.upper().contains(" JOIN ");
        (!is_join && !name.is_empty()).then(|| name.trim_matches('`'))
    }

    /// What follows `WHERE`, up to what cannot narrow the choice.
    pub(crate) fn conditions(&self) -> &str {
        let after = self
            .text
            .split_once(" WHERE ")
            .map_or("", |(_, after)| after);
        let ends = [" ORDER BY ", " GROUP BY ", " LIMIT ", " FOR UPDATE"];
        ends.iter().fold(after, |text, end| {
            text.split_once(end).map_or(text, |(before, _)| before)
        })
    }

    /// The columns that the conditions fix: `=` one value, or `IN` some.
    pub(crate) fn fixed_columns(&self) -> Vec<String> {
        let text = self.conditions().replace(['(', ')'], " ");
        let words: Vec<&str> = text.split_whitespace().collect();
        let mut columns: Vec<&str> = Vec::new();
        for (at, word) in words.iter().enumerate() {
            if !matches!(*word, "=" | "IN") {
                continue;
            }
            // `(a, b) IN …` fixes several: all but the last have a comma behind them.
            let mut before = words[..at].iter().rev().copied();
            columns.extend(before.next());
            columns.extend(before.take_while(|word| word.ends_with(',')));
        }
        columns
            .into_iter()
            .map(|column| {
                let column = column.rsplit('.').next().unwrap_or(column);
                column.trim_matches(['`', ',']).to_owned()
            })
            .collect()
    }

    /// The same with values in the place of what is bound, so that a server explains it.
    pub(crate) fn with_values(&self) -> String {
        let text = (self.text)
            .replace("LIMIT ?", "LIMIT 20")
            .replace("OFFSET ?", "OFFSET 0");
        // `(a, b) IN ((?))` needs as many values as columns.
        let mut parts = text.split(") IN ((?))").peekable();
        let mut whole = String::new();
        while let Some(part) = parts.next() {
            whole += part;
            if parts.peek().is_some() {
                let columns = part.rsplit('(').next().unwrap_or_default();
                let values: Vec<_> = columns.split(',').map(value_of).collect();
                whole += &format!(") IN (({}))", values.join(", "));
            }
        }
        let mut parts = whole.split('?');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            let before = text.trim_end_matches("IN (");
            let value = value_of(before.trim_end_matches(|c| " <>=`".contains(c)));
            format!("{text}{value}{part}")
        })
    }
}

/// A value for the column that `text` ends with: MySQL takes days and moments only as such.
fn value_of(text: &str) -> &'static str {
    match text.rsplit(|c: char| !c.is_alphanumeric()).next() {
        Some("at" | "day" | "until") => "'20260101'",
        _ => "'1'",
    }
}

#[test]
fn a_statement_is_taken_apart() {
    let lock = Statement::new(
        "SELECT `a`.`n` FROM `a` WHERE ((`a`.`id` IN (?)) AND (`a`.`kind` = ?)) \
         ORDER BY `a`.`id` FOR UPDATE",
    );
    assert_eq!(lock.table(), Some("a"));
    assert!(lock.locks_rows());
    assert_eq!(lock.fixed_columns(), ["id", "kind"]);
    assert!(lock.says("FOR UPDATE") && !lock.says("UPDATE A"));
    let upsert = Statement::new(
        "INSERT INTO `b` (`id`) VALUES (?) ON DUPLICATE KEY UPDATE `n` = VALUES(`n`)",
    );
    assert_eq!(upsert.table(), Some("b"));
    assert!(upsert.is_upsert());
    let rows = Statement::new("SELECT n FROM a WHERE ((a, b) IN ((?)) AND `c` = ?)");
    assert_eq!(rows.fixed_columns(), ["b", "a", "c"]);
    assert!(rows.with_values().contains("(a, b) IN (('1', '1'))"));
    let due = Statement::new("DELETE FROM `a` WHERE `a`.`due_at` < ? AND `a`.`n` = ?");
    assert!(
        due.with_values()
            .ends_with("`due_at` < '20260101' AND `a`.`n` = '1'")
    );
    let range = Statement::new("SELECT * FROM `a` WHERE `a`.`id` > ?");
    assert!(range.fixed_columns().is_empty());
}
