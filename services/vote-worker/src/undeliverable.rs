//! The broker's own dead letters: what was delivered too often, because whatever it did
//! ended the worker before a reason could be given. Moved, undecoded, into SQL.

use tokio_util::sync::CancellationToken;
use vote_queue::{BallotBox, Consumer, Delivery};
use vote_store::dead_letters::{LetterKind, NewDeadLetter};

use crate::worker::Worker;

pub(crate) async fn serve(worker: Worker, mut consumer: Consumer, stop: CancellationToken) {
    while let Some(Some(delivery)) = stop.run_until_cancelled(consumer.recv()).await {
        if !worker.keep(&[letter(&delivery)], &stop).await {
            break;
        }
        consumer.ack(&[delivery.tag]).await;
    }
    consumer.stop().await;
}

fn letter(delivery: &Delivery) -> NewDeadLetter {
    let origin = delivery.origin.clone();
    NewDeadLetter {
        ballot_box: origin.unwrap_or_else(|| BallotBox::dead().name().to_owned()),
        kind: LetterKind::Message,
        bytes: delivery.body.to_vec(),
        reason: "undeliverable",
        detail: "delivered too often without being acknowledged".to_owned(),
    }
}
