//! Jobs as XML (UWS 1.1 section 2.2.2 and appendix B).

use std::io;

use super::forecast::Forecast;
use super::{Job, instant};
use crate::dali::Params;
use crate::dali::xml::{XSI, Xml, document, element, maybe, printable};

const UWS: (&str, &str) = ("xmlns:uws", "http://www.ivoa.net/xml/UWS/v1.0");
const XLINK: (&str, &str) = ("xmlns:xlink", "http://www.w3.org/1999/xlink");
const VERSION: (&str, &str) = ("version", "1.1");

/// The list of jobs whose addresses begin with `list`.
pub fn jobs(jobs: &[Job], list: &str) -> Vec<u8> {
    document(|xml| {
        xml.create_element("uws:jobs")
            .with_attributes([UWS, XLINK, XSI, VERSION])
            .write_inner_content(|xml| {
                for job in jobs {
                    reference(xml, job, list)?;
                }
                Ok(())
            })
            .map(drop)
    })
}

fn reference(xml: &mut Xml, job: &Job, list: &str) -> io::Result<()> {
    let address = format!("{list}/{}", job.id);
    xml.create_element("uws:jobref")
        .with_attributes([("id", job.id.as_str()), ("xlink:href", address.as_str())])
        .write_inner_content(|xml| {
            element(xml, "uws:phase", job.phase.name())?;
            maybe(xml, "uws:runId", job.run_id.as_deref())?;
            or_nil(xml, "uws:ownerId", job.owner.as_deref())?;
            element(xml, "uws:creationTime", &instant::text(job.created))
        })
        .map(drop)
}

/// One job, and what is expected of it.
pub fn job(job: &Job, list: &str, forecast: &Forecast) -> Vec<u8> {
    let time = |instant: Option<i64>| instant.map(instant::text);
    document(|xml| {
        xml.create_element("uws:job")
            .with_attributes([UWS, XLINK, XSI, VERSION])
            .write_inner_content(|xml| {
                element(xml, "uws:jobId", &job.id)?;
                maybe(xml, "uws:runId", job.run_id.as_deref())?;
                or_nil(xml, "uws:ownerId", job.owner.as_deref())?;
                element(xml, "uws:phase", job.phase.name())?;
                or_nil(xml, "uws:quote", time(forecast.quote).as_deref())?;
                element(xml, "uws:creationTime", &instant::text(job.created))?;
                or_nil(xml, "uws:startTime", time(job.started).as_deref())?;
                or_nil(xml, "uws:endTime", time(job.ended).as_deref())?;
                element(xml, "uws:executionDuration", &job.seconds.to_string())?;
                element(xml, "uws:destruction", &instant::text(job.destruction))?;
                parameter_list(xml, &job.parameters, &[])?;
                result_list(xml, job, list, &[])?;
                if let Some(problem) = &job.problem {
                    let kind = if problem.transient {
                        "transient"
                    } else {
                        "fatal"
                    };
                    xml.create_element("uws:errorSummary")
                        .with_attributes([("type", kind), ("hasDetail", "true")])
                        .write_inner_content(|xml| element(xml, "uws:message", &problem.message))?;
                }
                info(xml, forecast)
            })
            .map(drop)
    })
}

/// What the standard has no place for: how far it has come. Without a
/// namespace, since validators fetch the schemas of those they meet, and only
/// while there is something to tell, since pyvo warns of every such element.
fn info(xml: &mut Xml, forecast: &Forecast) -> io::Result<()> {
    let numbers = [
        ("ahead", forecast.ahead),
        ("rows", forecast.rows),
        ("expectedRows", forecast.expected_rows),
    ];
    if numbers.iter().all(|(_, number)| number.is_none()) {
        return Ok(());
    }
    xml.create_element("uws:jobInfo")
        .write_inner_content(|xml| {
            for (name, number) in numbers {
                if let Some(number) = number {
                    element(xml, name, &number.to_string())?;
                }
            }
            Ok(())
        })
        .map(drop)
}

pub fn parameters(job: &Job) -> Vec<u8> {
    document(|xml| parameter_list(xml, &job.parameters, &[UWS]))
}

fn parameter_list(
    xml: &mut Xml,
    parameters: &Params,
    attributes: &[(&str, &str)],
) -> io::Result<()> {
    let list = xml
        .create_element("uws:parameters")
        .with_attributes(attributes.iter().copied());
    if parameters.iter().next().is_none() {
        return list.write_empty().map(drop);
    }
    list.write_inner_content(|xml| {
        for (name, value) in parameters.iter() {
            xml.create_element("uws:parameter")
                .with_attribute(("id", printable(name).as_str()))
                .write_text_content(quick_xml::events::BytesText::new(&printable(value)))?;
        }
        Ok(())
    })
    .map(drop)
}

pub fn results(job: &Job, list: &str) -> Vec<u8> {
    document(|xml| result_list(xml, job, list, &[UWS, XLINK]))
}

fn result_list(
    xml: &mut Xml,
    job: &Job,
    list: &str,
    attributes: &[(&str, &str)],
) -> io::Result<()> {
    let results = xml
        .create_element("uws:results")
        .with_attributes(attributes.iter().copied());
    let Some(product) = &job.product else {
        return results.write_empty().map(drop);
    };
    let address = format!("{list}/{}/results/result", job.id);
    let size = product.bytes.to_string();
    results
        .write_inner_content(|xml| {
            // The name is TAP's (TAP 1.1 section 2.2).
            xml.create_element("uws:result")
                .with_attributes([
                    ("id", "result"),
                    ("xlink:href", address.as_str()),
                    ("size", size.as_str()),
                    ("mime-type", product.media_type.as_str()),
                ])
                .write_empty()
                .map(drop)
        })
        .map(drop)
}

fn or_nil(xml: &mut Xml, name: &str, text: Option<&str>) -> io::Result<()> {
    match text {
        Some(text) => element(xml, name, text),
        None => xml
            .create_element(name)
            .with_attribute(("xsi:nil", "true"))
            .write_empty()
            .map(drop),
    }
}
