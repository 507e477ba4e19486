//! Parameters of a request, however they came: query string, form, multipart or JSON, merged into one tree
//! (`body` over `query`), with the bracket rules clients rely on (`a[]`, `a[b]`, `a[][b]`, `a[0]`).

use super::{
    auth::TOKEN_PARAMETERS,
    error::{ApiError, ApiResult},
};
use crate::{Error, id::Id, limits};
use axum::{
    body::{Body, Bytes},
    extract::{FromRequest, Multipart, Request},
    http::{HeaderMap, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use std::pin::Pin;

/// Nesting of a parameter name.
const DEPTH: usize = 16;
/// Values in one request.
const COUNT: usize = 4_096;
/// Bytes of a JSON or form body.
const BODY: usize = 1024 * 1024;
/// Bytes of a multipart body outside the media routes: an avatar, a header and some text.
const MULTIPART: usize = 2 * limits::IMAGE_BYTES + BODY;
/// Bytes of a multipart body on the media routes.
const MEDIA: usize = limits::VIDEO_BYTES + limits::IMAGE_BYTES + BODY;

/// A file part of a multipart body. The declared type is a hint only: look at the bytes.
#[derive(Clone, Debug)]
pub struct Upload {
    /// The name the client gave; may be empty or without an extension.
    pub name: String,
    /// The declared content type.
    pub content_type: Option<String>,
    /// The content.
    pub bytes: Bytes,
}

/// One parameter.
#[derive(Clone, Debug)]
pub enum Value {
    /// JSON `null`.
    Null,
    /// Any scalar, as text (`true`, `12`).
    Text(String),
    /// `a[]` or a JSON array.
    List(Vec<Value>),
    /// `a[b]` or a JSON object.
    Map(Params),
    /// A file.
    File(Upload),
}

/// All parameters of a request, in the order they came.
#[derive(Clone, Debug, Default)]
pub struct Params(Vec<(String, Value)>);

/// A value that could not be read as the type asked for.
fn bad(name: &str) -> Error {
    Error::bad_request(format!("Invalid parameter: {}", name.chars().take(64).collect::<String>()))
}

impl Params {
    /// Reads a query string or a form body.
    pub fn from_query(query: &str) -> ApiResult<Self> {
        let mut params = Self::default();
        if !query.is_empty() {
            params.extend_query(query.as_bytes())?;
        }
        Ok(params)
    }

    fn extend_query(&mut self, bytes: &[u8]) -> ApiResult<()> {
        for (n, (name, value)) in url::form_urlencoded::parse(bytes).enumerate() {
            if n >= COUNT {
                return Err(Error::bad_request("Too many parameters").into());
            }
            self.insert(&name, scalar(&name, value.into_owned())?)?;
        }
        Ok(())
    }

    /// Reads a JSON body. Anything but an object carries no parameters.
    pub fn from_json(bytes: &[u8]) -> ApiResult<Self> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        let json: serde_json::Value =
            serde_json::from_slice(bytes).map_err(|_| Error::bad_request("The request body is not valid JSON"))?;
        let mut left = COUNT;
        match from_json(json, &mut left)? {
            Value::Map(map) => Ok(map),
            _ => Ok(Self::default()),
        }
    }

    /// Puts `value` where `name` (`a`, `a[]`, `a[b]`, `a[][b]`) says.
    fn insert(&mut self, name: &str, value: Value) -> ApiResult<()> {
        let (head, rest) = match name.find('[') {
            Some(at) if at > 0 => name.split_at(at),
            _ => (name, ""),
        };
        if head.is_empty() {
            return Ok(());
        }
        let mut path = Vec::new();
        let mut tail = rest;
        while let Some(inner) = tail.strip_prefix('[') {
            let Some((key, after)) = inner.split_once(']') else { break };
            path.push(key);
            tail = after;
            if path.len() > DEPTH {
                return Err(Error::bad_request("Parameters are nested too deeply").into());
            }
        }
        self.put(head, &path, value).ok_or_else(|| bad(name).into())
    }

    fn put(&mut self, key: &str, path: &[&str], value: Value) -> Option<()> {
        let slot = match self.0.iter().position(|(k, _)| k == key) {
            Some(at) => &mut self.0.get_mut(at)?.1,
            None => {
                self.0.push((key.to_owned(), Value::Null));
                &mut self.0.last_mut()?.1
            }
        };
        match path.split_first() {
            None => *slot = value,
            Some((&"", rest)) => {
                if matches!(slot, Value::Null) {
                    *slot = Value::List(Vec::new());
                }
                let Value::List(list) = slot else { return None };
                match rest.split_first() {
                    None => list.push(value),
                    Some((inner, deeper)) => {
                        // A repeated key starts the next element: `k[][a]=1&k[][b]=2&k[][a]=3` has two.
                        let open = matches!(list.last(), Some(Value::Map(m)) if m.get(inner).is_none()
                            || deeper.first().is_some_and(|d| d.is_empty()));
                        if !open {
                            list.push(Value::Map(Self::default()));
                        }
                        match list.last_mut() {
                            Some(Value::Map(m)) => m.put(inner, deeper, value)?,
                            _ => return None,
                        }
                    }
                }
            }
            Some((inner, deeper)) => {
                if matches!(slot, Value::Null) {
                    *slot = Value::Map(Self::default());
                }
                let Value::Map(map) = slot else { return None };
                map.put(inner, deeper, value)?;
            }
        }
        Some(())
    }

    /// Takes every parameter of `over`, replacing those of the same name.
    fn merge(&mut self, over: Self) {
        for (key, value) in over.0 {
            match self.0.iter_mut().find(|(k, _)| *k == key) {
                Some(slot) => slot.1 = value,
                None => self.0.push((key, value)),
            }
        }
    }

    /// The parameter, when it was given at all (`null` included).
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| k == name).map(|(_, v)| v)
    }

    /// Whether the parameter was sent, even as `null` or empty.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(k, v)| (k.as_str(), v))
    }

    /// A text as sent; `None` when absent, `null` or not a scalar.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(Value::Text(t)) => Some(t),
            _ => None,
        }
    }

    /// A text with content; empty counts as absent.
    pub fn filled(&self, name: &str) -> Option<&str> {
        self.text(name).filter(|t| !t.trim().is_empty())
    }

    /// A text that must be there: 400 otherwise.
    pub fn required(&self, name: &'static str) -> ApiResult<&str> {
        self.filled(name).ok_or_else(|| Error::bad_request(format!("Missing parameter: {name}")).into())
    }

    /// A switch. `None` when absent, `null` or empty; `0 f false off no n` in any case are false, all else is true.
    pub fn bool(&self, name: &str) -> Option<bool> {
        self.text(name).and_then(truth)
    }

    /// A switch that is off when absent.
    pub fn flag(&self, name: &str) -> bool {
        self.bool(name).unwrap_or(false)
    }

    /// A whole number; `None` when absent or empty, 400 when it is not one. Beyond 64 bits it is clamped (LIM-07).
    pub fn integer(&self, name: &str) -> ApiResult<Option<i64>> {
        let Some(text) = self.filled(name) else { return Ok(None) };
        integer(text.trim()).map(Some).ok_or_else(|| bad(name).into())
    }

    /// An id; `None` when absent or empty. What is not decimal digits names nothing: `NotFound`.
    pub fn id<T>(&self, name: &str) -> ApiResult<Option<Id<T>>> {
        match self.filled(name) {
            Some(text) => Ok(Some(text.trim().parse()?)),
            None => Ok(None),
        }
    }

    /// A list: `a[]`, `a[0]`, a JSON array, or a single scalar. Empty when absent.
    pub fn list(&self, name: &str) -> Vec<&Value> {
        match self.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::List(list)) => list.iter().collect(),
            Some(Value::Map(map)) => map.indexed(),
            Some(one) => vec![one],
        }
    }

    /// The texts of a list; other elements are left out.
    pub fn texts(&self, name: &str) -> Vec<&str> {
        self.list(name).into_iter().filter_map(Value::as_text).collect()
    }

    /// The ids of a list; what cannot be an id is left out (unknown ids are skipped everywhere).
    pub fn ids<T>(&self, name: &str) -> Vec<Id<T>> {
        self.texts(name).into_iter().filter_map(|t| t.trim().parse().ok()).collect()
    }

    /// A nested object (`poll[options][]`, JSON `{"poll":{}}`).
    pub fn map(&self, name: &str) -> Option<&Params> {
        match self.get(name) {
            Some(Value::Map(map)) => Some(map),
            _ => None,
        }
    }

    /// A list of objects: `k[][a]`, `k[0][a]`, a JSON array of objects, or a JSON object with numbers for names.
    pub fn maps(&self, name: &str) -> Vec<&Params> {
        self.list(name)
            .into_iter()
            .filter_map(|v| match v {
                Value::Map(map) => Some(map),
                _ => None,
            })
            .collect()
    }

    /// A file part. An empty part counts as absent.
    pub fn file(&self, name: &str) -> Option<&Upload> {
        match self.get(name) {
            Some(Value::File(file)) if !file.bytes.is_empty() => Some(file),
            _ => None,
        }
    }

    /// The values of an object with numbers for names, in the order of the numbers; the object itself otherwise.
    fn indexed(&self) -> Vec<&Value> {
        let mut items: Vec<(u64, &Value)> = Vec::with_capacity(self.0.len());
        for (key, value) in &self.0 {
            match key.parse() {
                Ok(index) => items.push((index, value)),
                Err(_) => return Vec::new(),
            }
        }
        items.sort_by_key(|(index, _)| *index);
        items.into_iter().map(|(_, value)| value).collect()
    }
}

