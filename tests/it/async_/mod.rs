//! Queries as jobs: UWS 1.1 and TAP 1.1 section 2.2, on both engines.

pub mod client;
mod survival;

use std::time::{Duration, Instant};

use client::{ENDLESS, QUICK, User, count, element, files, serve, soon};

use crate::support::postgres;
use crate::support::service::{SKY, on_both, served_on_both};

/// [`QUICK`] of [`SKY`].
fn quick() -> String {
    let mut ids: Vec<&str> = SKY
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').nth(1))
        .collect();
    ids.sort_unstable();
    format!("obs_id\n{}\n", ids.join("\n"))
}

#[test]
fn a_job_goes_from_pending_to_its_result() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let user = User::of(&service);
        let job = user.create(&[]);
        assert_eq!(user.phase(&job), "PENDING");
        user.posted(
            &format!("{job}/parameters"),
            &[("LANG", "ADQL"), ("QUERY", "SELECT wrong")],
        );
        user.posted(&job, &[("query", QUICK), ("RESPONSEFORMAT", "csv")]);
        let parameters = user.text(&format!("{job}/parameters"));
        assert_eq!(parameters.matches("id=\"QUERY\"").count(), 1);
        assert!(parameters.contains(QUICK), "{parameters}");
        assert_eq!(user.get(&format!("{job}/results/result")).status(), 404);
        user.posted(&format!("{job}/phase"), &[("PHASE", "RUN")]);
        assert_eq!(user.end(&job), "COMPLETED");
        let results = user.text(&format!("{job}/results"));
        assert!(results.contains("mime-type=\"text/csv"), "{results}");
        assert!(results.contains(&format!("{job}/results/result\"")));
        let answer = user.get(&format!("{job}/results/result"));
        assert!(answer.headers()["content-type"] == "text/csv;header=present;charset=utf-8");
        assert_eq!(answer.text().expect("text"), quick());
        // What the sync road answers, byte for byte.
        let sync = [
            ("LANG", "ADQL"),
            ("QUERY", QUICK),
            ("RESPONSEFORMAT", "csv"),
        ];
        assert_eq!(service.get(&sync).text().expect("text"), quick());
        assert_eq!(files(archive).len(), 1);
        let answer = user.delete(&job);
        assert_eq!(answer.status(), 303);
        assert_eq!(
            answer.headers()["location"],
            format!("{}/tap/async", service.base)
        );
        assert_eq!(user.get(&job).status(), 404);
        assert_eq!(files(archive), [""; 0]);
    });
}

#[test]
fn a_wrong_query_is_an_error_when_it_is_run_and_not_before() {
    served_on_both(|service| {
        let user = User::of(service);
        let wrong = "SELECT obs_idd FROM ivoa.obscore";
        let job = user.create(&[("LANG", "ADQL"), ("QUERY", wrong)]);
        assert_eq!(user.phase(&job), "PENDING");
        user.posted(&format!("{job}/phase"), &[("PHASE", "RUN")]);
        assert_eq!(user.phase(&job), "ERROR");
        let message = user.element(&job, "message");
        assert!(message.contains("hint: obs_id exists"), "{message}");
        let error = user.get(&format!("{job}/error"));
        assert_eq!(error.headers()["content-type"], "application/x-votable+xml");
        let error = error.text().expect("text");
        assert!(
            error.contains("value=\"ERROR\"") && error.contains("^^^^^^^"),
            "{error}"
        );
        // The same in one request, and the other things that may be wrong.
        let check = |parameters: &[(&str, &str)], part: &str| {
            let job = user.create(&[parameters, &[("PHASE", "RUN")]].concat());
            assert_eq!(user.phase(&job), "ERROR", "{parameters:?}");
            let message = user.element(&job, "message");
            assert!(message.contains(part), "{message}");
        };
        check(&[("LANG", "ADQL"), ("QUERY", wrong)], "obs_idd");
        check(&[], "LANG is missing");
        check(&[("LANG", "ADQL")], "QUERY is missing");
        check(&[("LANG", "SQL"), ("QUERY", QUICK)], "LANG");
        check(
            &[("LANG", "ADQL"), ("QUERY", QUICK), ("MAXREC", "many")],
            "MAXREC",
        );
        check(
            &[("LANG", "ADQL"), ("QUERY", QUICK), ("UPLOAD", "a,param:b")],
            "which is not there",
        );
        // A job that has not been run can be mended.
        let job = user.create(&[("LANG", "ADQL"), ("QUERY", wrong)]);
        user.posted(&job, &[("QUERY", QUICK), ("PHASE", "RUN")]);
        assert_eq!(user.end(&job), "COMPLETED");
        // One that fails while it runs says so as well.
        let job = user.run("SELECT SQRT(s_ra - 1000) FROM ivoa.obscore");
        assert_eq!(user.end(&job), "ERROR");
        assert_ne!(user.element(&job, "message"), "");
    });
}

