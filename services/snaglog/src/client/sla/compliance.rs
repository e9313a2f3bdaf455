//! `snaglog sla compliance PROJECT`.

use api::sla::v1::sla_service_client::SlaServiceClient;
use api::sla::v1::{
    self as proto, ComplianceFigures, ComplianceLine, ComplianceWindow, GetComplianceRequest, Measure,
    RecomputeComplianceRequest,
};
use clap::{Args, ValueEnum};

use super::sheet;
use crate::client::failure::Failure;
use crate::client::issue::{Fresh, explain};
use crate::client::json;
use crate::client::output::table;
use crate::client::session::Session;
use crate::client::times;

/// Show how promises were kept. Days are days in UTC; a verdict counts on its day, under what was in force then.
#[derive(Debug, Args)]
pub(crate) struct Compliance {
    /// The project's key
    project: String,
    /// From then on: a length of time before now (`90d`, `6 weeks`), RFC 3339, a date, `yesterday` [default: 90 days]
    #[arg(long, value_name = "TIME", value_parser = times::since)]
    since: Option<prost_types::Timestamp>,
    /// Until then [default: now]
    #[arg(long, value_name = "TIME", value_parser = times::parse)]
    until: Option<prost_types::Timestamp>,
    /// Tell figures apart by this
    #[arg(long, value_name = "DIMENSION")]
    by: Option<By>,
    /// Show the trend by this, too
    #[arg(long)]
    step: Option<Step>,
    /// Comma-separated values, for a spreadsheet; each row with the policy's versions and the log's position
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    back: super::explain::Back,
    #[command(flatten)]
    fresh: Fresh,
}

/// What figures are told apart by.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum By {
    Severity,
    Team,
    Component,
    Source,
    Customer,
}

/// How long a step of the trend is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Step {
    Day,
    Week,
    Month,
}

/// What each line of JSON says besides its figures.
const BESIDE: [&str; 7] = ["project", "since", "until", "by", "as_of", "partition", "position"];

impl Compliance {
    pub(super) async fn run(self, session: &Session) -> Result<(), Failure> {
        if self.csv && session.output.is_json() {
            return Err(Failure::usage("--csv and --json: one of them"));
        }
        session.output.expect_fields_of::<ComplianceLine>(&BESIDE)?;
        let told = self.ask(session).await?;
        if session.output.is_json() {
            for line in &told.lines {
                session.output.json(row(&told, line));
            }
        } else if self.csv {
            let sheet = sheet::compliance(&told).map_err(|error| Failure::failed(format!("--csv: {error}")))?;
            session.output.text(sheet.trim_end());
        } else {
            session.output.text(story(&told));
        }
        Ok(())
    }
}

impl Compliance {
    async fn ask(&self, session: &Session) -> Result<proto::Compliance, Failure> {
        let window = Some(ComplianceWindow { since: self.since, until: self.until });
        let by = self.by.map_or(proto::Dimension::Unspecified, By::proto).into();
        let step = self.step.map_or(proto::TrendStep::Unspecified, Step::proto).into();
        let project = self.project.clone();
        let mut client = SlaServiceClient::new(session.wire());
        let failed = |status| explain(session.failure(status), "");
        let Some(look_back) = self.back.look_back() else {
            let consistency = self.fresh.consistency();
            let request = GetComplianceRequest { project, window, by, step, consistency, look_back: None };
            let answer = client.get_compliance(request).await.map_err(failed)?.into_inner();
            return Ok(answer.compliance.unwrap_or_default());
        };
        // It may take long: how far it has come is told where somebody looks.
        let request = RecomputeComplianceRequest { project, window, by, step, look_back: Some(look_back) };
        let mut told = client.recompute_compliance(request).await.map_err(failed)?.into_inner();
        let bar = indicatif::ProgressBar::new(0).with_message("issues").with_style(
            indicatif::ProgressStyle::with_template("{spinner} {msg} {wide_bar} {percent} %")
                .unwrap_or_else(|_| indicatif::ProgressStyle::default_bar()),
        );
        let mut answer = None;
        while let Some(message) = told.message().await.map_err(failed)? {
            bar.set_length(message.of_position);
            bar.set_position(message.filed_at_position);
            bar.set_message(format!("{} issues", message.issues));
            answer = message.compliance;
        }
        bar.finish_and_clear();
        answer.ok_or_else(|| Failure::failed("the server ended before it had counted all"))
    }
}

/// A line with what it was computed of.
fn row(told: &proto::Compliance, line: &ComplianceLine) -> serde_json::Value {
    let mut row = json::to_json(line);
    let report = json::to_json(told);
    if let Some(fields) = row.as_object_mut() {
        for name in BESIDE {
            let value = match name {
                "partition" | "position" => report.get("position").and_then(|position| position.get(name)),
                name => report.get(name),
            };
            fields.insert(name.to_owned(), value.cloned().unwrap_or_default());
        }
    }
    row
}

