//! Addresses of objects that anybody may fetch for a while (AWS Signature
//! Version 4, query parameters; Google's XML API takes them with an HMAC key).

use std::fmt;
use std::time::Duration;

use rusty_s3::{Bucket, Credentials, S3Action, UrlStyle};
use url::Url;

use super::location::Store;
use crate::config::{self, Key};

/// Google's stores, in the protocol of S3.
const GOOGLE: &str = "https://storage.googleapis.com";

#[derive(Clone)]
pub(super) struct Signer {
    s3: Option<Keeper>,
    gs: Option<Keeper>,
    lasts: Duration,
}

/// A store, and what opens it.
#[derive(Clone)]
struct Keeper {
    endpoint: Url,
    style: UrlStyle,
    region: String,
    key: Credentials,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("lasts", &self.lasts)
            .finish_non_exhaustive()
    }
}

impl Signer {
    pub fn new(settings: &config::Files) -> Signer {
        let keeper = |key: &Option<Key>, endpoint: &str, style, region: &str| {
            let key = key.as_ref()?;
            Some(Keeper {
                endpoint: Url::parse(endpoint).ok()?,
                style,
                region: region.to_owned(),
                key: Credentials::new(key.id.clone(), key.secret.clone()),
            })
        };
        let region = &settings.s3_region;
        let amazon = format!("https://s3.{region}.amazonaws.com");
        // Others seldom have a name for each bucket.
        let (endpoint, style) = match &settings.s3_endpoint {
            Some(endpoint) => (endpoint, UrlStyle::Path),
            None => (&amazon, UrlStyle::VirtualHost),
        };
        Signer {
            s3: keeper(&settings.s3_key, endpoint, style, region),
            gs: keeper(&settings.gs_key, GOOGLE, UrlStyle::Path, "auto"),
            lasts: settings.signed,
        }
    }

    pub fn has_key(&self, store: Store) -> bool {
        self.keeper(store).is_some()
    }

    /// The address of an object, and how long it holds; `None` without a key.
    pub fn sign(&self, store: Store, bucket: &str, key: &str) -> Option<(String, Duration)> {
        let keeper = self.keeper(store)?;
        let bucket = Bucket::new(
            keeper.endpoint.clone(),
            keeper.style,
            bucket.to_owned(),
            keeper.region.clone(),
        );
        let bucket = bucket.ok()?;
        let url = bucket.get_object(Some(&keeper.key), key).sign(self.lasts);
        Some((url.into(), self.lasts))
    }

    fn keeper(&self, store: Store) -> Option<&Keeper> {
        match store {
            Store::S3 => self.s3.as_ref(),
            Store::Gs => self.gs.as_ref(),
        }
    }
}
