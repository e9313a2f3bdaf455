//! The suite that every view store must pass.
