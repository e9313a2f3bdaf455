//! Clients that nobody here wrote: `buf curl`, which learns the contract by reflection, and grpcio in Python, which generates it.
//!
//! Each walks an issue through its life, and sees a good error for every kind of mistake.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a scenario ends where its helpers can't go on")]

mod buf;
mod curl;
mod python;
mod web;