#[test]
fn what_a_phase_does_not_allow_is_refused() {
    served_on_both(|service| {
        let user = User::of(service);
        let check = |job: &str, part: &str, parameters: &[(&str, &str)], status: u16| {
            let answer = user.post(&format!("{job}{part}"), parameters);
            assert_eq!(answer.status(), status, "{part} {parameters:?}");
            let text = answer.text().expect("text");
            assert!(status == 303 || text.ends_with('\n') && text.len() > 10);
        };
        let job = user.run(QUICK);
        user.end(&job);
        check(&job, "/phase", &[("PHASE", "RUN")], 403);
        check(&job, "/phase", &[("PHASE", "ABORT")], 303);
        assert_eq!(user.phase(&job), "COMPLETED");
        check(&job, "/parameters", &[("QUERY", "x")], 403);
        check(
            &job,
            "/executionduration",
            &[("EXECUTIONDURATION", "5")],
            403,
        );
        check(&job, "/quote", &[("QUOTE", "x")], 405);
        check(&job, "", &[("PHASE", "DANCE")], 400);
        check(&job, "", &[("ACTION", "DANCE")], 400);
        check(&job, "/phase", &[], 400);
        check(&job, "/destruction", &[("DESTRUCTION", "soon")], 400);
        check("/nobody", "/phase", &[("PHASE", "RUN")], 404);
        check("/nobody", "", &[("ACTION", "DELETE")], 404);
        check(&job, "", &[("ACTION", "DELETE")], 303);
        check(&job, "", &[("ACTION", "DELETE")], 404);
        for path in ["/nobody", "/nobody/phase", "/nobody/results/result"] {
            assert_eq!(user.get(path).status(), 404, "{path}");
        }
        assert_eq!(user.get(&format!("{job}?WAIT=x")).status(), 400);
        assert_eq!(user.get("?PHASE=DANCE").status(), 400);
    });
}

#[test]
fn times_and_durations_are_given_and_limited() {
    on_both(|archive| {
        let service = serve(
            archive,
            "seconds_default = 50\nseconds_hard = 100\nlifetime_default = 1000\nlifetime_hard = 2000",
        );
        let user = User::of(&service);
        let job = user.create(&[("RUNID", "mine & yours")]);
        assert_eq!(user.element(&job, "runId"), "mine &amp; yours");
        let duration = |text: &str| {
            let path = format!("{job}/executionduration");
            user.posted(&path, &[("EXECUTIONDURATION", text)]);
            user.text(&path)
        };
        assert_eq!(user.text(&format!("{job}/executionduration")), "50");
        assert_eq!(duration("7"), "7");
        assert_eq!(duration("1000"), "100");
        assert_eq!(duration("0"), "100");
        let created = user.element(&job, "creationTime");
        let path = format!("{job}/destruction");
        let first = user.text(&path);
        assert!(first > created && first.ends_with('Z'), "{first}");
        user.posted(&path, &[("DESTRUCTION", "2999-01-01T00:00:00Z")]);
        let last = user.text(&path);
        assert!(first < last && last.as_str() < "2998", "{last}");
        assert_eq!(user.element(&job, "destruction"), last);
        assert_eq!(user.text(&format!("{job}/owner")), "");
        assert!(user.text(&format!("{job}/quote")).ends_with('Z'));
        // A job whose time is over is gone, with its file.
        archive.loaded(SKY);
        let service = archive.serve();
        let user = User::of(&service);
        let job = user.run(QUICK);
        user.end(&job);
        assert_eq!(files(archive).len(), 1);
        let past = [("DESTRUCTION", "2020-01-01T00:00:00Z")];
        user.posted(&format!("{job}/destruction"), &past);
        assert_eq!(user.get(&job).status(), 404);
        soon("the file is gone", || files(archive).is_empty());
    });
}

