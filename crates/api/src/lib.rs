//! The public contract as Rust: messages, clients and servers generated in the build from `proto/`.
//!
//! What never happens here: anything written by hand but the size of their buffers (`codec.rs`). Who needs a conversion writes it in `grpc`, or where the client is.
//!
//! # Recipes
//!
//! **To add a method or message**: its `.proto` file; `cargo xtask proto` lints it, checks that it breaks nobody, and renews `docs/api.md`.
#![expect(
    missing_docs,
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    clippy::doc_lazy_continuation,
    clippy::large_enum_variant,
    reason = "generated; the comments are in proto/"
)]

mod codec;

include!(concat!(env!("OUT_DIR"), "/snaglog.rs"));

pub use snaglog::*;

/// The descriptor set of all packages, for reflection.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
