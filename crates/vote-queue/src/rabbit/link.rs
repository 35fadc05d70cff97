//! One supervised connection: made anew for ever, with back-off and jitter.
//!
//! The client library's own recovery is not used: it gives up after a number of tries,
//! does not recover channels the broker closed, and would declare a deleted queue again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Connection, Event};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use uuid::Uuid;
use vote_domain::Ids;

use super::addresses::{Addresses, Round};
use super::settings::{RabbitSettings, SettingsError};
use super::socket::{self, Socket};
use crate::meter;
use crate::queue::LinkHealth;
use crate::retry::Backoff;

/// The pause before another broker of the same cluster is tried.
const NEXT_ADDRESS: Duration = Duration::from_millis(50);
/// A connection that lived this long was a success: the next pause is short again.
const LASTED: Duration = Duration::from_secs(10);
/// How often a connection is looked at that has said nothing.
const LOOK: Duration = Duration::from_secs(1);
/// How long after one greeting was answered the next is sent.
const GREETING_PAUSE: Duration = Duration::from_secs(1);
/// No queue has this name, so the broker drops what is sent there.
const GREETING_KEY: &str = "tally.greeting";

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Publish,
    Consume,
}

impl Purpose {
    fn name(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Consume => "consume",
        }
    }
}

/// A live connection. `epoch` tells it from those before.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) connection: Arc<Connection>,
    pub(super) epoch: u64,
}

/// The state of a [`Link`].
#[derive(Clone)]
pub(super) enum LinkState {
    Down(Arc<str>),
    Blocked(Arc<str>),
    Up(Live),
}

/// A connection that is made anew for ever. Cheap to clone; it is closed with the last clone.
#[derive(Clone)]
pub(super) struct Link {
    state: watch::Receiver<LinkState>,
    suspicions: mpsc::UnboundedSender<Suspicion>,
    supervisor: TaskTracker,
    stop: CancellationToken,
    _stop_on_drop: Arc<DropGuard>,
    seeds: Ids,
    reconnect_max: Duration,
    n_brokers: usize,
    answers: Arc<Mutex<Answers>>,
}

/// Whether the broker of a connection still answers for boxes, any of them.
#[derive(Debug, Default)]
struct Answers {
    epoch: u64,
    /// When an answer first stayed away, with none since.
    stay_away_since: Option<Instant>,
}

impl Answers {
    fn of(&mut self, epoch: u64) -> &mut Option<Instant> {
        if self.epoch != epoch {
            *self = Self {
                epoch,
                stay_away_since: None,
            };
        }
        &mut self.stay_away_since
    }

    fn came(&mut self, epoch: u64) {
        *self.of(epoch) = None;
    }

    /// Notes that none came to what was asked at `asked_at`; answers whether that was asked
    /// after another had stayed away.
    fn stayed_away(&mut self, epoch: u64, asked_at: Instant, now: Instant) -> bool {
        let since = self.of(epoch).get_or_insert(now);
        *since <= asked_at
    }
}

struct Suspicion {
    epoch: u64,
    reason: Arc<str>,
}

impl Link {
    pub(super) fn start(
        purpose: Purpose,
        url: &str,
        settings: &RabbitSettings,
        ids: &Ids,
    ) -> Result<Self, SettingsError> {
        let (sender, state) = watch::channel(LinkState::Down("not connected yet".into()));
        let (suspicions, receiver) = mpsc::unbounded_channel();
        let (supervisor, stop) = (TaskTracker::new(), CancellationToken::new());
        let uris = settings.uris(url)?;
        let n_brokers = uris.len();
        let task = Supervisor {
            purpose,
            addresses: Addresses::shuffled(uris, seed(ids)),
            name: format!("{} {}", settings.name, purpose.name()),
            limit: settings.answer_timeout,
            backoff: Backoff::new(seed(ids), settings.reconnect_max),
            state: sender,
            suspicions: receiver,
            stop: stop.clone(),
            epoch: 0,
        };
        supervisor.spawn(task.run());
        supervisor.close();
        Ok(Self {
            state,
            suspicions,
            supervisor,
            _stop_on_drop: Arc::new(stop.clone().drop_guard()),
            stop,
            seeds: ids.clone(),
            reconnect_max: settings.reconnect_max,
            n_brokers,
            answers: Arc::default(),
        })
    }

    pub(super) fn state(&self) -> LinkState {
        self.state.borrow().clone()
    }

