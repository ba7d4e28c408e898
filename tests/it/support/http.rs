//! One request and its answer.

use reqwest::blocking::{RequestBuilder, Response};

use super::service::Service;

/// What comes back, whatever its status.
pub fn send(request: RequestBuilder) -> Response {
    request.send().expect("an answer")
}

/// What stands at a path of the service.
pub fn get(service: &Service, path: &str) -> Response {
    send(service.client.get(format!("{}{path}", service.base)))
}

/// A header's text, empty where there is none.
#[track_caller]
pub fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    let value = answer.headers().get(name);
    value.map_or("", |value| value.to_str().expect("text"))
}
