//! A real Kafka: one broker, or a cluster of three, in KRaft mode, in a temporary folder.
//!
//! ```no_run
//! # fn story() -> anyhow::Result<()> {
//! let Some(kafka) = test_servers::kafka::shared()? else { return Ok(()) };
//! let url = format!("kafka://{}/topic?single-broker", kafka.bootstrap());
//! # Ok(()) }
//! ```

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::process::{Server, Signal, Start, wait_until};
use crate::{fetched, ports, skip_unless_ci};

/// What is said where there is none.
const MISSING: &str = "Kafka is missing: `cargo xtask servers` fetches it, and Java 17 runs it";
/// Any will do: each cluster is alone in its folder.
const CLUSTER_ID: &str = "c25hZ2xvZ3Rlc3RzISEhIQ";
/// Memory of a broker's Java: enough for tests, and three of them fit on a small machine.
const HEAP: &str = "-Xmx512m";
/// How long a connection may take that only asks whether somebody listens.
const KNOCK: Duration = Duration::from_millis(200);

/// How a cluster is set up, where that isn't the usual.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// 1 (also for 0) or 3 brokers, each a controller too.
    pub brokers: usize,
    /// Settings for every broker's `server.properties`, above the usual ones.
    pub settings: Vec<(String, String)>,
    /// TLS and passwords for clients. Without it they speak plain text.
    pub secure: Option<Secure>,
    /// Environment variables of the brokers' processes (`LD_PRELOAD`).
    pub environment: Vec<(OsString, OsString)>,
}

/// Clients speak TLS and say who they are by SCRAM-SHA-512.
#[derive(Debug, Clone)]
pub struct Secure {
    /// The brokers' certificate and the authorities above it, PEM. It names `localhost` and 127.0.0.1.
    pub certificates: String,
    /// Its private key: PKCS #8, PEM.
    pub key: String,
    /// The one user.
    pub user: String,
    /// The user's password.
    pub password: String,
}

/// One broker or several. Dropping it ends them and removes their folder.
///
/// Everything takes `&self`: what kills a broker runs beside what uses it.
#[derive(Debug)]
pub struct Kafka {
    brokers: Vec<Broker>,
    jars: PathBuf,
    setup: Setup,
    folder: TempDir,
}

#[derive(Debug)]
struct Broker {
    /// From 1.
    id: usize,
    port: u16,
    controller_port: u16,
    running: Mutex<Option<Server>>,
}

/// One broker for all tests of this process, started by the first that asks. `None`, said, where there is no Kafka.
///
/// # Panics
///
/// Where there is none, with `CI=true`.
pub fn shared() -> Result<Option<&'static Kafka>> {
    static SHARED: OnceLock<Option<Kafka>> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    let _one_at_a_time = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if SHARED.get().is_none() {
        // Nobody ends it: that it is silent for a while on a slow machine is no loss of a broker.
        let settings = vec![("broker.session.timeout.ms".to_owned(), "120000".to_owned())];
        let _first = SHARED.set(Kafka::start(&Setup { settings, ..Setup::default() })?);
    }
    let shared = SHARED.get().and_then(Option::as_ref);
    if shared.is_none() {
        skip_unless_ci(MISSING);
    }
    Ok(shared)
}

impl Kafka {
    /// Starts brokers of its own. `None`, said, where there is no Kafka.
    ///
    /// # Panics
    ///
    /// Where there is none, with `CI=true`.
    pub fn start(setup: &Setup) -> Result<Option<Self>> {
        let has_java = Command::new("java").arg("-version").output().is_ok_and(|said| said.status.success());
        let Some(jars) = fetched::jars().filter(|_| has_java) else {
            skip_unless_ci(MISSING);
            return Ok(None);
        };
        let folder = tempfile::Builder::new().prefix("snaglog-kafka-").tempdir().context("make a folder for Kafka")?;
        let brokers: Result<Vec<Broker>> = (1..=setup.brokers.max(1))
            .map(|id| {
                let (port, controller_port) = (ports::free()?, ports::free()?);
                Ok(Broker { id, port, controller_port, running: Mutex::new(None) })
            })
            .collect();
        let kafka = Self { brokers: brokers?, jars, setup: setup.clone(), folder };
        for broker in &kafka.brokers {
            kafka.format(broker)?;
        }
        for broker in &kafka.brokers {
            kafka.begin(broker)?;
        }
        for broker in 0..kafka.brokers.len() {
            kafka.wait_until_up(broker)?;
        }
        Ok(Some(kafka))
    }

    /// How many brokers there are.
    pub fn brokers(&self) -> usize {
        self.brokers.len()
    }

    /// The brokers' addresses, as clients take them.
    pub fn bootstrap(&self) -> String {
        let address = |broker: &Broker| format!("{}:{}", self.host(), broker.port);
        self.brokers.iter().map(address).collect::<Vec<_>>().join(",")
    }

