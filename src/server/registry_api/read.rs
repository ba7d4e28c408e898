//! What is in the registry.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{Answer, Call, Refusal, answered, done, element};
use crate::registry::own::universe::{BEGIN, END, Element, REGION};
use crate::registry::own::{Collection, DatasetType, Stored};
use crate::registry::{Dataset, Scalar};
use crate::server::State;

/// Rows of an answer that does not say, and at most.
const USUAL: usize = 1000;
const MOST: usize = 10_000;

pub async fn about(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let call = Call::of(&request, &state, &[]).await?;
        Ok(json!({"label": call.store.label()}))
    };
    answered(answer.await)
}

pub async fn types(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let Call { store, .. } = Call::of(&request, &state, &[]).await?;
        let types = done(&state, async move { store.types().await }).await?;
        let told = |it: &DatasetType| {
            json!({
                "name": it.name, "dimensions": it.dimensions, "storage_class": it.storage_class,
            })
        };
        Ok(json!({"types": types.iter().map(told).collect::<Vec<_>>()}))
    };
    answered(answer.await)
}

pub async fn collections(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let Call { store, .. } = Call::of(&request, &state, &[]).await?;
        let collections = done(&state, async move { store.collections().await }).await?;
        let told = |it: &Collection| {
            json!({
                "name": it.name, "kind": it.kind.name(), "doc": it.doc, "children": it.children,
            })
        };
        Ok(json!({"collections": collections.iter().map(told).collect::<Vec<_>>()}))
    };
    answered(answer.await)
}

pub async fn records(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let element = element(&request)?;
        let call = Call::of(&request, &state, &["of", "skip", "limit"]).await?;
        let limit = call.count("limit", USUAL, MOST)?;
        let skip = call.count("skip", 0, usize::MAX >> 1)?;
        let of = call.text("of").map(str::to_owned);
        let store = call.store;
        let read = async move {
            store
                .list_records(element, of.as_deref(), skip, limit)
                .await
        };
        let records = done(&state, read).await?;
        let told = records.iter().map(|it| record(element, it));
        Ok(json!({"records": told.collect::<Vec<_>>()}))
    };
    answered(answer.await)
}

pub async fn datasets(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let known = ["type", "collection", "after", "limit"];
        let call = Call::of(&request, &state, &known).await?;
        let limit = call.count("limit", USUAL, MOST)?;
        let after = match call.text("after") {
            Some(text) => {
                Some(Uuid::try_parse(text).map_err(|_| Refusal::invalid("after must be a UUID"))?)
            }
            None => None,
        };
        let [of, collection] =
            ["type", "collection"].map(|name| call.text(name).map(str::to_owned));
        let store = call.store;
        let read = async move {
            let (of, collection) = (of.as_deref(), collection.as_deref());
            store.list(of, collection, after, limit).await
        };
        let listed = done(&state, read).await?;
        let told = listed.iter().map(|it| {
            json!({
                "id": it.id.to_string(), "type": &*it.dataset_type, "run": &*it.run,
                "data_id": it.data_id,
            })
        });
        Ok(json!({"datasets": told.collect::<Vec<_>>()}))
    };
    answered(answer.await)
}

pub async fn dataset(request: HttpRequest, state: web::Data<State>) -> HttpResponse {
    let answer = async {
        let Call { store, .. } = Call::of(&request, &state, &[]).await?;
        let text = request.match_info().query("uuid");
        let id = Uuid::try_parse(text)
            .map_err(|_| Refusal::invalid("the last part of the address must be a UUID"))?;
        let found = done(&state, async move { store.show(id).await }).await?;
        shown(&found)
    };
    answered(answer.await)
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(flag) => (*flag).into(),
        Scalar::Int(number) => (*number).into(),
        Scalar::Float(number) => (*number).into(),
        Scalar::Text(text) => (**text).into(),
    }
}

/// As it can be given back, and its entity tag.
fn record(element: &Element, stored: &Stored) -> Value {
    let row = &stored.row;
    let mut record = Map::new();
    for (field, value) in element.fields().zip(&row.fields) {
        record.insert(field.name.to_owned(), scalar(value));
    }
    if element.has_region {
        record.insert(REGION.to_owned(), json!(row.region.as_deref()));
    }
    if element.has_timespan {
        record.insert(
            BEGIN.to_owned(),
            json!(row.timespan.and_then(|it| it.begin)),
        );
        record.insert(END.to_owned(), json!(row.timespan.and_then(|it| it.end)));
    }
    json!({"record": record, "etag": format!("\"{}\"", stored.tag)})
}

fn shown(dataset: &Dataset) -> Answer {
    let object = |fields: &[(std::sync::Arc<str>, Scalar)]| {
        let fields = fields.iter();
        Value::Object(
            fields
                .map(|(name, it)| (name.to_string(), scalar(it)))
                .collect(),
        )
    };
    let mut records = Map::new();
    for (name, record) in &dataset.records {
        records.insert(name.to_string(), object(&record.fields));
    }
    let files = dataset.files.iter().map(|file| {
        json!({
            "uri": file.uri, "component": file.component, "size": file.size,
            "media_type": file.media_type, "checksum": file.checksum,
        })
    });
    Ok(json!({
        "id": dataset.id.to_string(),
        "type": &*dataset.dataset_type,
        "run": &*dataset.run,
        "tags": dataset.tags.iter().map(|it| &**it).collect::<Vec<&str>>(),
        "data_id": object(&dataset.data_id.0),
        "region": dataset.region.as_ref().map(ToString::to_string),
        "timespan": dataset.timespan.map(|it| json!([it.begin, it.end])),
        "files": files.collect::<Vec<_>>(),
        "records": records,
    }))
}
