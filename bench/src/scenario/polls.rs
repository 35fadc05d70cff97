//! What front ends ask again and again.

use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, StatusCode};

use crate::load::{Client, as_fast_as_possible};
use crate::run::Bench;
use crate::wire::{Call, Reply, Wire, address_of};

/// Clients that poll at once.
const N_CLIENTS: usize = 64;

/// Reviews whose counts are asked for together.
const N_IDS: usize = 20;

/// What is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poll {
    /// Counts, by clients that know them: `304`.
    SameCounts,
    /// Counts, by clients that know nothing yet: `200`.
    NewCounts,
    /// A campaign's board, by clients that know it: `304`.
    SameBoard,
}

/// Asks for one thing, and says what it knows if it is to be told of news only.
struct Polling {
    path: String,
    knows: Option<String>,
    is_forgetful: bool,
}

impl Client for Polling {
    fn next(&mut self) -> Call {
        let mut call = Request::get(&self.path).header("host", "localhost");
        if let Some(etag) = &self.knows {
            call = call.header("if-none-match", etag);
        }
        #[expect(clippy::unwrap_used, reason = "path and ETag are well formed")]
        call.body(Full::new(Bytes::new())).unwrap()
    }

    fn told(&mut self, reply: &Reply) {
        if !self.is_forgetful {
            self.knows = reply.etag.clone().or(self.knows.take());
        }
    }
}

/// Answers a second while nothing changes.
///
/// # Errors
/// When something else is answered.
pub(crate) async fn polls(bench: &Bench, poll: Poll, lasting: Duration) -> Result<f64> {
    let address = address_of(&bench.stack.catalog.base_url())?;
    let ids: Vec<_> = bench
        .ground
        .reviews
        .iter()
        .take(N_IDS)
        .map(ToString::to_string)
        .collect();
    let path = match poll {
        Poll::SameCounts | Poll::NewCounts => {
            format!("/api/v1/reviews/counts?ids={}", ids.join(","))
        }
        Poll::SameBoard => format!("/api/v1/campaigns/{}/board", bench.ground.campaign),
    };
    let is_forgetful = poll == Poll::NewCounts;
    let mut clients = Vec::new();
    for _ in 0..N_CLIENTS {
        let mut wire = Wire::to(&address);
        let mut client = Polling {
            path: path.clone(),
            knows: None,
            is_forgetful,
        };
        // The first answer is news to everybody.
        let first = wire.ask(client.next()).await.context("a poll")?;
        client.told(&first);
        clients.push((wire, client));
    }
    let good = if is_forgetful {
        StatusCode::OK
    } else {
        StatusCode::NOT_MODIFIED
    };
    let answers = as_fast_as_possible(clients, lasting, good, None).await?;
    answers.all_good()?;
    Ok(answers.rate())
}
