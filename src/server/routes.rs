//! Every address of the service: who answers there, and how it is described.

mod cutouts;
mod pages;
mod registry_api;
mod simple;

use actix_web::http::header::{self, HeaderValue};
use actix_web::http::{Method as Verb, StatusCode};
use actix_web::middleware::Compress;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard, web};

use super::{async_, body, coverage, datalink, documents, files, portal, registry, sync};
use crate::dali::xml::MEDIA_TYPE as XML;
use crate::web::api::{Access, Address, Method, Operation, Parameter};

/// An address and who answers there.
struct Place {
    address: Address,
    /// Content-Encoding is chosen here and not by whoever answers.
    compress: bool,
    serve: fn(Resource) -> Resource,
}

const HTML: &str = "text/html;charset=utf-8";
const TEXT: &str = "text/plain;charset=utf-8";

const fn get(
    summary: &'static str,
    parameters: &'static [Parameter],
    media_types: &'static [&'static str],
) -> Operation {
    Operation {
        method: Method::Get,
        summary,
        parameters,
        tables: false,
        status: 200,
        media_types,
        access: Access::Open,
    }
}

/// An answer that leads on to another address.
const fn done(
    method: Method,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> Operation {
    Operation {
        method,
        summary,
        parameters,
        tables: false,
        status: 303,
        media_types: &[],
        access: Access::Open,
    }
}

const fn may(name: &'static str, example: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        description,
        example,
        required: false,
    }
}

const fn must(name: &'static str, example: &'static str, description: &'static str) -> Parameter {
    Parameter {
        required: true,
        ..may(name, example, description)
    }
}

const LANG: &str = "The language of the query: ADQL, ADQL-2.0 or ADQL-2.1";
const QUERY: &str = "The query";
const MAXREC: &str = "Rows of the answer at most; 0 asks for the columns alone";
const FORMAT: &str = "The format of the answer, as the capabilities name them";
const REQUEST: &str = "As old clients say it: doQuery";
const EXAMPLE: &str = "SELECT TOP 5 obs_id, s_ra, s_dec FROM ivoa.obscore";

const QUERIES: &[Parameter] = &[
    must("LANG", "ADQL", LANG),
    must("QUERY", EXAMPLE, QUERY),
    may("RESPONSEFORMAT", "csv", FORMAT),
    may("MAXREC", "100", MAXREC),
    may("REQUEST", "doQuery", REQUEST),
];

const NEW_JOBS: &[Parameter] = &[
    may("LANG", "ADQL", LANG),
    may("QUERY", EXAMPLE, QUERY),
    may("RESPONSEFORMAT", "csv", FORMAT),
    may("MAXREC", "100", MAXREC),
    may("REQUEST", "doQuery", REQUEST),
    may("PHASE", "RUN", "RUN starts the job at once"),
    may("RUNID", "night-12", "A name of the client's own"),
    may("EXECUTIONDURATION", "600", "Seconds the job may run"),
    may(
        "DESTRUCTION",
        "2100-01-01T00:00:00Z",
        "Until when it is kept, in UTC",
    ),
];

const CHANGES: &[Parameter] = &[
    may("RUNID", "night-12", "A name of the client's own"),
    may("EXECUTIONDURATION", "600", "Seconds the job may run"),
    may(
        "DESTRUCTION",
        "2100-01-01T00:00:00Z",
        "Until when it is kept, in UTC",
    ),
    may("PHASE", "RUN", "RUN starts the job, ABORT stops it"),
    may("ACTION", "DELETE", "DELETE removes the job and its result"),
];

const FILTERS: &[Parameter] = &[
    may(
        "PHASE",
        "COMPLETED",
        "Only jobs in this phase; may be repeated",
    ),
    may("LAST", "10", "Only so many, the latest first"),
    may(
        "AFTER",
        "2026-01-01T00:00:00Z",
        "Only jobs made since, in UTC",
    ),
];

/// The formats of a coverage.
const MOCS: &[&str] = &["application/fits", "application/json", "text/plain"];

const COVERAGE: &[Parameter] = &[
    may("TABLE", "ivoa.obscore", "A published table"),
    may("WHERE", "s_dec < 0", "Only rows that meet this condition"),
    may("KIND", "space-time", "space, time or space-time"),
    may("ORDER", "7", "Order of the cells on the sky, 0 to 29"),
    may("TIMEORDER", "20", "Order of the cells of time, 0 to 61"),
    may("RESPONSEFORMAT", "ascii", "fits, json or ascii"),
];

const LINKS: &[Parameter] = &[
    may(
        "ID",
        "ivo://example.org/obs?repo=main&id=0f1d2c3b-4a59-6877-8695-a4b3c2d1e0f9",
        "The identifier of a dataset; may be repeated",
    ),
    may("RESPONSEFORMAT", "csv", FORMAT),
    may("MAXREC", "100", MAXREC),
];

