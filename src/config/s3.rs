//! A bucket for files.

use super::{ConfigError, Secret, values};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use url::Url;

/// Where files are kept when they are not to lie in the folder `media`: a bucket of any store that speaks as S3 does.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct S3 {
    /// The store's address, such as `https://s3.example.org`. Without one files lie in the folder `media`. With one, new
    /// files go to the bucket, and those that lie in the folder are still found there.
    pub endpoint: Option<Url>,
    /// The bucket. It may be closed to everybody else: this node hands its files out.
    pub bucket: Option<String>,
    /// The store's region.
    pub region: String,
    /// The name of the key that may read, write, delete and list there.
    pub access_key_id: Option<String>,
    /// The key; `file:PATH` reads it from a file.
    pub secret_access_key: Option<Secret>,
    /// With `false`, `endpoint` is the address of the bucket itself, such as `https://bucket.s3.example.org`.
    pub path_style: bool,
    /// Addresses or ranges the store's host may have, when it is inside. Empty: public addresses only.
    #[serde(with = "values::networks")]
    pub addresses: Vec<IpNet>,
    /// Certificates that are trusted for the store beside those of the system: a PEM file.
    pub ca_file: Option<PathBuf>,
}

impl Default for S3 {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: None,
            region: "us-east-1".into(),
            access_key_id: None,
            secret_access_key: None,
            path_style: true,
            addresses: Vec::new(),
            ca_file: None,
        }
    }
}

impl S3 {
    pub(super) fn prepare(&self) -> Result<(), ConfigError> {
        let Some(endpoint) = &self.endpoint else { return Ok(()) };
        let wrong = |key: &str, why: &str| Err(ConfigError::value(&format!("media.s3.{key}"), why));
        let good = matches!(endpoint.scheme(), "http" | "https")
            && endpoint.has_host()
            && endpoint.query().is_none()
            && endpoint.username().is_empty()
            && endpoint.password().is_none();
        if !good {
            return wrong("endpoint", "is no address such as https://s3.example.org");
        }
        // Over plain http everybody on the way reads and changes files: only where the network is named.
        if endpoint.scheme() == "http" && self.addresses.is_empty() {
            return wrong("endpoint", "is http: name the ranges of the store in `addresses`, or use https");
        }
        let named = |name: &str| {
            (3..=63).contains(&name.len())
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.')
        };
        if !self.bucket.as_deref().is_some_and(named) {
            return wrong("bucket", "is missing, or no name of a bucket: 3 to 63 of a-z, 0-9, - and .");
        }
        if self.access_key_id.as_deref().unwrap_or_default().is_empty() {
            return wrong("access_key_id", "is missing");
        }
        if self.secret_access_key.is_none() {
            return wrong("secret_access_key", "is missing");
        }
        Ok(())
    }
}
