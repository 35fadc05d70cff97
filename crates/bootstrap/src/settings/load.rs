//! Reading settings: a TOML file, then the environment, then the files of secrets.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat, Map, Value, ValueKind};

use super::{Key, Settings};

/// Why a process cannot start with the settings it was given.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file could not be read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The text is not TOML.
    #[error("{place} is not valid TOML: {reason}")]
    Malformed {
        /// The file or key.
        place: String,
        /// Where and why, without the text itself, which may hold secrets.
        reason: String,
    },
    /// A key that means nothing.
    #[error("unknown key `{name}` ({place}){hint}")]
    UnknownKey {
        /// The dotted name.
        name: String,
        /// The file, or the variable of the environment.
        place: String,
        /// The keys that its section does have.
        hint: String,
    },
    /// A secret that is given twice.
    #[error("`{name}` and `{name}_file` are both set: choose one")]
    GivenTwice {
        /// The dotted name.
        name: String,
    },
    /// A value of the wrong type.
    #[error("{0}")]
    WrongType(String),
    /// Values out of their limits, or at odds with each other.
    #[error("{}", .0.join("; "))]
    Unsound(Vec<String>),
    /// A key that this process needs is not set.
    #[error("`{name}` is not set: set it in the file or as {variable}")]
    Missing {
        /// The dotted name.
        name: String,
        /// The variable of the environment.
        variable: String,
    },
}

impl SettingsError {
    pub(super) fn missing(key: &str) -> Self {
        Self::Missing {
            name: key.to_owned(),
            variable: variable(key),
        }
    }
}

/// The variable of the environment that sets `key`.
pub(super) fn variable(key: &str) -> String {
    format!("TALLY__{}", key.replace('.', "__").to_uppercase())
}

/// The command line's part: which file to read.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ConfigFile {
    /// TOML file with settings; variables such as TALLY__HTTP__PORT override it
    #[arg(long = "config", env = "TALLY_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
}

impl ConfigFile {
    /// Reads the settings of this process: the file, then its environment.
    /// `port` is the service's own default for `http.port`.
    ///
    /// # Errors
    /// See [`Settings::load`].
    pub fn load(self, port: u16) -> Result<Settings, SettingsError> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Settings::load(
            &Sources {
                file: self.config,
                environment,
            },
            port,
        )
    }
}

/// Where settings are read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file.
    pub file: Option<PathBuf>,
    /// Variables by name; those that begin with `TALLY__` count, empty ones are as if unset.
    pub environment: HashMap<String, String>,
}

impl Settings {
    /// Reads and checks the settings; `port` stands for `http.port` where nothing sets it.
    ///
    /// # Errors
    /// One of [`SettingsError`]; the message names the key or the file, and never a secret.
    pub fn load(sources: &Sources, port: u16) -> Result<Self, SettingsError> {
        let keys = Self::keys();
        let file = match &sources.file {
            Some(path) => read(path)?,
            None => String::new(),
        };
        if let Some(path) = &sources.file {
            let place = path.display().to_string();
            refuse_unknown(&parse_toml(&file, &place)?, "", &keys, &place)?;
        }
        refuse_unknown_variables(&sources.environment, &keys)?;

        let environment = Environment::with_prefix("TALLY")
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true)
            .source(Some(sources.environment.clone().into_iter().collect()));
        let mut table = Config::builder()
            .set_default("http.port", port)
            .and_then(|builder| {
                builder
                    .add_source(File::from_str(&file, FileFormat::Toml))
                    .add_source(environment)
                    .build()
            })
            .and_then(Config::try_deserialize::<Map<String, Value>>)
            .map_err(|error| SettingsError::WrongType(error.to_string()))?;
        read_secrets(&mut table, &keys)?;

        let settings: Self = Value::new(None, ValueKind::Table(table))
            .try_deserialize()
            .map_err(|error| SettingsError::WrongType(error.to_string()))?;
        let faults = settings.faults();
        if faults.is_empty() {
            Ok(settings)
        } else {
            Err(SettingsError::Unsound(faults))
        }
    }
}