#[test]
fn a_job_that_takes_too_long_is_stopped_and_says_so() {
    served_on_both(|service| {
        let user = User::of(service);
        let job = user.create(&[
            ("LANG", "ADQL"),
            ("QUERY", ENDLESS),
            ("EXECUTIONDURATION", "1"),
        ]);
        user.posted(&format!("{job}/phase"), &[("PHASE", "RUN")]);
        assert_eq!(user.end(&job), "ERROR");
        let message = user.element(&job, "message");
        assert!(message.contains("execution duration of 1 s"), "{message}");
        assert!(message.contains("EXECUTIONDURATION"), "{message}");
    });
}

#[test]
fn an_answer_that_is_cut_off_says_so() {
    served_on_both(|service| {
        let user = User::of(service);
        let ask = |maxrec: &str| {
            let job = user.create(&[
                ("LANG", "ADQL"),
                ("QUERY", QUICK),
                ("MAXREC", maxrec),
                ("RESPONSEFORMAT", "votable/td"),
                ("PHASE", "RUN"),
            ]);
            assert_eq!(user.end(&job), "COMPLETED");
            user.text(&format!("{job}/results/result"))
        };
        let check = |maxrec: &str, rows: usize, overflow: bool| {
            let text = ask(maxrec);
            assert_eq!(text.matches("<TR>").count(), rows, "{text}");
            assert_eq!(text.contains("value=\"OVERFLOW\""), overflow, "{text}");
        };
        check("2", 2, true);
        check("13", 13, false);
        check("0", 0, true);
    });
}

#[test]
fn whoever_waits_is_woken_by_the_change() {
    served_on_both(|service| {
        let user = User::of(service);
        let job = user.create(&[("LANG", "ADQL"), ("QUERY", QUICK)]);
        let taken = |question: &str| {
            let started = Instant::now();
            let phase = element(&user.text(&format!("{job}?{question}")), "phase");
            (phase, started.elapsed())
        };
        let (phase, time) = taken("WAIT=1");
        assert!(
            phase == "PENDING" && time >= Duration::from_secs(1),
            "{time:?}"
        );
        // Not in the phase that is waited out: no wait.
        let (_, time) = taken("WAIT=30&PHASE=QUEUED");
        assert!(time < Duration::from_secs(5), "{time:?}");
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| taken("WAIT=-1&PHASE=PENDING"));
            std::thread::sleep(Duration::from_millis(500));
            user.posted(&format!("{job}/phase"), &[("PHASE", "ABORT")]);
            let (phase, time) = waiting.join().expect("the phase");
            assert_eq!(phase, "ABORTED");
            let seconds = time.as_secs_f64();
            assert!((0.4..5.0).contains(&seconds), "{time:?}");
        });
        // What has ended does not change.
        let (_, time) = taken("WAIT=30");
        assert!(time < Duration::from_secs(5), "{time:?}");
    });
}

