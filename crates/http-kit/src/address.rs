//! Whose request it is by its address, also behind proxies.

use std::net::{IpAddr, SocketAddr};

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderMap;
use bootstrap::settings::{ForwardedHeader, Http, Networks};

/// Tells clients' addresses.
pub(crate) struct Addresses {
    trusted: Networks,
    header: ForwardedHeader,
}

impl Addresses {
    pub(crate) fn from_settings(http: &Http) -> Self {
        Self {
            trusted: http.trusted_proxies.clone(),
            header: http.forwarded_header,
        }
    }

    /// The address `request` came from: the peer's, or if that is a trusted proxy, the last
    /// in its header that is none. What stands before that the client may have written.
    pub(crate) fn client_of(&self, request: &ServiceRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        Some(self.client_behind(peer, request.headers()))
    }

    fn client_behind(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer;
        let names = self.forwarded(headers);
        let mut names = names.iter().rev();
        while self.trusted.contain(client) {
            // A name that is no address, such as `unknown`, ends what can be told.
            match names.next().and_then(|name| address_of(name)) {
                Some(next) => client = next,
                None => break,
            }
        }
        client
    }

    /// Who the proxies say they serve, the nearest last.
    fn forwarded<'h>(&self, headers: &'h HeaderMap) -> Vec<&'h str> {
        let (name, is_rfc) = match self.header {
            ForwardedHeader::XForwardedFor => ("x-forwarded-for", false),
            ForwardedHeader::Forwarded => ("forwarded", true),
        };
        let elements = headers
            .get_all(name)
            .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
            // Each by itself: what a client wrote must not spoil what the proxy added.
            .map(|element| std::str::from_utf8(element).unwrap_or_default());
        if is_rfc {
            elements
                .map(|element| for_of(element).unwrap_or_default())
                .collect()
        } else {
            elements.collect()
        }
    }
}

/// The value of `for` in one element of `Forwarded`.
fn for_of(element: &str) -> Option<&str> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    })
}

/// The address in `name`, with or without a port, quotes and brackets.
fn address_of(name: &str) -> Option<IpAddr> {
    let name = name.trim().trim_matches('"');
    let bare = name.strip_prefix('[').and_then(|n| n.strip_suffix(']'));
    bare.unwrap_or(name)
        .parse()
        .or_else(|_| name.parse().map(|address: SocketAddr| address.ip()))
        .map(|address: IpAddr| address.to_canonical())
        .ok()
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn client(trusted: &str, header: ForwardedHeader, headers: &[(&str, &str)]) -> String {
        let addresses = Addresses {
            trusted: trusted.parse().unwrap(),
            header,
        };
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let name: HeaderName = name.parse().unwrap();
            map.append(name, HeaderValue::from_str(value).unwrap());
        }
        let peer = "10.0.0.1".parse().unwrap();
        addresses.client_behind(peer, &map).to_string()
    }

    #[test]
    fn the_last_address_that_is_no_trusted_proxys_is_the_clients() {
        let ask = |value| {
            client(
                "10.0.0.0/8",
                ForwardedHeader::XForwardedFor,
                &[("x-forwarded-for", value)],
            )
        };
        assert_eq!(ask("203.0.113.9"), "203.0.113.9");
        // What the client wrote itself stands on the left.
        assert_eq!(ask("1.1.1.1, 203.0.113.9"), "203.0.113.9");
        assert_eq!(ask("1.1.1.1, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(ask("203.0.113.9:4711"), "203.0.113.9");
        assert_eq!(ask("[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(ask("2001:db8::1"), "2001:db8::1");
        assert_eq!(ask("10.0.0.3, 10.0.0.2"), "10.0.0.3", "all are trusted");
        assert_eq!(ask("1.1.1.1, unknown"), "10.0.0.1");
        assert_eq!(ask(""), "10.0.0.1");
    }

    #[test]
    fn what_is_no_text_spoils_only_itself() {
        let ask = |header, name: &'static str, value: &[u8]| {
            let mut headers = HeaderMap::new();
            let value = HeaderValue::from_bytes(value).unwrap();
            headers.append(HeaderName::from_static(name), value);
            let addresses = Addresses {
                trusted: "10.0.0.0/8".parse().unwrap(),
                header,
            };
            let peer = "10.0.0.1".parse().unwrap();
            addresses.client_behind(peer, &headers).to_string()
        };
        let x = |value| ask(ForwardedHeader::XForwardedFor, "x-forwarded-for", value);
        assert_eq!(x(b"\xff, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
        assert_eq!(x("1.1.1.1\u{e9},203.0.113.9".as_bytes()), "203.0.113.9");
        assert_eq!(x(b"203.0.113.9, \xff, 10.0.0.2"), "10.0.0.2");
        let rfc = |value| ask(ForwardedHeader::Forwarded, "forwarded", value);
        assert_eq!(rfc(b"for=\xff, for=203.0.113.9"), "203.0.113.9");
        assert_eq!(rfc(b"for=203.0.113.9;by=\xff"), "10.0.0.1");
    }

    #[test]
    fn several_headers_are_one_list() {
        let headers = [
            ("x-forwarded-for", "1.1.1.1"),
            ("x-forwarded-for", "203.0.113.9, 10.0.0.2"),
        ];
        let client = client("10.0.0.0/8", ForwardedHeader::XForwardedFor, &headers);
        assert_eq!(client, "203.0.113.9");
    }

    #[test]
    fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() {
        let headers = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=1.1.1.1")];
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            assert_eq!(client("127.0.0.0/8", header, &headers), "10.0.0.1");
        }
    }

    #[test]
    fn only_the_header_the_proxies_write_is_read() {
        let headers = [
            ("x-forwarded-for", "203.0.113.9"),
            (
                "forwarded",
                "for=1.1.1.1;proto=http, proto=https;For=\"[2001:db8::1]:80\"",
            ),
        ];
        let ask = |header| client("10.0.0.0/8", header, &headers);
        assert_eq!(ask(ForwardedHeader::XForwardedFor), "203.0.113.9");
        assert_eq!(ask(ForwardedHeader::Forwarded), "2001:db8::1");
    }
}
