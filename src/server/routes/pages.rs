//! The addresses of the pages for people and of what their scripts ask.

use actix_web::web;

use super::super::{operator, portal};
use super::registry_api::{JSON, guarded};
use super::{EXAMPLE, HTML, Place, QUERY, get, must, read};
use crate::web::api::{Address, Method, Operation, Parameter};

const CHECK: &str = "What is wrong with a query and where, or the columns of its answer; the \
                     database is not asked";
const CHECKED: &[Parameter] = &[must("QUERY", EXAMPLE, QUERY)];

pub(super) const PLACES: &[Place] = &[
    Place {
        address: Address {
            paths: &["/search", "/query", "/jobs", "/schema", "/row", "/operator"],
            operations: &[get("Pages for people", &[], &[HTML])],
        },
        compress: true,
        serve: |it| it.route(read().to(portal::page)),
    },
    Place {
        address: Address {
            paths: &["/portal/assets/{name}"],
            operations: &[get("What pages are drawn with", &[], &["*/*"])],
        },
        compress: false,
        serve: |it| it.route(read().to(portal::asset)),
    },
    Place {
        address: Address {
            paths: &["/portal/facts"],
            operations: &[get(
                "Numbers of observations by what they are",
                &[],
                &[JSON],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(portal::facts)),
    },
    Place {
        address: Address {
            paths: &["/portal/check"],
            operations: &[
                get(CHECK, CHECKED, &[JSON]),
                Operation {
                    method: Method::Post,
                    ..get(CHECK, CHECKED, &[JSON])
                },
            ],
        },
        compress: true,
        serve: |it| {
            it.route(read().to(portal::check))
                .route(web::post().to(portal::check))
        },
    },
    Place {
        address: Address {
            paths: &["/operator/status"],
            operations: &[guarded(
                Method::Get,
                "What runs, what was slow, what failed",
                &[],
                &[],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(operator::status)),
    },
    Place {
        address: Address {
            paths: &["/operator/cancel"],
            operations: &[Operation {
                status: 204,
                media_types: &[],
                ..guarded(
                    Method::Post,
                    "Stop a query",
                    &[must("ID", "6b02ea07-2", "The request's X-Request-Id")],
                    &[],
                )
            }],
        },
        compress: false,
        serve: |it| it.route(web::post().to(operator::cancel)),
    },
];
