//! A worker at one ballot box: collects, settles, acknowledges.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use vote_queue::{BallotBox, Consumer, Delivery, TopologyError};

use crate::collect::{Fill, collect, gather};
use crate::product::Product;
use crate::worker::Worker;

/// How long a box must give nothing before it is looked into.
const DRAIN_WAIT: Duration = Duration::from_millis(20);

/// A worker at one box. Cheap to clone.
#[derive(Clone)]
pub(crate) struct BoxWorker<P> {
    pub(crate) worker: Worker,
    pub(crate) product: P,
    pub(crate) ballot_box: BallotBox,
}

impl<P: Product> BoxWorker<P> {
    pub(crate) fn new(worker: Worker, product: P) -> Self {
        Self {
            worker,
            ballot_box: product.ballot_box(),
            product,
        }
    }

    /// Settles what arrives until `stop` is cancelled; then finishes the batch in hand,
    /// acknowledges it, and hands back the rest.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let serving =
            metrics::gauge!("tally_worker_consumers", "box" => self.ballot_box.name().to_owned());
        serving.increment(1);
        let mut consumer = self.consumer();
        let fill = self.fill(self.worker.settings.batch_linger);
        while let Some(Some(batch)) = stop
            .run_until_cancelled(collect(&self.product, &mut consumer, fill))
            .await
        {
            if !self.settle(&batch, &stop).await {
                break;
            }
            consumer.ack(&batch.tags).await;
        }
        consumer.stop().await;
        // Whatever held it up is not this worker's to wait for any more.
        self.worker.trouble.forget(&self.ballot_box);
        serving.decrement(1);
    }

    /// How a batch is filled whose first message may wait for `linger`.
    fn fill(&self, linger: Duration) -> Fill {
        let settings = &self.worker.settings;
        Fill {
            votes_max: settings.batch_votes_max,
            messages_max: settings.prefetch.into(),
            linger,
        }
    }

    /// A consumer of the box.
    pub(crate) fn consumer(&self) -> Consumer {
        let settings = self.worker.consumer_settings();
        self.worker.queue.consumer(&self.ballot_box, &settings)
    }

    /// Settles and acknowledges `first` and what has arrived behind it. `false` only when
    /// it was told to stop before that.
    pub(crate) async fn bring_in(
        &self,
        first: Delivery,
        consumer: &mut Consumer,
        stop: &CancellationToken,
    ) -> bool {
        let fill = self.fill(Duration::ZERO);
        let batch = gather(&self.product, first, consumer, fill).await;
        let settled = self.settle(&batch, stop).await;
        if settled {
            consumer.ack(&batch.tags).await;
        }
        settled
    }

    /// Settles what is in the box, until it is empty; for a process that is the box's only
    /// worker and must know that nothing is under way.
    pub(crate) async fn drain(&self, stop: &CancellationToken) -> Result<(), TopologyError> {
        let mut consumer = self.consumer();
        loop {
            let first = match tokio::time::timeout(DRAIN_WAIT, consumer.recv()).await {
                Ok(Some(first)) => first,
                Ok(None) => break,
                Err(_) if self.worker.queue.depth(&self.ballot_box).await?.n_ready > 0 => continue,
                // Nothing waits, but something may have come while it was asked.
                Err(_) => match consumer.try_recv() {
                    Some(first) => first,
                    None => break,
                },
            };
            if !self.bring_in(first, &mut consumer, stop).await {
                break;
            }
        }
        consumer.stop().await;
        Ok(())
    }
}
