//! The page that people read and the keys that the code reads are the same.

use std::path::Path;

#[test]
fn the_configuration_page_and_the_code_agree() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/CONFIGURATION.md");
    let page = bootstrap::settings::render_page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/CONFIGURATION.md is not what the settings say: run `UPDATE=1 cargo test -p bootstrap`"
    );
}
