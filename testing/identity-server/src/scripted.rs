//! A browser of thirty lines: it makes one GET request and follows no redirect.

use std::io;

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::Url;

/// Opens `url` as `email`. Returns the location of the redirect.
pub(crate) async fn authorize(url: &str, email: &str) -> io::Result<String> {
    let mut url = Url::parse(url).map_err(io::Error::other)?;
    url.query_pairs_mut().append_pair("sign_in_as", email);
    let authority = url.authority().to_owned();
    let stream = TcpStream::connect(&authority).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let request = Request::get(target)
        .header(header::HOST, authority)
        .body(Body::empty())
        .map_err(io::Error::other)?;
    let exchange = async {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let location = response
            .headers()
            .get(header::LOCATION)
            .and_then(|value| value.to_str().ok());
        if let Some(location) = location {
            return Ok(location.to_owned());
        }
        let status = response.status();
        let body = to_bytes(Body::new(response.into_body()), 1 << 20)
            .await
            .map_err(io::Error::other)?;
        Err(io::Error::other(format!(
            "{status}: {}",
            String::from_utf8_lossy(&body)
        )))
    };
    tokio::pin!(connection, exchange);
    tokio::select! {
        // If the answer arrives together with the connection's end, it takes precedence.
        biased;
        result = &mut exchange => result,
        ended = &mut connection => {
            ended.map_err(io::Error::other)?;
            exchange.await
        }
    }
}