    /// The connection, as soon as there is one that works; never if the link is closed.
    pub(super) async fn up(&self) -> Live {
        let mut state = self.state.clone();
        loop {
            if let LinkState::Up(live) = &*state.borrow_and_update() {
                return live.clone();
            }
            if state.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Waits until the connection of `epoch` is not up any more, and says why.
    pub(super) async fn lost(&self, epoch: u64) -> LinkState {
        let mut state = self.state.clone();
        let gone = state
            .wait_for(|state| !matches!(state, LinkState::Up(live) if live.epoch == epoch))
            .await;
        match gone {
            Ok(state) => state.clone(),
            Err(_) => LinkState::Down("closed".into()),
        }
    }

    /// Reports that the connection of `epoch` seems to be dead; it is ended at once.
    pub(super) fn suspect(&self, epoch: u64, reason: &str) {
        let reason = reason.into();
        // Without a supervisor there is no connection left to end.
        let _ = self.suspicions.send(Suspicion { epoch, reason });
    }

    /// Notes that the broker answered for a box on the connection of `epoch`.
    pub(super) fn answered(&self, epoch: u64) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.came(epoch);
    }

    /// Notes that a box did not answer in time what it was asked at `asked_at` on the
    /// connection of `epoch`. Of several brokers, one that answered for no box since an
    /// earlier answer stayed away is left: cut off from the others it may go on answering
    /// everything else (tried on RabbitMQ 4.3). A box that is silent alone keeps its
    /// connection, for others do well on it; and with one broker there is nowhere else to go.
    pub(super) fn unanswered(&self, epoch: u64, asked_at: Instant) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_silent = answers.stayed_away(epoch, asked_at, Instant::now());
        if is_silent && self.n_brokers > 1 {
            self.suspect(epoch, "the broker answers for no box");
        }
    }

    /// Pauses with a jitter of their own.
    pub(super) fn backoff(&self) -> Backoff {
        self.backoff_up_to(self.reconnect_max)
    }

    /// As [`Self::backoff`], with a limit of their own.
    pub(super) fn backoff_up_to(&self, max: Duration) -> Backoff {
        Backoff::new(seed(&self.seeds), max)
    }

    pub(super) fn health(&self) -> LinkHealth {
        match self.state() {
            LinkState::Up(_) => LinkHealth::Up,
            LinkState::Blocked(reason) => LinkHealth::Blocked(reason),
            LinkState::Down(reason) => LinkHealth::Down(reason),
        }
    }

    /// Closes the connection, and makes no other.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.supervisor.wait().await;
    }
}

fn seed(ids: &Ids) -> u64 {
    ids.next::<Uuid>().as_u64_pair().1
}

struct Supervisor {
    purpose: Purpose,
    addresses: Addresses,
    name: String,
    limit: Duration,
    backoff: Backoff,
    state: watch::Sender<LinkState>,
    suspicions: mpsc::UnboundedReceiver<Suspicion>,
    stop: CancellationToken,
    epoch: u64,
}

impl Supervisor {
    async fn run(mut self) {
        let link = self.purpose.name();
        loop {
            let began = Instant::now();
            let Some(reason) = self.hold_connection().await else {
                self.state.send_replace(LinkState::Down("closed".into()));
                return;
            };
            self.state.send_replace(LinkState::Down(reason.clone()));
            meter::reconnecting(link);
            if began.elapsed() > LASTED {
                self.backoff.reset();
                self.addresses.begin_round();
            }
            let broker = self.addresses.name();
            let pause = match self.addresses.go_on() {
                Round::UnderWay => NEXT_ADDRESS,
                Round::Over => self.backoff.pause(),
            };
            tracing::warn!(link, broker, %reason, pause_ms = pause.as_millis(), "no connection to the broker");
            let pause = tokio::time::sleep(pause);
            if self.stop.run_until_cancelled(pause).await.is_none() {
                self.state.send_replace(LinkState::Down("closed".into()));
                return;
            }
        }
    }

    /// Makes one connection and holds it to its end. Says why it ended; `None` for a stop.
    async fn hold_connection(&mut self) -> Option<Arc<str>> {
        let socket = Socket::default();
        let connecting = socket::connect(self.addresses.current(), &self.name, self.limit, &socket);
        let connecting = timeout(self.limit, connecting);
        let connection = match self.stop.clone().run_until_cancelled(connecting).await? {
            Ok(Ok(connection)) => connection,
            Ok(Err(error)) => return Some(error.to_string().into()),
            Err(_) => return Some(format!("no answer within {:?}", self.limit).into()),
        };
        self.epoch += 1;
        let live = Live {
            connection: Arc::new(connection),
            epoch: self.epoch,
        };
        let end = self.watch(&live).await;
        if end.is_none() {
            self.state.send_replace(LinkState::Down("closed".into()));
            let closing = live.connection.close(200, "closed".into());
            // Whatever comes of it, the socket is shut next.
            let _ = timeout(self.limit.min(Duration::from_secs(2)), closing).await;
        }
        end
    }

