//! From what is known to links.

use std::sync::Arc;
use std::time::Duration;

use adql::sky::Region;

use super::find::{Known, Registered, Row};
use super::link::{Cut, Goes};
use super::vocabulary::product;
use super::{Link, MEDIA_TYPE, Service, Term, soda};
use crate::config::Cutout;
use crate::dali;
use crate::files::{self, Fault, media_type};
use crate::output::{file_url, links_url};
use crate::registry::{Dataset, File, Scalar};

/// How long disks are waited for, to tell whether files are there.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where these links are.
const LINKS: &str = "/datalink/links";

/// Words about a dataset that are repeated.
const WORDS: usize = 12;

/// What a disk says of a file: its size, where it tells.
type Looked = Result<Option<u64>, Fault>;

/// A link to a file, and what is to be looked at.
struct Draft {
    link: Link,
    uri: Option<String>,
}

impl From<Link> for Draft {
    fn from(link: Link) -> Draft {
        Draft { link, uri: None }
    }
}

impl Service {
    /// The links of these, in their order, at least one for each.
    pub(super) async fn links(&self, ids: &[String], base: &str) -> Vec<Link> {
        let known = self.find(ids, true).await;
        let mut drafts = Vec::with_capacity(ids.len());
        for (id, known) in ids.iter().zip(&known) {
            let id: Arc<str> = Arc::from(id.as_str());
            match known {
                Known::Dataset(known) => self.of_dataset(&id, known, base, &mut drafts),
                Known::Row(row) => self.of_row(&id, row, base, &mut drafts),
                Known::Nothing(sentence) => drafts.push(Link::fault(&id, sentence).into()),
            }
        }
        self.looked_at(drafts).await
    }

    fn of_dataset(&self, id: &Arc<str>, known: &Registered, base: &str, drafts: &mut Vec<Draft>) {
        let Registered {
            label,
            dataset,
            row,
            ..
        } = known;
        if dataset.files.is_empty() {
            let sentence = "NotFoundFault: the dataset is known, but no file of it is stored";
            drafts.push(Link::fault(id, sentence).into());
        }
        let qualifier = row
            .as_ref()
            .and_then(|row| product(row.product.as_deref()?));
        let shown = |file: &File| is_picture(kind(file).as_deref());
        // A dataset of pictures alone is no preview of itself.
        let pictured = !dataset.files.iter().all(shown);
        for (number, file) in dataset.files.iter().enumerate() {
            let semantics = match shown(file) && pictured {
                true => Term::Preview,
                false => Term::This,
            };
            let mut draft = draft(id, semantics, label, dataset, number, base);
            if semantics == Term::This {
                draft.link.content_qualifier = qualifier;
            }
            drafts.push(draft);
        }
        let mut related: Vec<_> = known.related.iter().collect();
        related.sort_by_key(|it| (it.relation, it.dataset.dataset_type.clone(), it.dataset.id));
        for it in related {
            let semantics = Term::of(it.relation, &it.dataset.dataset_type);
            drafts.extend(related_to(id, semantics, label, &it.dataset, base));
        }
        let mut files = dataset.files.iter();
        let is_fits = files.any(|file| is_fits(kind(file).as_deref()));
        self.services(id, dataset.region.as_ref(), is_fits, drafts);
    }