    /// The id that the cluster knows this broker by, from 1; brokers are counted from 0 here.
    pub fn id_of(&self, broker: usize) -> usize {
        self.brokers[broker].id
    }

    /// The broker that the cluster knows by this id.
    pub fn broker_of(&self, id: i32) -> Option<usize> {
        self.brokers.iter().position(|broker| i32::try_from(broker.id) == Ok(id))
    }

    /// Where a broker listens.
    pub fn port(&self, broker: usize) -> u16 {
        self.brokers[broker].port
    }

    /// A broker's process id.
    pub fn pid(&self, broker: usize) -> Result<i32> {
        let running = self.running(broker);
        running.as_ref().map(Server::id).context("the broker does not run")
    }

    /// Where a broker keeps its topics: a folder `TOPIC-PARTITION` for each partition.
    pub fn data(&self, broker: usize) -> PathBuf {
        self.home(&self.brokers[broker]).join("data")
    }

    /// What a broker has said.
    pub fn log(&self, broker: usize) -> PathBuf {
        self.home(&self.brokers[broker]).join("log")
    }

    /// Ends a broker as a loss of power would, its operating system's caches aside.
    pub fn kill(&self, broker: usize) -> Result<()> {
        self.take(broker)?.kill()
    }

    /// Ends a broker in its own time.
    pub fn stop(&self, broker: usize) -> Result<()> {
        self.take(broker)?.end("TERM")
    }

    /// Starts a broker that has ended, and waits until it serves.
    pub fn restart(&self, broker: usize) -> Result<()> {
        self.begin(&self.brokers[broker])?;
        self.wait_until_up(broker)
    }

    /// Sends a broker a signal: `STOP` makes it hang, `CONT` go on.
    pub fn signal(&self, broker: usize, signal: Signal) -> Result<()> {
        self.running(broker).as_ref().context("the broker does not run")?.signal(signal)
    }

