//! The web client against devices that behave, and against those that do not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use dca_fence::{Allowed, Fence};
use dca_lan::{Web, WebFailure, WebSettings};
use dca_sim::{Device, Pages, Site};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const PATH: &str = "/DevMgmt/DiscoveryTree.xml";
const QUICK: WebSettings = WebSettings { timeout: Duration::from_millis(1500), most_octets: 20_000 };

fn fence(open: &[SocketAddr]) -> Fence {
    let lines: Vec<String> = open.iter().map(ToString::to_string).collect();
    Fence::parse(lines.iter().map(String::as_str)).unwrap()
}

fn allowed(at: SocketAddr) -> Allowed {
    fence(&[at]).admit(at).unwrap()
}

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().unwrap()
}

fn device() -> Device {
    Device::builtin("hp-color").unwrap()
}

#[tokio::test]
async fn pages_and_ipp_over_http_and_https() {
    for secure in [false, true] {
        let pages = Pages::default().ledm(&device(), Duration::ZERO).ipp(&device(), Duration::ZERO);
        let site = Site::open(loopback(), secure, pages).await.unwrap();
        let mut web = Web::new(allowed(site.address()), secure, BTreeMap::new(), WebSettings::default());
        let page = web.page(PATH, |_| None).await.unwrap();
        assert!(String::from_utf8_lossy(&page).contains("ProductUsageDyn"));
        assert!(matches!(web.page("/none", |_| None).await, Err(WebFailure::Status(404))));
        let question = [1, 1, 0, 0x0b, 0, 0, 0, 1, 3].to_vec();
        assert!(web.printer_attributes("/ipp/print", question, |_| None).await.unwrap().len() > 100);
        assert_eq!(web.pins().len(), usize::from(secure));
        assert_eq!(site.heard(), ["GET /DevMgmt/DiscoveryTree.xml", "GET /none", "POST /ipp/print"]);
        assert_eq!(web.asked(), 3);
    }
}

#[tokio::test]
async fn only_questions_can_be_sent() {
    let mut web = Web::new(allowed("127.0.0.1:9".parse().unwrap()), false, BTreeMap::new(), QUICK);
    let print_job = [1, 1, 0, 0x02, 0, 0, 0, 1, 3].to_vec();
    assert!(matches!(web.printer_attributes("/ipp/print", print_job, |_| None).await, Err(WebFailure::NotReadOnly)));
    for path in ["", "index.htm", "//192.0.2.1/x", "http://192.0.2.1/"] {
        assert!(matches!(web.page(path, |_| None).await, Err(WebFailure::NotReadOnly)), "{path}");
    }
    assert_eq!(web.asked(), 0);
}

#[tokio::test]
async fn another_certificate_than_before_is_a_failure() {
    let site = |at: SocketAddr| Site::open(at, true, Pages::default().with(PATH, "<DiscoveryTree/>"));
    let first = site(loopback()).await.unwrap();
    let at = first.address();
    let mut web = Web::new(allowed(at), true, BTreeMap::new(), QUICK);
    web.page(PATH, |_| None).await.unwrap();
    let pin = web.pins()[&at.port()];
    // Remembered, on another day: the same device.
    let mut again = Web::new(allowed(at), true, BTreeMap::from([(at.port(), pin)]), QUICK);
    again.page(PATH, |_| None).await.unwrap();
    let other = site(loopback()).await.unwrap();
    let remembered = BTreeMap::from([(other.address().port(), pin)]);
    let mut moved = Web::new(allowed(other.address()), true, remembered, QUICK);
    match moved.page(PATH, |_| None).await {
        Err(WebFailure::PinChanged { expected, found }) => assert!(expected == pin && found != pin),
        other => panic!("{other:?}"),
    }
    assert!(other.heard().is_empty(), "nothing is asked of a device that is another one");
    assert_eq!(moved.pins().values().collect::<Vec<_>>(), [&pin], "the new certificate is not taken silently");
}

#[tokio::test]
async fn redirects_stay_with_the_address_and_inside_the_fence() {
    let pages = Pages::default().with(PATH, "<DiscoveryTree/>");
    let secure = Site::open(loopback(), true, pages).await.unwrap();
    let to = format!("https://{}", secure.address());
    let plain = Site::open(loopback(), false, Pages::default().moved(&to)).await.unwrap();
    let both = fence(&[plain.address(), secure.address()]);

    let mut web = Web::new(allowed(plain.address()), false, BTreeMap::new(), QUICK);
    web.page(PATH, |at| both.admit(at)).await.unwrap();
    assert_eq!((web.at().addr(), web.pins().len()), (secure.address(), 1));
    web.page(PATH, |at| both.admit(at)).await.unwrap();
    assert_eq!((plain.heard().len(), secure.heard().len()), (1, 2), "the way is remembered");

    let narrow = fence(&[plain.address()]);
    let mut web = Web::new(allowed(plain.address()), false, BTreeMap::new(), QUICK);
    let refused = web.page(PATH, |at| narrow.admit(at)).await;
    assert!(matches!(&refused, Err(WebFailure::Elsewhere(why)) if why.contains("not among")), "{refused:?}");

    let elsewhere = Site::open("127.0.0.2:0".parse().unwrap(), false, Pages::default()).await.unwrap();
    let away = Pages::default().moved(&format!("http://{}", elsewhere.address()));
    let plain = Site::open(loopback(), false, away).await.unwrap();
    let all = fence(&[plain.address(), elsewhere.address()]);
    let mut web = Web::new(allowed(plain.address()), false, BTreeMap::new(), QUICK);
    let refused = web.page(PATH, |at| all.admit(at)).await;
    assert!(matches!(&refused, Err(WebFailure::Elsewhere(why)) if why.contains("another host")), "{refused:?}");
    assert!(elsewhere.heard().is_empty());
}