    fn of_row(&self, id: &Arc<str>, row: &Row, base: &str, drafts: &mut Vec<Draft>) {
        let format = row.format.as_deref();
        let format = format.filter(|it| !it.contains("content=datalink"));
        let url = row.url.as_deref().unwrap_or_default();
        let (goes, looked) =
            if url.is_empty() || url.strip_prefix(base).unwrap_or(url).starts_with(LINKS) {
                // The links of the links are these.
                let sentence = "NotFoundFault: the dataset is known, but not where its file is";
                (Goes::Fault(sentence.to_owned()), None)
            } else if files::is_ours(url) {
                (Goes::To(file_url(base, id)), Some(url.to_owned()))
            } else if url.starts_with('/') && !url.starts_with("//") {
                (Goes::To(format!("{base}{url}")), None)
            } else {
                (Goes::To(encoded(url)), None)
            };
        let content_type = match (format, row.format.as_deref()) {
            (Some(format), _) => Some(format.to_owned()),
            (None, Some(links)) if looked.is_none() => Some(links.to_owned()),
            _ if looked.is_some() => media_type(url).map(str::to_owned),
            _ => None,
        };
        let is_fits = is_fits(content_type.as_deref());
        let found = !matches!(goes, Goes::Fault(_));
        drafts.push(Draft {
            link: Link {
                description: Some("The dataset".to_owned()),
                content_type,
                content_qualifier: row.product.as_deref().and_then(product),
                free: looked.is_some(),
                ..Link::new(id, Term::This, goes)
            },
            uri: looked,
        });
        if found {
            self.services(id, row.region.as_ref(), is_fits, drafts);
        }
    }

    /// What can be done with a dataset and read of it.
    fn services(
        &self,
        id: &Arc<str>,
        region: Option<&Arc<Region>>,
        is_fits: bool,
        drafts: &mut Vec<Draft>,
    ) {
        let settings = &self.0.parts.settings;
        // What lies nowhere on the sky has no part there.
        if settings.cutout != Cutout::Nobody && is_fits && region.is_some() {
            let cut = Cut {
                service: soda::SHARED.to_owned(),
                region: region.cloned(),
            };
            let link = Link {
                description: Some("The part of the image that covers a region".to_owned()),
                content_type: Some("application/fits".to_owned()),
                free: settings.cutout == Cutout::Own,
                ..Link::new(id, Term::Cutout, Goes::Service(cut))
            };
            drafts.push(link.into());
        }
        if let Some(url) = &settings.documentation {
            let link = Link {
                description: Some("What there is to know of these data".to_owned()),
                ..Link::new(id, Term::Documentation, Goes::To(encoded(url)))
            };
            drafts.push(link.into());
        }
    }

    /// Looks whether files are there and how large they are, as far as disks
    /// tell in time.
    async fn looked_at(&self, drafts: Vec<Draft>) -> Vec<Link> {
        let uris: Vec<Option<String>> = drafts.iter().map(|draft| draft.uri.clone()).collect();
        let looks = self.look(uris).await.into_iter();
        let looks = looks.chain(std::iter::repeat(None));
        let links = drafts.into_iter().zip(looks).map(|(draft, looked)| {
            let mut link = draft.link;
            match looked {
                Some(Ok(Some(size))) => link.content_length = Some(size),
                Some(Err(fault)) => {
                    self.count(fault);
                    link.goes = Goes::Fault(sentence(fault));
                    link.content_length = None;
                    link.free = false;
                }
                Some(Ok(None)) | None => {}
            }
            link
        });
        links.collect()
    }

    async fn look(&self, uris: Vec<Option<String>>) -> Vec<Option<Looked>> {
        // All are still waiting for a disk: more would only wait as well.
        let Ok(place) = self.0.looks.clone().try_acquire_owned() else {
            return Vec::new();
        };
        if uris.iter().all(Option::is_none) {
            return Vec::new();
        }
        let service = self.clone();
        let looking = tokio::task::spawn_blocking(move || {
            let _place = place;
            let look = service.0.parts.files.look();
            let uris = uris.into_iter();
            uris.map(|uri| uri.map(|uri| look.check(&uri))).collect()
        });
        match tokio::time::timeout(PATIENCE, looking).await {
            Ok(Ok(looked)) => looked,
            _ => {
                tracing::warn!("a disk with files of datasets does not answer");
                Vec::new()
            }
        }
    }
}