fn story(told: &proto::Compliance) -> String {
    let bold = anstyle::Style::new().bold();
    let day = |time: Option<&prost_types::Timestamp>| time.map(|time| times::iso(time)[..10].to_owned());
    let since = day(told.since.as_ref()).unwrap_or_default();
    let until = day(told.until.as_ref()).unwrap_or_default();
    let mut parts = vec![format!("{bold}{}{bold:#}  {since} to {until}, days in UTC", told.project)];
    if told.lines.is_empty() {
        parts.push("No verdicts, and nothing open.".to_owned());
        return parts.join("\n");
    }
    // Of all issues together there is nothing to tell lines apart by.
    let skipped = usize::from(told.by() == proto::Dimension::Unspecified);
    let head = [by(told.by()), "OF", "COMPLIANCE", "MET", "BREACHED", "OPEN BREACHES", "AT RISK", "BESIDE"];
    parts.push(table(&head[skipped..], told.lines.iter().map(|one| line(one).split_off(skipped))));
    let trends = told.lines.iter().filter(|line| !line.trend.is_empty());
    let trends: Vec<_> = trends.map(|one| trend(one).split_off(skipped)).collect();
    if !trends.is_empty() {
        parts.push(table(&[by(told.by()), "OF", "TREND"][skipped..], trends));
    }
    let versions: Vec<_> = told.policy_versions.iter().map(u32::to_string).collect();
    let position = told.position.unwrap_or_default();
    let untold = match told.untold_breaches {
        0 => String::new(),
        _ if told.more_untold => " More than 10,000 breaches are told by no event, and not all are counted.".to_owned(),
        untold => format!(" {untold} of the breaches are told by no event yet."),
    };
    parts.push(format!(
        "By policy {}, as of position {} of partition {}.{untold}",
        if versions.is_empty() { "-".to_owned() } else { versions.join(", ") },
        position.position,
        position.partition
    ));
    parts.join("\n\n")
}

fn line(line: &ComplianceLine) -> Vec<String> {
    let figures = line.figures.unwrap_or_default();
    let open = line.open.unwrap_or_default();
    // Only clocks are open.
    let is_clock = matches!(line.measure(), Measure::Accept | Measure::Mitigate | Measure::Resolve);
    let now = |count: u64| if is_clock { count.to_string() } else { "-".to_owned() };
    let beside = [
        (figures.corrected, "corrected"),
        (figures.sent_back, "sent back"),
        (figures.cancelled, "cancelled"),
        (figures.without_target, "without target"),
        (open.running, "running"),
        (open.paused, "paused"),
    ];
    let beside = beside.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    vec![
        value(line).to_owned(),
        measure(line.measure()).to_owned(),
        share(&figures),
        figures.met.to_string(),
        figures.breached.to_string(),
        now(open.breached),
        now(open.at_risk),
        beside.collect::<Vec<_>>().join(", "),
    ]
}

/// A step after another: `03-02 90 %`.
fn trend(line: &ComplianceLine) -> Vec<String> {
    let steps = line.trend.iter().filter_map(|point| {
        let start = times::iso(&point.start?);
        let figures = point.figures?;
        (figures.verdicts > 0).then(|| format!("{} {}", start.get(5..10).unwrap_or_default(), share(&figures)))
    });
    vec![value(line).to_owned(), measure(line.measure()).to_owned(), steps.collect::<Vec<_>>().join("  ")]
}

/// `93 % of 14`; never rounded up to 100.
fn share(figures: &ComplianceFigures) -> String {
    if figures.verdicts == 0 {
        return "-".to_owned();
    }
    format!("{} % of {}", figures.met * 100 / figures.verdicts, figures.verdicts)
}

pub(super) fn value(line: &ComplianceLine) -> &str {
    match (line.rest, line.value.as_str()) {
        (true, _) => "(rest)",
        (false, "") => "-",
        (false, value) => value,
    }
}

pub(super) fn measure(measure: Measure) -> &'static str {
    match measure {
        Measure::Unspecified => "?",
        Measure::Accept => "accept",
        Measure::Mitigate => "mitigate",
        Measure::Resolve => "resolve",
        Measure::Issue => "issue",
        Measure::Delivery => "delivery",
    }
}

fn by(by: proto::Dimension) -> &'static str {
    match by {
        proto::Dimension::Unspecified => "",
        proto::Dimension::Severity => "SEVERITY",
        proto::Dimension::Team => "TEAM",
        proto::Dimension::Component => "COMPONENT",
        proto::Dimension::Source => "SOURCE",
        proto::Dimension::Customer => "CUSTOMER",
    }
}

impl By {
    fn proto(self) -> proto::Dimension {
        match self {
            Self::Severity => proto::Dimension::Severity,
            Self::Team => proto::Dimension::Team,
            Self::Component => proto::Dimension::Component,
            Self::Source => proto::Dimension::Source,
            Self::Customer => proto::Dimension::Customer,
        }
    }
}

impl Step {
    fn proto(self) -> proto::TrendStep {
        match self {
            Self::Day => proto::TrendStep::Day,
            Self::Week => proto::TrendStep::Week,
            Self::Month => proto::TrendStep::Month,
        }
    }
}