fn read(path: &Path) -> Result<String, SettingsError> {
    fs::read_to_string(path).map_err(|source| SettingsError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// Parses `text`, which came from `place`.
fn parse_toml(text: &str, place: &str) -> Result<Map<String, Value>, SettingsError> {
    Config::builder()
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .and_then(Config::try_deserialize::<Map<String, Value>>)
        .map_err(|error| SettingsError::Malformed {
            place: place.to_owned(),
            // The parser quotes the line at fault, between bars; it may hold a secret.
            reason: error
                .to_string()
                .lines()
                .filter(|line| !line.contains('|'))
                .collect::<Vec<_>>()
                .join(": "),
        })
}

fn is_known(name: &str, keys: &[Key]) -> bool {
    keys.iter().any(|key| {
        key.name == name || key.secret && name.strip_suffix("_file") == Some(key.name.as_str())
    })
}

fn unknown(name: String, place: String, keys: &[Key]) -> SettingsError {
    let section = name.rsplit_once('.').map_or("", |(section, _)| section);
    let siblings: Vec<_> = keys
        .iter()
        .filter_map(|key| key.name.strip_prefix(section)?.strip_prefix('.'))
        .map(|key| format!("`{key}`"))
        .collect();
    let hint = if section.is_empty() || siblings.is_empty() {
        String::new()
    } else {
        format!("; `{section}` has {}", siblings.join(", "))
    };
    SettingsError::UnknownKey { name, place, hint }
}

fn refuse_unknown(
    table: &Map<String, Value>,
    prefix: &str,
    keys: &[Key],
    place: &str,
) -> Result<(), SettingsError> {
    for (key, value) in table {
        let name = format!("{prefix}{key}");
        let inner = format!("{name}.");
        if is_known(&name, keys) {
            continue;
        }
        match &value.kind {
            ValueKind::Table(table) if keys.iter().any(|key| key.name.starts_with(&inner)) => {
                refuse_unknown(table, &inner, keys, place)?;
            }
            _ => return Err(unknown(name, place.to_owned(), keys)),
        }
    }
    Ok(())
}

fn refuse_unknown_variables(
    environment: &HashMap<String, String>,
    keys: &[Key],
) -> Result<(), SettingsError> {
    for variable in environment.keys() {
        let lowercase = variable.to_lowercase();
        if let Some(name) = lowercase.strip_prefix("tally__") {
            let name = name.replace("__", ".");
            if !is_known(&name, keys) {
                return Err(unknown(name, variable.clone(), keys));
            }
        }
    }
    Ok(())
}

/// Replaces each `<key>_file` by `<key>` with the file's text.
fn read_secrets(table: &mut Map<String, Value>, keys: &[Key]) -> Result<(), SettingsError> {
    for key in keys.iter().filter(|key| key.secret) {
        let Some((section, name)) = key.name.split_once('.') else {
            continue;
        };
        let Some(ValueKind::Table(section)) = table.get_mut(section).map(|value| &mut value.kind)
        else {
            continue;
        };
        if let Some(file) = section.remove(&format!("{name}_file")) {
            if section.contains_key(name) {
                return Err(SettingsError::GivenTwice {
                    name: key.name.clone(),
                });
            }
            let path = file
                .into_string()
                .map_err(|error| SettingsError::WrongType(error.to_string()))?;
            let text = read(Path::new(&path))?;
            let text = text.trim_end_matches(['\r', '\n']).to_owned();
            section.insert(name.to_owned(), Value::new(None, ValueKind::String(text)));
        }
        // A list is text in the environment and in a secret's file: TOML, as in a file.
        if key.kind.starts_with("list")
            && let Some(value) = section.get_mut(name)
        {
            if let ValueKind::String(text) = &value.kind {
                let text = format!("list = {text}");
                let mut parsed = parse_toml(&text, &format!("`{}`", key.name))?;
                if let Some(list) = parsed.remove("list") {
                    *value = list;
                }
            }
            // The message for a wrong type would quote the value.
            let is_list = matches!(&value.kind, ValueKind::Array(list)
                if list.iter().all(|entry| matches!(entry.kind, ValueKind::Table(_))));
            if !is_list {
                return Err(SettingsError::WrongType(format!(
                    "`{}` must be a {}",
                    key.name, key.kind
                )));
            }
        }
    }
    Ok(())
}
