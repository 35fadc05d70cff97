//! `docs/CONFIGURATION.md`, written from the declarations.

use std::fmt::Write;

use super::load::variable;
use super::{Key, Settings};

const INTRODUCTION: &str = "\
# Configuration

Every service reads the same settings, each the sections it needs: first the TOML file
given as `--config FILE` or `TALLY_CONFIG`, then the environment, which wins. The key
`votes_per_day` of the section `[reviews]` is `TALLY__REVIEWS__VOTES_PER_DAY` there. An
empty variable is as if unset. A key that is not on this page is refused by name.

A secret may be kept in a file of its own instead: `url_file` in the section, or
`TALLY__MYSQL__URL_FILE`, names it; a newline at its end is dropped. Giving both the
secret and its file is refused. Secrets are never logged.

```toml
[http]
host = \"0.0.0.0\"

[mysql]
url_file = \"/run/secrets/mysql-url\"

[reviews]
votes_per_day = 3
```

This page is written from the code: `UPDATE=1 cargo test -p bootstrap` rewrites it.
";

/// The whole page, in Markdown.
#[must_use]
pub fn render_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut section = String::new();
    for key in Settings::keys() {
        let (place, name) = key.name.rsplit_once('.').unwrap_or(("", &key.name));
        if place != section {
            place.clone_into(&mut section);
            let _ = write!(
                page,
                "\n## `[{section}]`\n\n| key | variable | default | meaning |\n| --- | --- | --- | --- |\n"
            );
        }
        let _ = writeln!(
            page,
            "| `{name}` | `{}` | {} | {} |",
            variable(&key.name),
            default_of(&key),
            meaning_of(&key),
        );
    }
    page
}

fn default_of(key: &Key) -> String {
    match key.name.as_str() {
        "http.port" => "the service's own".to_owned(),
        _ if key.default.is_empty() => "none".to_owned(),
        _ => format!("`{}`", key.default),
    }
}

fn meaning_of(key: &Key) -> String {
    let kind = match key.range.as_str() {
        "" => key.kind.to_owned(),
        range => format!("{}, {range}", key.kind),
    };
    let file = if key.secret {
        format!(" Or its file: `{}_FILE`.", variable(&key.name))
    } else {
        String::new()
    };
    format!("{} ({kind}){file}", key.meaning).replace('|', "\\|")
}