#[tokio::test]
async fn two_ports_that_redirect_to_each_other_end() {
    let listeners = [TcpListener::bind(loopback()).await.unwrap(), TcpListener::bind(loopback()).await.unwrap()];
    let [one, other] = listeners.each_ref().map(|listener| listener.local_addr().unwrap());
    let mut tasks = Vec::new();
    for (listener, to) in listeners.into_iter().zip([other, one]) {
        let answer = format!("HTTP/1.1 302 Found\r\nLocation: http://{to}{PATH}\r\nContent-Length: 0\r\n\r\n");
        tasks.push(Abort(tokio::spawn(replies(listener, move |stream| {
            let answer = answer.clone();
            async move { send(stream, answer.as_bytes()).await }
        }))));
    }
    let both = fence(&[one, other]);
    let mut web = Web::new(allowed(one), false, BTreeMap::new(), QUICK);
    let refused = web.page(PATH, |at| both.admit(at)).await;
    assert!(matches!(&refused, Err(WebFailure::Elsewhere(_))), "{refused:?}");
    assert!(web.asked() <= 3);
}

/// Each of these would cost a careless client its memory or its time.
#[tokio::test]
async fn hostile_answers_end() {
    type Check = fn(&WebFailure) -> bool;
    let http: Check = |why| matches!(why, WebFailure::Http(_));
    let large: Check = |why| matches!(why, WebFailure::TooLarge(20_000));
    let late: Check = |why| matches!(why, WebFailure::Timeout(_));
    let encoded: Check = |why| matches!(why, WebFailure::Encoded(_));
    let cases: [(&str, &str, Filler, Check); 11] = [
        ("endless body", "HTTP/1.1 200 OK\r\n\r\n", Filler::Endless(b"<a>"), large),
        (
            "a length that lies",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
            Filler::Endless(b"<a>"),
            large,
        ),
        (
            "chunks without end",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            Filler::Endless(b"3\r\n<a>\r\n"),
            large,
        ),
        (
            "a chunk that is too long",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            Filler::None,
            http,
        ),
        ("slow drip", "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n", Filler::Drip, late),
        ("silence", "", Filler::Hold, late),
        ("half a head", "HTTP/1.1 200 OK\r\nX: ", Filler::Hold, late),
        ("headers without end", "HTTP/1.1 200 OK\r\n", Filler::Endless(b"X: y\r\n"), http),
        ("a header without end", "HTTP/1.1 200 OK\r\nX: ", Filler::Endless(b"yyyyyyyy"), http),
        (
            "compressed",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
            Filler::None,
            encoded,
        ),
        ("not HTTP", "SSH-2.0-printer\r\n", Filler::None, http),
    ];
    for (name, head, filler, check) in cases {
        let (at, _task) = hostile(head.as_bytes().to_vec(), filler).await;
        let mut web = Web::new(allowed(at), false, BTreeMap::new(), QUICK);
        let answer = web.page(PATH, |_| None).await;
        assert!(matches!(&answer, Err(why) if check(why)), "{name}: {answer:?}");
    }
}

#[tokio::test]
async fn tls_that_is_none_is_a_failure() {
    for head in ["HTTP/1.0 400 Bad Request\r\n\r\n", "", "\x16\x03\x01\x00\x02\x02\x28"] {
        let (at, _task) = hostile(head.as_bytes().to_vec(), Filler::None).await;
        let mut web = Web::new(allowed(at), true, BTreeMap::new(), QUICK);
        let answer = web.page(PATH, |_| None).await;
        assert!(matches!(&answer, Err(WebFailure::Tls(_))), "{head:?}: {answer:?}");
    }
    let mut web = Web::new(allowed("127.0.0.1:9".parse().unwrap()), true, BTreeMap::new(), QUICK);
    assert!(matches!(web.page(PATH, |_| None).await, Err(WebFailure::Connect(_))));
}

/// What follows a head.
#[derive(Debug, Clone, Copy)]
enum Filler {
    None,
    /// The same again and again.
    Endless(&'static [u8]),
    /// An octet now and then.
    Drip,
    /// Nothing, and the connection stays open.
    Hold,
}

struct Abort(JoinHandle<()>);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn hostile(head: Vec<u8>, filler: Filler) -> (SocketAddr, Abort) {
    let listener = TcpListener::bind(loopback()).await.unwrap();
    let at = listener.local_addr().unwrap();
    let task = tokio::spawn(replies(listener, move |mut stream| {
        let head = head.clone();
        async move {
            let mut answer = head;
            if let Filler::Endless(again) = filler {
                // A megabyte is as endless as any.
                answer.extend(again.repeat(1_000_000 / again.len()));
            }
            if stream.write_all(&answer).await.is_err() {
                return;
            }
            match filler {
                Filler::None | Filler::Endless(_) => {}
                Filler::Hold => tokio::time::sleep(Duration::from_secs(30)).await,
                Filler::Drip => {
                    for _ in 0..300 {
                        if stream.write_all(b"x").await.is_err() {
                            return;
                        }
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                }
            }
        }
    }));
    (at, Abort(task))
}

async fn send(mut stream: TcpStream, answer: &[u8]) {
    let _ = stream.write_all(answer).await;
}

/// Reads a request from each connection and then answers in its own way.
async fn replies<F: Future<Output = ()> + Send>(listener: TcpListener, answer: impl Fn(TcpStream) -> F) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 2048];
        let _ = stream.read(&mut request).await;
        answer(stream).await;
    }
}
