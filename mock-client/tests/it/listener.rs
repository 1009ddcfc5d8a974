//! The server in memory behind a loopback socket.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use scep::http::{Delivery, HttpRequest, Method};
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;

use crate::service::Service;

/// Listens until it is dropped.
pub(crate) struct Listener {
    pub(crate) url: String,
    pub(crate) service: Arc<Mutex<Service>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(service: Service) -> Self {
        Self::start_at(([127, 0, 0, 1], 0).into(), service)
    }

    pub(crate) fn start_at(at: std::net::SocketAddr, service: Service) -> Self {
        let service = Arc::new(Mutex::new(service));
        let (stop, stopped) = oneshot::channel();
        let socket = std::net::TcpListener::bind(at).unwrap();
        socket.set_nonblocking(true).unwrap();
        let url = format!("http://{}/scep", socket.local_addr().unwrap());
        let shared = Arc::clone(&service);
        let thread = std::thread::spawn(move || {
            let runtime = Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(TcpListener::from_std(socket).unwrap(), shared) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { url, service, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.service.lock().unwrap().log()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn accept(socket: TcpListener, service: Arc<Mutex<Service>>) {
    loop {
        let (stream, _) = socket.accept().await.unwrap();
        let shared = Arc::clone(&service);
        let answer = service_fn(move |request| answer(request, Arc::clone(&shared)));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), answer));
    }
}

async fn answer(
    request: Request<Incoming>,
    service: Arc<Mutex<Service>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let content_type = head.headers.get("content-type").map(|value| value.to_str().unwrap().to_owned());
    let request = HttpRequest {
        method: if head.method == "POST" { Method::Post } else { Method::Get },
        query: head.uri.query().unwrap_or_default().to_owned(),
        content_type,
        headers: Vec::new(),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
        delivery: Delivery::default(),
    };
    let answer = service.lock().unwrap().answer(&request);
    let mut response = Response::builder().status(answer.status);
    if let Some(content_type) = answer.content_type {
        response = response.header("content-type", content_type);
    }
    Ok(response.body(Full::new(Bytes::from(answer.body))).unwrap())
}
