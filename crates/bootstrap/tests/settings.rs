//! Settings come from a file and the environment, and faults are named.

#![expect(clippy::unwrap_used, reason = "a test that panics fails")]

use std::collections::HashMap;
use std::path::PathBuf;

use bootstrap::settings::{LogFormat, Settings};
use bootstrap::{SettingsError, Sources};

const PORT: u16 = 8081;

fn environment(variables: &[(&str, &str)]) -> HashMap<String, String> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn from_environment(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let sources = Sources {
        file: None,
        environment: environment(variables),
    };
    Settings::load(&sources, PORT)
}

/// Loads `text` from a file, and then `variables`.
fn from_file(text: &str, variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tally.toml");
    std::fs::write(&file, text).unwrap();
    let sources = Sources {
        file: Some(file),
        environment: environment(variables),
    };
    Settings::load(&sources, PORT)
}

fn fault(result: Result<Settings, SettingsError>) -> String {
    result.unwrap_err().to_string()
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn nothing_set_gives_the_defaults_and_the_services_own_port() {
    let settings = from_environment(&[("PATH", "/bin"), ("TALLY_CONFIG", "x")]).unwrap();
    assert_eq!(settings.http.port, PORT);
    assert_eq!(settings.http.host, "127.0.0.1");
    assert_eq!(settings.reviews.votes_per_day, 3);
    assert_eq!(settings.reviews.reward.up_votes, 10);
    assert_eq!(settings.auth.bcrypt_cost, 12);
    assert_eq!(settings.site.time_zone, chrono_tz::UTC);
    assert!(settings.rate_limits.enabled);
}

#[test]
fn the_environment_wins_over_the_file() {
    let settings = from_file(
        "[http]\nport = 1000\nhost = \"0.0.0.0\"\n[reviews.reward]\ncredit = 5\n",
        &[
            ("TALLY__HTTP__PORT", "2000"),
            ("TALLY__LOG__FORMAT", "pretty"),
            ("TALLY__SITE__TIME_ZONE", "Europe/Berlin"),
            ("TALLY__RATE_LIMITS__ENABLED", "false"),
            ("TALLY__MYSQL__URL", ""),
        ],
    )
    .unwrap();
    assert_eq!(settings.http.port, 2000);
    assert_eq!(settings.http.host, "0.0.0.0");
    assert_eq!(settings.reviews.reward.credit, 5);
    assert_eq!(settings.log.format, LogFormat::Pretty);
    assert_eq!(settings.site.time_zone, chrono_tz::Europe::Berlin);
    assert!(!settings.rate_limits.enabled);
    assert!(settings.mysql.url.is_none(), "an empty variable is unset");
}

#[test]
fn port_zero_is_kept_since_it_asks_for_any_free_port() {
    let settings = from_environment(&[("TALLY__HTTP__PORT", "0")]).unwrap();
    assert_eq!(settings.http.port, 0);
}

#[test]
fn a_key_nobody_knows_is_refused_by_its_name() {
    for (variable, key) in [
        ("TALLY__HTTP__PROT", "`http.prot`"),
        ("TALLY__HTPP__PORT", "`htpp.port`"),
        ("TALLY__HTTP", "`http`"),
        ("TALLY__HTTP__PORT__X", "`http.port.x`"),
        ("TALLY__HTTP__PORT_FILE", "`http.port_file`"),
        (
            "TALLY__REVIEWS__REWARD__CREDITS",
            "`reviews.reward.credits`",
        ),
    ] {
        let message = fault(from_environment(&[(variable, "1")]));
        assert!(message.contains(key), "{message}");
        assert!(message.contains(variable), "{message}");
    }
    for (text, key) in [
        ("[http]\nprot = 1", "`http.prot`"),
        ("[htpp]\nport = 1", "`htpp`"),
        ("port = 1", "`port`"),
        ("[reviews.reward]\ncredits = 1", "`reviews.reward.credits`"),
        ("http = 1", "`http`"),
    ] {
        let message = fault(from_file(text, &[]));
        assert!(message.contains(key), "{message}");
        assert!(message.contains("tally.toml"), "{message}");
    }
}

#[test]
fn values_of_the_wrong_kind_name_their_key() {
    for (variable, value, key) in [
        ("TALLY__HTTP__PORT", "many", "http.port"),
        ("TALLY__HTTP__PORT", "70000", "http.port"),
        (
            "TALLY__SITE__TIME_ZONE",
            "Europe/Atlantis",
            "site.time_zone",
        ),
        ("TALLY__LOG__FORMAT", "yaml", "log.format"),
        (
            "TALLY__RATE_LIMITS__ENABLED",
            "maybe",
            "rate_limits.enabled",
        ),
    ] {
        let message = fault(from_environment(&[(variable, value)]));
        assert!(message.contains(key), "{message}");
    }
}

#[test]
fn values_out_of_range_are_all_named_with_their_range() {
    let message = fault(from_environment(&[
        ("TALLY__HTTP__REQUEST_TIMEOUT_MS", "0"),
        ("TALLY__AUTH__BCRYPT_COST", "40"),
        ("TALLY__REVIEWS__REWARD__UP_VOTES", "0"),
        ("TALLY__REDIS__KEY_PREFIX", "a b"),
    ]));
    for part in [
        "`http.request_timeout_ms` is 0, but must be 1 to 600000",
        "`auth.bcrypt_cost` is 40, but must be 4 to 16",
        "`reviews.reward.up_votes`",
        "`redis.key_prefix`",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, format!("{SECRET}\n")).unwrap();
    let path = path.to_str().unwrap();

    let settings = from_environment(&[("TALLY__AUTH__SECRET_FILE", path)]).unwrap();
    assert_eq!(
        settings.auth.signing_keys().unwrap()[0].secret.expose(),
        SECRET
    );

    for variable in [
        "TALLY__MYSQL__URL",
        "TALLY__RABBITMQ__URL",
        "TALLY__REDIS__URL",
        "TALLY__ADMIN__PASSWORD",
        "TALLY__AUTH__SECRET",
        "TALLY__AUTH__KEYS",
    ] {
        let file = format!("{variable}_FILE");
        let message = fault(from_environment(&[(variable, SECRET), (&file, path)]));
        assert!(message.contains("both set"), "{message}");
    }
    let message = fault(from_file(
        &format!("[mysql]\nurl = \"mysql://x\"\nurl_file = {path:?}\n"),
        &[],
    ));
    assert!(
        message.contains("`mysql.url` and `mysql.url_file`"),
        "{message}"
    );
}

#[test]
fn files_that_are_not_there_are_named() {
    let message = fault(from_environment(&[("TALLY__REDIS__URL_FILE", "/no/such")]));
    assert!(message.contains("/no/such"), "{message}");
    let sources = Sources {
        file: Some(PathBuf::from("/no/tally.toml")),
        ..Sources::default()
    };
    let message = fault(Settings::load(&sources, PORT));
    assert!(message.contains("/no/tally.toml"), "{message}");
}

#[test]
fn a_ring_of_keys_comes_from_the_file_or_the_environment() {
    let other = "another secret that is long enough";
    let list = format!("[{{id = \"b\", secret = {SECRET:?}}}, {{id = \"a\", secret = {other:?}}}]");
    for settings in [
        from_file(&format!("[auth]\nkeys = {list}\n"), &[]).unwrap(),
        from_environment(&[("TALLY__AUTH__KEYS", &list)]).unwrap(),
    ] {
        let ring = settings.auth.signing_keys().unwrap();
        assert_eq!(ring.len(), 2);
        assert_eq!(
            (ring[0].id.as_str(), ring[0].secret.expose()),
            ("b", SECRET)
        );
        assert_eq!((ring[1].id.as_str(), ring[1].secret.expose()), ("a", other));
    }
}

#[test]
fn secrets_that_are_short_doubled_or_missing_are_refused() {
    let message = fault(from_environment(&[("TALLY__AUTH__SECRET", "short")]));
    assert!(message.contains("at least 32"), "{message}");
    let twice = format!("[{{id=\"a\",secret={SECRET:?}}},{{id=\"a\",secret={SECRET:?}}}]");
    let message = fault(from_environment(&[("TALLY__AUTH__KEYS", &twice)]));
    assert!(message.contains("twice"), "{message}");
    let message = fault(from_environment(&[
        ("TALLY__AUTH__KEYS", &twice),
        ("TALLY__AUTH__SECRET", SECRET),
    ]));
    assert!(message.contains("choose one"), "{message}");

    let settings = from_environment(&[]).unwrap();
    let message = settings.auth.signing_keys().unwrap_err().to_string();
    assert!(message.contains("TALLY__AUTH__SECRET"), "{message}");
    let message = settings.mysql.required_url().unwrap_err().to_string();
    assert!(message.contains("TALLY__MYSQL__URL"), "{message}");
}

#[test]
fn the_first_admin_needs_a_name_and_a_sound_password() {
    let name = ("TALLY__ADMIN__USER_NAME", "root");
    for variables in [
        vec![name],
        vec![("TALLY__ADMIN__PASSWORD", "long enough")],
        vec![name, ("TALLY__ADMIN__PASSWORD", "short")],
    ] {
        let message = fault(from_environment(&variables));
        assert!(message.contains("admin.password"), "{message}");
    }
    let settings = from_environment(&[name, ("TALLY__ADMIN__PASSWORD", "0001234500")]).unwrap();
    assert_eq!(settings.admin.password.unwrap().expose(), "0001234500");
}

#[test]
fn no_message_and_no_debug_output_shows_a_secret() {
    let hidden = "hunter2-hunter2-hunter2-hunter2-hunter2";
    let settings = from_environment(&[
        ("TALLY__AUTH__SECRET", hidden),
        ("TALLY__MYSQL__URL", hidden),
        ("TALLY__ADMIN__USER_NAME", "root"),
        ("TALLY__ADMIN__PASSWORD", hidden),
    ])
    .unwrap();
    let printed = format!(
        "{settings:?} {:#?} {}",
        settings.auth,
        settings.mysql.url.as_ref().unwrap()
    );
    assert!(!printed.contains("hunter2"), "{printed}");
    assert!(printed.contains("***"));

    for message in [
        fault(from_environment(&[("TALLY__AUTH__KEYS", hidden)])),
        fault(from_environment(&[(
            "TALLY__AUTH__KEYS",
            &format!("{hidden:?}"),
        )])),
        fault(from_environment(&[(
            "TALLY__AUTH__KEYS",
            &format!("[{hidden:?}]"),
        )])),
        fault(from_environment(&[(
            "TALLY__AUTH__KEYS",
            &format!("[{{id=\"a\",secrets={hidden:?}}}]"),
        )])),
        fault(from_environment(&[("TALLY__AUTH__SECRET", &hidden[..20])])),
        fault(from_environment(&[("TALLY__ADMIN__PASSWORD", hidden)])),
        fault(from_file(&format!("[auth]\nsecret = {hidden}\n"), &[])),
        fault(from_file(&format!("[auth]\nsecret = [{hidden:?}]\n"), &[])),
        fault(from_file(&format!("[auth]\nkeys = {hidden:?}\n"), &[])),
        fault(from_file(&format!("[auth]\nsecret = \"{hidden}\n"), &[])),
    ] {
        assert!(!message.contains("hunter2"), "{message}");
    }
}
