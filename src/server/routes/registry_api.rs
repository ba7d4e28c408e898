//! The addresses of the registry of datasets.

use actix_web::web;

use super::{Place, get, may, must, read};
use crate::server::registry_api;
use crate::web::api::{Access, Address, Method, Operation, Parameter};

pub const JSON: &str = "application/json";

/// What rows for the registry may be written in.
const ROWS: &[&str] = &[
    "application/x-ndjson",
    JSON,
    "text/csv",
    "application/vnd.apache.parquet",
];

/// What needs a token, with a body of these media types.
pub const fn guarded(
    method: Method,
    summary: &'static str,
    parameters: &'static [Parameter],
    bodies: &'static [&'static str],
) -> Operation {
    Operation {
        method,
        access: Access::Token(bodies),
        ..get(summary, parameters, &[JSON])
    }
}

pub const PLACES: &[Place] = &[
    Place {
        address: Address {
            paths: &["/registry/v1"],
            operations: &[guarded(Method::Get, "The registry of datasets", &[], &[])],
        },
        compress: true,
        serve: |it| it.route(read().to(registry_api::about)),
    },
    Place {
        address: Address {
            paths: &["/registry/v1/types"],
            operations: &[
                guarded(Method::Get, "The types of datasets", &[], &[]),
                guarded(Method::Post, "Register types of datasets", &[], ROWS),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(registry_api::types))
                .route(web::post().to(registry_api::register_types))
        },
    },
    Place {
        address: Address {
            paths: &["/registry/v1/collections"],
            operations: &[
                guarded(Method::Get, "The collections", &[], &[]),
                guarded(Method::Post, "Register collections", &[], ROWS),
                guarded(
                    Method::Delete,
                    "Remove a collection; a RUN with its datasets",
                    &[must("name", "u/ann/test", "Which collection")],
                    &[],
                ),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(registry_api::collections))
                .route(web::post().to(registry_api::register_collections))
                .route(web::delete().to(registry_api::remove_collection))
        },
    },
    Place {
        address: Address {
            paths: &["/registry/v1/records/{element}"],
            operations: &[
                guarded(
                    Method::Get,
                    "Records of a dimension, with their entity tags",
                    &[
                        may("of", "HSC", "Of this instrument or sky map alone"),
                        may("skip", "0", "Pass over so many"),
                        may("limit", "1000", "So many at most"),
                    ],
                    &[],
                ),
                guarded(
                    Method::Post,
                    "Register records",
                    &[may(
                        "replace",
                        "true",
                        "Change those that are there and others",
                    )],
                    ROWS,
                ),
                guarded(
                    Method::Put,
                    "Change a record that still has the entity tag of If-Match",
                    &[],
                    &[JSON],
                ),
                guarded(
                    Method::Delete,
                    "Remove the records with these keys",
                    &[],
                    ROWS,
                ),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(registry_api::records))
                .route(web::post().to(registry_api::register_records))
                .route(web::put().to(registry_api::replace_record))
                .route(web::delete().to(registry_api::remove_records))
        },
    },
    Place {
        address: Address {
            paths: &[
                "/registry/v1/regions/{element}",
                "/registry/v1/timespans/{element}",
            ],
            operations: &[guarded(
                Method::Post,
                "Change the regions or timespans of records, given with their keys",
                &[],
                ROWS,
            )],
        },
        compress: true,
        serve: |it| it.route(web::post().to(registry_api::update)),
    },
    Place {
        address: Address {
            paths: &["/registry/v1/datasets"],
            operations: &[
                guarded(
                    Method::Get,
                    "Datasets in the order of their identifiers",
                    &[
                        may("type", "raw", "Of this type"),
                        may(
                            "collection",
                            "HSC/raw/all",
                            "In this RUN or TAGGED collection",
                        ),
                        may(
                            "after",
                            "00000000-0000-0000-0000-000000000001",
                            "Behind this one",
                        ),
                        may("limit", "1000", "So many at most"),
                    ],
                    &[],
                ),
                guarded(
                    Method::Post,
                    "Ingest datasets, all or none",
                    &[
                        may("type", "raw", "Of those that do not say"),
                        may("run", "HSC/raw/all", "Of those that do not say"),
                        may("ids", "derived", "new or derived, for those without a UUID"),
                    ],
                    ROWS,
                ),
                guarded(
                    Method::Delete,
                    "Remove the datasets with these identifiers",
                    &[],
                    &[JSON],
                ),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(registry_api::datasets))
                .route(web::post().to(registry_api::ingest))
                .route(web::delete().to(registry_api::remove))
        },
    },
    Place {
        address: Address {
            paths: &["/registry/v1/datasets/{uuid}"],
            operations: &[guarded(
                Method::Get,
                "All that is known of a dataset",
                &[],
                &[],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(registry_api::dataset)),
    },
    Place {
        address: Address {
            paths: &["/registry/v1/tags"],
            operations: &[
                guarded(
                    Method::Post,
                    "Put the datasets with these identifiers into a TAGGED collection",
                    &[must("collection", "u/ann/best", "Which collection")],
                    &[JSON],
                ),
                guarded(
                    Method::Delete,
                    "Take the datasets with these identifiers out of a TAGGED collection",
                    &[must("collection", "u/ann/best", "Which collection")],
                    &[JSON],
                ),
            ],
        },
        compress: true,
        serve: |it| {
            it.route(web::post().to(registry_api::associate))
                .route(web::delete().to(registry_api::disassociate))
        },
    },
];
