//! The service described in its answers (SIA 2.0 section 3.1.2, DataLink 1.1
//! section 4.2: a descriptor called "this").

use votable::{Datatype, Descriptor, Field, Param};

use super::STANDARD;
use super::parameters::{LEVELS, Meaning, PARAMETERS, PRODUCTS, Parameter, STATES};
use crate::dali::Format;

/// What may be asked at `address`.
pub fn descriptor(address: &str) -> Descriptor {
    let mut inputs: Vec<Param> = PARAMETERS.iter().map(input).collect();
    let mut maxrec = Field::new("MAXREC", Datatype::Long);
    maxrec.description = Some("Rows of the answer at most; 0 asks for the columns alone".into());
    maxrec.min = Some("0".into());
    inputs.push(empty(maxrec));
    let mut format = Field::text("RESPONSEFORMAT");
    format.description = Some("Format of the answer".into());
    let names = Format::ALL.iter().filter_map(|it| it.aliases.first());
    format.options = names.map(|name| (*name).to_owned()).collect();
    inputs.push(empty(format));
    Descriptor {
        name: Some("this".to_owned()),
        description: Some("Search for images (SIA 2.0)".to_owned()),
        access_url: address.to_owned(),
        standard_id: Some(STANDARD.to_owned()),
        inputs,
        ..Descriptor::default()
    }
}

/// POS is one of several shapes with its word in front, for which DALI 1.1 has
/// no xtype.
fn input(parameter: &Parameter) -> Param {
    let text = || Field::text(parameter.name);
    let options = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let mut field = match parameter.meaning {
        // DALI 1.1 section 3.3.4.
        Meaning::Coverage(..) | Meaning::Value(_) => Field {
            arraysize: Some("2".to_owned()),
            xtype: Some("interval".to_owned()),
            ..Field::new(parameter.name, Datatype::Double)
        },
        Meaning::Level(_) => Field {
            options: options(&LEVELS),
            ..Field::new(parameter.name, Datatype::Int)
        },
        Meaning::State(_) => Field {
            options: options(&STATES),
            ..text()
        },
        Meaning::Text("dataproduct_type") => Field {
            options: options(&PRODUCTS),
            ..text()
        },
        Meaning::Position | Meaning::Text(_) | Meaning::Identifier(_) => text(),
    };
    field.unit = (!parameter.unit.is_empty()).then(|| parameter.unit.to_owned());
    field.description = Some(parameter.description.to_owned());
    empty(field)
}

/// VOTable wants a value; an empty one stands for none.
fn empty(field: Field) -> Param {
    Param {
        field,
        value: String::new(),
    }
}
