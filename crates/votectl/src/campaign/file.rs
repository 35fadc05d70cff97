//! A campaign in a file.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

/// What the file at `path` says, as a request has it: TOML if it is called so, else JSON;
/// `-` is JSON from standard input.
///
/// # Errors
/// When it cannot be read.
pub(super) fn read(path: &Path) -> Result<Value> {
    let name = path.display();
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text)?;
        text
    } else {
        std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?
    };
    let is_toml = path.extension().is_some_and(|ending| ending == "toml");
    let body = if is_toml {
        let table: toml::Table =
            toml::from_str(&text).with_context(|| format!("{name} is no TOML"))?;
        json_of(toml::Value::Table(table))
    } else {
        serde_json::from_str(&text).with_context(|| format!("{name} is no JSON"))?
    };
    if !body.is_object() {
        bail!("{name} holds no object");
    }
    Ok(body)
}

/// `value` as JSON has it; times are texts there.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => text.into(),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(is) => is.into(),
        toml::Value::Datetime(at) => at.to_string().into(),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(fields) => {
            let fields = fields
                .into_iter()
                .map(|(name, value)| (name, json_of(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn toml_and_json_say_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let (toml, json) = (folder.path().join("a.toml"), folder.path().join("a.json"));
        std::fs::write(
            &toml,
            "name = \"x\"\nstarts_at = 2026-05-01T18:00:00Z\n\
             ticket_expiry = { kind = \"days\", days = 7 }\n[[channels]]\nkey = \"web\"\n",
        )
        .unwrap();
        let body = json!({
            "name": "x", "starts_at": "2026-05-01T18:00:00Z",
            "ticket_expiry": {"kind": "days", "days": 7}, "channels": [{"key": "web"}]
        });
        std::fs::write(&json, body.to_string()).unwrap();
        assert_eq!(read(&toml).unwrap(), body);
        assert_eq!(read(&json).unwrap(), body);
        std::fs::write(&json, "[]").unwrap();
        assert!(read(&json).is_err());
    }
}
