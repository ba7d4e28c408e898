//! Jobs and the end of the service that runs them; who runs when.

use std::time::{Duration, Instant};

use super::client::{ENDLESS, QUICK, User, files, serve, soon};
use super::quick;
use crate::support::postgres;
use crate::support::service::{Archive, SKY, on_both};

#[test]
fn jobs_outlive_a_service_that_is_killed() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = "concurrent = 1\nlease_seconds = 1";
        let service = serve(archive, settings);
        let user = User::of(&service);
        let done = user.run(QUICK);
        assert_eq!(user.end(&done), "COMPLETED");
        let pending = user.create(&[("LANG", "ADQL"), ("QUERY", QUICK)]);
        let running = user.run(ENDLESS);
        let first = user.taken_up_after(&running, "");
        let queued: Vec<String> = (0..48).map(|_| user.run(QUICK)).collect();
        assert!(queued.iter().all(|job| user.phase(job) == "QUEUED"));
        // SIGKILL.
        drop(service);

        let service = serve(archive, settings);
        let user = User::of(&service);
        let result = format!("{done}/results/result");
        assert_eq!(user.text(&result), quick());
        assert_eq!(user.phase(&pending), "PENDING");
        user.taken_up_after(&running, &first);
        user.posted(&format!("{running}/phase"), &[("PHASE", "ABORT")]);
        for job in &queued {
            assert_eq!(user.end(job), "COMPLETED");
            assert_eq!(user.text(&format!("{job}/results/result")), quick());
        }
        user.posted(&format!("{pending}/phase"), &[("PHASE", "RUN")]);
        assert_eq!(user.end(&pending), "COMPLETED");
        let parts = || files(archive).iter().any(|name| name.ends_with(".part"));
        soon("no half result is left", || {
            !parts() || files(archive).len() <= 8
        });
    });
}

#[test]
fn a_job_that_ends_every_service_ends_in_error() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = "lease_seconds = 1";
        let (mut job, mut taken_up) = (String::new(), String::new());
        for time in 0..3 {
            let service = serve(archive, settings);
            let user = User::of(&service);
            if time == 0 {
                job = user.run(ENDLESS);
            }
            taken_up = user.taken_up_after(&job, &taken_up);
        }
        let service = serve(archive, settings);
        let user = User::of(&service);
        assert_eq!(user.end(&job), "ERROR");
        let message = user.element(&job, "message");
        assert!(message.contains("lost 3 times"), "{message}");
    });
}

#[test]
fn a_service_that_is_told_to_stop_leaves_its_jobs_to_the_next() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let user = User::of(&service);
        let running = user.run(ENDLESS);
        user.until(&running, &["EXECUTING"]);
        let list = format!("{}/tap/async", service.base);
        let client = service.client.clone();
        let started = Instant::now();
        // Somebody who waits does not hold it up.
        let pending = user.create(&[]);
        let waiting = std::thread::spawn(move || {
            let answer = client.get(format!("{list}{pending}?WAIT=-1")).send();
            answer.map(|answer| answer.status().as_u16()).ok()
        });
        std::thread::sleep(Duration::from_millis(200));
        service.terminate();
        assert!(started.elapsed() < Duration::from_secs(20));
        assert_eq!(waiting.join().expect("an answer"), Some(200));
        assert_eq!(files(archive), [""; 0]);
        // Long before any lease lapses.
        let service = archive.serve();
        let user = User::of(&service);
        let started = Instant::now();
        user.until(&running, &["EXECUTING"]);
        assert!(started.elapsed() < Duration::from_secs(10));
    });
}

#[test]
fn jobs_outlive_a_restart_of_postgresql() {
    let server = postgres::Server::start();
    let archive = Archive::at(&server.fresh_database());
    archive.loaded(SKY);
    let settings = "concurrent = 3\nconcurrent_per_user = 3\nlease_seconds = 2";
    let service = serve(&archive, settings);
    let user = User::of(&service);
    let running = [user.run(ENDLESS), user.run(ENDLESS)];
    let begun = running.each_ref().map(|job| user.taken_up_after(job, ""));
    let quick_ones: Vec<String> = (0..30).map(|_| user.run(QUICK)).collect();
    server.down();
    // Who asks meanwhile is told so, and soon.
    assert_eq!(user.get(&running[0]).status(), 503);
    std::thread::sleep(Duration::from_secs(1));
    server.up();
    soon("the jobs are there again", || {
        user.get(&running[0]).status() == 200
    });
    for job in &quick_ones {
        assert_eq!(user.end(job), "COMPLETED");
        assert_eq!(user.text(&format!("{job}/results/result")), quick());
    }
    for (job, begun) in running.iter().zip(&begun) {
        user.taken_up_after(job, begun);
        user.posted(&format!("{job}/phase"), &[("PHASE", "ABORT")]);
    }
    assert!(service.is_available());
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let user = User::of(&service);
        let results = archive.path("data").join("results");
        std::fs::remove_dir_all(&results).expect("the directory");
        std::fs::write(&results, "").expect("a file in its place");
        let job = user.run(QUICK);
        assert_eq!(user.end(&job), "ERROR");
        let message = user.element(&job, "message");
        assert!(message.contains("could not be written"), "{message}");
        std::fs::remove_file(&results).expect("the file");
        std::fs::create_dir(&results).expect("the directory");
        let job = user.run(QUICK);
        assert_eq!(user.end(&job), "COMPLETED");
        // One that is lost later is said to be.
        std::fs::remove_dir_all(&results).expect("the directory");
        assert_eq!(user.get(&format!("{job}/results/result")).status(), 410);
    });
}

