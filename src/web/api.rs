//! What there is at which address, for programs (OpenAPI 3.1,
//! <https://spec.openapis.org/oas/v3.1.0>) and for people.
//!
//! The server registers its routes from the same [`Address`]es, so that nothing
//! is told that is not there, and nothing is there untold.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use crate::output::escaped;

const PAGE: &str = include_str!("api.html");

/// What is at one address, which may be written in several ways.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    /// Parts in braces stand for any text; [`PARTS`] tells which.
    pub paths: &'static [&'static str],
    pub operations: &'static [Operation],
}

/// What can be done there. Whatever answers GET answers HEAD, and OPTIONS is
/// answered everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub method: Method,
    pub summary: &'static str,
    /// In the address of GET, in the body of POST.
    pub parameters: &'static [Parameter],
    /// Whether tables may come along, as parts of a form (TAP 1.1 section 2.7.6).
    pub tables: bool,
    /// Status of an answer that is as it should be.
    pub status: u16,
    /// Its media type; several where the request chooses.
    pub media_types: &'static [&'static str],
    pub access: Access,
}

/// Who may do it, and how it is said what is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, with parameters.
    Open,
    /// Whoever sends a token (RFC 6750), with parameters in the address and a
    /// body of one of these media types.
    Token(&'static [&'static str]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    pub description: &'static str,
    /// A value that is accepted.
    pub example: &'static str,
    pub required: bool,
}

/// The variable parts of addresses.
pub const PARTS: [(&str, &str); 8] = [
    ("repo", "The label of a registry"),
    ("dataset", "The UUID of a dataset"),
    (
        "component",
        "A part of the dataset: its name, or its number from 0",
    ),
    ("id", "The identifier of a job"),
    ("name", "The name of a table, or of a result"),
    ("uuid", "The identifier of a dataset"),
    (
        "element",
        "instrument, detector, physical_filter, day_obs, exposure, visit, visit_definition, \
         visit_detector_region, exposure_detector_region, skymap, tract or patch",
    ),
    (
        "part",
        "phase, parameters, results, error, quote, destruction, executionduration or owner",
    ),
];

impl Method {
    pub fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Delete => "DELETE",
        }
    }
}

impl Address {
    /// The value of `Allow` (RFC 9110 section 10.2.1).
    pub fn allow(&self) -> String {
        let mut names = Vec::new();
        for operation in self.operations {
            names.push(operation.method.name());
            if operation.method == Method::Get {
                names.push("HEAD");
            }
        }
        names.push("OPTIONS");
        names.join(", ")
    }
}

/// The description for programs.
pub fn openapi<'a>(base: &str, addresses: impl Iterator<Item = &'a Address>) -> Vec<u8> {
    let mut paths = Map::new();
    for address in addresses {
        for path in address.paths {
            let item = paths.entry(*path).or_insert_with(|| json!({}));
            for operation in address.operations {
                let name = operation.method.name().to_lowercase();
                item[name] = described(path, operation);
            }
        }
    }
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "TAP and ObsCore service",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "A query service of the Virtual Observatory \
                (TAP 1.1, https://www.ivoa.net/documents/TAP/). Names of parameters are \
                compared without case, and unknown ones are ignored. HEAD is answered \
                wherever GET is, and OPTIONS everywhere.",
        },
        "servers": [{"url": if base.is_empty() { "/" } else { base }}],
        "paths": paths,
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    });
    let mut text = serde_json::to_vec_pretty(&document).unwrap_or_default();
    text.push(b'\n');
    text
}

fn described(path: &str, operation: &Operation) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    for (name, description) in PARTS {
        if path.contains(&format!("{{{name}}}")) {
            parameters.push(json!({
                "name": name, "in": "path", "required": true,
                "description": description, "schema": {"type": "string"},
            }));
        }
    }
    let mut media = Map::new();
    for media_type in operation.media_types {
        media.insert((*media_type).to_owned(), json!({}));
    }
    let status = operation.status.to_string();
    let mut good = json!({"description": good(operation.status)});
    if !media.is_empty() {
        good["content"] = Value::Object(media);
    }
    let mut described = json!({
        "summary": operation.summary,
        "responses": {
            status: good,
            "default": {"description": "What is wrong, in words"},
        },
    });
    if let Access::Token(media_types) = operation.access {
        described["security"] = json!([{"token": []}]);
        if !media_types.is_empty() {
            let media = media_types.iter().map(|it| ((*it).to_owned(), json!({})));
            described["requestBody"]["content"] = Value::Object(media.collect());
        }
    }
    match (operation.method, operation.access) {
        (Method::Post, Access::Open) => described["requestBody"] = body(operation),
        _ => parameters.extend(operation.parameters.iter().map(|it| {
            json!({
                "name": it.name, "in": "query", "required": it.required,
                "description": it.description, "example": it.example,
                "schema": {"type": "string"},
            })
        })),
    }
    if !parameters.is_empty() {
        described["parameters"] = Value::Array(parameters);
    }
    described
}

