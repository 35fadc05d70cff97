//! How fast Tally is: its own pace, beside what would be built instead and beside what the
//! servers of this machine can do at most, all in one run on one machine.
//!
//! Load generator, services and servers share the machine, so figures are compared with
//! each other and never with those of another run.

mod amqp;
mod ground;
mod limits;
mod load;
mod progress;
pub mod report;
pub mod rival;
pub mod run;
mod scenario;
mod usage;
mod wire;