impl Value {
    /// The scalar as text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(t) => Some(t),
            _ => None,
        }
    }
}

/// Whether a word says yes; `None` when it is empty.
pub fn truth(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    Some(!["0", "f", "false", "off", "no", "n"].iter().any(|no| text.eq_ignore_ascii_case(no)))
}

fn integer(text: &str) -> Option<i64> {
    if let Ok(n) = text.parse() {
        return Some(n);
    }
    let (digits, past) = match text.strip_prefix('-') {
        Some(digits) => (digits, i64::MIN),
        None => (text.strip_prefix('+').unwrap_or(text), i64::MAX),
    };
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Some(past);
    }
    // `1e20`, `20.0`: what a script's floating point makes of a number. The cast saturates.
    let float: f64 = text.parse().ok()?;
    float.is_finite().then_some(float as i64)
}

/// Bounds a text and takes out NUL, which PostgreSQL cannot store.
fn clean(text: String) -> ApiResult<String> {
    if text.len() > limits::LOCAL_TEXT {
        return Err(Error::invalid("", "too_long", "a text is longer than 65536 bytes").into());
    }
    Ok(if text.contains('\0') { text.replace('\0', "") } else { text })
}

/// Parameters that are files. Some clients send the bytes of small ones as a `data:` address.
const FILES: [&str; 4] = ["file", "thumbnail", "avatar", "header"];

