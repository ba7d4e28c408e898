//! What is written into the registry. Each call is done or refused as a whole.

use actix_web::http::{StatusCode, header};
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use uuid::Uuid;

use super::{Answer, Call, Refusal, answered, done, element, form, whole};
use crate::registry::own::given::{self, Defaults};
use crate::registry::own::universe::{BEGIN, END, REGION};
use crate::registry::own::{Error, Ids, Recorded};
use crate::server::{State, body};

/// A call with its body. One that is refused has it read and thrown away.
async fn call(
    request: &HttpRequest,
    payload: Payload,
    state: &State,
    known: &[&str],
) -> Result<(Call, web::Bytes), Refusal> {
    match Call::of(request, state, known).await {
        Ok(call) => Ok((call, whole(payload, state.registry_api.body_bytes).await?)),
        Err(refusal) => {
            body::drain(payload).await;
            Err(refusal)
        }
    }
}

fn recorded(it: Recorded) -> Answer {
    Ok(json!({
        "added": it.added, "changed": it.changed, "same": it.same, "datasets": it.datasets,
    }))
}

pub async fn register_types(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (Call { actor, store, .. }, body) = call(&request, payload, &state, &[]).await?;
        let form = form(&request, &body);
        let work = async move {
            let types = given::types(&body, form)?;
            store.register_types(&actor, &types).await
        };
        Ok(json!({"added": done(&state, work).await?}))
    };
    answered(answer.await)
}

pub async fn register_collections(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (Call { actor, store, .. }, body) = call(&request, payload, &state, &[]).await?;
        let form = form(&request, &body);
        let work = async move {
            let collections = given::collections(&body, form)?;
            store.register_collections(&actor, &collections).await
        };
        Ok(json!({"changed": done(&state, work).await?}))
    };
    answered(answer.await)
}

pub async fn remove_collection(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let call = Call::of(&request, &state, &["name"]).await?;
        let name = call.needed("name")?;
        let (actor, store) = (call.actor, call.store);
        let work = async move { store.remove_collection(&actor, &name).await };
        Ok(json!({"datasets": done(&state, work).await?}))
    };
    answered(answer.await)
}

pub async fn register_records(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (call, body) = call(&request, payload, &state, &["replace"]).await?;
        let element = element(&request)?;
        let replace = match call.text("replace") {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(Refusal::invalid("replace must be true or false")),
        };
        let form = form(&request, &body);
        let (actor, store) = (call.actor, call.store);
        let work = async move {
            let rows = given::records(&body, form, element, None)?;
            store.record(&actor, element, &rows, replace).await
        };
        recorded(done(&state, work).await?)
    };
    answered(answer.await)
}

/// RFC 9110 section 13.1.1: done only if nobody has changed it since.
pub async fn replace_record(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (Call { actor, store, .. }, body) = call(&request, payload, &state, &[]).await?;
        let element = element(&request)?;
        let tag = request.headers().get(header::IF_MATCH);
        let tag = tag.and_then(|tag| tag.to_str().ok()).unwrap_or_default();
        let tag = tag.trim().trim_matches('"').to_owned();
        if tag.is_empty() {
            // RFC 6585 section 3.
            return Err(Refusal::new(
                StatusCode::PRECONDITION_REQUIRED,
                "precondition_required",
                "send the entity tag of the record that is to be changed: If-Match: \"…\"",
            ));
        }
        let form = form(&request, &body);
        let work = async move {
            let rows = given::records(&body, form, element, None)?;
            match rows.as_slice() {
                [row] => store.replace(&actor, element, row, &tag).await,
                _ => Err(Error::invalid("send one record, whole")),
            }
        };
        recorded(done(&state, work).await?)
    };
    answered(answer.await)
}

pub async fn remove_records(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (Call { actor, store, .. }, body) = call(&request, payload, &state, &[]).await?;
        let element = element(&request)?;
        let form = form(&request, &body);
        let work = async move {
            let rows = given::records(&body, form, element, Some(&[]))?;
            store.forget_records(&actor, element, &rows).await
        };
        let gone = done(&state, work).await?;
        Ok(json!({"removed": gone.changed, "datasets": gone.datasets}))
    };
    answered(answer.await)
}

/// Regions or timespans, as the address says.
pub async fn update(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (Call { actor, store, .. }, body) = call(&request, payload, &state, &[]).await?;
        let element = element(&request)?;
        let is_region = request.path().contains("/regions/");
        let columns: &'static [&'static str] = match is_region {
            true if element.has_region => &[REGION],
            false if element.has_timespan => &[BEGIN, END, "timespan"],
            _ => {
                return Err(Refusal::invalid(format!(
                    "records of {} have no {}",
                    element.name,
                    if is_region { "region" } else { "timespan" }
                )));
            }
        };
        let form = form(&request, &body);
        let work = async move {
            let rows = given::records(&body, form, element, Some(columns))?;
            let stored = columns.get(..2).unwrap_or(columns);
            store.update(&actor, element, stored, &rows).await
        };
        recorded(done(&state, work).await?)
    };
    answered(answer.await)
}

pub async fn ingest(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let known = ["type", "run", "ids"];
        let (call, body) = call(&request, payload, &state, &known).await?;
        let ids = match call.text("ids") {
            None | Some("new") => Ids::New,
            Some("derived") => Ids::Derived,
            Some(_) => return Err(Refusal::invalid("ids must be new or derived")),
        };
        let defaults = Defaults {
            dataset_type: call.text("type").map(str::to_owned),
            run: call.text("run").map(str::to_owned),
        };
        let form = form(&request, &body);
        let (actor, store) = (call.actor, call.store);
        let work = async move {
            let given = given::datasets(&body, form, &defaults)?;
            drop(body);
            store.ingest(&actor, &given, ids).await
        };
        let ingested = done(&state, work).await?;
        let ids: Vec<String> = ingested.ids.iter().map(Uuid::to_string).collect();
        Ok(json!({"added": ingested.added, "present": ingested.present, "ids": ids}))
    };
    answered(answer.await)
}

pub async fn remove(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (Call { actor, store, .. }, body) = call(&request, payload, &state, &[]).await?;
        let work = async move { store.remove(&actor, &given::ids(&body)?).await };
        Ok(json!({"removed": done(&state, work).await?}))
    };
    answered(answer.await)
}

pub async fn associate(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (call, body) = call(&request, payload, &state, &["collection"]).await?;
        let name = call.needed("collection")?;
        let (actor, store) = (call.actor, call.store);
        let work = async move { store.associate(&actor, &name, &given::ids(&body)?).await };
        Ok(json!({"associated": done(&state, work).await?}))
    };
    answered(answer.await)
}

pub async fn disassociate(
    request: HttpRequest,
    payload: Payload,
    state: web::Data<State>,
) -> HttpResponse {
    let answer = async {
        let (call, body) = call(&request, payload, &state, &["collection"]).await?;
        let name = call.needed("collection")?;
        let (actor, store) = (call.actor, call.store);
        let work = async move { store.disassociate(&actor, &name, &given::ids(&body)?).await };
        Ok(json!({"disassociated": done(&state, work).await?}))
    };
    answered(answer.await)
}
