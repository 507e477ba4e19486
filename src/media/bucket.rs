//! Files in a bucket of an S3-compatible store (`[media.s3]`). Every request to it goes through the outgoing gate, as one
//! of a purpose of its own whose only door is the store.
//!
//! A file is read in parts: a reader who takes an hour for a film holds a part of it in memory and no connection to the
//! store between two of them.

use crate::{
    Error, Result,
    config::S3,
    net::{Ask, Failure, Gate, Purpose},
};
use async_trait::async_trait;
use futures_util::TryStreamExt;
use http_body_util::BodyExt;
use hyper::{Method, body::Bytes};
use object_store::{
    Attribute, Attributes, ClientOptions, GetOptions, ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions,
    RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
    },
    path::Path,
};
use std::{
    fmt, fs,
    future::Future,
    io::Read,
    sync::Arc,
    time::{Duration, SystemTime},
};
use url::Url;

/// Bytes that are asked for at once.
const PART: u64 = 512 * 1024;
/// Bytes that are sent at once; a longer file goes in several parts. Stores take none below 5 MiB but the last.
const SENT: u64 = 8 * 1024 * 1024;
/// Bytes of an answer: a part of a file, or a page of a list of a thousand names.
const ANSWER: usize = 4 * 1024 * 1024;

/// The bucket. Cheap to clone.
#[derive(Clone)]
pub struct Bucket {
    store: Arc<AmazonS3>,
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.store)
    }
}

/// A file that is there, and its beginning where that came along.
#[derive(Clone, Debug)]
pub struct Found {
    bucket: Bucket,
    path: Path,
    /// Bytes.
    pub length: u64,
    beginning: Bytes,
}

/// Our gate as what the library takes for its HTTP client.
struct Through(Gate);

impl fmt::Debug for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Through")
    }
}

impl HttpConnector for Through {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Self(self.0.clone())))
    }
}

#[async_trait]
impl HttpService for Through {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = Url::parse(&parts.uri.to_string()).map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
        let body = body.collect().await?.to_bytes();
        // The answer to a HEAD names the length of a body that does not come.
        let is_head = parts.method == Method::HEAD;
        let ask = Ask::of(Purpose::Store, parts.method, url, body).headers(parts.headers);
        let ask = if is_head { ask.beginning(ANSWER) } else { ask.limit(ANSWER) };
        let answer = self.0.fetch(ask).await.map_err(|failure| {
            let kind = match &failure {
                Failure::TimedOut => HttpErrorKind::Timeout,
                Failure::Unreachable(_) => HttpErrorKind::Connect,
                _ => HttpErrorKind::Unknown,
            };
            HttpError::new(kind, failure)
        })?;
        let mut response = HttpResponse::new(HttpResponseBody::from(answer.body));
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// What the store does not do now it may do later; what is wrong with it is the operator's to read.
fn failed(error: object_store::Error) -> Error {
    tracing::warn!(%error, "the bucket of files does not do what it should");
    Error::Unavailable("the store of files does not answer".into())
}

/// Waits for the store on a thread that may block.
fn wait<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Handle::try_current().map_err(Error::internal)?.block_on(work)
}

/// The name as a path: two levels of folders, as on a disk, so that a folder can be copied into a bucket as it is.
/// None for names that are not ours.
fn path(name: &str) -> Option<Path> {
    super::storage::mime_of(name)?;
    Some(Path::from_iter([name.get(..2)?, name.get(2..4)?, name]))
}

fn attributes(name: &str) -> Attributes {
    let mime = super::storage::mime_of(name).unwrap_or("application/octet-stream");
    Attributes::from_iter([(Attribute::ContentType, mime)])
}

impl Bucket {
    /// The bucket of the settings; none where files lie in a folder.
    ///
    /// # Errors
    /// `BadRequest` for settings that name no bucket.
    pub fn of(settings: &S3, gate: Gate) -> Result<Option<Self>> {
        let Some(endpoint) = &settings.endpoint else { return Ok(None) };
        let key = settings.secret_access_key.as_ref().map(|key| key.expose()).unwrap_or_default();
        let retry = RetryConfig { max_retries: 2, retry_timeout: Duration::from_secs(20), ..RetryConfig::default() };
        let store = AmazonS3Builder::new()
            .with_endpoint(endpoint.as_str().trim_end_matches('/'))
            .with_allow_http(endpoint.scheme() == "http")
            .with_virtual_hosted_style_request(!settings.path_style)
            .with_bucket_name(settings.bucket.as_deref().unwrap_or_default())
            .with_region(&settings.region)
            .with_access_key_id(settings.access_key_id.as_deref().unwrap_or_default())
            .with_secret_access_key(key)
            // Not every store takes a list of files to delete.
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(Through(gate))
            .build()
            .map_err(|error| Error::bad_request(format!("`media.s3`: {error}")))?;
        Ok(Some(Self { store: Arc::new(store) }))
    }

