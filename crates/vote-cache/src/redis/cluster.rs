//! A Redis Cluster: each key is served by one of several masters, and a master that is
//! away takes only its own keys with it.
//!
//! Each master has connections as a single server has, with the same keepers. Which has
//! which slots is asked for every few seconds, and whenever a master says that it does
//! not have a key. (The client library's own cluster connection does not serve here: it
//! holds up all requests while it looks for one master that is away, and refuses
//! pipelines over several.)

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{Cmd, ServerErrorKind, Value, cmd};
use futures::future::join_all;
use metrics::counter;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use vote_domain::Ids;

use super::address::{Address, Seeds};
use super::connections::{Access, Connections};
use super::map::{Map, Master, Place, Range, ranges};
use super::{Answer, Request, ask, pipeline_of, value_of};
use crate::CacheError;

/// How often the slots are asked for, and how often while nobody answers.
const SURVEY_EVERY: Duration = Duration::from_secs(2);
const SURVEY_AGAIN: Duration = Duration::from_millis(250);

/// The least time between two surveys.
const SURVEY_PAUSE: Duration = Duration::from_millis(20);

/// How often a request follows a key that moves.
const MOVES_MAX: u32 = 4;

/// Cheap to clone. The surveyor ends with the last clone.
#[derive(Clone)]
pub(crate) struct Cluster {
    sight: watch::Receiver<Sight>,
    moved: mpsc::Sender<Place>,
    wait: Duration,
}

/// What is known of the cluster.
#[derive(Clone)]
enum Sight {
    /// The first survey is under way: worth waiting for.
    Looking,
    /// Nobody ever answered, and not for want of time.
    Dark(Arc<str>),
    /// The map, and how many surveys there were.
    Known(Arc<Map>, u64),
}

/// Where a request is to go next.
enum Redirect {
    /// The slot lives elsewhere now.
    Moved(Place),
    /// The slot is on its way there, and this key has gone.
    Ask(Place),
}

impl Cluster {
    /// Starts to look for the masters, in the background of this runtime. `access` says
    /// how to connect to one.
    pub(super) fn start(
        seeds: Seeds,
        access: impl Fn(Address) -> Access + Send + 'static,
        ids: &Ids,
    ) -> Result<Self, CacheError> {
        let (sight_out, sight) = watch::channel(Sight::Looking);
        let (moved, moved_in) = mpsc::channel(1);
        let mut known = HashMap::new();
        let mut wait = Duration::ZERO;
        for place in seeds.places() {
            let access = access(seeds.node(&place.0, place.1));
            wait = access.wait;
            known.insert(place.clone(), Connections::start(access, ids)?);
        }
        let surveyor = Surveyor {
            seeds,
            access: Box::new(access),
            ids: ids.clone(),
            known,
            drawn: Vec::new(),
            sight: sight_out,
            moved: moved_in,
        };
        tokio::spawn(surveyor.survey_for_ever());
        Ok(Self { sight, moved, wait })
    }

    /// Whether most of the masters answer.
    pub(super) async fn ping(&self) -> Result<(), CacheError> {
        let (map, _) = self.map().await?;
        let pings = map
            .masters
            .iter()
            .map(|master| ask(&master.connections, cmd("PING")));
        let answers = join_all(pings).await;
        let (n_masters, mut n_up, mut last) = (answers.len(), 0, None);
        for answer in answers {
            match answer {
                Ok(_) => n_up += 1,
                Err(error) => last = Some(error),
            }
        }
        match last {
            Some(error) if 2 * n_up <= n_masters => Err(CacheError::Unavailable(format!(
                "{n_up} of {n_masters} masters answer: {error}"
            ))),
            Some(_) | None => Ok(()),
        }
    }

