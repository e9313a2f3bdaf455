//! The benchmarks. `cargo xtask bench NAME [--json]` builds for release and runs it.

use clap::{Parser, Subcommand};
use tests::bench::{self, report::Report};

/// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Debug, Parser)]
#[command(name = "bench", about = "Measures Snaglog; each figure is a ratio to a reference measured in the same run")]
struct Bench {
    /// One JSON object a line instead of a table
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    name: Name,
}

#[derive(Debug, Subcommand)]
enum Name {
    /// The server end to end: durable commands a second, queries at two sizes, memory, start
    Serve(bench::serve::Serve),
    /// The event log itself, beside what its storage can do bare: events a second at 1, 64 and 512 in flight, reading, overload
    Append(bench::append::Append),
    /// The projections: events folded a second, beside reading and decoding them alone
    Project(bench::project::Project),
    /// SLA clocks: deadlines a second
    Sla(bench::sla::Sla),
    /// The reference that `serve` is measured against: a bare unary echo (started by `serve` itself)
    #[command(hide = true)]
    Echo,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let bench = Bench::parse();
    let report = |name| Report::new(name, bench.json);
    match bench.name {
        Name::Serve(serve) => serve.run(report("serve")).await,
        Name::Append(append) => append.run(report("append")).await,
        Name::Project(project) => project.run(report("project")).await,
        Name::Sla(sla) => sla.run(report("sla")).await,
        Name::Echo => bench::echo::serve().await,
    }
}
