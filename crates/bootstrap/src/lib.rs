//! What every process does before its work begins: read its [`settings`], start its
//! logs ([`tracing`]) and listen for [`signals`] that ask it to stop.

pub mod secret;
pub mod settings;
pub mod signals;
pub mod tracing;

pub use secret::Secret;
pub use settings::{ConfigFile, Settings, SettingsError, Sources};