    /// What the first master answers to `command`, or else the next one.
    pub(super) async fn ask_first(&self, command: &Cmd) -> Answer<Value> {
        let (map, _) = self.map().await?;
        let mut failure = CacheError::Unavailable("no masters".to_owned());
        for master in &map.masters {
            match ask(&master.connections, command.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// A key like `key` in each master that has slots, and another one in whoever takes a
    /// master's place: a replica may not have all that its master had.
    pub(super) async fn key_everywhere(&self, key: &str) -> Result<Vec<String>, CacheError> {
        let (map, _) = self.map().await?;
        let keys = map.masters.iter().filter_map(|master| {
            let tag = master.tag.as_ref()?;
            Some(format!("{key}:{}:{{{tag}}}", master.node))
        });
        Ok(keys.collect())
    }

    /// Answers each of `requests` for itself, in their order.
    pub(super) async fn run_each(&self, requests: &[Request<'_>]) -> Vec<Answer<Value>> {
        let mut answers: Vec<Option<Answer<Value>>> = requests.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..requests.len()).collect();
        let mut failure = CacheError::Unavailable("the keys move too often".to_owned());
        for _ in 0..MOVES_MAX {
            let (map, n_surveys) = match self.map().await {
                Ok(known) => known,
                Err(error) => {
                    failure = error;
                    break;
                }
            };
            let mut by_master: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for at in open.drain(..) {
                match map.master_of(requests[at].key) {
                    Some(master) => by_master.entry(master).or_default().push(at),
                    None => answers[at] = Some(Err(unavailable("no master has the key's slot"))),
                }
            }
            let asked = by_master.into_iter().map(|(master, numbers)| {
                let (map, master) = (&map, &map.masters[master]);
                async move { self.run_on(map, master, requests, numbers).await }
            });
            let mut moved_to = None;
            for (at, answer) in join_all(asked).await.into_iter().flatten() {
                match answer {
                    Ok(answer) => answers[at] = Some(answer),
                    Err(place) => {
                        open.push(at);
                        moved_to = Some(place);
                    }
                }
            }
            match moved_to {
                None => break,
                Some(place) => self.look_again(place, n_surveys).await,
            }
        }
        let answers = answers.into_iter();
        answers
            .map(|answer| answer.unwrap_or_else(|| Err(failure.clone())))
            .collect()
    }

    /// Sends those of `requests` that have `numbers` to `master`; a key that it has no more
    /// comes back with the place it moved to.
    async fn run_on(
        &self,
        map: &Map,
        master: &Master,
        requests: &[Request<'_>],
        numbers: Vec<usize>,
    ) -> Vec<(usize, Result<Answer<Value>, Place>)> {
        let mut pipeline = pipeline_of(numbers.len());
        for at in &numbers {
            pipeline.add_command(requests[*at].command.clone());
        }
        let answers = match master.connections.run(&pipeline).await {
            Ok(answers) => answers,
            Err(error) => {
                let failed = |at| (at, Ok(Err(error.clone())));
                return numbers.into_iter().map(failed).collect();
            }
        };
        let mut outcomes = Vec::with_capacity(numbers.len());
        for (at, answer) in numbers.into_iter().zip(answers) {
            let outcome = match redirect(&answer, &master.place) {
                None => Ok(value_of(answer)),
                Some(Redirect::Moved(place)) => Err(place),
                Some(Redirect::Ask(place)) => match map.at(&place) {
                    Some(master) => Ok(ask_there(master, requests[at].command.clone()).await),
                    None => Err(place),
                },
            };
            outcomes.push((at, outcome));
        }
        outcomes
    }

    /// The map and its survey; waits for the first one.
    async fn map(&self) -> Result<(Arc<Map>, u64), CacheError> {
        let mut sight = self.sight.clone();
        let seen = sight.wait_for(|sight| !matches!(sight, Sight::Looking));
        let seen = match timeout(self.wait, seen).await {
            Ok(Ok(seen)) => seen.clone(),
            Ok(Err(_)) | Err(_) => Sight::Looking,
        };
        match seen {
            Sight::Known(map, n_surveys) => Ok((map, n_surveys)),
            Sight::Dark(reason) => Err(unavailable(&reason)),
            Sight::Looking => Err(unavailable("no master found yet")),
        }
    }

    /// Has the slots asked for, `place` first, and waits for that.
    async fn look_again(&self, place: Place, n_surveys: u64) {
        counter!("tally_cache_moved_total").increment(1);
        // A full queue has the same to say.
        let _ = self.moved.try_send(place);
        let mut sight = self.sight.clone();
        let newer = sight.wait_for(|sight| matches!(sight, Sight::Known(_, n) if *n > n_surveys));
        // Without one the request goes the old way once more.
        let _ = timeout(self.wait, newer).await;
    }
}

/// Sends `command` to a master that is about to get its slot.
async fn ask_there(master: &Master, command: Cmd) -> Answer<Value> {
    let mut pipeline = pipeline_of(2);
    pipeline.cmd("ASKING").add_command(command);
    let mut answers = master.connections.run(&pipeline).await?;
    let answer = answers.pop().ok_or_else(|| unavailable("no answer"))?;
    value_of(answer)
}

/// Whether `answer`, given at `asked`, says to ask elsewhere.
fn redirect(answer: &Value, asked: &Place) -> Option<Redirect> {
    let Value::ServerError(error) = answer else {
        return None;
    };
    let place = || {
        let (_slot, place) = error.details()?.split_once(' ')?;
        let (host, port) = place.rsplit_once(':')?;
        let host = if host.is_empty() { &asked.0 } else { host };
        Some((host.to_owned(), port.parse().ok()?))
    };
    match error.kind()? {
        ServerErrorKind::Moved => Some(Redirect::Moved(place()?)),
        ServerErrorKind::Ask => Some(Redirect::Ask(place()?)),
        _ => None,
    }
}

fn unavailable(reason: &str) -> CacheError {
    CacheError::Unavailable(reason.to_owned())
}

/// Keeps the map.
struct Surveyor {
    seeds: Seeds,
    access: Box<dyn Fn(Address) -> Access + Send>,
    ids: Ids,
    /// Connections to the nodes named in the settings, and to all masters.
    known: HashMap<Place, Connections>,
    /// What the map was drawn from.
    drawn: Vec<Range>,
    sight: watch::Sender<Sight>,
    moved: mpsc::Receiver<Place>,
}

impl Surveyor {
    async fn survey_for_ever(mut self) {
        let mut first = None;
        while !self.sight.is_closed() {
            let began = Instant::now();
            let every = match self.survey(first.take()).await {
                Ok(()) => SURVEY_EVERY,
                Err(error) => {
                    self.sight.send_if_modified(|sight| match sight {
                        Sight::Known(..) => false,
                        Sight::Looking | Sight::Dark(_) => {
                            *sight = Sight::Dark(error.to_string().into());
                            true
                        }
                    });
                    SURVEY_AGAIN
                }
            };
            tokio::select! {
                () = sleep(every) => {}
                () = self.sight.closed() => return,
                place = self.moved.recv() => {
                    first = place;
                    sleep(SURVEY_PAUSE.saturating_sub(began.elapsed())).await;
                }
            }
        }
    }

    /// Asks one node after the other, `first` before all, until one tells the slots.
    async fn survey(&mut self, first: Option<Place>) -> Result<(), CacheError> {
        if let Some(place) = &first {
            self.connect(place)?;
        }
        let mut places: Vec<Place> = self.known.keys().cloned().collect();
        places.sort_by_key(|place| Some(place) != first.as_ref());
        let mut failure = unavailable("no node to ask");
        for place in places {
            let mut slots = cmd("CLUSTER");
            slots.arg("SLOTS");
            let asked = ask(&self.known[&place], slots).await;
            let told = asked.map(|answer| ranges(answer, &place.0));
            match told {
                Ok(Some(ranges)) => return self.draw(ranges),
                Ok(None) => failure = unavailable("the cluster has no slots"),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    /// Shows the map of `ranges`.
    fn draw(&mut self, ranges: Vec<Range>) -> Result<(), CacheError> {
        let n_surveys = match &*self.sight.borrow() {
            Sight::Known(_, n_surveys) => n_surveys + 1,
            Sight::Looking | Sight::Dark(_) => 1,
        };
        let same = match &*self.sight.borrow() {
            Sight::Known(map, _) if self.drawn == ranges => Some(Arc::clone(map)),
            _ => None,
        };
        let map = match same {
            Some(map) => map,
            None => {
                let map = Map::draw(&ranges, |place| self.connect(place))?;
                // Of masters that are none any more, only the nodes named in the settings
                // stay known, to be asked.
                let masters = &map.masters;
                let seeds = self.seeds.places();
                self.known.retain(|place, _| {
                    seeds.contains(place) || masters.iter().any(|master| master.place == *place)
                });
                tracing::info!(n_masters = masters.len(), "the slots of the Redis Cluster");
                self.drawn = ranges;
                Arc::new(map)
            }
        };
        self.sight.send_replace(Sight::Known(map, n_surveys));
        Ok(())
    }

    /// The connections to the node at `place`; starts them if there are none.
    fn connect(&mut self, place: &Place) -> Result<Connections, CacheError> {
        if let Some(connections) = self.known.get(place) {
            return Ok(connections.clone());
        }
        let access = (self.access)(self.seeds.node(&place.0, place.1));
        let connections = Connections::start(access, &self.ids)?;
        self.known.insert(place.clone(), connections.clone());
        Ok(connections)
    }
}
