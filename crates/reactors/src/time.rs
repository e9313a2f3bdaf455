//! Where time comes from.

use async_trait::async_trait;
use jiff::Timestamp;

/// A time source: a service's own, or one that a test moves on.
#[async_trait]
pub trait TimeSource: Send + Sync + 'static {
    /// The moment it is.
    fn now(&self) -> Timestamp;

    /// Returns once that moment has come. It may return a little early: whoever waits looks at the time again.
    async fn reaches(&self, at: Timestamp);
}
