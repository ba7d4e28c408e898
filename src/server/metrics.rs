//! Counts and durations for those who run the service, as OpenMetrics 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>).
//!
//! Names and labels are a promise to dashboards; labels have few values, so no
//! path, query or address of anybody is one.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::database::Pool;
use crate::obscore::manager::Status;

/// Ends of the classes of durations, in seconds.
const SECONDS: [f64; 12] = [
    0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0,
];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: String,
    /// `left` where the client did not wait for the end.
    status: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Why {
    why: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Phase {
    phase: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Fed {
    registry: String,
    table: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Lane {
    pool: &'static str,
}

/// What is counted.
pub struct Metrics {
    registry: Registry,
    requests: Family<Answered, Counter>,
    durations: Family<Route, Histogram>,
    sent: Counter,
    rows: Counter,
    failures: Family<Why, Counter>,
    jobs: Family<Phase, Gauge>,
    connections: Family<Lane, Gauge>,
    in_use: Family<Lane, Gauge>,
    lag: Family<Fed, Gauge<f64, AtomicU64>>,
    obscore_rows: Family<Fed, Gauge>,
    changed_at: Family<Vec<(String, String)>, Gauge<f64, AtomicU64>>,
    missing: Counter,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let durations: Family<Route, Histogram> =
            Family::new_with_constructor(|| Histogram::new(SECONDS));
        let mut metrics = Metrics {
            registry: Registry::with_prefix("obstap"),
            requests: Family::default(),
            durations,
            sent: Counter::default(),
            rows: Counter::default(),
            failures: Family::default(),
            jobs: Family::default(),
            connections: Family::default(),
            in_use: Family::default(),
            lag: Family::default(),
            obscore_rows: Family::default(),
            changed_at: Family::default(),
            missing: Counter::default(),
        };
        let all = &mut metrics.registry;
        all.register(
            "requests",
            "Requests that are over, by address and HTTP status",
            metrics.requests.clone(),
        );
        all.register_with_unit(
            "request_duration",
            "Time from a request to the end of its answer",
            Unit::Seconds,
            metrics.durations.clone(),
        );
        all.register_with_unit(
            "sent",
            "Bytes of answers, as they were sent",
            Unit::Bytes,
            metrics.sent.clone(),
        );
        all.register(
            "rows_sent",
            "Rows of synchronous answers",
            metrics.rows.clone(),
        );
        all.register(
            "query_failures",
            "Synchronous queries without a whole answer: request (not understood), timeout, \
             cancelled, unreachable or database",
            metrics.failures.clone(),
        );
        all.register(
            "jobs",
            "Asynchronous jobs that wait or run, of all services on this database",
            metrics.jobs.clone(),
        );
        all.register(
            "pool_connections",
            "Connections to the database, by what they are for",
            metrics.connections.clone(),
        );
        all.register(
            "pool_connections_in_use",
            "Those of them that are in use",
            metrics.in_use.clone(),
        );
        all.register_with_unit(
            "obscore_lag",
            "For how long changes of a registry may have gone unseen",
            Unit::Seconds,
            metrics.lag.clone(),
        );
        all.register(
            "obscore_rows",
            "Rows of a registry in a table, when all were last compared",
            metrics.obscore_rows.clone(),
        );
        all.register_with_unit(
            "obscore_changed_at",
            "When an ObsCore table was last changed, since 1970",
            Unit::Seconds,
            metrics.changed_at.clone(),
        );
        all.register(
            "files_missing",
            "Files of datasets that were asked for, or linked to, and are gone",
            metrics.missing.clone(),
        );
        metrics
    }
}

impl Metrics {
    /// A request is over; without a status when its client has left.
    pub fn request(
        &self,
        route: &str,
        status: Option<u16>,
        time: Duration,
        bytes: u64,
        rows: Option<u64>,
        failure: Option<&'static str>,
    ) {
        let labels = Answered {
            route: route.to_owned(),
            status: status.map_or_else(|| "left".to_owned(), |status| status.to_string()),
        };
        self.requests.get_or_create(&labels).inc();
        let labels = Route {
            route: route.to_owned(),
        };
        self.durations
            .get_or_create(&labels)
            .observe(time.as_secs_f64());
        self.sent.inc_by(bytes);
        self.rows.inc_by(rows.unwrap_or(0));
        if let Some(why) = failure {
            self.failures.get_or_create(&Why { why }).inc();
        }
    }

    /// Everything there is to tell. `jobs`: how many wait and run, if known;
    /// `missing`: files that were gone, since the service began; `obscore`: how
    /// far the tables are, if known.
    pub fn text(
        &self,
        jobs: Option<(u64, u64)>,
        pools: &[Pool],
        missing: u64,
        obscore: Option<&Status>,
    ) -> String {
        self.obscore(obscore);
        self.missing
            .inc_by(missing.saturating_sub(self.missing.get()));
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        self.jobs.clear();
        if let Some((queued, executing)) = jobs {
            for (phase, count) in [("queued", queued), ("executing", executing)] {
                self.jobs.get_or_create(&Phase { phase }).set(number(count));
            }
        }
        for pool in pools {
            let labels = Lane { pool: pool.name };
            let size = number(pool.connections as u64);
            self.connections.get_or_create(&labels).set(size);
            let used = number(pool.in_use as u64);
            self.in_use.get_or_create(&labels).set(used);
        }
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

impl Metrics {
    fn obscore(&self, status: Option<&Status>) {
        self.lag.clear();
        self.obscore_rows.clear();
        self.changed_at.clear();
        let Some(status) = status else {
            return;
        };
        for feed in &status.feeds {
            let labels = Fed {
                registry: feed.repository.label.clone(),
                table: feed.table.to_string(),
            };
            if let Some(lag) = status.lag(feed) {
                self.lag.get_or_create(&labels).set(lag);
            }
            if let Some(rows) = feed.rows {
                let rows = i64::try_from(rows).unwrap_or(i64::MAX);
                self.obscore_rows.get_or_create(&labels).set(rows);
            }
        }
        if let Some(seconds) = status.changed_since_1970() {
            self.changed_at.get_or_create(&Vec::new()).set(seconds);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happened_is_told() {
        let metrics = Metrics::default();
        let second = Duration::from_secs(1);
        metrics.request("/tap/sync", Some(200), second, 100, Some(7), None);
        metrics.request("/tap/sync", Some(400), second, 10, None, Some("request"));
        metrics.request("/tap/sync", None, second, 1, None, None);
        let pools = [Pool {
            name: "readers",
            connections: 8,
            in_use: 3,
        }];
        let status = Status {
            feeds: Vec::new(),
            changed_at: Some(-500_000),
            now: 0,
        };
        let text = metrics.text(Some((2, 1)), &pools, 3, Some(&status));
        for line in [
            "obstap_requests_total{route=\"/tap/sync\",status=\"200\"} 1",
            "obstap_requests_total{route=\"/tap/sync\",status=\"left\"} 1",
            "obstap_request_duration_seconds_count{route=\"/tap/sync\"} 3",
            "obstap_sent_bytes_total 111",
            "obstap_rows_sent_total 7",
            "obstap_query_failures_total{why=\"request\"} 1",
            "obstap_jobs{phase=\"queued\"} 2",
            "obstap_pool_connections_in_use{pool=\"readers\"} 3",
            "obstap_obscore_changed_at_seconds{} 946684799.5",
            "obstap_files_missing_total 3",
            "# EOF",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} is not in {text}");
        }
    }
}
