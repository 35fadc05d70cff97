//! Rows of the catalog.
