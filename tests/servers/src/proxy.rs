//! A way to a server that a test can cut: at once, or at a certain step.
//!
//! What goes through is passed on in the pieces in which it comes; a client's message that is small comes in one.

use std::net::Ipv4Addr;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, AtomicU16, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Most bytes that are passed on at once.
const PIECE_BYTES_MAX: usize = 64 * 1024;

/// Where a connection is cut, told from a message of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Before it reaches the server.
    Before,
    /// When half of it has.
    Half,
    /// When the server has answered it, and before the client hears any of that.
    Answered,
    /// When the client has heard half of the answer's first piece.
    HalfAnswered,
}

/// A port of this machine that leads to another. Dropping it cuts all connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    control: Arc<Control>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Control {
    to: AtomicU16,
    /// Counts up with each cut of everything.
    cuts: watch::Sender<u64>,
    /// Counts up whenever everything falls silent.
    silences: watch::Sender<u64>,
    rule: Mutex<Option<Rule>>,
    /// Counts up with each rule that was followed.
    followed: watch::Sender<u64>,
}

/// One message, and what happens then.
#[derive(Debug, Clone)]
struct Rule {
    mark: Vec<u8>,
    /// How many messages with the mark pass before.
    pass: usize,
    cut: Cut,
}

const PASS: u8 = 0;
const SWALLOW: u8 = 1;
const HALVE: u8 = 2;

impl Proxy {
    /// A new way to `port` of this machine.
    pub async fn start(port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.context("listen")?;
        let own = listener.local_addr().context("ask for the port")?.port();
        let control = Arc::new(Control {
            to: AtomicU16::new(port),
            cuts: watch::Sender::new(0),
            silences: watch::Sender::new(0),
            rule: Mutex::new(None),
            followed: watch::Sender::new(0),
        });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&control)));
        Ok(Self { port: own, control, accepting })
    }

    /// Where to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// New connections lead to another port; to 0: nowhere, they are cut at once.
    pub fn lead_to(&self, port: u16) {
        self.control.to.store(port, Ordering::SeqCst);
    }

    /// Cuts all connections.
    pub fn cut(&self) {
        self.control.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Lets all connections fall silent, as when a machine is gone: nothing comes through any more, and neither end is told. New
    /// ones pass.
    pub fn silence(&self) {
        self.control.silences.send_modify(|silences| *silences += 1);
    }

    /// Cuts a connection once: at the message with this mark that comes after `pass` others with it.
    pub fn cut_at(&self, mark: impl Into<Vec<u8>>, pass: usize, cut: Cut) {
        *self.control.rule() = Some(Rule { mark: mark.into(), pass, cut });
    }

    /// Forgets the rule; whether it was followed.
    pub fn forget(&self) -> bool {
        self.control.rule().take().is_none()
    }

    /// How many rules were followed, watched.
    pub fn followed(&self) -> watch::Receiver<u64> {
        self.control.followed.subscribe()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.lead_to(0);
        self.cut();
    }
}

impl Control {
    fn rule(&self) -> MutexGuard<'_, Option<Rule>> {
        self.rule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to this piece of a client's.
    fn judge(&self, piece: &[u8]) -> Option<Cut> {
        let mut rule = self.rule();
        let found = rule.as_mut().filter(|rule| contains(piece, &rule.mark))?;
        if found.pass > 0 {
            found.pass -= 1;
            return None;
        }
        let cut = found.cut;
        *rule = None;
        self.followed.send_modify(|followed| *followed += 1);
        Some(cut)
    }
}

async fn accept(listener: TcpListener, control: Arc<Control>) {
    while let Ok((client, _)) = listener.accept().await {
        let (control, mut cuts) = (Arc::clone(&control), control.cuts.subscribe());
        tokio::spawn(async move {
            tokio::select! {
                () = connect(client, control) => {}
                _ = cuts.changed() => {}
            }
        });
    }
}

