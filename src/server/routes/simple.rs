//! The addresses of the simple protocols: images (SIA) and cones (SCS).

use actix_web::web;

use super::super::{simple, sync};
use super::{FORMAT, MAXREC, Place, XML, documents, get, may, must, read};
use crate::sia;
use crate::web::api::{Address, Method, Operation, Parameter};

const IMAGES: &[Parameter] = &images();

const CONES: &[Parameter] = &[
    must("RA", "10.68", "Right ascension of the centre, ICRS degrees"),
    must("DEC", "-41.27", "Declination of the centre, ICRS degrees"),
    must("SR", "0.5", "Radius, degrees; 0 asks for the columns alone"),
    may("VERB", "2", "1 few columns, 2 the usual ones, 3 all"),
    may("RESPONSEFORMAT", "csv", FORMAT),
    may("MAXREC", "100", MAXREC),
];

/// Those that search, and those of all protocols.
const fn images() -> [Parameter; sia::PARAMETERS.len() + 2] {
    let mut told = [may("RESPONSEFORMAT", "csv", FORMAT); sia::PARAMETERS.len() + 2];
    let mut place = 0;
    while place < sia::PARAMETERS.len() {
        let parameter = &sia::PARAMETERS[place];
        told[place] = may(parameter.name, parameter.example, parameter.description);
        place += 1;
    }
    told[sia::PARAMETERS.len()] = may("MAXREC", "100", MAXREC);
    told
}

pub(super) const PLACES: &[Place] = &[
    Place {
        address: Address {
            paths: &["/sia/query"],
            operations: &[
                get(
                    "Images by place, time, wavelength and more (SIA 2.0)",
                    IMAGES,
                    &["*/*"],
                ),
                Operation {
                    method: Method::Post,
                    ..get("The same, for many values", IMAGES, &["*/*"])
                },
            ],
        },
        compress: false,
        serve: |it| {
            it.route(read().to(sync::sia))
                .route(web::post().to(sync::sia))
        },
    },
    Place {
        address: Address {
            paths: &["/sia/capabilities"],
            operations: &[get(
                "What the search for images can do (VOSI 1.1)",
                &[],
                &[XML],
            )],
        },
        compress: true,
        serve: |it| it.route(read().to(simple::sia_capabilities)),
    },
    Place {
        address: Address {
            paths: &["/sia/availability"],
            operations: &[get("Whether it is up (VOSI 1.1)", &[], &[XML])],
        },
        compress: false,
        serve: |it| it.route(read().to(documents::availability)),
    },
    Place {
        address: Address {
            paths: &["/scs", "/scs/"],
            operations: &[
                get(
                    "Observations around a position (Simple Cone Search 1.03)",
                    CONES,
                    &["text/xml"],
                ),
                Operation {
                    method: Method::Post,
                    ..get("The same", CONES, &["text/xml"])
                },
            ],
        },
        compress: false,
        serve: |it| {
            it.route(read().to(sync::scs))
                .route(web::post().to(sync::scs))
        },
    },
    Place {
        address: Address {
            paths: &["/scs/capabilities"],
            operations: &[get("What the cone search can do (VOSI 1.1)", &[], &[XML])],
        },
        compress: true,
        serve: |it| it.route(read().to(simple::scs_capabilities)),
    },
    Place {
        address: Address {
            paths: &["/scs/availability"],
            operations: &[get("Whether it is up (VOSI 1.1)", &[], &[XML])],
        },
        compress: false,
        serve: |it| it.route(read().to(documents::availability)),
    },
];
