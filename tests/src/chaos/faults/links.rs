//! Links between services and servers that break.

use std::time::Duration;

use test_stack::{Link, Proxy};
use tokio::time::sleep;

use crate::chaos::plan::{Moment, Part, Trouble};
use crate::links::Links;
use crate::real_stack::RealStack;

/// How much later everything arrives over a slow link.
const DELAYS: [Duration; 3] = [
    Duration::from_millis(20),
    Duration::from_millis(100),
    Duration::from_millis(400),
];

fn to(part: Part, links: &Links) -> &Proxy {
    match part {
        Part::Redis => &links.redis,
        Part::RabbitMq => &links.amqp,
        Part::MariaDb | Part::Catalog | Part::Worker | Part::Gateway => &links.mysql,
    }
}

/// Breaks one service's link to the server `part` for `away`.
pub(super) async fn trouble(
    part: Part,
    which: usize,
    trouble: Trouble,
    away: Duration,
    stack: &RealStack,
) {
    let Some(links) = stack.links.get(which % stack.links.len().max(1)) else {
        return;
    };
    let link = to(part, links);
    link.set(match trouble {
        Trouble::Cut => Link::Cut,
        Trouble::BlackHole => Link::BlackHole,
        Trouble::Slow => Link::Slow(DELAYS[which % DELAYS.len()]),
    });
    sleep(away).await;
    link.set(Link::Whole);
}

/// Cuts every connection to SQL that commits, of all services, for `away`.
pub(super) async fn cut_commits(moment: Moment, away: Duration, stack: &RealStack) {
    let link = match moment {
        Moment::BeforeCommit => Link::CutBeforeCommit,
        Moment::AfterCommit => Link::CutAfterCommit,
    };
    set_all(Part::MariaDb, link, stack);
    sleep(away).await;
    set_all(Part::MariaDb, Link::Whole, stack);
}

/// Puts the server `part` out of everybody's reach for `away`: refused, or never answered.
pub(super) async fn put_out_of_reach(part: Part, which: usize, away: Duration, stack: &RealStack) {
    let link = [Link::Cut, Link::BlackHole][which % 2];
    set_all(part, link, stack);
    sleep(away).await;
    set_all(part, Link::Whole, stack);
}

fn set_all(part: Part, link: Link, stack: &RealStack) {
    for links in &stack.links {
        to(part, links).set(link);
    }
}
