//! How many jobs there may be, how large their results, and what is told of
//! how long they take.

use std::time::Duration;

use super::client::{ENDLESS, QUICK, User, element, serve, soon};
use crate::support::postgres;
use crate::support::service::{Archive, SKY, Service, on_both, served_on_both};

/// A request that must be refused, with this in its words.
#[track_caller]
fn refused(user: &User, path: &str, parameters: &[(&str, &str)], status: u16, part: &str) {
    let answer = user.post(path, parameters);
    assert_eq!(answer.status(), status, "{parameters:?}");
    let again = answer.headers().contains_key("retry-after");
    assert_eq!(again, status == 503);
    let text = answer.text().expect("text");
    assert!(text.contains(part), "{text}");
}

#[test]
fn the_queue_has_an_end_and_says_which() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = "concurrent = 1\nqueued = 3\nqueued_per_user = 2";
        let service = serve(archive, settings);
        let one = User::at(&service, "192.0.2.1");
        let other = User::at(&service, "192.0.2.2");
        let run = [("LANG", "ADQL"), ("QUERY", QUICK), ("PHASE", "RUN")];
        let running = one.run(ENDLESS);
        one.until(&running, &["EXECUTING"]);
        let first = one.run(QUICK);
        one.run(QUICK);
        refused(&one, "", &run, 503, "jobs.queued_per_user");
        // One that is only kept is welcome, and stays as it is.
        let kept = one.create(&run[..2]);
        refused(&one, &kept, &run[2..], 503, "jobs.queued_per_user");
        assert_eq!(one.phase(&kept), "PENDING");
        other.run(QUICK);
        refused(&other, "", &run, 503, "jobs.queued)");
        one.posted(&first, &[("PHASE", "ABORT")]);
        one.posted(&kept, &run[2..]);
        one.posted(&running, &[("PHASE", "ABORT")]);
        assert_eq!(one.end(&kept), "COMPLETED");
    });
}

#[test]
fn a_user_keeps_so_many_jobs_and_no_more() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = serve(archive, "kept_per_user = 2");
        let user = User::at(&service, "192.0.2.1");
        let first = user.run(QUICK);
        user.end(&first);
        user.create(&[]);
        refused(&user, "", &[], 403, "jobs.kept_per_user");
        User::at(&service, "192.0.2.2").create(&[]);
        user.delete(&first);
        user.create(&[]);
    });
}

#[test]
fn a_result_may_be_so_large_and_says_when_it_would_be_larger() {
    on_both(|archive| {
        archive.loaded(SKY);
        let text = "[limits]\nanswer_bytes = 65536\n";
        let file = archive.file("limits.toml", text);
        let service = archive.serve_with(&["--config", &file]);
        let user = User::of(&service);
        let query = "SELECT a.obs_id FROM ivoa.obscore AS a, tap_schema.columns AS b, \
                     tap_schema.columns AS c";
        let job = user.create(&[("LANG", "ADQL"), ("QUERY", query), ("PHASE", "RUN")]);
        assert_eq!(user.end(&job), "COMPLETED");
        let result = user.text(&format!("{job}/results/result"));
        assert!(result.contains("answer_bytes"), "{result}");
    });
}

#[test]
fn all_services_together_run_so_many_jobs() {
    let archive = Archive::at(&postgres::fresh_database());
    archive.loaded(SKY);
    let settings = "concurrent = 2\nconcurrent_total = 1\nconcurrent_per_user = 9";
    let (one, two) = (serve(&archive, settings), serve(&archive, settings));
    let (here, there) = (User::of(&one), User::of(&two));
    let jobs = [here.run(ENDLESS), there.run(ENDLESS), here.run(ENDLESS)];
    let running = || {
        let list = here.text("?PHASE=EXECUTING");
        super::count(&list)
    };
    soon("one runs", || running() == 1);
    for _ in 0..30 {
        assert!(running() <= 1);
        std::thread::sleep(Duration::from_millis(50));
    }
    for job in &jobs {
        here.posted(&format!("{job}/phase"), &[("PHASE", "ABORT")]);
    }
    let job = there.run(QUICK);
    assert_eq!(there.end(&job), "COMPLETED");
}

