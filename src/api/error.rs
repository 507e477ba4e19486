//! Errors as clients read them: a JSON object with a string `error`, always.

use crate::{Error, error::Fault};
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

/// What every handler answers.
pub type ApiResult<T> = std::result::Result<T, ApiError>;

/// A domain error on its way to a client.
#[derive(Debug)]
pub struct ApiError(pub Error);

impl From<Error> for ApiError {
    fn from(e: Error) -> Self {
        Self(e)
    }
}

/// The body of an answer that is not a success.
#[derive(Serialize)]
struct Body<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<serde_json::Value>,
}

/// One entry of `details`: what is wrong, without the name of the field, under which it stands.
fn fault(field: &str, code: &str, reason: &str) -> serde_json::Value {
    let name = field.replace('_', " ");
    let named = reason.split_at_checked(name.len()).filter(|(start, _)| start.eq_ignore_ascii_case(&name));
    let description = named.and_then(|(_, rest)| rest.strip_prefix(' ')).unwrap_or(reason);
    serde_json::json!({"error": format!("ERR_{}", code.to_uppercase()), "description": description})
}

impl ApiError {
    /// The status the error is answered with.
    pub fn status(&self) -> StatusCode {
        match &self.0 {
            Error::NotFound => StatusCode::NOT_FOUND,
            Error::Gone => StatusCode::GONE,
            Error::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Error::Forbidden(_) => StatusCode::FORBIDDEN,
            Error::BadRequest(_) => StatusCode::BAD_REQUEST,
            Error::Invalid { .. } | Error::InvalidFields(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Error::Conflict(_) => StatusCode::CONFLICT,
            Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Error::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Error::Upstream(_) | Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Error::NoSpace => StatusCode::INSUFFICIENT_STORAGE,
            Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let text = match &self.0 {
            // What another server or our own machine did is for the log, not for the caller.
            Error::Internal(cause) => {
                tracing::error!(%cause, "a request failed");
                "Something went wrong on our side".to_owned()
            }
            Error::Upstream(cause) => {
                tracing::debug!(%cause, "a remote server failed");
                self.0.to_string()
            }
            Error::Unavailable(cause) => {
                tracing::warn!(%cause, "a request was put off");
                self.0.to_string()
            }
            other => other.to_string(),
        };
        let details = match &self.0 {
            Error::Invalid { field, code, reason } if !field.is_empty() => {
                Some(serde_json::json!({ *field: [fault(field, code, reason)] }))
            }
            Error::InvalidFields(faults) => {
                let mut fields = serde_json::Map::new();
                for Fault { field, code, reason } in faults {
                    let of_field = fields.entry(*field).or_insert_with(|| serde_json::json!([]));
                    of_field.as_array_mut().into_iter().for_each(|list| list.push(fault(field, code, reason)));
                }
                Some(fields.into())
            }
            _ => None,
        };
        let mut response = (status, Json(Body { error: &text, details })).into_response();
        let wait = match self.0 {
            Error::RateLimited { retry_after } => Some(retry_after),
            Error::Unavailable(_) | Error::Upstream(_) => Some(10),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn render(e: Error) -> (u16, String, serde_json::Value) {
        let response = ApiError(e).into_response();
        let status = response.status().as_u16();
        let kind = response.headers()[header::CONTENT_TYPE].to_str().expect("text").to_owned();
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.expect("a body");
        (status, kind, serde_json::from_slice(&body).expect("JSON"))
    }

    #[tokio::test]
    async fn every_error_is_a_json_object_with_a_string() {
        for (error, status) in [
            (Error::NotFound, 404),
            (Error::Gone, 410),
            (Error::unauthorized("The access token is invalid"), 401),
            (Error::forbidden("This action is outside the authorized scopes"), 403),
            (Error::bad_request("x"), 400),
            (Error::invalid("", "invalid", "x"), 422),
            (Error::Conflict("x".into()), 409),
            (Error::TooLarge("x".into()), 413),
            (Error::RateLimited { retry_after: 3 }, 429),
            (Error::upstream("secret"), 503),
            (Error::Unavailable("secret".into()), 503),
            (Error::NoSpace, 507),
            (Error::internal("secret"), 500),
        ] {
            let (code, kind, body) = render(error).await;
            assert_eq!(code, status);
            assert_eq!(kind, "application/json");
            assert!(body["error"].is_string());
            assert!(!body.to_string().contains("secret"));
        }
    }

    #[tokio::test]
    async fn a_field_that_is_wrong_is_named_with_its_code() {
        let (_, _, body) = render(Error::invalid("username", "taken", "Username is taken")).await;
        assert_eq!(
            body,
            serde_json::json!({
                "error": "Validation failed: Username is taken",
                "details": {"username": [{"error": "ERR_TAKEN", "description": "is taken"}]}
            })
        );
    }
}
