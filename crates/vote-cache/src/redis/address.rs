//! What `redis.url` names: one server, or some nodes of a cluster.

use std::sync::Arc;

use crate::CacheError;

/// What the URL of a cluster begins with.
const CLUSTER: &str = "redis-cluster://";

/// Where Redis listens unless it is said.
const PORT: u16 = 6379;

/// One server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `redis://…`, with the login.
    pub(super) url: String,
    /// `host:port`, or what stands for it in logs.
    pub(super) name: Arc<str>,
}

/// Nodes of a cluster by which the others are found, and the login for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds {
    login: String,
    places: Vec<(String, u16)>,
}

impl Address {
    /// The only server, at `url`.
    pub(super) fn single(url: &str) -> Self {
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let place = authority.rsplit('@').next().unwrap_or_default();
        Self {
            url: url.to_owned(),
            name: place.into(),
        }
    }

    /// The nodes that `url` names if it is a cluster's.
    ///
    /// # Errors
    /// [`CacheError::InvalidUrl`] if it is a cluster's and names no node.
    pub(super) fn of_cluster(url: &str) -> Result<Option<Seeds>, CacheError> {
        let Some(rest) = url.strip_prefix(CLUSTER) else {
            return Ok(None);
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (login, places) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        // A cluster has no databases to choose from.
        if places.contains(['/', '?']) {
            return Err(CacheError::InvalidUrl);
        }
        let places = places.split(',').map(place).collect::<Option<_>>();
        Ok(Some(Seeds {
            login: login.to_owned(),
            places: places.ok_or(CacheError::InvalidUrl)?,
        }))
    }
}

impl Seeds {
    /// The nodes named.
    pub(super) fn places(&self) -> &[(String, u16)] {
        &self.places
    }

    /// The node at `host` and `port`, with the login of all.
    pub(super) fn node(&self, host: &str, port: u16) -> Address {
        let host = match host.contains(':') {
            true => format!("[{host}]"),
            false => host.to_owned(),
        };
        Address {
            url: format!("redis://{}{host}:{port}/", self.login),
            name: format!("{host}:{port}").into(),
        }
    }
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn place(place: &str) -> Option<(String, u16)> {
    let (host, port) = match place.strip_prefix('[') {
        Some(v6) => v6.split_once(']')?,
        None => place.split_at(place.find(':').unwrap_or(place.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(port) => port.parse().ok()?,
        None if port.is_empty() => PORT,
        None => return None,
    };
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_by_some_of_its_nodes() {
        let seeds = Address::of_cluster("redis-cluster://me:p%40w@one:1,two,[::1]:3/");
        let seeds = seeds.unwrap().unwrap();
        let places = [("one", 1), ("two", 6379), ("::1", 3)];
        assert_eq!(
            seeds.places(),
            places.map(|(host, port)| (host.to_owned(), port))
        );
        let node = seeds.node("::1", 3);
        assert_eq!(node.url, "redis://me:p%40w@[::1]:3/");
        assert_eq!(&*node.name, "[::1]:3");
    }

    #[test]
    fn other_urls_are_no_clusters() {
        assert_eq!(Address::of_cluster("redis://one,two").unwrap(), None);
        for url in [
            "redis-cluster://",
            "redis-cluster://one:x",
            "redis-cluster://one/2",
        ] {
            assert!(Address::of_cluster(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_name_of_a_server_has_no_password() {
        assert_eq!(
            &*Address::single("redis://me:secret@host:1/0").name,
            "host:1"
        );
    }
}
