//! The process's own figures: processor time, memory, files, threads. Named as in OpenTelemetry's conventions; on Linux, from `/proc`.

use std::time::Instant;

use opentelemetry::metrics::Meter;

/// Makes them.
pub fn register(meter: &Meter) {
    let begun = Instant::now();
    meter
        .f64_observable_gauge("process.uptime")
        .with_unit("s")
        .with_description("How long the process has been running")
        .with_callback(move |gauge| gauge.observe(begun.elapsed().as_secs_f64(), &[]))
        .build();
    #[cfg(target_os = "linux")]
    linux::register(meter);
}

#[cfg(target_os = "linux")]
mod linux {
    use opentelemetry::KeyValue;
    use opentelemetry::metrics::Meter;
    use procfs::process::{Process, Stat};

    pub(super) fn register(meter: &Meter) {
        meter
            .f64_observable_counter("process.cpu.time")
            .with_unit("s")
            .with_description("Processor time used, in user and system mode")
            .with_callback(|counter| {
                let Some(stat) = stat() else { return };
                for (mode, ticks) in [("user", stat.utime), ("system", stat.stime)] {
                    counter.observe(seconds(ticks), &[KeyValue::new("cpu.mode", mode)]);
                }
            })
            .build();
        meter
            .i64_observable_up_down_counter("process.memory.usage")
            .with_unit("By")
            .with_description("Resident memory")
            .with_callback(|counter| {
                if let Some(stat) = stat() {
                    counter.observe(signed(stat.rss.saturating_mul(procfs::page_size())), &[]);
                }
            })
            .build();
        meter
            .i64_observable_up_down_counter("process.thread.count")
            .with_unit("{thread}")
            .with_description("Threads")
            .with_callback(|counter| {
                if let Some(stat) = stat() {
                    counter.observe(stat.num_threads, &[]);
                }
            })
            .build();
        meter
            .i64_observable_up_down_counter("process.unix.file_descriptor.count")
            .with_unit("{file_descriptor}")
            .with_description("Open files and connections")
            .with_callback(|counter| {
                if let Ok(count) = Process::myself().and_then(|process| process.fd_count()) {
                    counter.observe(signed(count as u64), &[]);
                }
            })
            .build();
    }

    fn stat() -> Option<Stat> {
        Process::myself().and_then(|process| process.stat()).ok()
    }

    fn signed(count: u64) -> i64 {
        i64::try_from(count).unwrap_or(i64::MAX)
    }

    fn seconds(ticks: u64) -> f64 {
        ticks as f64 / procfs::ticks_per_second() as f64
    }
}