/// The link to one of the files of a dataset.
fn draft(
    id: &Arc<str>,
    semantics: Term,
    label: &str,
    dataset: &Dataset,
    number: usize,
    base: &str,
) -> Draft {
    let Some(file) = dataset.files.get(number) else {
        return Link::fault(id, "DefaultFault: there is no such file").into();
    };
    let kind_of = match &file.component {
        Some(component) => format!("{}.{component}", dataset.dataset_type),
        None => dataset.dataset_type.to_string(),
    };
    let at_home = file.uri.starts_with("http://") || file.uri.starts_with("https://");
    let url = match at_home {
        true => encoded(&file.uri),
        false => {
            let place = format!("{base}/files/{}/{}", dali::encoded(label), dataset.id);
            match (&file.component, dataset.files.len()) {
                (Some(component), _) => format!("{place}/{}", dali::encoded(component)),
                (None, 1) => place,
                (None, _) => format!("{place}/{number}"),
            }
        }
    };
    Draft {
        link: Link {
            description: Some(described(&kind_of, dataset)),
            content_type: kind(file),
            content_length: file.size,
            local_semantics: Some(kind_of),
            free: !at_home,
            ..Link::new(id, semantics, Goes::To(url))
        },
        uri: (!at_home).then(|| file.uri.clone()),
    }
}

/// The link to a related dataset: to its file, or to its own links where it
/// has several.
fn related_to(
    id: &Arc<str>,
    semantics: Term,
    label: &str,
    dataset: &Dataset,
    base: &str,
) -> Option<Draft> {
    match dataset.files.len() {
        0 => None,
        1 => Some(draft(id, semantics, label, dataset, 0, base)),
        _ => {
            let url = links_url(base, &format!("butler://{label}/{}", dataset.id));
            let link = Link {
                description: Some(described(&dataset.dataset_type, dataset)),
                content_type: Some(MEDIA_TYPE.to_owned()),
                local_semantics: Some(dataset.dataset_type.to_string()),
                free: true,
                ..Link::new(id, semantics, Goes::To(url))
            };
            Some(link.into())
        }
    }
}

/// `calexp of instrument HSC, visit 1228, detector 40`.
fn described(kind: &str, dataset: &Dataset) -> String {
    let words = dataset.data_id.0.iter().filter_map(|(name, value)| {
        Some(match value {
            Scalar::Null => return None,
            Scalar::Bool(value) => format!("{name} {value}"),
            Scalar::Int(value) => format!("{name} {value}"),
            Scalar::Float(value) => format!("{name} {value}"),
            Scalar::Text(value) => format!("{name} {value}"),
        })
    });
    let words: Vec<String> = words.take(WORDS).collect();
    match words.is_empty() {
        true => kind.to_owned(),
        false => format!("{kind} of {}", words.join(", ")),
    }
}

fn kind(file: &File) -> Option<String> {
    let said = file.media_type.clone();
    said.or_else(|| media_type(&file.uri).map(str::to_owned))
}

fn is_picture(kind: Option<&str>) -> bool {
    kind.is_some_and(|it| it.starts_with("image/png") || it.starts_with("image/jpeg"))
}

fn is_fits(kind: Option<&str>) -> bool {
    kind.is_some_and(|it| it.starts_with("application/fits") || it.starts_with("image/fits"))
}

/// With one of the standard's words (DataLink 1.1 section 3.4).
fn sentence(fault: Fault) -> String {
    let word = match fault {
        Fault::Gone => "NotFoundFault",
        Fault::RootGone | Fault::Unreadable => "TransientFault",
        Fault::Outside | Fault::NoKey | Fault::Strange => "FatalFault",
    };
    format!("{word}: {fault}")
}

/// An address is ASCII without blanks, whatever is stored (RFC 3986).
fn encoded(url: &str) -> String {
    let mut good = String::with_capacity(url.len());
    for character in url.chars() {
        match character {
            '!'..='~' if !"\"<>\\^`{|}".contains(character) => good.push(character),
            other => good.push_str(&dali::encoded(other.encode_utf8(&mut [0; 4]))),
        }
    }
    good
}
