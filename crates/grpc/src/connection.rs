//! Connections that can be cut.
//!
//! An open stream or a silent peer would keep a graceful shutdown waiting for ever. So each connection ends with an error once the token
//! is cancelled, whatever it is doing.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures::Stream;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::{Connected, TcpConnectInfo};

/// After a failure to accept (too many open files, most often) the next try waits so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A connection that ends when it is told to.
pub(crate) struct Connection {
    stream: TcpStream,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    turn: Turn,
}

/// How far a write has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It waits until others have had theirs.
    Others,
    /// It is its own.
    Own,
    /// Something is written, and not yet flushed.
    Written,
}

/// All connections that come, without delays for small packets. Never ends, never fails.
pub(crate) fn incoming(listener: TcpListener, cut: CancellationToken) -> impl Stream<Item = io::Result<Connection>> {
    futures::stream::unfold((listener, cut), |(listener, cut)| async {
        let stream = accept(&listener).await;
        let connection = Connection { stream, cut: Box::pin(cut.clone().cancelled_owned()), turn: Turn::Others };
        Some((Ok(connection), (listener, cut)))
    })
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await.and_then(|(stream, _)| stream.set_nodelay(true).map(|()| stream)) {
            Ok(stream) => return stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.cut.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl Connection {
    /// Lets every task that is ready go first, once before each flush: what they answer goes out with the same write.
    fn others_first(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.turn != Turn::Others {
            return Poll::Ready(());
        }
        self.turn = Turn::Own;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// It takes no slices, on purpose: what is written of several places at once goes out answer by answer. Copied into one place, many go out
/// together.
impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.others_first(context));
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        self.turn = Turn::Written;
        Poll::Ready(written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.turn == Turn::Written {
            self.turn = Turn::Others;
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

impl Connected for Connection {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}
