//! Rows for people to read.

use serde_json::Value;

/// `items` as rows below `columns`, each a heading and the field it shows.
pub(crate) fn of(items: &[Value], columns: &[(&str, &str)]) -> String {
    let heading = columns.iter().map(|(heading, _)| (*heading).to_owned());
    let mut rows: Vec<Vec<String>> = vec![heading.collect()];
    for item in items {
        rows.push(
            columns
                .iter()
                .map(|(_, field)| cell(&item[*field]))
                .collect(),
        );
    }
    let widths: Vec<usize> = (0..columns.len())
        .map(|n| {
            rows.iter()
                .map(|row| row[n].chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// The fields of `item` that are no lists, one a line.
pub(crate) fn fields(item: &Value) -> String {
    let fields: Vec<(&String, String)> = (item.as_object().into_iter().flatten())
        .filter(|(_, value)| !value.is_array())
        .map(|(name, value)| (name, cell(value)))
        .collect();
    let width = fields
        .iter()
        .map(|(name, _)| name.len())
        .max()
        .unwrap_or_default();
    let lines = fields
        .iter()
        .map(|(name, value)| format!("{name:width$}  {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let items = [json!({"a": "x", "b": 1}), json!({"a": "longer", "b": null})];
        let table = of(&items, &[("A", "a"), ("B", "b")]);
        assert_eq!(table, "A       B\nx       1\nlonger  -");
    }
}
