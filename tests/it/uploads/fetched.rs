//! Tables by address: what may be asked, and what may not.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;

use super::STARS;
use crate::support::service::{Archive, SKY, Service, on_both, served_on_both};

/// Answers every request by its path, for as long as the tests run; gives its
/// port.
fn server(answer: fn(&str) -> (String, Vec<u8>)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let first = lines.next().unwrap_or_default();
            let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
            let _ = lines.find(String::is_empty);
            let (head, body) = answer(&path);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            let _ = (&stream).write_all(head.as_bytes());
            let _ = (&stream).write_all(&body);
        }
    });
    port
}

fn site(path: &str) -> (String, Vec<u8>) {
    let there = |to: &str| (format!("302 Found\r\nLocation: {to}"), Vec::new());
    match path {
        "/stars" => ("200 OK\r\nContent-Type: text/csv".into(), STARS.to_vec()),
        "/moved" => there("/stars"),
        "/round" => there("/round"),
        "/inside" => there("http://localhost:1/secret"),
        "/metadata" => there("http://169.254.169.254/latest/meta-data"),
        "/mapped" => there("http://[::ffff:127.0.0.1]:1/"),
        "/file" => there("file:///etc/passwd"),
        "/large" => ("200 OK".into(), b"x\n".repeat(100_000)),
        _ => ("404 Not Found".into(), Vec::new()),
    }
}

fn ask(service: &Service, url: &str) -> (u16, String) {
    let answer = service.post(&[
        ("LANG", "ADQL"),
        ("QUERY", "SELECT COUNT(*) FROM TAP_UPLOAD.t"),
        ("RESPONSEFORMAT", "csv"),
        ("UPLOAD", &format!("t,{url}")),
    ]);
    let status = answer.status().as_u16();
    (status, answer.text().expect("text").replace("&quot;", "\""))
}

fn serve(archive: &Archive, uploads: &str) -> Service {
    archive.loaded(SKY);
    let settings = format!("[uploads]\n{uploads}\n");
    archive.serve_with(&["--config", &archive.file("obstap.toml", settings)])
}

#[test]
fn what_is_not_public_is_not_asked() {
    let port = server(site);
    served_on_both(|service| {
        for url in [
            format!("http://127.0.0.1:{port}/stars"),
            format!("http://localhost:{port}/stars"),
            format!("http://[::1]:{port}/stars"),
            format!("http://[::ffff:127.0.0.1]:{port}/stars"),
            format!("http://2130706433:{port}/stars"),
            format!("http://0x7f.1:{port}/stars"),
            format!("http://0:{port}/stars"),
            "http://169.254.169.254/latest".to_owned(),
            "http://10.0.0.1/".to_owned(),
            "https://192.168.1.1/".to_owned(),
        ] {
            let (status, said) = ask(service, &url);
            assert_eq!(status, 400, "{url}");
            assert!(
                said.contains("is not a host that this service may ask"),
                "{url}: {said}"
            );
        }
    });
}

#[test]
fn what_is_listed_is_fetched_and_nothing_it_leads_to() {
    let port = server(site);
    on_both(|archive| {
        let service = &serve(
            archive,
            &format!("allow = \"127.0.0.1:{port}\"\nbytes = 50000\nredirects = 3"),
        );
        let check = |path: &str, expected: Result<&str, &str>| {
            let (status, said) = ask(service, &format!("http://127.0.0.1:{port}{path}"));
            match expected {
                Ok(rows) => assert_eq!((status, said.lines().nth(1)), (200, Some(rows)), "{said}"),
                Err(part) => {
                    assert!(status >= 400, "{path}: {said}");
                    assert!(said.contains(part), "{path}: {said}");
                }
            }
        };
        check("/stars", Ok("4"));
        check("/moved", Ok("4"));
        check("/round", Err("leads elsewhere more than 3 times"));
        let inside = "is not a host that this service may ask";
        check("/inside", Err(inside));
        check("/metadata", Err(inside));
        check("/mapped", Err(inside));
        check("/file", Err("is no address"));
        check("/large", Err("50000 bytes together"));
        check("/none", Err("answers 404"));
        let (_, said) = ask(service, "http://nowhere.invalid/x");
        assert!(said.contains("there is no host nowhere.invalid"), "{said}");
    });
}

#[test]
fn nothing_is_fetched_where_that_is_off() {
    on_both(|archive| {
        let service = &serve(archive, "urls = \"none\"\nallow = \"127.0.0.1\"");
        let (status, said) = ask(service, "http://127.0.0.1:1/x");
        assert_eq!(status, 400);
        assert!(said.contains("this service fetches none"), "{said}");
        let url = format!("{}/tap/capabilities", service.base);
        let answer = service.client.get(url).send().expect("an answer");
        let text = answer.text().expect("text");
        assert!(
            text.contains("upload-inline") && !text.contains("upload-http"),
            "{text}"
        );
    });
}
