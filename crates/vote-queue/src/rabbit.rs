//! The queue on RabbitMQ.

mod addresses;
mod intake;
mod link;
mod outlet;
mod settings;
mod socket;
mod topology;
mod unacked;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;
use vote_domain::Ids;

use crate::BallotBox;
use crate::consume::{Consumer, ConsumerSettings};
use crate::publish::{Doubt, Fate, Frame, Outlet, Parcel, Publisher, PublisherSettings};
use crate::queue::{Depth, Health, TopologyError};

pub(crate) use outlet::RabbitOutlet;
pub use settings::{RabbitSettings, SettingsError};

use link::{Link, Purpose};
use topology::Topology;

/// The queue on RabbitMQ: one connection to publish on, another to consume on. A broker
/// short of memory or disk stops reading from whoever publishes, acknowledgements
/// included, so the two must not share.
#[derive(Clone)]
pub struct RabbitQueue(Arc<Inner>);

struct Inner {
    publish: Link,
    consume: Link,
    topology: Topology,
    settings: RabbitSettings,
    ids: Ids,
}

impl RabbitQueue {
    pub(crate) fn start(settings: &RabbitSettings, ids: &Ids) -> Result<Self, SettingsError> {
        let publish = Link::start(Purpose::Publish, &settings.publish_url, settings, ids)?;
        let consume = Link::start(Purpose::Consume, &settings.consume_url, settings, ids)?;
        Ok(Self(Arc::new(Inner {
            topology: Topology::new(consume.clone(), settings),
            publish,
            consume,
            settings: settings.clone(),
            ids: ids.clone(),
        })))
    }

    pub(crate) async fn declare(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        self.0.topology.declare(ballot_box).await
    }

    pub(crate) async fn unbind(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        self.0.topology.unbind(ballot_box).await
    }

    pub(crate) async fn delete(&self, ballot_box: &BallotBox) -> Result<(), TopologyError> {
        self.0.topology.delete(ballot_box).await
    }

    pub(crate) async fn depth(&self, ballot_box: &BallotBox) -> Result<Depth, TopologyError> {
        self.0.topology.depth(ballot_box).await
    }

    pub(crate) fn publisher(
        &self,
        ballot_box: &BallotBox,
        settings: &PublisherSettings,
        frame: Frame,
    ) -> Publisher {
        Publisher::start(ballot_box, settings, frame, || {
            let link = self.0.publish.clone();
            let outlet = RabbitOutlet::new(link, ballot_box, &self.0.settings, &self.0.ids);
            Outlet::Rabbit(Box::new(outlet))
        })
    }

    /// It is done to its end even if the caller gives up.
    pub(crate) async fn put_back(
        &self,
        ballot_box: &BallotBox,
        body: Bytes,
        deadline: Instant,
    ) -> Fate {
        let Inner {
            publish,
            settings,
            ids,
            ..
        } = &*self.0;
        let left = deadline.saturating_duration_since(Instant::now());
        let settings = RabbitSettings {
            confirm_timeout: settings.confirm_timeout.min(left),
            ..settings.clone()
        };
        let outlet = RabbitOutlet::new(publish.clone(), ballot_box, &settings, ids);
        let mut outlet = outlet.past_bindings();
        let parcel = Parcel {
            body,
            trace_parent: None,
        };
        let putting = tokio::spawn(async move {
            let fate = match outlet.open().await {
                Ok(()) => outlet.send(parcel).await,
                Err(refusal) => Fate::Refused(refusal),
            };
            outlet.close().await;
            fate
        });
        putting
            .await
            .unwrap_or_else(|error| Fate::Unknown(Doubt::Lost(error.to_string().into())))
    }

    pub(crate) fn consumer(&self, ballot_box: &BallotBox, settings: &ConsumerSettings) -> Consumer {
        let (consumer, supply) = Consumer::new(ballot_box);
        let link = self.0.consume.clone();
        let limit = self.0.settings.answer_timeout;
        tokio::spawn(intake::run(
            link,
            ballot_box.clone(),
            settings.prefetch.max(1),
            limit,
            supply,
        ));
        consumer
    }

    pub(crate) fn health(&self) -> Health {
        Health {
            publish: self.0.publish.health(),
            consume: self.0.consume.health(),
        }
    }

    pub(crate) async fn until_up(&self) {
        self.0.publish.up().await;
        self.0.consume.up().await;
    }

    pub(crate) async fn close(&self) {
        self.0.publish.close().await;
        self.0.consume.close().await;
    }
}

impl fmt::Debug for RabbitQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RabbitQueue").field(&self.health()).finish()
    }
}
