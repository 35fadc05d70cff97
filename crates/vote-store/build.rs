//! Migrations are embedded: a changed one means a changed crate.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
}