/// What the links of datasets are written as, unless others are asked for.
const DATALINK: &str = crate::datalink::MEDIA_TYPE;

const PLACES: &[Place] = &[
    Place {
        address: Address {
            paths: &["/", "/tap", "/tap/"],
            operations: &[get("What is here and how to ask, for people", &[], &[HTML])],
        },
        compress: true,
        serve: |it| it.route(read().to(portal::landing)),
    },
    Place {
        address: Address {
            paths: &["/tap/sync"],
            operations: &[
                get(
                    "The answer to a query (TAP 1.1 section 2.1)",
                    QUERIES,
                    &["*/*"],
                ),
                Operation {
                    method: Method::Post,
                    tables: true,
                    ..get("The same, for queries of any length", QUERIES, &["*/*"])
                },
            ],
        },
        compress: false,
        serve: |it| {
            it.route(read().to(sync::tap))
                .route(web::post().to(sync::tap))
        },
    },
    Place {
        address: Address {
            paths: &["/tap/async", "/tap/async/"],
            operations: &[
                get("The jobs (UWS 1.1 section 2.2.2)", FILTERS, &[XML]),
                Operation {
                    tables: true,
                    ..done(Method::Post, "A new job", NEW_JOBS)
                },
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(async_::list))
                .route(web::post().to(async_::create))
        },
    },
    Place {
        address: Address {
            paths: &["/tap/async/{id}"],
            operations: &[
                get(
                    "A job",
                    &[
                        may(
                            "WAIT",
                            "1",
                            "Seconds to wait for another phase; -1 waits long",
                        ),
                        may(
                            "PHASE",
                            "EXECUTING",
                            "Wait only while the job is in this phase",
                        ),
                    ],
                    &[XML],
                ),
                done(Method::Post, "Change the job", CHANGES),
                done(Method::Delete, "Remove the job and its result", &[]),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(async_::job))
                .route(web::post().to(async_::post))
                .route(web::delete().to(async_::delete))
        },
    },
    Place {
        address: Address {
            paths: &["/tap/async/{id}/{part}", "/tap/async/{id}/{part}/"],
            operations: &[
                get(
                    "A part of a job",
                    &[],
                    &[TEXT, XML, "application/x-votable+xml"],
                ),
                done(
                    Method::Post,
                    "Change that part: phase, executionduration, destruction, or parameters",
                    CHANGES,
                ),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(async_::part))
                .route(web::post().to(async_::post_part))
        },
    },
    Place {
        address: Address {
            paths: &["/tap/async/{id}/results/{name}"],
            operations: &[get(
                "The result of a job, whole or the part that Range asks for",
                &[],
                &["*/*"],
            )],
        },
        compress: false,
        serve: |it| it.route(read().to(async_::result)),
    },
    Place {
        address: Address {
            paths: &["/tap/capabilities"],
            operations: &[get(
                "What the service can do (VOSI 1.1, TAPRegExt)",
                &[],
                &[XML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::capabilities)),
    },
    Place {
        address: Address {
            paths: &["/tap/tables"],
            operations: &[get(
                "The tables and their columns (VOSI 1.1)",
                &[may(
                    "detail",
                    "min",
                    "min leaves the columns out; max has them",
                )],
                &[XML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::tables)),
    },
    Place {
        address: Address {
            paths: &["/tap/tables/{name}"],
            operations: &[get("One table and its columns", &[], &[XML])],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::table)),
    },
    Place {
        address: Address {
            paths: &["/tap/coverage"],
            operations: &[
                get("What a table covers, as a MOC (MOC 2.0)", COVERAGE, MOCS),
                Operation {
                    method: Method::Post,
                    ..get("The same, for conditions of any length", COVERAGE, MOCS)
                },
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(coverage::answer))
                .route(web::post().to(coverage::answer))
        },
    },
    Place {
        address: Address {
            paths: &["/datalink/links"],
            operations: &[
                get("The links of datasets (DataLink 1.1)", LINKS, &[DATALINK]),
                Operation {
                    method: Method::Post,
                    ..get("The same, for thousands of datasets", LINKS, &[DATALINK])
                },
            ],
        },
        compress: false,
        serve: |it| {
            it.route(read().to(datalink::links))
                .route(web::post().to(datalink::links))
        },
    },
    Place {
        address: Address {
            paths: &["/datalink/capabilities"],
            operations: &[get(
                "What the service of links can do (VOSI 1.1)",
                &[],
                &[XML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(datalink::capabilities)),
    },
    Place {
        address: Address {
            paths: &["/datalink/availability"],
            operations: &[get(
                "Whether the service of links is up (VOSI 1.1)",
                &[],
                &[XML],
            )],
        },
        compress: false,
        serve: |it| it.route(read().to(documents::availability)),
    },
    Place {
        address: Address {
            paths: &["/files"],
            operations: &[get(
                "The file of a dataset, or the way there",
                &[must(
                    "ID",
                    "ivo://example.org/obs?a.fits",
                    "The identifier of a dataset",
                )],
                &["*/*"],
            )],
        },
        compress: false,
        serve: |it| it.route(read().to(files::by_id)),
    },
    Place {
        address: Address {
            paths: &["/files/{repo}/{dataset}"],
            operations: &[get(
                "The file of a dataset of a registry, or the way there",
                &[],
                &["*/*"],
            )],
        },
        compress: false,
        serve: |it| it.route(read().to(files::whole)),
    },
    Place {
        address: Address {
            paths: &["/files/{repo}/{dataset}/{component}"],
            operations: &[get(
                "A file of a dataset that was taken apart, or the way there",
                &[],
                &["*/*"],
            )],
        },
        compress: false,
        serve: |it| it.route(read().to(files::part)),
    },
    Place {
        address: Address {
            paths: &["/registry/record.xml"],
            operations: &[get(
                "The service as a record of the Registry (VOResource 1.1)",
                &[],
                &[XML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(registry::answer)),
    },
    Place {
        address: Address {
            paths: &["/tap/examples"],
            operations: &[get(
                "Queries to begin with (DALI 1.1 section 2.3)",
                &[],
                &[documents::XHTML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::examples)),
    },
    Place {
        address: Address {
            paths: &["/tap/availability"],
            operations: &[get("Whether the service is up (VOSI 1.1)", &[], &[XML])],
        },
        compress: false,
        serve: |it| it.route(read().to(documents::availability)),
    },
    Place {
        address: Address {
            paths: &["/openapi.json"],
            operations: &[get(
                "These addresses, for programs",
                &[],
                &["application/json"],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::openapi)),
    },
    Place {
        address: Address {
            paths: &["/api"],
            operations: &[get("These addresses, for people", &[], &[documents::XHTML])],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::api)),
    },
    Place {
        address: Address {
            paths: &["/metrics"],
            operations: &[get(
                "Counts and durations (OpenMetrics 1.0)",
                &[],
                &[documents::METRICS],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(documents::metrics)),
    },
];

fn places() -> impl Iterator<Item = &'static Place> {
    PLACES
        .iter()
        .chain(registry_api::PLACES)
        .chain(simple::PLACES)
        .chain(cutouts::PLACES)
        .chain(pages::PLACES)
}

/// What there is, in the order of telling.
pub fn addresses() -> impl Iterator<Item = &'static Address> {
    places().map(|place| &place.address)
}

/// Puts everybody in place.
pub fn routes(config: &mut web::ServiceConfig) {
    for place in places() {
        let allow = place.address.allow();
        let resource = (place.serve)(web::resource(place.address.paths.to_vec()));
        let options = web::method(Verb::OPTIONS).to({
            let allow = allow.clone();
            move |request: HttpRequest| std::future::ready(options(&request, &allow))
        });
        let refuse = move |request: HttpRequest, payload: Payload| {
            let allow = allow.clone();
            async move {
                body::drain(payload).await;
                not_allowed(&request, &allow)
            }
        };
        let resource = resource.route(options).default_service(web::to(refuse));
        match place.compress {
            true => config.service(resource.wrap(Compress::default())),
            false => config.service(resource),
        };
    }
    config.default_service(web::to(nothing));
}

fn read() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// What can be done at an address, also for browsers that ask before they do
/// it for a page of another site (the Fetch standard, "CORS-preflight fetch").
fn options(request: &HttpRequest, allow: &str) -> HttpResponse {
    // With credentials a browser takes * for a name.
    let asked = request
        .headers()
        .get(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let headers = asked.cloned().unwrap_or(HeaderValue::from_static("*"));
    HttpResponse::NoContent()
        .insert_header((header::ALLOW, allow))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, allow))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, headers))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "86400"))
        .insert_header((header::VARY, "Access-Control-Request-Headers"))
        .finish()
}

fn not_allowed(request: &HttpRequest, allow: &str) -> HttpResponse {
    HttpResponse::build(StatusCode::METHOD_NOT_ALLOWED)
        .insert_header((header::ALLOW, allow))
        .content_type(TEXT)
        .body(format!(
            "{} cannot be done at {}; what can is {allow}\n",
            request.method(),
            request.path()
        ))
}

async fn nothing(request: HttpRequest, payload: Payload) -> HttpResponse {
    body::drain(payload).await;
    HttpResponse::NotFound().content_type(TEXT).body(format!(
        "there is nothing at {}; the service's page is at /, TAP at /tap, and /api names the rest\n",
        request.path()
    ))
}
