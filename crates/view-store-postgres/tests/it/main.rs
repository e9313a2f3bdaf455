//! Views in PostgreSQL, on a real server.

#![cfg(test)]

mod contract;
mod given;
mod nodes;
mod outages;
mod tables;
