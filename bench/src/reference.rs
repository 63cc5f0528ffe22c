//! The limits that our figures are compared with: bare axum, raw hashes, raw signatures.

use crate::Failed;
use crate::load::Load;
use crate::server::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};
use vestibule_keys::SystemEntropy;
use vestibule_keys::jose::{Key, encode_header};
use vestibule_keys::password::{Params, Password};
use vestibule_keys::pool::{HashPool, Settings};
use vestibule_model::token::Algorithm;

/// Serves `{"message":"Hello, World!"}` at `/` and a document of so many bytes at `/document` with axum and nothing
/// else, and prints its address.
pub fn serve_bare(bytes: usize) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        let json = || [(axum::http::header::CONTENT_TYPE, "application/json")];
        let hello = serde_json::json!({"message": "Hello, World!"});
        let hello = move || async move { (json(), hello.to_string()) };
        let document: &'static str =
            format!("{{\"keys\":\"{}\"}}", "x".repeat(bytes.saturating_sub(11))).leak();
        let document = move || async move { (json(), document) };
        let router = axum::Router::new()
            .route("/", axum::routing::get(hello))
            .route("/document", axum::routing::get(document));
        axum::serve(listener, router).await?;
        Ok(())
    })
}

/// Bare axum, to be put under the same load as ours by the same script.
pub struct BareAxum {
    /// The process.
    pub child: Child,
    /// Where it listens.
    pub url: String,
}

impl BareAxum {
    /// Starts it, with a document of so many bytes.
    pub fn start(document: usize) -> Result<Self, Failed> {
        let (child, url) = Child::bare(document)?;
        Ok(Self { child, url })
    }

    /// A load; `path` is one of those of [`serve_bare`].
    pub fn answers(&self, path: &str, seconds: u64) -> Load {
        Load::script(format!("{}{path}", self.url), "get.lua", Vec::new(), seconds)
    }
}

/// Password hashes per second of the pool itself, with nothing else running.
pub fn raw_hashes(seconds: u64) -> Result<f64, Failed> {
    let pool = Arc::new(HashPool::start(
        Settings::for_this_machine(Params::default()),
        Arc::new(SystemEntropy),
    )?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let done = runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let pool = Arc::clone(&pool);
            tasks.spawn(async move {
                let mut done = 0_u32;
                while Instant::now() < end {
                    let password = Password::for_login("SecureP@ss123");
                    let deadline = Instant::now() + Duration::from_secs(10);
                    if pool.verify(&password, None, deadline).await.is_ok() {
                        done += 1;
                    }
                }
                done
            });
        }
        tasks.join_all().await.into_iter().sum::<u32>()
    });
    Ok(per_second(u64::from(done), began))
}

/// RS256 signatures per second on all cores, the key parsed once.
pub fn raw_signatures(seconds: u64) -> Result<f64, Failed> {
    let (key, _material) = Key::generate(Algorithm::Rs256)?;
    let cores = std::thread::available_parallelism()?.get();
    let began = Instant::now();
    let end = began + Duration::from_secs(seconds);
    let header = encode_header(r#"{"alg":"RS256","typ":"at+jwt"}"#);
    let claims = format!("{{\"padding\":\"{}\"}}", "x".repeat(500));
    let done: u64 = std::thread::scope(|scope| {
        let sign = || {
            let mut done = 0;
            while Instant::now() < end {
                std::hint::black_box(key.sign(&header, &claims).is_ok());
                done += 1;
            }
            done
        };
        let threads: Vec<_> = (0..cores).map(|_| scope.spawn(sign)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    Ok(per_second(done, began))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of a few seconds are far below 2^52"
)]
fn per_second(count: u64, since: Instant) -> f64 {
    count as f64 / since.elapsed().as_secs_f64()
}
