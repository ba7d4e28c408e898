//! Clients that leave, or do not read: their query stops or waits in the
//! database, and its connection is good for the next one. The service has one
//! connection for queries, so the next answer is the proof.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::postgres;
use crate::support::service::{Archive, SKY, Service, on_both};

/// Far more than any of this takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Every row of the sky with every other, nine times over.
fn endless(columns: &str) -> String {
    let tables: Vec<String> = (0..9).map(|n| format!("ivoa.obscore AS t{n}")).collect();
    format!("SELECT {columns} FROM {}", tables.join(", "))
}

fn served_by_one_connection(test: impl Fn(&Archive, &Service)) {
    on_both(|archive| {
        archive.loaded(SKY);
        let one = archive.file("one.toml", "[pool]\nreaders = 1\n");
        test(archive, &archive.serve_with(&["--config", &one]));
    });
}

/// Sends a query and gives the connection, on which the answer will come.
fn ask(service: &Service, query: &str, format: &str) -> TcpStream {
    let address = service.base.trim_start_matches("http://");
    let query = query.replace(' ', "+").replace('*', "%2A");
    let body = format!("LANG=ADQL&MAXREC=10000000&RESPONSEFORMAT={format}&QUERY={query}");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let head = format!(
        "POST /tap/sync HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the head");
    stream.write_all(body.as_bytes()).expect("the body");
    stream
}

/// Statements of the service that run in its database; `None` where that
/// cannot be asked from outside.
fn running(archive: &Archive) -> Option<String> {
    let name = archive.url.strip_prefix("postgresql://")?;
    let name = name.rsplit('/').next()?;
    Some(postgres::server().psql(
        "postgres",
        &format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}' \
             AND application_name = 'obstap' AND state <> 'idle'"
        ),
    ))
}

#[track_caller]
fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < PATIENCE, "not so: {what}");
        sleep(Duration::from_millis(20));
    }
    eprintln!("{what}: after {:?}", started.elapsed());
}

/// Nothing runs any more, it was told, and others are served.
#[track_caller]
fn is_over(archive: &Archive, service: &Service, left: usize) {
    until("the statement is gone", || {
        running(archive).is_none_or(|count| count == "0")
    });
    let told = "the client left; query stopped";
    until("it is told", || service.log().matches(told).count() == left);
    for _ in 0..3 {
        assert_eq!(
            service.query("SELECT COUNT(*) AS n FROM ivoa.obscore"),
            "13"
        );
    }
}

#[test]
fn a_client_that_leaves_stops_its_query() {
    served_by_one_connection(|archive, service| {
        for (round, format) in ["votable", "votable/td", "csv"].into_iter().enumerate() {
            // Before the first byte: the answer is a number that is never found.
            let waiting = ask(service, &endless("COUNT(*) AS n"), format);
            until("the statement runs", || {
                running(archive).is_none_or(|count| count == "1")
            });
            sleep(Duration::from_millis(200));
            drop(waiting);
            is_over(archive, service, 2 * round + 1);

            // Amid the rows.
            let mut reading = ask(service, &endless("t0.obs_id, t1.s_ra, t2.s_dec"), format);
            let mut some = vec![0; 300_000];
            reading.read_exact(&mut some).expect("rows");
            assert!(some.starts_with(b"HTTP/1.1 200 OK"));
            drop(reading);
            is_over(archive, service, 2 * round + 2);
        }
    });
}

#[test]
fn a_client_that_does_not_read_holds_its_query_back() {
    served_by_one_connection(|archive, service| {
        let before = service.resident_kilobytes();
        let mut reading = ask(service, &endless("t0.obs_id, t1.s_ra, t2.s_dec"), "votable");
        let mut some = vec![0; 10_000];
        reading.read_exact(&mut some).expect("rows");
        // Memory would grow by hundreds of megabytes a second.
        sleep(Duration::from_secs(1));
        let held = service.resident_kilobytes().saturating_sub(before);
        assert!(held < 50_000, "{held} kB more than before");
        // It goes on where it waited.
        let mut more = vec![0; 10_000_000];
        reading.read_exact(&mut more).expect("more rows");
        drop(reading);
        is_over(archive, service, 1);
    });
}
