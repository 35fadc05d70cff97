//! Networks of addresses, as settings name them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::section::Value;

/// Networks; an address may be in any of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

/// A text that names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no network is called {0:?}: expected an address such as 10.0.0.7, or 10.0.0.0/8")]
pub struct UnknownNetwork(String);

impl Networks {
    /// This machine's own addresses.
    #[must_use]
    pub fn loopback() -> Self {
        let network = |address: IpAddr, prefix_bits| Network {
            address,
            prefix_bits,
        };
        Self(vec![
            network([127, 0, 0, 0].into(), 8),
            network([0, 0, 0, 0, 0, 0, 0, 1].into(), 128),
        ])
    }

    /// Whether `address` is in one of them; an IPv4 address may be written as IPv6.
    #[must_use]
    pub fn contain(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.leading_zeros() >= self.prefix_bits.into()
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differs = own.to_bits() ^ other.to_bits();
                differs.leading_zeros() >= self.prefix_bits.into()
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for Network {
    type Err = UnknownNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = || UnknownNetwork(text.to_owned());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| unknown())?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            Some(bits) => bits.parse().map_err(|_| unknown())?,
            None => bits_max,
        };
        if prefix_bits > bits_max {
            return Err(unknown());
        }
        Ok(Self {
            address,
            prefix_bits,
        })
    }
}

impl FromStr for Networks {
    type Err = UnknownNetwork;

    /// Reads networks between commas; an empty text is none.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim().is_empty() {
            return Ok(Self(Vec::new()));
        }
        let networks = text.split(',').map(|name| name.trim().parse());
        networks.collect::<Result<_, _>>().map(Self)
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|network| {
            let Network {
                address,
                prefix_bits,
            } = network;
            format!("{address}/{prefix_bits}")
        });
        f.write_str(&names.collect::<Vec<_>>().join(", "))
    }
}

impl<'de> Deserialize<'de> for Networks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl Value for Networks {
    const KIND: &'static str = "networks between commas";
    fn render(&self) -> String {
        format!("{:?}", self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(networks: &str, address: &str) -> bool {
        let networks: Networks = networks.parse().unwrap();
        networks.contain(address.parse().unwrap())
    }

    #[test]
    fn an_address_is_in_the_network_whose_first_bits_it_has() {
        let networks = "10.0.0.0/8, 192.168.7.1, fd00::/8, 2001:db8::7";
        for inside in [
            "10.255.0.1",
            "192.168.7.1",
            "fd12::1",
            "2001:db8::7",
            "::ffff:10.1.2.3",
        ] {
            assert!(contains(networks, inside), "{inside}");
        }
        for outside in ["11.0.0.1", "192.168.7.2", "fe80::1", "2001:db8::8", "::1"] {
            assert!(!contains(networks, outside), "{outside}");
        }
        assert!(contains("0.0.0.0/0", "203.0.113.9"));
        assert!(!contains("", "127.0.0.1"));
        assert_eq!(Networks::loopback().to_string(), "127.0.0.0/8, ::1/128");
    }

    #[test]
    fn a_text_that_is_no_network_is_refused() {
        for text in [
            "10.0.0.0/33",
            "::/129",
            "10.0.0",
            "localhost",
            "10.0.0.0/8,",
            "1.2.3.4/-1",
        ] {
            assert!(text.parse::<Networks>().is_err(), "{text}");
        }
    }
}
