//! Attacks from outside, on Tally in one process: it serves the routes of all services.

mod canary;
mod matrix;
mod routes;
mod scene;
mod timing;
mod tokens;
