//! The pictures of the initial accounts: drawn for them, and nobody's likeness.

use axum::body::Body;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::answers::oauth_error;

const PICTURES: [(&str, &[u8]); 2] = [
    ("ada.png", include_bytes!("../../pictures/ada.png")),
    ("grace.png", include_bytes!("../../pictures/grace.png")),
];

pub(crate) async fn picture(Path(name): Path<String>) -> Response {
    match PICTURES.iter().find(|(known, _)| *known == name) {
        Some((_, png)) => ([(header::CONTENT_TYPE, "image/png")], Body::from(*png)).into_response(),
        None => oauth_error(404, "not_found", "There is no such picture."),
    }
}
