//! Sees every statement that a test's store sends to MySQL, and compares it with the list
//! `tests/statements/mysql.sql`, which `tests/statements/` holds to the storage rules; so
//! together nothing that any test of the store reaches breaks them unseen.
//!
//! The variable `TALLY_TEST_STATEMENTS` says what becomes of one that is not listed: with
//! `check` the test that sent it ends; with `write` it is put into the list, for somebody to
//! look at; without, it is named on standard error.

use std::collections::BTreeSet;
use std::fs::{File, read_to_string, write};
use std::path::Path;
use std::sync::{LazyLock, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/statements/mysql.sql");

/// What is in the list; what is added in this process too.
static LISTED: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(|| Mutex::new(listed()));

/// Has the statements of every connection made from now on looked at.
pub(crate) fn watch() {
    fn watcher() -> Option<Box<dyn Instrumentation>> {
        Some(Box::new(|event: InstrumentationEvent<'_>| {
            if let InstrumentationEvent::StartQuery { query, .. } = event {
                look_at(&query.to_string());
            }
        }))
    }
    let _ = set_default_instrumentation(watcher);
}

fn look_at(query: &str) {
    if is_no_query_of_the_store(query) {
        return;
    }
    let statement = shape(query);
    let Ok(mut listed) = LISTED.lock() else {
        return;
    };
    if listed.contains(&statement) {
        return;
    }
    let wanted = std::env::var("TALLY_TEST_STATEMENTS").unwrap_or_default();
    if wanted == "write" {
        add(&statement);
        listed.insert(statement);
        return;
    }
    eprintln!(
        "the store sent a statement that is not listed:\n\n{statement}\n\n\
         Does it keep the storage rules? Then run the tests of vote-store with \
         TALLY_TEST_STATEMENTS=write, and look at what is new in {LIST}."
    );
    if wanted == "check" {
        // A panic here could end in a connection's task, where nobody sees it.
        std::process::exit(1);
    }
    listed.insert(statement);
}

/// What connections say at their start and after a rest, what migrations do (files of SQL,
/// which begin with a comment, under a lock of their own), and what tests say themselves.
fn is_no_query_of_the_store(query: &str) -> bool {
    let query = query.trim_start();
    let begins = [
        "/* test */",
        "EXPLAIN",
        "SET SESSION",
        "SET NAMES",
        "SET character_set",
        "SET time_zone",
        "CREATE ",
        "ALTER ",
        "DROP ",
        "START TRANSACTION",
        "BEGIN",
        "COMMIT",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE SAVEPOINT",
        "SELECT 1",
        "SELECT ?",
        "DO 0",
        "--",
        "DO GET_LOCK",
        "DO RELEASE_LOCK",
    ];
    begins.iter().any(|begin| query.starts_with(begin))
        || query.contains("__diesel_schema_migrations")
}

/// The statement without what is bound, and without how many there are of the same: the
/// values of `IN`, the rows of `VALUES`, the equal parts of an `OR` or a `UNION ALL`.
fn shape(query: &str) -> String {
    let text = query.split(" -- binds: ").next().unwrap_or(query);
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for (many, one) in [("?, ?", "?"), ("(?), (?)", "(?)")] {
        while text.contains(many) {
            text = text.replace(many, one);
        }
    }
    one_of_union(&once_each(&text))
}

/// `text` with equal parts of a `UNION ALL` made one.
fn one_of_union(text: &str) -> String {
    let mut parts = text.split(" UNION ALL ");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        // The last part is followed by what is behind the union.
        let mut begins = whole.match_indices("SELECT ").map(|(at, _)| &whole[at..]);
        let rest = begins.find_map(|before| part.strip_prefix(before));
        match rest.map(str::to_owned) {
            Some(rest) => whole += &rest,
            None => whole += &format!(" UNION ALL {part}"),
        }
    }
    whole
}

/// `text` with each run of equal parts of an `OR` made one.
fn once_each(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for part in text.split(" OR ") {
        let bare = |part: &str| part.trim_matches(['(', ')', ' ']).to_owned();
        let is_same = kept.last().is_some_and(|last| bare(last) == bare(part));
        if is_same {
            // Keep the brackets balanced: those that close stand at the last part.
            if let Some(last) = kept.last_mut()
                && part.len() > last.len()
            {
                *last = part;
            }
        } else {
            kept.push(part);
        }
    }
    kept.join(" OR ")
}

fn listed() -> BTreeSet<String> {
    let text = read_to_string(LIST).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

/// Adds one line; other tests may add theirs at the same time.
fn add(statement: &str) {
    let path = Path::new(LIST);
    let lock = File::create(std::env::temp_dir().join("tally-test-statements.lock"));
    let _held = lock.inspect(|file| {
        let _ = file.lock();
    });
    let mut all = listed();
    all.insert(statement.to_owned());
    let text: String = all.iter().map(|line| format!("{line}\n")).collect();
    if let Err(error) = write(path, text) {
        eprintln!("cannot write {LIST}: {error}");
    }
}
