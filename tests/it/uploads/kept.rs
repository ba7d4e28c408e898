//! Tables that wait with their job.

use reqwest::redirect::Policy;

use super::{STARS, form};
use crate::async_::client::{User, element, files, soon};
use crate::support::service::{SKY, Service, client, on_both};

/// A request to the list of jobs or one of them; gives where it leads, below
/// the list, or what is said.
fn post(
    service: &Service,
    path: &str,
    parameters: &[(&str, &str)],
    table: &[u8],
) -> Result<String, String> {
    let client = client().redirect(Policy::none());
    let client = client.build().expect("a client");
    let list = format!("{}/tap/async", service.base);
    let request = client.post(format!("{list}{path}"));
    let answer = request.multipart(form(parameters, &[("f", table)])).send();
    let answer = answer.expect("an answer");
    if answer.status() != 303 {
        return Err(answer.text().expect("text"));
    }
    let location = answer.headers().get("location").expect("a location");
    let location = location.to_str().expect("text").to_owned();
    Ok(location.trim_start_matches(&list).to_owned())
}

const QUERY: [(&str, &str); 4] = [
    ("LANG", "ADQL"),
    ("QUERY", "SELECT COUNT(*) FROM TAP_UPLOAD.t"),
    ("RESPONSEFORMAT", "csv"),
    ("UPLOAD", "t,param:f"),
];

#[track_caller]
fn count(user: &User, job: &str) -> String {
    assert_eq!(user.end(job), "COMPLETED", "{}", user.text(job));
    let result = user.text(&format!("{job}/results/result"));
    result.lines().nth(1).unwrap_or_default().to_owned()
}

#[test]
fn a_job_has_its_tables() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let user = User::of(&service);
        let run = [QUERY.as_slice(), &[("PHASE", "RUN")]].concat();
        let job = post(&service, "", &run, STARS).expect("a job");
        assert_eq!(count(&user, &job), "4");
        // Sent later, and sent again.
        let job = user.create(&QUERY[..3]);
        post(&service, &job, &QUERY[3..], STARS).expect("taken");
        post(&service, &format!("{job}/parameters"), &[], b"x\n1\n").expect("taken");
        user.posted(&format!("{job}/phase"), &[("PHASE", "RUN")]);
        assert_eq!(count(&user, &job), "1");
        let said = post(&service, &job, &[], STARS).expect_err("it is too late");
        assert!(
            said.contains("files can be changed while a job is PENDING"),
            "{said}"
        );
        // Gone with the job.
        user.delete(&job);
        let id = job.trim_start_matches('/');
        soon("its files are removed", || {
            !files(archive).iter().any(|name| name.contains(id))
        });
    });
}

#[test]
fn what_a_job_lacks_is_told_at_once() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let user = User::of(&service);
        let run = [&QUERY[..3], &[("UPLOAD", "t,param:g"), ("PHASE", "RUN")]].concat();
        let job = post(&service, "", &run, STARS).expect("a job");
        assert_eq!(user.phase(&job), "ERROR");
        let message = element(&user.text(&job), "message");
        assert!(
            message.contains("which is not there; it has f"),
            "{message}"
        );
    });
}

#[test]
fn tables_outlive_a_service_that_is_killed() {
    on_both(|archive| {
        archive.loaded(SKY);
        let service = archive.serve();
        let job = post(&service, "", &QUERY, STARS).expect("a job");
        // SIGKILL.
        drop(service);
        let service = archive.serve();
        let user = User::of(&service);
        assert_eq!(user.phase(&job), "PENDING");
        user.posted(&format!("{job}/phase"), &[("PHASE", "RUN")]);
        assert_eq!(count(&user, &job), "4");
    });
}
