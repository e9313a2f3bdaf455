//! `snaglog flow PROJECT`.

mod chart;
mod sheet;
mod story;

use api::flow::v1::flow_service_client::FlowServiceClient;
use api::flow::v1::{self as proto, GetCumulativeFlowRequest, GetThroughputRequest, GetTimesRequest, Window};
use clap::{Args, ValueEnum};

use super::failure::Failure;
use super::issue::{Fresh, explain};
use super::session::Session;
use super::times;

/// Show how a project's issues flow: where they stood day by day, how many came and went, how long things took.
///
/// Days are days in UTC, weeks begin on Monday. An issue is counted under the severity, level, … that it has now.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The project's key
    project: String,
    /// From then on: a length of time before now (`90d`, `6 weeks`), RFC 3339, a date, `yesterday` [default: 90 days]
    #[arg(long, value_name = "TIME", value_parser = times::since)]
    since: Option<prost_types::Timestamp>,
    /// Until then [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    until: Option<prost_types::Timestamp>,
    /// Tell issues apart by this
    #[arg(long, value_name = "DIMENSION")]
    by: Option<By>,
    /// How long a step is; not with --times
    #[arg(long, conflicts_with = "times")]
    step: Option<Step>,
    /// How many came and went, instead of where they stood
    #[arg(long, conflicts_with = "times")]
    throughput: bool,
    /// How long things took, instead of where they stood
    #[arg(long)]
    times: bool,
    /// Comma-separated values, for a spreadsheet
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    fresh: Fresh,
}

/// What issues are told apart by.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Severity,
    Level,
    Nature,
    Source,
    Component,
    Team,
}

/// How long a step is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Step {
    Day,
    Week,
    Month,
}

impl Show {
    /// Shows it.
    pub(crate) async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.csv && session.output.is_json() {
            return Err(Failure::usage("--csv and --json: one of them"));
        }
        let by = self.by.map_or(proto::Dimension::Unspecified, By::proto).into();
        // A line for each day would be a long table.
        let weeks = self.throughput && self.by.is_none();
        let step = if weeks { proto::Step::Week } else { proto::Step::Unspecified };
        let step = self.step.map_or(step, Step::proto).into();
        let window = Some(Window { since: self.since, until: self.until });
        let consistency = self.fresh.consistency();
        let mut client = FlowServiceClient::new(session.wire());
        let failed = |status| explain(session.failure(status), "");
        if self.times {
            session.output.expect_fields_of::<proto::Times>(&[])?;
            let request = GetTimesRequest { project: self.project, window, by, consistency };
            let answer = client.get_times(request).await.map_err(failed)?.into_inner().times.unwrap_or_default();
            return show(session, &answer, self.csv, sheet::times, story::times);
        }
        if self.throughput {
            session.output.expect_fields_of::<proto::Throughput>(&[])?;
            let request = GetThroughputRequest { project: self.project, window, step, by, consistency };
            let answer = client.get_throughput(request).await.map_err(failed)?.into_inner();
            return show(
                session,
                &answer.throughput.unwrap_or_default(),
                self.csv,
                sheet::throughput,
                story::throughput,
            );
        }
        session.output.expect_fields_of::<proto::CumulativeFlow>(&[])?;
        let request = GetCumulativeFlowRequest { project: self.project, window, step, by, consistency };
        let answer = client.get_cumulative_flow(request).await.map_err(failed)?.into_inner();
        show(session, &answer.flow.unwrap_or_default(), self.csv, sheet::standing, story::standing)
    }
}

fn show<M: prost::Message + prost::Name>(
    session: &Session,
    message: &M,
    csv: bool,
    sheet: impl FnOnce(&M) -> Result<String, csv::Error>,
    story: impl FnOnce(&M) -> String,
) -> Result<(), Failure> {
    if csv {
        let sheet = sheet(message).map_err(|error| Failure::failed(format!("--csv: {error}")))?;
        session.output.text(sheet.trim_end());
    } else {
        session.output.show(message, story);
    }
    Ok(())
}

impl By {
    fn proto(self) -> proto::Dimension {
        match self {
            Self::Severity => proto::Dimension::Severity,
            Self::Level => proto::Dimension::Level,
            Self::Nature => proto::Dimension::Nature,
            Self::Source => proto::Dimension::Source,
            Self::Component => proto::Dimension::Component,
            Self::Team => proto::Dimension::Team,
        }
    }
}

impl Step {
    fn proto(self) -> proto::Step {
        match self {
            Self::Day => proto::Step::Day,
            Self::Week => proto::Step::Week,
            Self::Month => proto::Step::Month,
        }
    }
}
