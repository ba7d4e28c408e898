//! The addresses of the service of cut-outs (SODA).

use actix_web::web;

use super::super::cutout;
use super::{Place, XML, documents, get, may, must, read};
use crate::soda::MEDIA_TYPE as FITS;
use crate::web::api::{Address, Method, Operation, Parameter};

const CUTOUTS: &[Parameter] = &[
    must(
        "ID",
        "ivo://example.org/obs?1",
        "The obs_publisher_did of a dataset",
    ),
    may(
        "CIRCLE",
        "12 34 0.5",
        "Longitude, latitude and radius in degrees, ICRS",
    ),
    may(
        "POLYGON",
        "12 34 14 34 14 36 12 36",
        "Vertices in degrees, ICRS",
    ),
    may(
        "POS",
        "RANGE 12 14 34 36",
        "CIRCLE, POLYGON or RANGE and its numbers; one region at a time",
    ),
    may(
        "BAND",
        "5e-7 6e-7",
        "Wavelengths in metres; takes nothing away from images",
    ),
    may(
        "TIME",
        "60000 60001",
        "MJD in UTC; takes nothing away from images",
    ),
    may(
        "POL",
        "I",
        "States of polarization; takes nothing away from images",
    ),
];

pub(super) const PLACES: &[Place] = &[
    Place {
        address: Address {
            paths: &["/soda/sync"],
            operations: &[
                get(
                    "A part of a FITS image (SODA 1.0); 204 where it has none of the region",
                    CUTOUTS,
                    &[FITS],
                ),
                Operation {
                    method: Method::Post,
                    ..get("The same, for regions of any length", CUTOUTS, &[FITS])
                },
            ],
        },
        compress: false,
        serve: |it| {
            it.route(read().to(cutout::answer))
                .route(web::post().to(cutout::answer))
        },
    },
    Place {
        address: Address {
            paths: &["/soda/capabilities"],
            operations: &[get(
                "What the service of cut-outs can do (VOSI 1.1)",
                &[],
                &[XML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(cutout::capabilities)),
    },
    Place {
        address: Address {
            paths: &["/soda/availability"],
            operations: &[get("Whether it is up (VOSI 1.1)", &[], &[XML])],
        },
        compress: false,
        serve: |it| it.route(read().to(documents::availability)),
    },
];
