//! How the views are, as the contract has it.

use api::admin::v1::{OtherVersion, ParkedStream, RebuildStep, RebuildViewResponse, View, ViewPartition, ViewState};
use jiff::Timestamp;
use projector::{Progress, RebuildProgress, Step};
use tonic::Status;
use view_store::{Parked, Schema, ViewId};

use super::{Admin, COUNTED_MAX, counts, unknown_view};
use crate::status;

impl Admin {
    /// The view of this name.
    pub(super) fn view(&self, name: &str) -> Result<ViewId, Status> {
        let found = self.control.views().find(|schema| schema.name == name);
        found.map(Schema::id).ok_or_else(|| unknown_view(name))
    }

    pub(super) async fn views(&self) -> Result<Vec<View>, Status> {
        let progress = self.control.progress();
        let mut views = Vec::new();
        for schema in self.control.views() {
            let of_view: Vec<_> = progress.iter().filter(|progress| progress.view == schema.id()).collect();
            views.push(self.one(schema, &of_view).await?);
        }
        views.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(views)
    }

    /// What other builds keep in the same store.
    pub(super) async fn others(&self, views: &[View]) -> Result<Vec<OtherVersion>, Status> {
        let stored = self.store.stored().await.map_err(|error| status::store_error(&error))?;
        let ours = |name: &str, version| views.iter().any(|view| view.name == name && view.version == version);
        let others = stored.into_iter().filter(|it| !ours(&it.name, it.version));
        Ok(others.map(|it| OtherVersion { name: it.name, version: it.version, in_use: it.in_use }).collect())
    }

    async fn one(&self, schema: &Schema, progress: &[&Progress]) -> Result<View, Status> {
        let parked = self.store.parked(schema.id(), None, COUNTED_MAX).await;
        let (parked, skipped) = counts(&parked.map_err(|error| status::store_error(&error))?);
        let lag = progress.iter().map(|it| it.head.saturating_sub(it.checkpoint)).sum();
        let begun_at = |partition: u32| self.begun_at.get(partition as usize).copied().unwrap_or_default();
        let building = progress.iter().any(|it| it.checkpoint < begun_at(it.partition));
        let partition = |it: &&Progress| ViewPartition {
            partition: it.partition,
            checkpoint: it.checkpoint,
            head: it.head,
            led: it.led,
        };
        Ok(View {
            name: schema.name.to_owned(),
            version: schema.version,
            state: if building { ViewState::Building } else { ViewState::Serving }.into(),
            lag,
            lag_time: self.lag_time(progress).await?,
            parked,
            skipped,
            partitions: progress.iter().map(partition).collect(),
            tables: schema.tables.iter().map(|table| schema.physical_name(table)).collect(),
        })
    }

    /// How long ago the oldest event was recorded that is not folded.
    async fn lag_time(&self, progress: &[&Progress]) -> Result<Option<prost_types::Duration>, Status> {
        let mut oldest: Option<i64> = None;
        for it in progress.iter().filter(|it| it.checkpoint < it.head) {
            let page = self.log.read_partition(it.partition, it.checkpoint, 1).await;
            let page = page.map_err(|error| status::log_error(&error))?;
            let recorded = page.records.first().map(|first| first.record.header.metadata.recorded_at);
            oldest = oldest.into_iter().chain(recorded).min();
        }
        let Some(oldest) = oldest.and_then(|at| Timestamp::from_microsecond(at).ok()) else { return Ok(None) };
        let lag = self.environment.now().duration_since(oldest).max(jiff::SignedDuration::ZERO);
        Ok(Some(prost_types::Duration { seconds: lag.as_secs(), nanos: lag.subsec_nanos() }))
    }
}

pub(super) fn parked(parked: &Parked) -> ParkedStream {
    ParkedStream {
        stream: parked.stream.to_string(),
        partition: parked.partition,
        position: parked.position,
        reason: parked.reason.to_string(),
        skipped: parked.skipped,
    }
}

pub(super) fn rebuild(progress: RebuildProgress) -> RebuildViewResponse {
    let step = match progress.step {
        Step::Building => RebuildStep::Building,
        Step::Switching => RebuildStep::Switching,
        Step::Done => RebuildStep::Done,
    };
    RebuildViewResponse { step: step.into(), folded: progress.folded, of: progress.of }
}