#[test]
fn short_jobs_are_not_starved_by_long_ones() {
    on_both(|archive| {
        archive.loaded(SKY);
        let settings = "concurrent = 2\nconcurrent_per_user = 9\nshort_seconds = 1";
        let service = serve(archive, settings);
        let user = User::of(&service);
        let long: Vec<String> = (0..4).map(|_| user.run(ENDLESS)).collect();
        // One has the place for long jobs, the others have been sent back.
        let phases = || -> Vec<String> { long.iter().map(|job| user.phase(job)).collect() };
        let running = || phases().iter().filter(|it| *it == "EXECUTING").count();
        let sent_back = Instant::now();
        soon("all are known to be long", || {
            running() == 1 && sent_back.elapsed() > Duration::from_secs(4)
        });
        for _ in 0..3 {
            let started = Instant::now();
            let job = user.run(QUICK);
            assert_eq!(user.end(&job), "COMPLETED");
            assert!(started.elapsed() < Duration::from_secs(5));
        }
        assert_eq!(running(), 1);
    });
}

#[test]
fn a_user_does_not_fill_the_service() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = serve(archive, "concurrent = 3\nconcurrent_per_user = 1");
        let one = User::at(&service, "192.0.2.1");
        let other = User::at(&service, "192.0.2.2");
        let first = one.run(ENDLESS);
        let second = one.run(ENDLESS);
        one.until(&first, &["EXECUTING"]);
        let third = other.run(QUICK);
        assert_eq!(other.end(&third), "COMPLETED");
        assert_eq!(one.phase(&second), "QUEUED");
        one.posted(&format!("{first}/phase"), &[("PHASE", "ABORT")]);
        one.until(&second, &["EXECUTING"]);
    });
}

#[test]
fn the_state_of_a_job_does_not_wait_for_queries() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = serve(archive, "concurrent = 3\nconcurrent_per_user = 2");
        let user = User::of(&service);
        let jobs = [user.run(ENDLESS), user.run(ENDLESS), user.run(ENDLESS)];
        user.until(&jobs[0], &["EXECUTING"]);
        user.until(&jobs[1], &["EXECUTING"]);
        let mut times: Vec<Duration> = (0..50)
            .map(|_| {
                let started = Instant::now();
                user.text(&jobs[2]);
                started.elapsed()
            })
            .collect();
        times.sort_unstable();
        eprintln!("median {:?}, worst {:?}", times[25], times[49]);
        assert!(times[25] < Duration::from_millis(200), "{times:?}");
        let ahead = user.text(&jobs[2]);
        assert!(ahead.contains("<ahead>0</ahead>"), "{ahead}");
    });
}

#[test]
fn services_that_share_a_database_share_its_jobs() {
    let archive = Archive::at(&postgres::fresh_database());
    archive.loaded(SKY);
    let settings = "concurrent = 1\nconcurrent_per_user = 9\nlease_seconds = 2";
    let (one, two) = (serve(&archive, settings), serve(&archive, settings));
    let (here, there) = (User::of(&one), User::of(&two));
    // Made here, run by either, seen from both.
    let jobs: Vec<String> = (0..10).map(|_| here.run(QUICK)).collect();
    for job in &jobs {
        assert_eq!(there.end(job), "COMPLETED");
        assert_eq!(there.text(&format!("{job}/results/result")), quick());
    }
    // One runs on each, and an abort reaches it wherever it is said.
    let long = [here.run(ENDLESS), here.run(ENDLESS)];
    for job in &long {
        there.until(job, &["EXECUTING"]);
    }
    for job in &long {
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| here.text(&format!("{job}?WAIT=30&PHASE=EXECUTING")));
            std::thread::sleep(Duration::from_millis(100));
            there.posted(&format!("{job}/phase"), &[("PHASE", "ABORT")]);
            let seen = waiting.join().expect("the job");
            assert!(seen.contains(">ABORTED<"), "{seen}");
        });
    }
    let name = archive.url.rsplit('/').next().unwrap_or_default();
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' AND state = 'active' \
         AND query LIKE '%\"columns\"%'"
    );
    soon("both queries have ended", || {
        postgres::server().psql("postgres", &sql) == "0"
    });
    // What one has taken up the other takes over when it is gone.
    let long = [here.run(ENDLESS), here.run(ENDLESS)];
    for job in &long {
        there.until(job, &["EXECUTING"]);
    }
    drop(one);
    let lost = || long.iter().position(|job| there.phase(job) == "QUEUED");
    soon("the lease of one has lapsed", || lost().is_some());
    let lost = lost().expect("a job");
    there.posted(&format!("{}/phase", long[1 - lost]), &[("PHASE", "ABORT")]);
    there.until(&long[lost], &["EXECUTING"]);
}