/// A text; or the file that it holds, where one is expected.
fn scalar(name: &str, text: String) -> ApiResult<Value> {
    match embedded(name, &text) {
        Some(file) => Ok(Value::File(file)),
        None => Ok(Value::Text(clean(text)?)),
    }
}

/// The file in a `data:` address.
fn embedded(name: &str, text: &str) -> Option<Upload> {
    let (kind, content) = text.strip_prefix("data:").filter(|_| FILES.contains(&name))?.split_once(";base64,")?;
    let bytes = STANDARD.decode(content.trim()).ok()?;
    let content_type = kind.split(';').next().filter(|kind| !kind.is_empty()).map(str::to_owned);
    Some(Upload { name: String::new(), content_type, bytes: bytes.into() })
}

fn from_json(json: serde_json::Value, left: &mut usize) -> ApiResult<Value> {
    *left = left.checked_sub(1).ok_or_else(|| Error::bad_request("Too many parameters"))?;
    Ok(match json {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(b) => Value::Text(b.to_string()),
        serde_json::Value::Number(n) => Value::Text(n.to_string()),
        serde_json::Value::String(s) => Value::Text(clean(s)?),
        serde_json::Value::Array(items) => {
            Value::List(items.into_iter().map(|v| from_json(v, left)).collect::<ApiResult<_>>()?)
        }
        serde_json::Value::Object(map) => {
            let mut params = Params(Vec::with_capacity(map.len()));
            for (key, value) in map {
                let value = match value {
                    serde_json::Value::String(text) if FILES.contains(&key.as_str()) => scalar(&key, text)?,
                    value => from_json(value, left)?,
                };
                // Some libraries flatten before they know that the body will be JSON.
                if key.contains('[') { params.insert(&key, value)? } else { params.0.push((key, value)) }
            }
            Value::Map(params)
        }
    })
}

fn content_type(headers: &HeaderMap) -> &str {
    headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or("").trim()
}

fn is_type(content_type: &str, wanted: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case(wanted)
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(req: Request, _: &S) -> Result<Self, ApiError> {
        let params = Self::from_query(req.uri().query().unwrap_or(""))?;
        if axum::body::HttpBody::is_end_stream(req.body()) {
            return Ok(params);
        }
        // In a box: otherwise this is compiled once more into each of some hundred handlers.
        let reading: Pin<Box<dyn Future<Output = Result<Self, ApiError>> + Send>> = Box::pin(with_body(params, req));
        reading.await
    }
}

