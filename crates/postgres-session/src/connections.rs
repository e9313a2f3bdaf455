//! Connections that are kept, and asked in tasks of their own.

use std::future::Future;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use deadpool::managed::{Object, Pool, PoolError};
use sqlx::PgConnection;

use crate::dial::Dial;
use crate::fault::Fault;

/// What is asked of a connection, in one transaction or in none.
pub trait Question: Send + 'static {
    /// What is answered.
    type Answer: Send + 'static;

    /// Asks. Where it ends in an error, the connection is not used again unless the error is the server's own and ended nothing but
    /// its statement.
    fn ask(self, connection: &mut PgConnection) -> impl Future<Output = Result<Self::Answer, Fault>> + Send;
}

/// Connections that are kept.
///
/// A question is asked in a task of its own: a caller that goes away leaves no connection in the middle of a transaction (sqlx
/// #4385), and what was begun is ended.
#[derive(Debug, Clone)]
pub struct Connections {
    pool: Pool<Dial>,
    timeout: Duration,
}

/// A connection that is lent. It goes back when it is dropped.
#[derive(Debug)]
pub struct Lent {
    connection: Object<Dial>,
    pool: Pool<Dial>,
}

impl Lent {
    /// Not to be used again: it may be in the middle of a transaction. Where it was `lost`, those that wait in the pool go the same way.
    pub fn discard(self, lost: bool) {
        drop(Object::take(self.connection));
        if lost {
            self.pool.retain(|_, _| false);
        }
    }
}

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.connection
    }
}

impl Connections {
    pub(crate) fn new(dial: Dial, size: usize, timeout: Duration) -> Self {
        // It fails only for a pool with timeouts but without a runtime to measure them.
        let pool =
            Pool::builder(dial).max_size(size.max(1)).build().unwrap_or_else(|_| unreachable!("no timeouts are set"));
        Self { pool, timeout }
    }

    /// Asks once. After a loss it may or may not have been done.
    pub async fn once<Q: Question>(&self, question: Q) -> Result<Q::Answer, Fault> {
        let connections = self.clone();
        in_task(async move { connections.attempt(question).await }).await
    }

    /// Asks what changes nothing: twice, if the first connection turns out to be broken; it may have been so for long.
    pub async fn ask<Q: Question + Clone + Sync>(&self, question: Q) -> Result<Q::Answer, Fault> {
        let connections = self.clone();
        in_task(async move {
            let answer = connections.attempt(question.clone()).await;
            if answer.as_ref().is_err_and(Fault::is_loss) { connections.attempt(question).await } else { answer }
        })
        .await
    }

    /// A connection for a task that nobody cancels: where it ends in the middle of something, it is to be discarded.
    pub async fn lend(&self) -> Result<Lent, Fault> {
        Ok(Lent { connection: self.take().await?, pool: self.pool.clone() })
    }

    /// Lets go of all connections, and makes no more.
    pub fn close(&self) {
        self.pool.close();
    }

    /// How many connections are lent now, and how many there may be.
    pub fn usage(&self) -> (usize, usize) {
        let status = self.pool.status();
        (status.size.saturating_sub(status.available), status.max_size)
    }

    async fn attempt<Q: Question>(&self, question: Q) -> Result<Q::Answer, Fault> {
        let mut connection = self.lend().await?;
        let asked = tokio::time::timeout(self.timeout, question.ask(&mut connection)).await;
        let answer = asked.unwrap_or_else(|_| Err(Fault::Unreachable(format!("no answer after {:?}", self.timeout))));
        if let Err(fault) = &answer {
            connection.discard(fault.is_loss());
        }
        answer
    }

    async fn take(&self) -> Result<Object<Dial>, Fault> {
        // Whoever waits here waits for others' questions, each of which ends in time.
        let taken = tokio::time::timeout(self.timeout, self.pool.get()).await;
        let taken = taken.map_err(|_| Fault::Unreachable(format!("no connection is free after {:?}", self.timeout)))?;
        taken.map_err(|error| match error {
            PoolError::Backend(fault) => fault,
            PoolError::Closed => Fault::Unreachable("the connections are closed".to_owned()),
            other => Fault::Unreachable(format!("no connection: {other:?}")),
        })
    }
}

async fn in_task<T: Send + 'static>(
    question: impl Future<Output = Result<T, Fault>> + Send + 'static,
) -> Result<T, Fault> {
    let answer = tokio::spawn(question).await;
    answer.unwrap_or_else(|_| Err(Fault::Unreachable("a question to the database panicked".to_owned())))
}
