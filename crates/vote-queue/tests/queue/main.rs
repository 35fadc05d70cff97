//! The queue from outside: its contract on both adapters, and what each has of its own.

mod bench;

mod contract;
mod embedded;
mod faults;
mod put_back;
mod rabbitmq;