    /// Throws away the end of a partition as a broker has it that does not run: every byte of its last segment from `bytes` on.
    /// Kafka finds the rest whole, as after a loss of power before the end was synced.
    pub fn cut(&self, broker: usize, topic: &str, partition: u32, bytes: u64) -> Result<()> {
        if self.running(broker).is_some() {
            bail!("a broker that runs has its files open");
        }
        let data = self.data(broker);
        let folder = data.join(format!("{topic}-{partition}"));
        let mut segments: Vec<_> = entries(&folder)?;
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        segments.sort();
        let last = segments.last().with_context(|| format!("{} has no segment", folder.display()))?;
        std::fs::File::options().write(true).open(last)?.set_len(bytes).context("cut the segment")?;
        // What Kafka has noted beside it: it is made again from the segment. Without the mark of a clean end it looks.
        for path in entries(&folder)? {
            let derived = path.extension().is_some_and(|it| it == "index" || it == "timeindex" || it == "snapshot");
            if derived {
                std::fs::remove_file(&path)?;
            }
        }
        for path in entries(&data)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if name == ".kafka_cleanshutdown" || name.ends_with("-checkpoint") {
                std::fs::remove_file(&path)?;
            }
        }
        Ok(())
    }

    /// The bytes that the last segment of a partition has.
    pub fn length(&self, broker: usize, topic: &str, partition: u32) -> Result<u64> {
        let mut segments = entries(&self.data(broker).join(format!("{topic}-{partition}")))?;
        segments.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
        segments.sort();
        Ok(segments.last().context("no segment")?.metadata()?.len())
    }

    fn host(&self) -> &'static str {
        // What the certificate names.
        if self.setup.secure.is_some() { "localhost" } else { "127.0.0.1" }
    }

    fn home(&self, broker: &Broker) -> PathBuf {
        self.folder.path().join(broker.id.to_string())
    }

    fn running(&self, broker: usize) -> MutexGuard<'_, Option<Server>> {
        self.brokers[broker].running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, broker: usize) -> Result<Server> {
        self.running(broker).take().context("the broker does not run")
    }

    fn format(&self, broker: &Broker) -> Result<()> {
        let home = self.home(broker);
        std::fs::create_dir_all(&home)?;
        std::fs::write(self.properties(broker), self.settings(broker))?;
        let mut format = self.java(&home, "kafka.tools.StorageTool");
        format.args(["format", "--cluster-id", CLUSTER_ID, "--config"]).arg(self.properties(broker));
        if let Some(Secure { user, password, .. }) = &self.setup.secure {
            format.arg("--add-scram").arg(format!("SCRAM-SHA-512=[name={user},password={password}]"));
        }
        let said = format.output().context("run java")?;
        if !said.status.success() {
            bail!(
                "formatting failed: {}{}",
                String::from_utf8_lossy(&said.stdout),
                String::from_utf8_lossy(&said.stderr)
            );
        }
        Ok(())
    }

    fn begin(&self, broker: &Broker) -> Result<()> {
        let home = self.home(broker);
        let java = self.java(&home, "kafka.Kafka");
        let mut arguments: Vec<OsString> = java.get_args().map(ToOwned::to_owned).collect();
        arguments.push(self.properties(broker).into());
        let start = Start {
            program: Path::new("java"),
            arguments,
            environment: &self.setup.environment,
            log: &home.join("log"),
            folder: self.folder.path(),
            quick_end: "KILL",
        };
        let mut running = broker.running.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_some() {
            bail!("broker {} runs already", broker.id);
        }
        *running = Some(Server::start(&start)?);
        Ok(())
    }

    /// A broker listens once it serves.
    fn wait_until_up(&self, broker: usize) -> Result<()> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port(broker)));
        let runs = || self.running(broker).as_ref().is_some_and(Server::runs);
        wait_until("the broker listens", || TcpStream::connect_timeout(&address, KNOCK).is_ok() || !runs())?;
        if !runs() {
            let said = std::fs::read_to_string(self.log(broker)).unwrap_or_default();
            let end: Vec<_> = said.lines().rev().take(20).collect();
            bail!(
                "the broker ended while it started; it said last:\n{}",
                end.into_iter().rev().collect::<Vec<_>>().join("\n")
            );
        }
        Ok(())
    }

    fn java(&self, home: &Path, class: &str) -> Command {
        let mut java = Command::new("java");
        java.args([HEAP, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:+PerfDisableSharedMem"]);
        java.args(["-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Djava.awt.headless=true"]);
        java.arg("-cp").arg(self.jars.join("*")).arg(class).current_dir(home);
        java
    }

    fn properties(&self, broker: &Broker) -> PathBuf {
        self.home(broker).join("server.properties")
    }

    fn settings(&self, broker: &Broker) -> String {
        let (id, host) = (broker.id, self.host());
        let voters: Vec<_> =
            self.brokers.iter().map(|voter| format!("{}@127.0.0.1:{}", voter.id, voter.controller_port)).collect();
        let replicas = self.brokers.len().min(3);
        let protocol = if self.setup.secure.is_some() { "SASL_SSL" } else { "PLAINTEXT" };
        let mut settings = vec![
            ("process.roles", "broker,controller".to_owned()),
            ("node.id", id.to_string()),
            ("controller.quorum.voters", voters.join(",")),
            ("controller.listener.names", "CONTROLLER".to_owned()),
            (
                "listeners",
                format!("CLIENTS://127.0.0.1:{},CONTROLLER://127.0.0.1:{}", broker.port, broker.controller_port),
            ),
            ("advertised.listeners", format!("CLIENTS://{host}:{}", broker.port)),
            ("listener.security.protocol.map", format!("CLIENTS:{protocol},CONTROLLER:PLAINTEXT")),
            ("inter.broker.listener.name", "CLIENTS".to_owned()),
            ("log.dirs", self.home(broker).join("data").display().to_string()),
            ("auto.create.topics.enable", "false".to_owned()),
            ("offsets.topic.replication.factor", replicas.to_string()),
            ("transaction.state.log.replication.factor", replicas.to_string()),
            ("num.network.threads", "2".to_owned()),
            ("num.io.threads", "4".to_owned()),
            ("log.cleaner.dedupe.buffer.size", "8388608".to_owned()),
            // Sooner than in production, so that tests of a broker's loss take seconds.
            ("broker.session.timeout.ms", "3000".to_owned()),
            ("broker.heartbeat.interval.ms", "500".to_owned()),
            ("controlled.shutdown.enable", "true".to_owned()),
        ];
        if let Some(secure) = &self.setup.secure {
            settings.extend(tls(secure));
        }
        let own = settings.into_iter().map(|(name, value)| (name.to_owned(), value));
        let lines =
            own.chain(self.setup.settings.clone()).map(|(name, value)| format!("{name}={}\n", one_line(&value)));
        lines.collect()
    }
}

fn tls(secure: &Secure) -> Vec<(&'static str, String)> {
    let Secure { certificates, key, user, password } = secure;
    let login = "org.apache.kafka.common.security.scram.ScramLoginModule required";
    vec![
        ("ssl.keystore.type", "PEM".to_owned()),
        ("ssl.keystore.certificate.chain", certificates.clone()),
        ("ssl.keystore.key", key.clone()),
        ("ssl.truststore.type", "PEM".to_owned()),
        ("ssl.truststore.certificates", certificates.clone()),
        ("ssl.client.auth", "none".to_owned()),
        ("sasl.enabled.mechanisms", "SCRAM-SHA-512".to_owned()),
        ("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-512".to_owned()),
        (
            "listener.name.clients.scram-sha-512.sasl.jaas.config",
            format!("{login} username=\"{user}\" password=\"{password}\";"),
        ),
    ]
}

/// As `.properties` files have lines within a value.
fn one_line(value: &str) -> String {
    value.trim_end().replace('\\', "\\\\").replace('\n', "\\n")
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))?;
    Ok(entries.flatten().map(|entry| entry.path()).collect())
}
