//! `/tap/async`: queries as jobs (UWS 1.1 section 2.2, TAP 1.1 section 2.2).
//!
//! What is wrong with a request about a job is said in plain text; what went
//! wrong with the job itself is a VOTable under `error` (TAP 1.1 section 3.3).

use std::future::Future;

use actix_web::http::{StatusCode, header};
use actix_web::web::{self, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use tokio::task::AbortHandle;

use super::around::RequestId;
use super::{State, body, download, url};
use crate::dali::Params;
use crate::dali::xml::MEDIA_TYPE;
use crate::output::error_document;
use crate::tap::Fault;
use crate::uws::{Control, Error, Filter, Job, Phase, Wait, document, instant};

type Answer = Result<HttpResponse, Refusal>;

/// Status and sentence.
struct Refusal(StatusCode, String);

impl From<Error> for Refusal {
    fn from(error: Error) -> Refusal {
        let status = match &error {
            Error::NoSuchJob => StatusCode::NOT_FOUND,
            Error::Usage(_) => StatusCode::BAD_REQUEST,
            // UWS 1.1 section 2.2.
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::Full(_) | Error::Elsewhere(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::Database(cause) => {
                let id = RequestId::current().map(|id| id.0);
                tracing::error!(id, %cause, "the table of jobs cannot be used");
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        Refusal(status, error.to_string())
    }
}

impl From<crate::dali::Error> for Refusal {
    fn from(error: crate::dali::Error) -> Refusal {
        Error::from(error).into()
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Refusal {
        let status = StatusCode::from_u16(fault.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Refusal(status, fault.message().to_owned())
    }
}

fn answered(answer: Answer) -> HttpResponse {
    answer.unwrap_or_else(|Refusal(status, mut message)| {
        if status.is_server_error()
            && let Some(RequestId(id)) = RequestId::current()
        {
            message.push_str(&format!(
                " (the operator finds the reason in the log under {id})"
            ));
        }
        let mut response = HttpResponse::build(status);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.insert_header((header::RETRY_AFTER, "5"));
        }
        response
            .content_type("text/plain;charset=utf-8")
            .body(message + "\n")
    })
}

/// Does `work` where the jobs are looked after; it ends with whoever waits for it.
async fn there<T: Send + 'static>(
    state: &State,
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Refusal> {
    let task = state.desk.spawn(work);
    let waited_for = WaitedFor(task.abort_handle());
    let done = task.await;
    drop(waited_for);
    match done {
        Ok(done) => Ok(done?),
        Err(_) => Err(Refusal(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request ended unexpectedly".to_owned(),
        )),
    }
}

struct WaitedFor(AbortHandle);

impl Drop for WaitedFor {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The address of the list of jobs.
fn address(request: &HttpRequest, state: &State) -> String {
    let base = url::base(request, state.base_url.as_deref());
    format!("{base}/tap/async")
}

fn query(request: &HttpRequest) -> Params {
    let mut params = Params::default();
    params.add_encoded(request.query_string().as_bytes());
    params
}

fn see_other(address: String) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, address))
        .finish()
}

fn xml(document: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok().content_type(MEDIA_TYPE).body(document)
}

pub async fn list(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let listed = async {
        let filter = Filter::read(&query(&request))?;
        let address = address(&request, &state);
        let jobs = state.jobs.clone();
        let list = async move { Ok(document::jobs(&jobs.list(&filter).await?, &address)) };
        Ok(xml(there(&state, list).await?))
    };
    answered(listed.await)
}

pub async fn create(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let created = async {
        let room = body::Room::of(&state.service, Some(state.jobs.room()));
        let (params, parts) = body::read(&request, payload, &room).await?;
        let asker = url::client(&request);
        let base = url::base(&request, state.base_url.as_deref());
        state.service.base.reached_at(&base);
        let jobs = state.jobs.clone();
        // The query is checked against what is published now.
        state.catalog().await;
        let create = async move { jobs.create(&params, &parts, &asker).await };
        let job = there(&state, create).await?;
        let id = RequestId::current().map(|id| id.0);
        tracing::info!(id, job = job.id, phase = job.phase.name(), "job made");
        Ok(see_other(format!(
            "{}/{}",
            address(&request, &state),
            job.id
        )))
    };
    answered(created.await)
}

pub async fn job(request: HttpRequest, id: Path<String>, state: web::Data<State>) -> HttpResponse {
    let found = async {
        let wait = Wait::read(&query(&request))?;
        let address = address(&request, &state);
        let jobs = state.jobs.clone();
        let document = async move {
            let job = match wait {
                Some(wait) => jobs.wait(&id, &wait).await?,
                None => jobs.get(&id).await?,
            };
            jobs.document(&job, &address).await
        };
        Ok(xml(there(&state, document).await?))
    };
    answered(found.await)
}

pub async fn delete(
    request: HttpRequest,
    id: Path<String>,
    state: web::Data<State>,
) -> HttpResponse {
    let deleted = async {
        let jobs = state.jobs.clone();
        there(&state, async move { jobs.delete(&id).await }).await?;
        Ok(see_other(address(&request, &state)))
    };
    answered(deleted.await)
}

pub async fn post(
    request: HttpRequest,
    payload: Payload,
    id: Path<String>,
    state: web::Data<State>,
) -> HttpResponse {
    answered(changed(&request, payload, &id, None, &state).await)
}

pub async fn post_part(
    request: HttpRequest,
    payload: Payload,
    path: Path<(String, String)>,
    state: web::Data<State>,
) -> HttpResponse {
    let (id, part) = path.into_inner();
    answered(changed(&request, payload, &id, Some(&part), &state).await)
}

/// A part of a job takes its own parameter; the job and its parameters take
/// any (UWS 1.1 sections 2.1.11 and 2.2.3).
async fn changed(
    request: &HttpRequest,
    payload: Payload,
    id: &str,
    part: Option<&str>,
    state: &State,
) -> Answer {
    let room = body::Room::of(&state.service, Some(state.jobs.room()));
    let (mut params, parts) = body::read(request, payload, &room).await?;
    let name = match part {
        None | Some("parameters") => None,
        Some("phase") => Some("PHASE"),
        Some("destruction") => Some("DESTRUCTION"),
        Some("executionduration") => Some("EXECUTIONDURATION"),
        Some(part) => {
            let message = format!("{part} of a job cannot be changed");
            return Err(Refusal(StatusCode::METHOD_NOT_ALLOWED, message));
        }
    };
    if let Some(name) = name {
        let Some(value) = params.single(name)?.map(str::to_owned) else {
            return Err(Refusal(
                StatusCode::BAD_REQUEST,
                format!("parameter {name} is missing"),
            ));
        };
        params = Params::default();
        params.add(name, value);
    }
    let control = Control::read(&params)?;
    // As for a new job.
    state.catalog().await;
    let address = address(request, state);
    let (jobs, id) = (state.jobs.clone(), id.to_owned());
    let post = async move { jobs.post(&id, control, &parts).await };
    Ok(see_other(match there(state, post).await? {
        Some(job) => format!("{address}/{}", job.id),
        None => address,
    }))
}

pub async fn part(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: web::Data<State>,
) -> HttpResponse {
    let (id, part) = path.into_inner();
    let found = async {
        let job = get(&state, id).await?;
        Ok(match part.as_str() {
            "phase" => text(job.phase.name()),
            "executionduration" => text(&job.seconds.to_string()),
            "destruction" => text(&instant::text(job.destruction)),
            "quote" => text(&quote(&state, job).await?),
            "owner" => text(job.owner.as_deref().unwrap_or_default()),
            "parameters" => xml(document::parameters(&job)),
            "results" => xml(document::results(&job, &address(&request, &state))),
            "error" => error(&job)?,
            part => return Err(nothing(part)),
        })
    };
    answered(found.await)
}

async fn get(state: &State, id: String) -> Result<Job, Refusal> {
    let jobs = state.jobs.clone();
    there(state, async move { jobs.get(&id).await }).await
}

/// Empty where nothing is expected.
async fn quote(state: &State, job: Job) -> Result<String, Refusal> {
    let jobs = state.jobs.clone();
    let forecast = there(state, async move { jobs.forecast(&job).await }).await?;
    Ok(forecast.quote.map(instant::text).unwrap_or_default())
}

fn text(text: &str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain;charset=utf-8")
        .body(text.to_owned())
}

fn nothing(what: &str) -> Refusal {
    Refusal(
        StatusCode::NOT_FOUND,
        format!(
            "a job has no {what}; it has phase, parameters, results, error, quote, destruction, executionduration and owner"
        ),
    )
}

/// The document is an answer like others, with status 200 (TAP 1.1 section
/// 3.3).
fn error(job: &Job) -> Answer {
    match &job.problem {
        Some(problem) => Ok(HttpResponse::Ok()
            .content_type("application/x-votable+xml")
            .body(error_document(&problem.message))),
        None => Err(Refusal(
            StatusCode::NOT_FOUND,
            format!("the job is {} and has no error", job.phase.name()),
        )),
    }
}

pub async fn result(
    request: HttpRequest,
    path: Path<(String, String)>,
    state: web::Data<State>,
) -> HttpResponse {
    let (id, name) = path.into_inner();
    let found = async {
        let job = get(&state, id).await?;
        let (Some(product), Some(file), "result") =
            (&job.product, state.jobs.result(&job), name.as_str())
        else {
            let message = match job.phase {
                Phase::Completed => format!("the job has no result {name}; it has one, result"),
                Phase::Error => "the job failed; its error says why".to_owned(),
                phase => format!("the job is {} and has no result", phase.name()),
            };
            return Err(Refusal(StatusCode::NOT_FOUND, message));
        };
        let tag = format!("{}.{}", job.id, job.attempt);
        let answer = download::answer(&request, &file, product, tag).await;
        answer.map_err(|error| {
            tracing::error!(id = job.id, %error, "a result cannot be read");
            Refusal(
                StatusCode::GONE,
                "the result is no longer there; send the query again".to_owned(),
            )
        })
    };
    answered(found.await)
}