#[test]
fn services_that_do_not_share_their_results_are_kept_apart() {
    let archive = Archive::at(&postgres::fresh_database());
    archive.loaded(SKY);
    let first = serve(&archive, "lease_seconds = 2");
    // The same database, and a directory of its own.
    let other = Archive::at(&archive.url);
    let file = other.file("obstap.toml", "[jobs]\nlease_seconds = 2\n");
    let flags = ["serve", "--listen", "127.0.0.1:0", "--config", &file];
    let ended = other.run(&flags);
    assert_ne!(ended.code, Some(0));
    assert!(ended.said.contains("same results_dir"), "{}", ended.said);
    // Once the first has ended, it may.
    first.terminate();
    drop(other.serve());
}

#[test]
fn a_quote_is_an_estimate() {
    served_on_both(|service| {
        let user = User::of(service);
        for _ in 0..3 {
            let job = user.run(QUICK);
            user.end(&job);
        }
        let job = user.create(&[("LANG", "ADQL"), ("QUERY", QUICK)]);
        // Far earlier than the hour it may take.
        let soon = |job: &str| {
            let document = user.text(job);
            let (made, quote) = (
                element(&document, "creationTime"),
                element(&document, "quote"),
            );
            assert_eq!(user.text(&format!("{job}/quote")).len(), quote.len());
            assert!(quote >= made, "{document}");
            let minute = |text: &str| -> i64 {
                let number = |from: usize| -> i64 { text[from..from + 2].parse().expect("digits") };
                number(11) * 60 + number(14)
            };
            (minute(&quote) - minute(&made)).rem_euclid(24 * 60)
        };
        assert!(soon(&job) <= 1);
        let running = user.run(ENDLESS);
        user.until(&running, &["EXECUTING"]);
        // Never later than it may run, whatever its plan says.
        assert!(soon(&running) <= 61);
        user.posted(&running, &[("PHASE", "ABORT")]);
    });
}

#[test]
fn a_result_is_a_file_with_a_name() {
    served_on_both(|service| {
        let user = User::of(service);
        let job = user.run(QUICK);
        user.end(&job);
        let path = format!("{job}/results/result");
        let answer = user.get(&path);
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        let disposition = header("content-disposition");
        assert!(disposition.starts_with("attachment; filename=\"tap_"));
        assert!(disposition.ends_with(".csv\""), "{disposition}");
        let address = format!("{}/tap/async{path}", service.base);
        let again = |tag: &str| {
            let request = service.client.get(&address).header("If-None-Match", tag);
            request.send().expect("an answer").status().as_u16()
        };
        assert_eq!(again(&header("etag")), 304);
        assert_eq!(again("\"other\""), 200);
    });
}

/// Asks without waiting for the answer.
fn ask(service: &Service, query: &'static str, address: &'static str) {
    let (client, url) = (service.client.clone(), service.sync());
    std::thread::spawn(move || {
        let form = [("LANG", "ADQL"), ("QUERY", query)];
        let request = client.post(url).form(&form);
        request.header("X-Forwarded-For", address).send()
    });
}

#[test]
fn queries_that_find_no_place_are_told_so() {
    on_both(|archive| {
        archive.loaded(SKY);
        let text = "[pool]\nreaders = 1\nwaiting = 1\nwaiting_seconds = 2\n";
        let file = archive.file("pool.toml", text);
        let service = archive.serve_with(&["--config", &file]);
        ask(&service, ENDLESS, "192.0.2.1");
        std::thread::sleep(Duration::from_millis(500));
        let form = [("LANG", "ADQL"), ("QUERY", QUICK)];
        let check = |part: &str| {
            let answer = service.post(&form);
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"));
            let text = answer.text().expect("text");
            assert!(
                text.contains(part) && text.contains("value=\"ERROR\""),
                "{text}"
            );
        };
        check("pool.waiting_seconds");
        ask(&service, QUICK, "192.0.2.2");
        std::thread::sleep(Duration::from_millis(500));
        check("pool.waiting)");
    });
}

#[test]
fn short_queries_do_not_wait_for_long_ones() {
    on_both(|archive| {
        archive.loaded(SKY);
        let file = archive.file("pool.toml", "[pool]\nreaders = 2\n");
        let service = archive.serve_with(&["--config", &file]);
        for address in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
            ask(&service, ENDLESS, address);
        }
        std::thread::sleep(Duration::from_millis(500));
        for _ in 0..3 {
            assert_eq!(service.query("SELECT COUNT(*) FROM ivoa.obscore"), "13");
        }
        assert!(service.is_available());
    });
}
