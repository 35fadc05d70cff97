//! Private MariaDB, RabbitMQ and Redis for tests, and Tally's own programs
//! run as processes beside them.
//!
//! Three ways in:
//!
//! - [`Stack::isolated`] gives a test its own database, vhost and key prefix on
//!   servers that many tests share. `cargo xtask test` starts those servers once
//!   for the whole run; without it each test process starts its own.
//! - [`Stack::start`] starts servers for one test alone, which may then kill,
//!   pause and empty them.
//! - [`ServiceProcess`] runs one of Tally's programs, waits until it is ready,
//!   and kills or stops it.
//!
//! The servers are the installed ones, or those of the folder that [`SERVERS_VARIABLE`]
//! names; MySQL may stand in for MariaDB, and Valkey for Redis.
//!
//! Whatever is started here ends with the test process, however that ends: see
//! `watchdog.rs`. Linux only, because pids are checked against `/proc`.

mod address;
mod cluster;
mod endpoints;
mod http;
mod mariadb;
mod mysql;
mod nodes;
mod pid_file;
mod port;
mod process;
mod program;
mod proxy;
mod rabbitmq;
mod redis;
mod scope;
mod server;
mod service;
mod stack;
mod watchdog;

pub use endpoints::{
    AMQP_URL_VARIABLE, Endpoints, MYSQL_URL_VARIABLE, RABBITMQ_API_VARIABLE, REDIS_URL_VARIABLE,
};
pub use nodes::LAYOUT_VARIABLE;
pub use pid_file::PidFile;
pub use port::free_port;
pub use program::{SERVERS_VARIABLE, built_program};
pub use proxy::{Link, Proxy};
pub use scope::TestScope;
pub use server::Server;
pub use service::{Service, ServiceProcess, check_ready};
pub use stack::Stack;
