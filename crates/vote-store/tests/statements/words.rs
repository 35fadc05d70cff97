//! Words that no statement may say.

use crate::listed;

/// Each with why not.
const FORBIDDEN: [(&str, &str); 27] = [
    ("INSERT IGNORE", "hides every fault, not only duplicates"),
    ("REPLACE INTO", "deletes rows and their history"),
    (
        "LOCK IN SHARE MODE",
        "shared row locks deadlock, and TiDB has none",
    ),
    ("FOR SHARE", "shared row locks deadlock, and TiDB has none"),
    ("SKIP LOCKED", "not in TiDB"),
    ("LOCK TABLES", "one writer for all"),
    ("GET_LOCK", "a lock of one server, not of a cluster"),
    ("RETURNING", "MariaDB only"),
    ("LAST_INSERT_ID", "ids are made by the application"),
    ("AUTO_INCREMENT", "ids are made by the application"),
    ("NOW", "time is injected"),
    ("CURRENT_TIMESTAMP", "time is injected"),
    ("UTC_TIMESTAMP", "time is injected"),
    ("SYSDATE", "time is injected"),
    ("CURDATE", "time is injected"),
    ("UNIX_TIMESTAMP", "time is injected"),
    ("UUID", "ids are made by the application"),
    ("RAND", "chance is injected"),
    ("LATERAL", "not in MariaDB and TiDB"),
    ("JSON_TABLE", "not in TiDB"),
    ("OVER", "windows are not what an index serves"),
    ("RECURSIVE", "not what an index serves"),
    ("SQL_CALC_FOUND_ROWS", "reads everything"),
    ("STRAIGHT_JOIN", "a hint of one vendor"),
    ("FORCE INDEX", "a hint of one vendor"),
    ("CALL", "no code in the database"),
    ("XA", "one transaction, one server"),
];

#[test]
fn no_statement_says_what_only_some_servers_know_or_what_breaks_the_rules() {
    let statements = listed();
    assert!(statements.len() > 50, "is this the whole list?");
    for statement in &statements {
        for (words, why) in FORBIDDEN {
            assert!(!statement.says(words), "{words}: {why}\n{}", statement.text);
        }
    }
}

#[test]
fn upserts_take_their_values_by_column() {
    let statements = listed();
    let upserts: Vec<_> = statements.iter().filter(|s| s.is_upsert()).collect();
    assert!(!upserts.is_empty());
    for upsert in upserts {
        let (insert, update) = upsert.text.split_once(" ON DUPLICATE KEY UPDATE ").unwrap();
        // `INSERT … AS new … UPDATE n = new.n` is MySQL's alone.
        assert!(!insert.to_uppercase().contains(") AS "), "{}", upsert.text);
        assert!(update.to_uppercase().contains("VALUES("), "{}", upsert.text);
        assert!(!update.contains('?'), "a bound value: {}", upsert.text);
    }
}

/// Words of our own, in quotes: nothing, and a kind of voter.
const CONSTANTS: [&str; 2] = ["''", "'member'"];

#[test]
fn values_are_bound_and_never_written_into_a_statement() {
    for statement in listed() {
        let text = CONSTANTS
            .iter()
            .fold(statement.text.clone(), |text, constant| {
                text.replace(constant, "")
            });
        assert!(!text.contains('\''), "{}", statement.text);
        assert!(!text.contains('"'), "{}", statement.text);
    }
}
