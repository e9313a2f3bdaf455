//! Free ports of this machine.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Result, bail};

/// Below the ports that systems give to outgoing connections: a server that is started again finds its port free.
const FIRST: u16 = 18_000;
const COUNT: u16 = 14_000;

/// A port of 127.0.0.1 that nobody listens on, and that this process wasn't given before.
pub fn free() -> Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes that run at once begin at different places.
    let begin = u16::try_from(std::process::id().wrapping_mul(97) % u32::from(COUNT))?;
    for _ in 0..COUNT {
        let port = FIRST + begin.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port from {FIRST} to {} is free", FIRST + COUNT - 1)
}
