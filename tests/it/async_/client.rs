//! Somebody who sends jobs and looks after them.

use std::time::{Duration, Instant};

use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::redirect::Policy;

use crate::support::service::{Archive, Service, client};

/// It does not end by itself while a test runs.
pub const ENDLESS: &str = "SELECT COUNT(*) FROM tap_schema.columns AS a, tap_schema.columns AS b, \
                           tap_schema.columns AS c, tap_schema.columns AS d, \
                           tap_schema.columns AS e WHERE a.ucd = b.ucd OR c.unit <> d.unit \
                           OR e.description LIKE '%x%y%z%'";

pub const QUICK: &str = "SELECT obs_id FROM ivoa.obscore ORDER BY obs_id";

/// Follows no redirection by itself.
pub struct User {
    client: Client,
    list: String,
    /// Where it says it comes from.
    address: Option<&'static str>,
}

impl User {
    pub fn of(service: &Service) -> User {
        User {
            client: client()
                .redirect(Policy::none())
                .timeout(Duration::from_secs(90))
                .build()
                .expect("a client"),
            list: format!("{}/tap/async", service.base),
            address: None,
        }
    }

    pub fn at(service: &Service, address: &'static str) -> User {
        User {
            address: Some(address),
            ..User::of(service)
        }
    }

    fn send(&self, request: RequestBuilder) -> Response {
        let request = match self.address {
            Some(address) => request.header("X-Forwarded-For", address),
            None => request,
        };
        request.send().expect("an answer")
    }

    pub fn get(&self, path: &str) -> Response {
        self.send(self.client.get(format!("{}{path}", self.list)))
    }

    pub fn post(&self, path: &str, parameters: &[(&str, &str)]) -> Response {
        let request = self.client.post(format!("{}{path}", self.list));
        self.send(request.form(parameters))
    }

    pub fn delete(&self, path: &str) -> Response {
        self.send(self.client.delete(format!("{}{path}", self.list)))
    }

    /// A request that must be obeyed; gives where it leads.
    #[track_caller]
    pub fn posted(&self, path: &str, parameters: &[(&str, &str)]) -> String {
        let answer = self.post(path, parameters);
        let status = answer.status();
        let location = answer.headers().get("location").cloned();
        assert_eq!(status, 303, "{parameters:?}: {:?}", answer.text());
        let location = location.expect("a location");
        location.to_str().expect("text").to_owned()
    }

    /// A new job; gives its path below the list.
    #[track_caller]
    pub fn create(&self, parameters: &[(&str, &str)]) -> String {
        let location = self.posted("", parameters);
        let path = location.strip_prefix(&self.list);
        path.expect("an address below the list").to_owned()
    }

    /// A job that is told to run.
    #[track_caller]
    pub fn run(&self, query: &str) -> String {
        self.create(&[
            ("LANG", "ADQL"),
            ("QUERY", query),
            ("RESPONSEFORMAT", "csv"),
            ("PHASE", "RUN"),
        ])
    }

    #[track_caller]
    pub fn text(&self, path: &str) -> String {
        let answer = self.get(path);
        let status = answer.status();
        let text = answer.text().expect("text");
        assert_eq!(status, 200, "{path}: {text}");
        text
    }

    #[track_caller]
    pub fn phase(&self, job: &str) -> String {
        self.text(&format!("{job}/phase"))
    }

    /// Waits until the job has ended, and gives how.
    #[track_caller]
    pub fn end(&self, job: &str) -> String {
        self.until(job, &["COMPLETED", "ERROR", "ABORTED"])
    }

    /// Waits until the job is in one of these phases.
    #[track_caller]
    pub fn until(&self, job: &str, phases: &[&str]) -> String {
        let started = Instant::now();
        loop {
            let phase = self.phase(job);
            if phases.contains(&phase.as_str()) {
                return phase;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "{job} is {phase} and not {phases:?}"
            );
            self.text(&format!("{job}?WAIT=5&PHASE={phase}"));
        }
    }

    /// Waits until it runs and did not begin at this time; gives when it did.
    #[track_caller]
    pub fn taken_up_after(&self, job: &str, before: &str) -> String {
        let started = Instant::now();
        loop {
            let document = self.text(job);
            if element(&document, "phase") == "EXECUTING" {
                let begun = element(&document, "startTime");
                if begun != before {
                    return begun;
                }
            }
            let late = started.elapsed() > Duration::from_secs(60);
            assert!(!late, "{document}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The text of an element of the job's document.
    #[track_caller]
    pub fn element(&self, job: &str, name: &str) -> String {
        element(&self.text(job), name)
    }
}

#[track_caller]
pub fn element(document: &str, name: &str) -> String {
    let inside = document
        .split_once(&format!("<uws:{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</uws:{name}>")));
    inside.expect(document).0.to_owned()
}

/// How many jobs a list has.
pub fn count(list: &str) -> usize {
    list.matches("<uws:jobref ").count()
}

/// Serves the archive with these lines in [jobs].
pub fn serve(archive: &Archive, jobs: &str) -> Service {
    let file = archive.file("obstap.toml", format!("[jobs]\n{jobs}\n"));
    archive.serve_with(&["--config", &file])
}

/// The names of the files that jobs have made.
pub fn files(archive: &Archive) -> Vec<String> {
    let entries = std::fs::read_dir(archive.path("data").join("results"));
    let mut names: Vec<String> = entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Looks again and again until it is so.
#[track_caller]
pub fn soon(what: &str, is_so: impl Fn() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
