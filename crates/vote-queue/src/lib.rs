//! The durable queue of votes: RabbitMQ, and an embedded queue in a file beside it. Both
//! are held to one contract (`tests/queue/contract.rs`):
//!
//! - what [`Slot::publish`] answered with `Ok` is durable and is delivered at least once;
//! - what it refused is certainly not in the queue; anything else is [`PublishError::Unknown`];
//! - what was delivered and not acknowledged is delivered again;
//! - a broken or overloaded queue answers quickly, and mends by itself.
//!
//! Bodies are bytes: this crate knows nothing of what a vote looks like. It is the only
//! user of `lapin` and of `redb`.
//!
//! | to find | see |
//! | --- | --- |
//! | how votes gather and leave | `publish.rs`, `publish/line.rs`, `publish/lane.rs` |
//! | exchanges, queues, bindings | `rabbit/topology.rs` |
//! | connections, and how they are made anew | `rabbit/link.rs` |
//! | what a confirm means, how a message comes back into an unbound box | `rabbit/outlet.rs` |
//! | how messages are received on RabbitMQ | `rabbit/intake.rs` |
//! | the embedded queue's thread, rules and file | `embedded/broker.rs`, `embedded/work.rs`, `embedded/file.rs` |

mod ballot_box;
mod consume;
mod embedded;
mod meter;
mod publish;
mod queue;
mod rabbit;
mod retry;

pub use ballot_box::{BallotBox, UnknownBallotBox};
pub use consume::{Consumer, ConsumerSettings, Delivery, Tag};
pub use embedded::{EmbeddedQueue, EmbeddedSettings, Faults, OpenError};
pub use publish::{
    Doubt, Frame, Overloaded, PublishError, Publisher, PublisherSettings, Refusal, Slot,
};
pub use queue::{Depth, Health, LinkHealth, Queue, TopologyError};
pub use rabbit::{RabbitQueue, RabbitSettings, SettingsError};