fn good(status: u16) -> &'static str {
    match status {
        303 => "Done; Location tells where to look",
        _ => "As asked",
    }
}

fn body(operation: &Operation) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in operation.parameters {
        let schema = json!({
            "type": "string",
            "description": parameter.description,
            "examples": [parameter.example],
        });
        properties.insert(parameter.name.to_owned(), schema);
        if parameter.required {
            required.push(parameter.name);
        }
    }
    let fields = json!({"type": "object", "properties": properties, "required": required});
    let mut parts = fields.clone();
    if operation.tables {
        parts["properties"]["UPLOAD"] = json!({
            "type": "string",
            "description": "A table to ask for as TAP_UPLOAD.name: name,param:PART for a part of \
                            this form, or name,https://…; may be repeated",
            "examples": ["stars,param:stars"],
        });
        parts["properties"]["stars"] = json!({
            "type": "string",
            "contentMediaType": "text/csv",
            "description": "A part that an UPLOAD names: VOTable, CSV, TSV, FITS or Parquet",
            "examples": ["ra,dec\n10.5,-30.25\n"],
        });
    }
    json!({
        "content": {
            "application/x-www-form-urlencoded": {"schema": fields},
            "multipart/form-data": {"schema": parts},
        },
    })
}

/// The description for people.
pub fn page<'a>(base: &str, addresses: impl Iterator<Item = &'a Address>) -> String {
    let mut told = String::new();
    // Writing to a String cannot fail.
    for address in addresses {
        let paths: Vec<String> = address
            .paths
            .iter()
            .map(|path| format!("<code>{}</code>", escaped(path)))
            .collect();
        let _ = writeln!(told, "<h2>{}</h2>", paths.join(", "));
        for operation in address.operations {
            let _ = writeln!(
                told,
                "<p><b>{}</b> {}</p>",
                operation.method.name(),
                escaped(operation.summary)
            );
            if operation.parameters.is_empty() {
                continue;
            }
            told.push_str("<table>\n");
            for parameter in operation.parameters {
                let need = if parameter.required { " (needed)" } else { "" };
                let _ = writeln!(
                    told,
                    "<tr><td><code>{}</code></td><td>{}{need}; for example <code>{}</code></td></tr>",
                    escaped(parameter.name),
                    escaped(parameter.description),
                    escaped(parameter.example),
                );
            }
            told.push_str("</table>\n");
        }
    }
    PAGE.replace("{{addresses}}", &told)
        .replace("{{version}}", env!("CARGO_PKG_VERSION"))
        .replace("{{base}}", &escaped(base))
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOBS: Address = Address {
        paths: &["/jobs/{id}"],
        operations: &[
            Operation {
                method: Method::Get,
                summary: "A job",
                tables: false,
                parameters: &[Parameter {
                    name: "WAIT",
                    description: "Seconds < 60",
                    example: "10",
                    required: false,
                }],
                status: 200,
                media_types: &["text/xml"],
                access: Access::Open,
            },
            Operation {
                method: Method::Post,
                summary: "Change it",
                tables: false,
                parameters: &[Parameter {
                    name: "PHASE",
                    description: "RUN or ABORT",
                    example: "RUN",
                    required: true,
                }],
                status: 303,
                media_types: &[],
                access: Access::Open,
            },
        ],
    };

    #[test]
    fn what_may_be_done_is_told() {
        assert_eq!(JOBS.allow(), "GET, HEAD, POST, OPTIONS");
        let text = openapi("https://sky.example", [&JOBS].into_iter());
        let document: Value = serde_json::from_slice(&text).unwrap_or_default();
        let job = &document["paths"]["/jobs/{id}"];
        assert_eq!(job["get"]["parameters"][0]["in"], "path");
        assert_eq!(job["get"]["parameters"][1]["example"], "10");
        let form = &job["post"]["requestBody"]["content"]["multipart/form-data"];
        assert_eq!(form["schema"]["required"], json!(["PHASE"]));
        assert!(job["post"]["responses"]["303"].is_object());
        let page = page("https://sky.example", [&JOBS].into_iter());
        assert!(
            page.contains("Seconds &lt; 60") && !page.contains("{{"),
            "{page}"
        );
    }
}