/// What the query said, and over it what the body says.
async fn with_body(mut params: Params, req: Request) -> Result<Params, ApiError> {
    let kind = content_type(req.headers()).to_owned();
    if is_type(&kind, "multipart/form-data") {
        params.merge(multipart(req).await?);
        return Ok(params);
    }
    let body = read(req.into_body()).await?;
    if is_json(&kind, &body) {
        params.merge(Params::from_json(&body)?);
    } else if !body.is_empty() {
        let mut form = Params::default();
        form.extend_query(&body)?;
        params.merge(form);
    }
    Ok(params)
}

/// Whether a body of this type carries JSON; without a type its first byte decides.
fn is_json(kind: &str, body: &[u8]) -> bool {
    is_type(kind, "application/json")
        || kind.split(';').next().is_some_and(|t| t.trim().to_ascii_lowercase().ends_with("+json"))
        || (!is_type(kind, "application/x-www-form-urlencoded") && body.trim_ascii_start().first() == Some(&b'{'))
}

/// The token in the body of a request that shows none elsewhere, and the request as it was. Files are not searched: their
/// senders all use the header.
///
/// # Errors
/// `TooLarge` for a body beyond the limit, `BadRequest` for one that cannot be read.
pub async fn token_in_body(req: Request) -> ApiResult<(Option<String>, Request)> {
    let kind = content_type(req.headers()).to_owned();
    if axum::body::HttpBody::is_end_stream(req.body()) || is_type(&kind, "multipart/form-data") {
        return Ok((None, req));
    }
    let (parts, body) = req.into_parts();
    let bytes = read(body).await?;
    let mut token = None;
    if bytes.windows(7).any(|part| part == b"_token\"" || part == b"_token=") {
        let mut params = Params::default();
        if is_json(&kind, &bytes) {
            params = Params::from_json(&bytes)?;
        } else {
            params.extend_query(&bytes)?;
        }
        token = TOKEN_PARAMETERS.iter().find_map(|name| params.filled(name)).map(str::to_owned);
    }
    Ok((token, Request::from_parts(parts, bytes.into())))
}

async fn read(body: Body) -> ApiResult<Bytes> {
    let read = axum::body::to_bytes(body, BODY).await;
    // What is no matter of size broke off, or was sent in chunks that are none.
    let is_large = |error: &axum::Error| {
        std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
    };
    Ok(read.map_err(|error| match is_large(&error) {
        true => Error::TooLarge("The request body is too large".into()),
        false => Error::bad_request("The request body cannot be read"),
    })?)
}

async fn multipart(mut req: Request) -> ApiResult<Params> {
    let media = ["/api/v1/media", "/api/v2/media"].iter().any(|p| req.uri().path().starts_with(p));
    let limit = if media { MEDIA } else { MULTIPART };
    axum::extract::DefaultBodyLimit::max(limit).apply(&mut req);
    let mut parts =
        Multipart::from_request(req, &()).await.map_err(|_| Error::bad_request("The multipart body cannot be read"))?;
    let mut params = Params::default();
    let mut total = 0usize;
    let mut count = 0usize;
    while let Some(mut part) = parts.next_field().await.map_err(multipart_error)? {
        count += 1;
        if count > COUNT {
            return Err(Error::bad_request("Too many parameters").into());
        }
        let Some(name) = part.name().map(str::to_owned) else { continue };
        let file_name = part.file_name().map(str::to_owned);
        let kind = part.content_type().map(str::to_owned);
        let may_hold_one = FILES.contains(&name.as_str());
        // A type alone makes no file of a text: Tusky's parts are all `multipart/form-data` by what they say.
        let is_file =
            file_name.is_some() || (may_hold_one && kind.as_deref().is_some_and(|kind| !kind.starts_with("text/")));
        let cap = if is_file || may_hold_one { limit } else { limits::LOCAL_TEXT + 1 };
        let mut bytes = Vec::new();
        while let Some(chunk) = part.chunk().await.map_err(multipart_error)? {
            total += chunk.len();
            if total > limit {
                return Err(Error::TooLarge("The request body is too large".into()).into());
            }
            if bytes.len() <= cap {
                bytes.extend_from_slice(&chunk);
            }
        }
        let value = if is_file {
            Value::File(Upload { name: file_name.unwrap_or_default(), content_type: kind, bytes: bytes.into() })
        } else {
            scalar(&name, String::from_utf8_lossy(&bytes).into_owned())?
        };
        params.insert(&name, value)?;
    }
    Ok(params)
}

fn multipart_error(e: axum::extract::multipart::MultipartError) -> ApiError {
    if e.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE {
        Error::TooLarge("The request body is too large".into()).into()
    } else {
        Error::bad_request("The multipart body cannot be read").into()
    }
}

#[cfg(test)]
mod tests;
