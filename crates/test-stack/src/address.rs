//! A server's URL, taken apart.

use anyhow::{Context, Result};

/// `scheme://user:password@host:port/path`, percent-decoded but for the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) user: String,
    pub(crate) password: String,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl Address {
    /// Takes `url` apart; `default_port` serves when it names none.
    ///
    /// # Errors
    /// When it is not a URL with a host.
    pub(crate) fn parse(url: &str, default_port: u16) -> Result<Self> {
        let unreadable = || format!("not a server's URL: {}", without_password(url));
        let (_scheme, rest) = url.split_once("://").with_context(unreadable)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) => (host, port.parse().ok().with_context(unreadable)?),
            None => (place, default_port),
        };
        anyhow::ensure!(!host.is_empty(), unreadable());
        Ok(Self {
            user: percent_decode(user),
            password: percent_decode(password),
            host: host.to_owned(),
            port,
        })
    }
}

/// The same URL with another path: `mysql://…/one` and `two` give `mysql://…/two`.
///
/// A query stays.
pub(crate) fn with_path(url: &str, path: &str) -> String {
    let (url, query) = match url.split_once('?') {
        Some((url, query)) => (url, format!("?{query}")),
        None => (url, String::new()),
    };
    let authority_at = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority_at..]
        .find('/')
        .map_or(url.len(), |at| authority_at + at);
    format!("{}/{path}{query}", &url[..end])
}

fn without_password(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, place)| place)
}

fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(code.unwrap_or(bytes[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_url_comes_apart() {
        let address = Address::parse("mysql://me:p%40ss@db.example:3307/tally?x=1", 3306).unwrap();
        assert_eq!(address.user, "me");
        assert_eq!(address.password, "p@ss");
        assert_eq!(address.host, "db.example");
        assert_eq!(address.port, 3307);
    }

    #[test]
    fn a_bare_host_takes_the_default_port_and_no_login() {
        let address = Address::parse("redis://cache", 6379).unwrap();
        assert_eq!((address.host.as_str(), address.port), ("cache", 6379));
        assert_eq!((address.user.as_str(), address.password.as_str()), ("", ""));
    }

    #[test]
    fn what_is_no_url_is_refused_without_showing_the_password() {
        assert!(Address::parse("127.0.0.1:3306", 3306).is_err());
        let error = Address::parse("mysql://me:secret@host:port", 3306).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn the_path_is_replaced_and_the_query_stays() {
        assert_eq!(with_path("amqp://a:b@h:1/%2f", "t"), "amqp://a:b@h:1/t");
        assert_eq!(with_path("amqp://h", "t"), "amqp://h/t");
        assert_eq!(with_path("mysql://h/db?ssl=1", "t"), "mysql://h/t?ssl=1");
    }
}
