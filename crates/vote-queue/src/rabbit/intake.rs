//! Receives from one queue: connection → channel → qos → consumer, made anew for ever.

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::future::try_join_all;
use lapin::message::Delivery as Message;
use lapin::options::{
    BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicGetOptions, BasicNackOptions,
    BasicQosOptions, BasicRejectOptions,
};
use lapin::protocol::AMQPErrorKind;
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, ErrorKind};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::link::{Link, Live};
use super::outlet;
use super::topology::{depth_on, topology_error};
use super::unacked::{Settlement, Unacked};
use crate::BallotBox;
use crate::consume::{Delivery, Order, Supply, Tag};
use crate::meter::ConsumeMeter;
use crate::queue::{Depth, TopologyError};

/// A channel that lived this long was a success: the next pause is short again.
const LASTED: Duration = Duration::from_secs(10);

/// The longest pause of a box at which the broker itself fails: each try ends the
/// connection, which other boxes are consumed on, too.
const SICK_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Serves one consumer until it stops or is dropped.
pub(super) async fn run(
    link: Link,
    ballot_box: BallotBox,
    prefetch: u16,
    limit: Duration,
    supply: Supply,
) {
    let mut backoff = link.backoff();
    let mut sick = link.backoff_up_to(SICK_PAUSE_MAX);
    let mut intake = Intake {
        link,
        meter: ConsumeMeter::of(&ballot_box),
        ballot_box,
        prefetch,
        limit,
        supply,
        epoch: 0,
        pace: Pace::Careful,
    };
    loop {
        let began = Instant::now();
        let end = intake.hold_channel().await;
        if began.elapsed() > LASTED {
            backoff.reset();
            sick.reset();
        }
        let (pause, until_lost, reason) = match end {
            End::Stopped => return,
            End::Lost(reason) => (backoff.pause(), None, reason),
            End::Sick(reason) => (sick.pause(), None, reason),
            End::Silent(epoch, reason) => (backoff.pause(), Some(epoch), reason),
        };
        // What was delivered on it will be delivered again.
        intake.epoch += 1;
        intake.supply.epoch.store(intake.epoch, Ordering::Release);
        tracing::warn!(queue = %intake.ballot_box, %reason, pause_ms = pause.as_millis(), "consuming anew");
        let link = intake.link.clone();
        let pausing = async {
            let pause = tokio::time::sleep(pause);
            match until_lost {
                None => pause.await,
                // Another connection may be to a broker for which the box answers.
                Some(epoch) => tokio::select! {
                    () = pause => {}
                    _ = link.lost(epoch) => {}
                },
            }
        };
        if let Meanwhile::Stopped(asker) = intake.meanwhile(pausing).await {
            answer(asker);
            return;
        }
    }
}

struct Intake {
    link: Link,
    ballot_box: BallotBox,
    prefetch: u16,
    limit: Duration,
    supply: Supply,
    meter: ConsumeMeter,
    /// Counts channels, so that tags of a former one are known as such.
    epoch: u64,
    pace: Pace,
}

/// How many messages are asked for at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// One, until there is none, or one that is no redelivery.
    Careful,
    /// The whole prefetch.
    Full,
}

/// A channel.
struct Session {
    link_epoch: u64,
    channel: Channel,
    /// From when on the pace is full.
    consumer: Option<lapin::Consumer>,
    unacked: Unacked,
}

impl Session {
    /// What the broker sends unasked; nothing for as long as there is no consumer.
    async fn next(&mut self) -> Option<lapin::Result<Message>> {
        match &mut self.consumer {
            Some(consumer) => consumer.next().await,
            None => std::future::pending().await,
        }
    }
}

/// How one channel's service ended.
enum End {
    Stopped,
    Lost(String),
    /// The broker failed at this very box, and ended the connection over it.
    Sick(String),
    /// The box does not answer on the connection of this epoch, which stands.
    Silent(u64, String),
}

/// How waiting without a channel ended.
enum Meanwhile<T> {
    Done(T),
    /// The consumer stops, and may want to be told; or it was dropped.
    Stopped(Option<oneshot::Sender<()>>),
}

/// Whoever asked may be gone; then nobody waits.
fn answer(asker: Option<oneshot::Sender<()>>) {
    if let Some(asker) = asker {
        let _ = asker.send(());
    }
}