#[test]
fn the_list_can_be_narrowed() {
    served_on_both(|service| {
        let user = User::of(service);
        let list = |question: &str| user.text(question);
        assert_eq!(count(&list("")), 0);
        let first = user.create(&[("RUNID", "first")]);
        let second = user.create(&[("RUNID", "second")]);
        let done = user.run(QUICK);
        user.end(&done);
        let all = list("");
        assert_eq!(count(&all), 3);
        assert!(all.contains("<uws:runId>first</uws:runId>"), "{all}");
        assert!(all.contains(&format!("{}/tap/async{second}\"", service.base)));
        let check = |question: &str, jobs: usize| assert_eq!(count(&list(question)), jobs);
        check("?PHASE=PENDING", 2);
        check("?PHASE=COMPLETED", 1);
        check("?PHASE=COMPLETED&PHASE=PENDING", 3);
        check("?PHASE=ARCHIVED", 0);
        check("?PHASE=ERROR", 0);
        check("?LAST=2", 2);
        check("?LAST=200", 3);
        check("?LAST=1&PHASE=PENDING", 1);
        check("?AFTER=2020-01-01T00:00:00Z", 3);
        check("?AFTER=2999-01-01T00:00:00Z", 0);
        // The latest come first, and AFTER leaves out the job it is taken from.
        assert!(list("?LAST=1").contains(&done));
        let created = user.element(&first, "creationTime");
        let after = list(&format!("?AFTER={created}"));
        assert!(!after.contains(&first), "{after}");
    });
}

#[test]
fn the_list_may_be_kept_closed() {
    on_both(|archive| {
        let service = serve(archive, "list = \"none\"");
        let user = User::of(&service);
        let job = user.create(&[]);
        assert_eq!(count(&user.text("")), 0);
        assert_eq!(user.phase(&job), "PENDING");
    });
}

#[test]
fn an_abort_stops_the_query_in_the_database() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = serve(archive, "concurrent = 1");
        let user = User::of(&service);
        let busy = || {
            let name = archive.url.rsplit('/').next().unwrap_or_default();
            let sql = format!(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' \
                 AND state = 'active' AND query LIKE '%\"columns\"%' AND pid <> pg_backend_pid()"
            );
            postgres::server().psql("postgres", &sql)
        };
        for how in ["abort", "delete"] {
            let job = user.run(ENDLESS);
            user.until(&job, &["EXECUTING"]);
            if archive.is_shared() {
                soon("the query is active", || busy() == "1");
            }
            match how {
                "abort" => {
                    user.posted(&format!("{job}/phase"), &[("PHASE", "ABORT")]);
                    assert_eq!(user.phase(&job), "ABORTED");
                    assert_eq!(user.get(&format!("{job}/results/result")).status(), 404);
                }
                _ => assert_eq!(user.delete(&job).status(), 303),
            }
            if archive.is_shared() {
                soon("the query has ended", || busy() == "0");
            }
            soon("no file is left", || files(archive).is_empty());
            // The only place is free again.
            let next = user.run(QUICK);
            assert_eq!(user.end(&next), "COMPLETED");
            user.delete(&next);
        }
    });
}

#[test]
fn addresses_are_those_the_client_knows() {
    on_both(|archive| {
        let check = |service: &crate::support::service::Service, expected: &str| {
            let client = crate::support::service::client()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client");
            let request = client
                .post(format!("{}/tap/async", service.base))
                .header("X-Forwarded-Host", "sky.example")
                .header("X-Forwarded-Proto", "https")
                .header("X-Forwarded-Prefix", "/obs");
            let answer = request.send().expect("an answer");
            let location = answer.headers()["location"].to_str().expect("text");
            assert!(location.starts_with(expected), "{location}");
        };
        check(&archive.serve(), "https://sky.example/obs/tap/async/");
        let service = archive.serve_with(&["--base-url", "https://other.example/x/"]);
        check(&service, "https://other.example/x/tap/async/");
    });
}

#[test]
fn a_result_can_be_fetched_in_parts() {
    served_on_both(|service| {
        let user = User::of(service);
        let job = user.run(QUICK);
        user.end(&job);
        let address = format!("{}/tap/async{job}/results/result", service.base);
        let answer = service.client.get(&address).header("Range", "bytes=7-12");
        let answer = answer.send().expect("an answer");
        assert_eq!(answer.status(), 206);
        let size = quick().len();
        assert_eq!(
            answer.headers()["content-range"],
            format!("bytes 7-12/{size}")
        );
        assert_eq!(answer.text().expect("text"), quick()[7..13]);
        let head = service.client.head(&address).send().expect("an answer");
        assert_eq!(head.status(), 200);
        assert_eq!(head.headers()["content-length"], size.to_string());
    });
}