/// Returns when the connection has ended or was cut; both its ends are closed then.
async fn connect(client: TcpStream, control: Arc<Control>) {
    let mut silences = control.silences.subscribe();
    let to = control.to.load(Ordering::SeqCst);
    let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).await else { return };
    // A proxy that waits for more to send would be slower than the way without it.
    let (_, _) = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let answers = AtomicU8::new(PASS);
    let (mut requests, mut replies) =
        (pin!(requests(from_client, to_server, &control, &answers)), pin!(replies(from_server, to_client, &answers)));
    tokio::select! {
        biased;
        // Both ends stay open until everything is cut.
        _ = silences.changed() => std::future::pending().await,
        () = &mut requests => {}
        () = &mut replies => {}
    }
}

async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, control: &Control, answers: &AtomicU8) {
    let mut piece = vec![0; PIECE_BYTES_MAX];
    while let Ok(bytes @ 1..) = from.read(&mut piece).await {
        let passed = match control.judge(&piece[..bytes]) {
            None => bytes,
            Some(Cut::Before) => return,
            Some(Cut::Half) => {
                let _cut_anyway = to.write_all(&piece[..bytes / 2]).await;
                return;
            }
            Some(Cut::Answered) => {
                answers.store(SWALLOW, Ordering::SeqCst);
                bytes
            }
            Some(Cut::HalfAnswered) => {
                answers.store(HALVE, Ordering::SeqCst);
                bytes
            }
        };
        if to.write_all(&piece[..passed]).await.is_err() {
            return;
        }
    }
}

async fn replies(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, answers: &AtomicU8) {
    let mut piece = vec![0; PIECE_BYTES_MAX];
    while let Ok(bytes @ 1..) = from.read(&mut piece).await {
        let passed = match answers.load(Ordering::SeqCst) {
            SWALLOW => return,
            HALVE => bytes / 2,
            _ => bytes,
        };
        if to.write_all(&piece[..passed]).await.is_err() || passed < bytes {
            return;
        }
    }
}

fn contains(piece: &[u8], mark: &[u8]) -> bool {
    piece.windows(mark.len().max(1)).any(|window| window == mark)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Cut, Proxy};

    /// A server that answers what it hears in capitals, and the proxy before it.
    async fn echo() -> Proxy {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut bytes = [0; 100];
                    while let Ok(count @ 1..) = client.read(&mut bytes).await {
                        client.write_all(&bytes[..count].to_ascii_uppercase()).await.unwrap();
                    }
                });
            }
        });
        Proxy::start(port).await.unwrap()
    }

    async fn says(client: &mut TcpStream, words: &str) -> String {
        let mut heard = [0; 100];
        // A write that is cut tells nothing: the read does.
        let _ = client.write_all(words.as_bytes()).await;
        let count = client.read(&mut heard).await.unwrap_or(0);
        String::from_utf8_lossy(&heard[..count]).into_owned()
    }

    #[tokio::test]
    async fn a_connection_is_cut_at_the_step_that_was_asked_for() {
        let proxy = echo().await;
        for (cut, heard) in [(Cut::Before, ""), (Cut::Half, ""), (Cut::Answered, ""), (Cut::HalfAnswered, "MA")] {
            let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
            proxy.cut_at("mark", 1, cut);
            assert_eq!(says(&mut client, "other").await, "OTHER");
            assert_eq!(says(&mut client, "mark").await, "MARK", "the first passes");
            assert_eq!(says(&mut client, "mark").await, heard, "{cut:?}");
            assert_eq!(says(&mut client, "more").await, "", "{cut:?}");
            assert!(proxy.forget(), "{cut:?}");
        }
    }

    #[tokio::test]
    async fn everything_is_cut_at_once_and_new_connections_lead_elsewhere() {
        let (proxy, other) = (echo().await, echo().await);
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        assert_eq!(says(&mut client, "a").await, "A");
        proxy.cut();
        assert_eq!(says(&mut client, "a").await, "");
        proxy.lead_to(other.port());
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        assert_eq!(says(&mut client, "b").await, "B");
        proxy.lead_to(0);
        other.cut();
        let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).await.unwrap();
        assert_eq!(says(&mut client, "c").await, "");
    }
}