    /// Follows a connection's state until it ends.
    async fn watch(&mut self, live: &Live) -> Option<Arc<str>> {
        let connection = &live.connection;
        let mut events = connection.events_listener();
        let mut look = tokio::time::interval(LOOK);
        let greets = self.purpose == Purpose::Publish;
        let mut greeting = greet(connection.clone(), None).boxed();
        let (mut greeted, mut greeted_at) = (!greets, Instant::now());
        let mut blocked: Option<Arc<str>> = None;
        loop {
            match &blocked {
                Some(reason) => self.show(LinkState::Blocked(reason.clone())),
                None if greeted => self.show(LinkState::Up(live.clone())),
                None => {}
            }
            tokio::select! {
                () = self.stop.cancelled() => return None,
                Some(suspicion) = self.suspicions.recv() => {
                    if suspicion.epoch == live.epoch {
                        return Some(suspicion.reason);
                    }
                }
                answer = &mut greeting, if greets => match answer {
                    Ok(channel) => {
                        (greeted, greeted_at) = (true, Instant::now());
                        greeting = greet_later(connection.clone(), Some(channel)).boxed();
                    }
                    // Who may not greet is answered all the same.
                    Err(error) if error.is_amqp_soft_error() => {
                        (greeted, greeted_at) = (true, Instant::now());
                        greeting = greet_later(connection.clone(), None).boxed();
                    }
                    Err(error) => return Some(error.to_string().into()),
                },
                event = events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => blocked = Some(reason.into()),
                    Some(Event::ConnectionUnblocked) => {
                        (blocked, greeted_at) = (None, Instant::now());
                    }
                    Some(Event::Error(error)) if !connection.status().connected() => {
                        return Some(error.to_string().into());
                    }
                    // Errors of channels are for whoever has the channel.
                    Some(_) => {}
                    None => return Some("the connection ended".into()),
                },
                _ = look.tick() => {
                    if !connection.status().connected() {
                        return Some("the connection ended".into());
                    }
                    // A blocked broker says that it is: wait for it, on this connection.
                    let silent = greets && blocked.is_none();
                    if silent && greeted_at.elapsed() > self.limit + GREETING_PAUSE {
                        return Some(format!("no answer within {:?}", self.limit).into());
                    }
                }
            }
        }
    }

    /// Shows `state` if it is news.
    fn show(&self, state: LinkState) {
        self.state.send_if_modified(|shown| {
            let news = match (&*shown, &state) {
                (LinkState::Up(a), LinkState::Up(b)) => a.epoch != b.epoch,
                (LinkState::Blocked(a), LinkState::Blocked(b)) => a != b,
                _ => true,
            };
            if news {
                *shown = state;
            }
            news
        });
    }
}

/// Greets after a pause, on `channel` if it still stands.
async fn greet_later(
    connection: Arc<Connection>,
    channel: Option<Channel>,
) -> lapin::Result<Channel> {
    tokio::time::sleep(GREETING_PAUSE).await;
    greet(connection, channel).await
}

/// Publishes one message that goes nowhere, and awaits its confirm; on `channel`, or on a
/// new one. Returns the channel, for the next.
///
/// A broker under alarm says so to a connection only when that publishes, and at that
/// moment stops reading from it: whatever was being published is stuck. Let that be a
/// greeting rather than votes.
async fn greet(connection: Arc<Connection>, channel: Option<Channel>) -> lapin::Result<Channel> {
    let channel = match channel {
        Some(channel) => channel,
        None => {
            let channel = connection.create_channel().await?;
            let options = ConfirmSelectOptions::default();
            channel.confirm_select(options).await?;
            channel
        }
    };
    let confirm = channel
        .basic_publish(
            "".into(),
            GREETING_KEY.into(),
            BasicPublishOptions::default(),
            b"",
            BasicProperties::default(),
        )
        .await?;
    confirm.await?;
    Ok(channel)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_silent_once_two_answers_in_a_row_stayed_away() {
        let began = Instant::now();
        let at = |s| began + Duration::from_secs(s);
        let mut answers = Answers::default();
        // Two at the same time say no more than one.
        assert!(!answers.stayed_away(1, at(0), at(5)));
        assert!(!answers.stayed_away(1, at(1), at(6)));
        assert!(answers.stayed_away(1, at(5), at(10)));
    }

    #[test]
    fn what_another_box_is_answered_counts_and_another_connection_begins_anew() {
        let began = Instant::now();
        let at = |s| began + Duration::from_secs(s);
        let mut answers = Answers::default();
        assert!(!answers.stayed_away(1, at(0), at(5)));
        answers.came(1);
        assert!(!answers.stayed_away(1, at(5), at(10)));
        // The connection was made anew.
        assert!(!answers.stayed_away(2, at(10), at(15)));
        assert!(answers.stayed_away(2, at(15), at(20)));
    }
}