/// Why a step on a channel failed.
enum Failure {
    Broker(lapin::Error),
    /// The connection seems to be dead.
    NoAnswer(&'static str),
    /// The box does not answer what it was asked then, as one without a leader: others may.
    NoAnswerOfBox(&'static str, Instant),
    /// The queue was deleted, or is away.
    Cancelled,
}

impl Failure {
    fn reason(&self) -> String {
        match self {
            Self::Broker(error) => error.to_string(),
            Self::NoAnswer(step) | Self::NoAnswerOfBox(step, _) => format!("no answer to {step}"),
            Self::Cancelled => "the broker cancelled the consumer".to_owned(),
        }
    }

    /// Whether the broker ended the connection over `ballot_box`, as over a queue whose
    /// process it cannot start.
    fn is_over(&self, ballot_box: &BallotBox) -> bool {
        let Self::Broker(error) = self else {
            return false;
        };
        let ErrorKind::ProtocolError(protocol) = error.kind() else {
            return false;
        };
        let is_hard = matches!(protocol.kind(), AMQPErrorKind::Hard(_));
        is_hard
            && error
                .to_string()
                .contains(&format!("'{}'", ballot_box.name()))
    }
}

impl Intake {
    /// Makes one channel and serves it to its end.
    async fn hold_channel(&mut self) -> End {
        let link = self.link.clone();
        let live = match self.meanwhile(link.up()).await {
            Meanwhile::Done(live) => live,
            Meanwhile::Stopped(asker) => {
                answer(asker);
                return End::Stopped;
            }
        };
        let full_pace = self.pace == Pace::Full;
        let prefetch = full_pace.then_some(self.prefetch);
        let attaching = attach(live.clone(), self.ballot_box.clone(), prefetch, self.limit);
        tokio::pin!(attaching);
        let attached = match self.meanwhile(&mut attaching).await {
            Meanwhile::Done(attached) => attached,
            Meanwhile::Stopped(asker) => {
                // Not given up half-way: the broker would keep a consumer that nobody serves.
                if let Ok(mut session) = attaching.await {
                    self.stop(&mut session).await;
                }
                answer(asker);
                return End::Stopped;
            }
        };
        let mut session = match attached {
            Ok(session) => session,
            Err(failure) => return self.lost(live.epoch, &failure),
        };
        if session.consumer.is_some() {
            self.link.answered(live.epoch);
        }
        match self.serve(&mut session).await {
            Ok(()) => End::Stopped,
            // The client closes a channel that is dropped: what a silent box may still answer
            // finds nobody.
            Err(failure) => self.lost(live.epoch, &failure),
        }
    }

    fn lost(&self, link_epoch: u64, failure: &Failure) -> End {
        let reason = failure.reason();
        match failure {
            Failure::NoAnswer(_) => {
                self.link.suspect(link_epoch, &reason);
                End::Lost(reason)
            }
            Failure::NoAnswerOfBox(_, asked_at) => {
                self.link.unanswered(link_epoch, *asked_at);
                End::Silent(link_epoch, reason)
            }
            Failure::Broker(_) if failure.is_over(&self.ballot_box) => End::Sick(reason),
            Failure::Broker(_) | Failure::Cancelled => End::Lost(reason),
        }
    }

    /// Waits for `work` while there is no channel, and carries out orders as far as that
    /// is possible without one.
    async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Meanwhile<T> {
        tokio::pin!(work);
        loop {
            let order = tokio::select! {
                outcome = &mut work => return Meanwhile::Done(outcome),
                order = self.supply.orders.recv() => order,
            };
            match order {
                // Tags of a former channel: those messages are delivered again anyway.
                Some(Order::Acknowledge(_, asker) | Order::Release(_, asker)) => {
                    answer(Some(asker));
                }
                Some(Order::Depth(asker)) => {
                    // Whoever asked may be gone.
                    let _ = asker.send(Err(TopologyError::Unavailable("no channel".into())));
                }
                Some(Order::Stop(asker)) => {
                    self.retire();
                    return Meanwhile::Stopped(Some(asker));
                }
                None => return Meanwhile::Stopped(None),
            }
        }
    }

    /// Makes all that was delivered stale.
    fn retire(&self) {
        self.supply.epoch.store(u64::MAX, Ordering::Release);
    }

    /// Passes deliveries on and carries out orders; `Ok` when the consumer stops.
    async fn serve(&mut self, session: &mut Session) -> Result<(), Failure> {
        loop {
            if session.consumer.is_none() && session.unacked.is_empty() {
                self.ask_for_one(session).await?;
            }
            tokio::select! {
                biased;
                order = self.supply.orders.recv() => match order {
                    Some(Order::Acknowledge(tags, done)) => {
                        let settlements = session.unacked.settle(self.numbers(&tags));
                        self.acknowledge(&session.channel, &settlements).await?;
                        let _ = done.send(());
                    }
                    Some(Order::Release(tags, done)) => {
                        let numbers = session.unacked.settle_singly(self.numbers(&tags));
                        self.release(&session.channel, &numbers).await?;
                        let _ = done.send(());
                    }
                    Some(Order::Depth(answer)) => match self.depth(session).await {
                        Ok(depth) => {
                            let _ = answer.send(Ok(depth));
                        }
                        Err(failure) => {
                            let _ = answer.send(Err(match &failure {
                                Failure::Broker(error) => topology_error(error),
                                Failure::NoAnswer(_)
                                | Failure::NoAnswerOfBox(..)
                                | Failure::Cancelled => {
                                    TopologyError::Unavailable(failure.reason().into())
                                }
                            }));
                            return Err(failure);
                        }
                    },
                    Some(Order::Stop(done)) => {
                        self.retire();
                        self.stop(session).await;
                        let _ = done.send(());
                        return Ok(());
                    }
                    None => {
                        self.stop(session).await;
                        return Ok(());
                    }
                },
                message = session.next() => match message {
                    Some(Ok(message)) => self.pass_on(session, message),
                    Some(Err(error)) => return Err(Failure::Broker(error)),
                    None => return Err(Failure::Cancelled),
                },
            }
        }
    }

    /// What is in the box. That nothing is ready, a majority of its members has confirmed.
    ///
    /// A cluster's broker answers a passive declare from the member it takes for the
    /// leader, and one that was cut off from the others a moment ago still takes itself
    /// for it. To take a message, or to find none, is agreed on like everything else that
    /// changes a quorum queue; so the box is asked for one.
    async fn depth(&mut self, session: &mut Session) -> Result<Depth, Failure> {
        let (channel, limit) = (session.channel.clone(), self.limit);
        let looking = || of_box(limit, "queue.declare", depth_on(&channel, &self.ballot_box));
        let depth = looking().await?;
        if depth.n_ready > 0 {
            return Ok(depth);
        }
        let name = self.ballot_box.name().into();
        let taking = channel.basic_get(name, BasicGetOptions { no_ack: false });
        match of_box(limit, "basic.get", taking).await? {
            Some(message) => {
                self.pass_on(session, message.delivery);
                Ok(Depth {
                    n_ready: 1,
                    ..depth
                })
            }
            // Who else consumes may have changed meanwhile.
            None => looking().await,
        }
    }

    fn pass_on(&self, session: &mut Session, message: Message) {
        self.link.answered(session.link_epoch);
        session.unacked.delivered(message.delivery_tag);
        let delivery = Delivery {
            body: Bytes::from(message.data),
            redelivered: message.redelivered,
            origin: origin(&message.properties),
            trace_parent: outlet::trace_parent(&message.properties),
            tag: Tag {
                epoch: self.epoch,
                number: message.delivery_tag,
            },
        };
        self.meter.delivered(&delivery);
        // The consumer may be gone; then the order of that is on its way.
        let _ = self.supply.deliveries.send(delivery);
    }

    /// Asks for one message, and goes on at full pace unless it is a redelivery.
    ///
    /// One is asked for rather than consumed with a prefetch of one, which would have to be
    /// cancelled with that message in hand: were its broker to die then, the others would
    /// keep the message for it until the box's leader changes (tried on RabbitMQ 3.10).
    async fn ask_for_one(&mut self, session: &mut Session) -> Result<(), Failure> {
        let (channel, name) = (session.channel.clone(), self.ballot_box.name().into());
        let taking = channel.basic_get(name, BasicGetOptions { no_ack: false });
        if let Some(message) = of_box(self.limit, "basic.get", taking).await? {
            let message = message.delivery;
            let redelivered = message.redelivered;
            self.pass_on(session, message);
            if redelivered {
                return Ok(());
            }
        }
        let consuming = consume(&channel, &self.ballot_box, self.prefetch);
        session.consumer = Some(of_box(self.limit, "basic.consume", consuming).await?);
        self.link.answered(session.link_epoch);
        self.pace = Pace::Full;
        Ok(())
    }

    fn numbers(&self, tags: &[Tag]) -> Vec<u64> {
        tags.iter()
            .filter(|tag| tag.epoch == self.epoch)
            .map(|tag| tag.number)
            .collect()
    }

    /// Uses the channel itself: the acker of a delivery would answer a dead channel with
    /// `Ok(false)`, where this is an error.
    async fn acknowledge(
        &self,
        channel: &Channel,
        settlements: &[Settlement],
    ) -> Result<(), Failure> {
        let acks = try_join_all(settlements.iter().map(|settlement| {
            let multiple = settlement.multiple;
            channel.basic_ack(settlement.number, BasicAckOptions { multiple })
        }));
        within(self.limit, "basic.ack", acks).await.map(|_| ())
    }

    /// By `basic.reject`: from RabbitMQ 4.3 on, what comes back by `basic.nack` does not
    /// count towards the delivery limit.
    async fn release(&self, channel: &Channel, numbers: &[u64]) -> Result<(), Failure> {
        let options = BasicRejectOptions { requeue: true };
        let rejects = try_join_all(
            numbers
                .iter()
                .map(|number| channel.basic_reject(*number, options)),
        );
        within(self.limit, "basic.reject", rejects)
            .await
            .map(|_| ())
    }

    /// What was merely held: it counts towards the delivery limit before RabbitMQ 4.3 only.
    async fn hand_back(
        &self,
        channel: &Channel,
        settlements: &[Settlement],
    ) -> Result<(), Failure> {
        let nacks = try_join_all(settlements.iter().map(|settlement| {
            let options = BasicNackOptions {
                multiple: settlement.multiple,
                requeue: true,
            };
            channel.basic_nack(settlement.number, options)
        }));
        within(self.limit, "basic.nack", nacks).await.map(|_| ())
    }

    /// Cancels, and hands back what is not settled.
    async fn stop(&self, session: &mut Session) {
        let stopping = async {
            let channel = session.channel.clone();
            if let Some(mut consumer) = session.consumer.take() {
                let cancelling =
                    channel.basic_cancel(consumer.tag(), BasicCancelOptions::default());
                within(self.limit, "basic.cancel", cancelling).await?;
                while let Ok(Some(Ok(message))) = timeout(self.limit, consumer.next()).await {
                    session.unacked.delivered(message.delivery_tag);
                }
            }
            let settlements = session.unacked.settle_all();
            self.hand_back(&channel, &settlements).await?;
            // The broker answers in order: once it says that the channel is closed, all
            // acknowledgements before have arrived.
            let closing = channel.close(200, "stopped".into());
            within(self.limit, "channel.close", closing).await
        };
        if let Err(failure) = stopping.await {
            // The broker hands back what a lost channel held.
            self.lost(session.link_epoch, &failure);
            tracing::warn!(queue = %self.ballot_box, reason = failure.reason(), "a consumer did not stop in order");
        }
    }
}

/// Opens a channel, and consumes on it if there is a `prefetch`.
async fn attach(
    live: Live,
    ballot_box: BallotBox,
    prefetch: Option<u16>,
    limit: Duration,
) -> Result<Session, Failure> {
    let channel = within(limit, "channel.open", live.connection.create_channel()).await?;
    let consumer = match prefetch {
        Some(prefetch) => {
            let consuming = consume(&channel, &ballot_box, prefetch);
            Some(of_box(limit, "basic.consume", consuming).await?)
        }
        None => None,
    };
    Ok(Session {
        link_epoch: live.epoch,
        channel,
        consumer,
        unacked: Unacked::default(),
    })
}

async fn consume(
    channel: &Channel,
    ballot_box: &BallotBox,
    prefetch: u16,
) -> lapin::Result<lapin::Consumer> {
    let qos = BasicQosOptions { global: false };
    channel.basic_qos(prefetch, qos).await?;
    channel
        .basic_consume(
            ballot_box.name().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await
}

async fn within<T>(
    limit: Duration,
    step: &'static str,
    work: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Failure> {
    match timeout(limit, work).await {
        Ok(outcome) => outcome.map_err(Failure::Broker),
        Err(_) => Err(Failure::NoAnswer(step)),
    }
}

/// As [`within`], for what the broker answers once the box's leader has.
async fn of_box<T>(
    limit: Duration,
    step: &'static str,
    work: impl Future<Output = lapin::Result<T>>,
) -> Result<T, Failure> {
    let asked_at = Instant::now();
    let done = within(limit, step, work).await;
    done.map_err(|failure| match failure {
        Failure::NoAnswer(step) => Failure::NoAnswerOfBox(step, asked_at),
        failure => failure,
    })
}

/// The queue a dead-lettered message died in.
fn origin(properties: &BasicProperties) -> Option<String> {
    let headers = properties.headers().as_ref()?.inner();
    if let Some(AMQPValue::LongString(queue)) = headers.get("x-first-death-queue") {
        return Some(queue.to_string());
    }
    let AMQPValue::FieldArray(deaths) = headers.get("x-death")? else {
        return None;
    };
    let AMQPValue::FieldTable(death) = deaths.as_slice().last()? else {
        return None;
    };
    match death.inner().get("queue")? {
        AMQPValue::LongString(queue) => Some(queue.to_string()),
        _ => None,
    }
}
