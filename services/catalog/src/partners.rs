//! Partners: admitting them, and the keys their servers sign with.

pub(crate) mod admit;
mod answer;
pub(crate) mod keys;
pub(crate) mod list;
pub(crate) mod reseal;
mod secrets;
