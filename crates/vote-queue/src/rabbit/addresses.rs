//! Which broker of a cluster to connect to, and which next.

use lapin::uri::AMQPUri;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

/// The addresses of one cluster, in an order of this connection's own.
#[derive(Debug)]
pub(super) struct Addresses {
    uris: Vec<AMQPUri>,
    at: usize,
    n_tried: usize,
}

/// Whether there are addresses left that were not tried lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Round {
    /// The next address may answer.
    UnderWay,
    /// None did.
    Over,
}

impl Addresses {
    /// `uris`, of which there is at least one, in an order drawn from `seed`: so that
    /// processes, and the two connections of one, spread over the cluster.
    pub(super) fn shuffled(mut uris: Vec<AMQPUri>, seed: u64) -> Self {
        uris.shuffle(&mut StdRng::seed_from_u64(seed));
        Self {
            uris,
            at: 0,
            n_tried: 0,
        }
    }

    /// Where to connect.
    pub(super) fn current(&self) -> AMQPUri {
        self.uris[self.at].clone()
    }

    /// `host:port` of [`Self::current`], for logs.
    pub(super) fn name(&self) -> String {
        let authority = &self.uris[self.at].authority;
        format!("{}:{}", authority.host, authority.port)
    }

    /// Every address may be tried once without a pause, for one worked for a while.
    pub(super) fn begin_round(&mut self) {
        self.n_tried = 0;
    }

    /// Goes on to the next address.
    pub(super) fn go_on(&mut self) -> Round {
        self.at = (self.at + 1) % self.uris.len();
        self.n_tried = (self.n_tried + 1) % self.uris.len();
        match self.n_tried {
            0 => Round::Over,
            _ => Round::UnderWay,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(seed: u64) -> Addresses {
        let uris = ["one", "two", "three"].map(|host| format!("amqp://{host}").parse());
        Addresses::shuffled(uris.into_iter().collect::<Result<_, _>>().unwrap(), seed)
    }

    #[test]
    fn each_is_tried_before_any_is_tried_again() {
        let mut addresses = addresses(1);
        for round in 0..3 {
            let mut names = Vec::new();
            for n in 0..3 {
                names.push(addresses.name());
                let over = addresses.go_on() == Round::Over;
                assert_eq!(over, n == 2, "in round {round}");
            }
            names.sort();
            assert_eq!(names, ["one:5672", "three:5672", "two:5672"]);
        }
    }

    #[test]
    fn connections_spread_over_the_cluster() {
        let mut firsts: Vec<_> = (0..20).map(|seed| addresses(seed).name()).collect();
        firsts.sort();
        firsts.dedup();
        assert_eq!(firsts.len(), 3);
    }
}
