//! How much one user may begin.

use anyhow::{Result, ensure};
use reqwest::{Method, RequestBuilder, StatusCode};
use sealmark_protocol::{CreateUploadRequest, ErrorCode, Problem};
use sealmark_tests::{
    client::{ApiClient, refused},
    line::{Line, Options},
};
use serde_json::json;

/// Every way to begin an upload.
fn ways(client: &ApiClient) -> [RequestBuilder; 3] {
    [
        client.request(Method::POST, "/v1/uploads").json(&CreateUploadRequest::new("a.jpg", 10)),
        client.request(Method::POST, "/companion/s3/multipart").json(&json!({ "filename": "a.jpg" })),
        client.request(Method::GET, "/companion/s3/params?filename=a.jpg"),
    ]
}

async fn refused_for(request: RequestBuilder) -> Result<u64> {
    let answer = request.send().await?;
    ensure!(answer.status() == StatusCode::TOO_MANY_REQUESTS, "{}", answer.status());
    let wait_s = answer.headers()["retry-after"].to_str()?.parse()?;
    let problem: Problem = answer.json().await?;
    ensure!(problem.code == ErrorCode::RateLimited && problem.detail.is_some(), "{problem:?}");
    ensure!(problem.retry_after_s == Some(wait_s), "{problem:?}");
    Ok(wait_s)
}

#[tokio::test(flavor = "multi_thread")]
async fn creations_are_counted_for_each_user() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("policy", "creations_per_minute", "3".to_owned())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    for request in ways(&client) {
        request.send().await?.error_for_status()?;
    }
    for request in ways(&client) {
        ensure!((1..=20).contains(&refused_for(request).await?));
    }
    let other = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "v")?);
    other.create("a.jpg", 10).await?.map_err(refused)?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn open_uploads_are_capped_and_an_ended_one_makes_room() -> Result<()> {
    let line = Line::start_with(Options {
        settings: vec![("policy", "open_uploads", "2".to_owned())],
        workers: 0,
        ..Options::default()
    })
    .await?;
    let client = ApiClient::new(line.http.clone(), line.url(), line.token("acme", "u")?);
    let first = client.create("a.jpg", 10).await?.map_err(refused)?;
    client.create("b.jpg", 10).await?.map_err(refused)?;
    for request in ways(&client) {
        ensure!(refused_for(request).await? >= 1);
    }
    let gone = client.request(Method::DELETE, &format!("/v1/uploads/{}", first.upload_id)).send().await?;
    ensure!(gone.status() == StatusCode::NO_CONTENT);
    client.create("c.jpg", 10).await?.map_err(refused)?;
    Ok(())
}