    /// Keeps the file at `from` under a name. Complete when this returns. Blocks.
    ///
    /// # Errors
    /// `Unavailable` when the store does not take it; then nothing is kept.
    pub fn keep(&self, from: &std::path::Path, name: &str) -> Result<()> {
        let path = path(name).ok_or_else(|| Error::internal("a file name that is not ours"))?;
        let mut file = fs::File::open(from).map_err(Error::internal)?;
        let length = file.metadata().map_err(Error::internal)?.len();
        let mut next = move || -> Result<Option<Vec<u8>>> {
            let mut part = Vec::new();
            file.by_ref().take(SENT).read_to_end(&mut part).map_err(Error::internal)?;
            Ok((!part.is_empty()).then_some(part))
        };
        wait(async {
            if length <= SENT {
                let options = PutOptions { attributes: attributes(name), ..PutOptions::default() };
                let whole = next()?.unwrap_or_default();
                self.store.put_opts(&path, whole.into(), options).await.map_err(failed)?;
                return Ok(());
            }
            let options = PutMultipartOptions { attributes: attributes(name), ..PutMultipartOptions::default() };
            let mut upload = self.store.put_multipart_opts(&path, options).await.map_err(failed)?;
            let sent = async {
                while let Some(part) = next()? {
                    upload.put_part(part.into()).await.map_err(failed)?;
                }
                upload.complete().await.map_err(failed)
            };
            if let Err(error) = sent.await {
                // What was sent of it costs room until then; a store forgets it in the end by itself.
                let _ = upload.abort().await;
                return Err(error);
            }
            Ok(())
        })
    }

    /// Removes a file; none there is fine. Blocks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn remove(&self, name: &str) -> Result<()> {
        let Some(path) = path(name) else { return Ok(()) };
        wait(async {
            match self.store.delete(&path).await {
                Err(object_store::Error::NotFound { .. }) | Ok(()) => Ok(()),
                Err(error) => Err(failed(error)),
            }
        })
    }

    /// Gives the bytes of a file a second name, in the store. Blocks.
    ///
    /// # Errors
    /// `Unavailable`, also when there is no such file.
    pub fn copy(&self, name: &str, second: &str) -> Result<()> {
        let (Some(from), Some(to)) = (path(name), path(second)) else { return Err(Error::NotFound) };
        wait(async { self.store.copy(&from, &to).await.map_err(failed) })
    }

    /// Hands over the names of all files that were kept before `limit`, at most `most` at once, for a bucket may hold
    /// millions; until `take` says that it wants no more. Blocks.
    ///
    /// # Errors
    /// `Unavailable`.
    pub fn older_than(&self, limit: SystemTime, most: usize, take: &mut dyn FnMut(Vec<String>) -> bool) -> Result<()> {
        let mut all = self.store.list(None);
        loop {
            let mut names = Vec::new();
            let more = wait(async {
                while let Some(file) = all.try_next().await.map_err(failed)? {
                    let name = file.location.filename().unwrap_or_default();
                    if SystemTime::from(file.last_modified) <= limit && path(name).as_ref() == Some(&file.location) {
                        names.push(name.to_owned());
                    }
                    if names.len() >= most {
                        return Ok(true);
                    }
                }
                Ok(false)
            })?;
            if !(names.is_empty() || take(names)) || !more {
                return Ok(());
            }
        }
    }

    /// A file; none when there is none of this name. With `begin` its first part comes along.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn find(&self, name: &str, begin: bool) -> Result<Option<Found>> {
        let Some(path) = path(name) else { return Ok(None) };
        let options = match begin {
            true => GetOptions::new().with_range(Some(0..PART)),
            false => GetOptions::new().with_head(true),
        };
        let got = match self.store.get_opts(&path, options).await {
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(failed)?,
        };
        let length = got.meta.size;
        let beginning = if begin { got.bytes().await.map_err(failed)? } else { Bytes::new() };
        Ok(Some(Found { bucket: self.clone(), path, length, beginning }))
    }

    /// Puts a small file there, reads and removes it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn probe(&self) -> std::result::Result<(), String> {
        let path = Path::from("watercooler-probe");
        let work = async {
            self.store.put(&path, Bytes::from_static(b"probe").into()).await?;
            let found = self.store.get(&path).await?.bytes().await?;
            self.store.list(Some(&Path::from("00"))).try_next().await?;
            self.store.delete(&path).await?;
            Ok::<_, object_store::Error>(found)
        };
        match work.await {
            Ok(found) if found.as_ref() == b"probe" => Ok(()),
            Ok(_) => Err("it gives back something else than what was kept".into()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Found {
    /// The bytes from `at` on, at most a part of them; empty behind the end.
    ///
    /// # Errors
    /// `Unavailable`.
    pub async fn part(&self, at: u64, most: u64) -> Result<Bytes> {
        let end = at.saturating_add(most.min(PART)).min(self.length);
        if at >= end {
            return Ok(Bytes::new());
        }
        let here = |n: u64| usize::try_from(n).ok().filter(|n| *n <= self.beginning.len());
        if let (Some(from), Some(to)) = (here(at), here(end)) {
            return Ok(self.beginning.slice(from..to));
        }
        self.bucket.store.get_range(&self.path, at..end).await.map_err(failed)
    }
}
