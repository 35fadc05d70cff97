//! Every method of the store is called by some test of this package: what none calls has
//! no statement in the list.

use std::fs::{read_dir, read_to_string};
use std::path::Path;

/// What is called by way of another method (`verify` and `recount` call these), and what is
/// no method (`Store::sqlite`).
const EXEMPT: [&str; 5] = [
    "verify_orphans",
    "next_campaign",
    "recount_reviews",
    "recount_campaign",
    "sqlite",
];

/// The texts of all files below `folder` whose name ends in `.rs`.
fn sources(folder: &Path) -> Vec<String> {
    let entries = read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut texts = Vec::new();
    for path in entries {
        if path.is_dir() {
            texts.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            texts.push(read_to_string(&path).unwrap());
        }
    }
    texts
}

/// The names of the asynchronous methods that `text` makes public.
fn methods(text: &str) -> Vec<&str> {
    let lines = text
        .lines()
        .filter_map(|line| line.strip_prefix("    pub async fn "));
    lines
        .filter_map(|line| line.split(['(', '<']).next())
        .collect()
}

#[test]
fn every_method_of_the_store_is_called_by_a_test() {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tests = sources(&package.join("tests")).join("\n");
    let mut n_methods = 0;
    let mut uncalled = Vec::new();
    for entry in read_dir(package.join("src")).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let text = read_to_string(&path).unwrap();
        for method in methods(&text) {
            n_methods += 1;
            let is_called = tests.contains(&format!(".{method}("));
            if !is_called && !EXEMPT.contains(&method) {
                uncalled.push(format!("{} in {}", method, path.display()));
            }
        }
    }
    assert!(n_methods > 50, "{n_methods}");
    assert!(
        uncalled.is_empty(),
        "no test calls these:\n{}",
        uncalled.join("\n")
    );
}
