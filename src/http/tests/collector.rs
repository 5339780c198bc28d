//! A collector that is down, slow or failing gets the whole log, in order.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::http::{CollectorConfig, DecisionLogConfig};
use crate::log::verify;

use super::{CLIENT, PATIENCE, Served};

/// How the collector behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    Failing,
    /// It takes a batch, and answers after the daemon has given up.
    Slow,
}

/// What a collector has, as any receiver would keep it: each line once, by segment and number.
#[derive(Debug)]
struct Taken {
    mood: Mood,
    text: String,
    last: (u64, u64),
    batches: usize,
    repeats: usize,
    failures: usize,
}

struct Collector {
    address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
    is_down: Arc<AtomicBool>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Collector {
    /// One that is down yet, at an address of its own.
    fn down() -> Self {
        let address = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let taken = Taken {
            mood: Mood::Well,
            text: String::new(),
            last: (0, 0),
            batches: 0,
            repeats: 0,
            failures: 0,
        };
        Self {
            address,
            taken: Arc::new(Mutex::new(taken)),
            is_down: Arc::new(AtomicBool::new(true)),
            listening: Mutex::new(None),
        }
    }

    fn come_up(&self) {
        let listener = TcpListener::bind(self.address).unwrap();
        listener.set_nonblocking(true).unwrap();
        self.is_down.store(false, Ordering::SeqCst);
        let (taken, is_down) = (Arc::clone(&self.taken), Arc::clone(&self.is_down));
        let listening = std::thread::spawn(move || {
            while !is_down.load(Ordering::SeqCst) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let _ = take(stream, &taken);
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(2)),
                }
            }
        });
        *self.listening.lock().unwrap() = Some(listening);
    }

    fn go_down(&self) {
        self.is_down.store(true, Ordering::SeqCst);
        let listening = self.listening.lock().unwrap().take();
        listening.unwrap().join().unwrap();
    }

    fn becomes(&self, mood: Mood) {
        self.taken.lock().unwrap().mood = mood;
    }

    /// Waits until it has something of it.
    fn wait_for(&self, what: &str, is_so: impl Fn(&Taken) -> bool) {
        let begin = Instant::now();
        while !is_so(&self.taken.lock().unwrap()) {
            assert!(
                begin.elapsed() < PATIENCE,
                "{what}: {:?}",
                self.taken.lock().unwrap()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn take(stream: TcpStream, taken: &Mutex<Taken>) -> std::io::Result<()> {
    stream.set_nonblocking(false)?;
    let mut reader = BufReader::new(&stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_lowercase());
    }
    let header = |name: &str| {
        let line = head
            .iter()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.trim().to_owned()
    };
    let number = |name: &str| header(name).parse::<u64>().unwrap();
    assert_eq!(header("content-type:"), "application/x-ndjson");
    assert_eq!(header("authorization:"), "bearer secret-of-the-log");
    let mut body = vec![0; usize::try_from(number("content-length:")).unwrap()];
    reader.read_exact(&mut body)?;
    let mood = taken.lock().unwrap().mood;
    if mood == Mood::Failing {
        taken.lock().unwrap().failures += 1;
        return (&stream).write_all(b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n");
    }
    keep(
        &mut taken.lock().unwrap(),
        &String::from_utf8(body).unwrap(),
        number("fullmakt-segment:"),
        number("fullmakt-line:"),
    );
    if mood == Mood::Slow {
        std::thread::sleep(Duration::from_millis(400));
    }
    (&stream).write_all(b"HTTP/1.1 204 Good\r\n\r\n")
}

/// Keeps what is new. Whatever is not a repeat has to be the very next.
fn keep(taken: &mut Taken, body: &str, segment: u64, first: u64) {
    taken.batches += 1;
    for (line, number) in body.split_inclusive('\n').zip(first..) {
        if (segment, number) <= taken.last {
            taken.repeats += 1;
            continue;
        }
        let (last_segment, last) = taken.last;
        let next = [(last_segment, last + 1), (last_segment + 1, 1)];
        assert!(
            next.contains(&(segment, number)),
            "{segment}:{number} after {last_segment}:{last}"
        );
        assert!(line.ends_with('\n'));
        taken.text.push_str(line);
        taken.last = (segment, number);
    }
}

/// All segments of a log, one after the other.
fn whole(dir: &Path) -> String {
    let numbers = 1..=std::fs::read_dir(dir).unwrap().count();
    let names = numbers.map(|number| dir.join(format!("{number:010}.ndjson")));
    names
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect()
}

fn serve(dir: &Path, collector: &Collector, token: &Path) -> Served {
    let mut config = DecisionLogConfig::to(dir.to_owned());
    config.compress = false;
    config.rotation.most_bytes = 6000;
    let mut to = CollectorConfig::to(format!("http://{}/decisions", collector.address));
    to.token = Some(token.to_owned());
    to.batch_bytes = 2000;
    to.timeout = Duration::from_millis(200);
    to.retry_most = Duration::from_millis(200);
    config.collector = Some(to);
    Served::configured(|server| server.decision_log = Some(config))
}

fn ask(served: &Served, times: usize) {
    let body = format!(
        r#"{{"subject":{{"type":"systemuser","id":"5ea1d000-0000-4000-8000-000000000001"}},"action":{{"name":"read"}},"resource":{{"type":"ske-krav-og-betalinger","id":"{CLIENT}"}}}}"#
    );
    for _ in 0..times {
        assert_eq!(
            served.call("api", "POST", "/access/v1/evaluation", &body).0,
            200
        );
    }
}

#[test]
fn a_collector_that_was_down_slow_and_failing_has_the_whole_log_in_order() {
    let (dir, beside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let token = beside.path().join("token");
    std::fs::write(&token, "secret-of-the-log\n").unwrap();
    let collector = Collector::down();
    let failures = |served: &Served| -> u64 {
        served
            .metric("pdp_decision_log_delivery_failures_total ")
            .parse()
            .unwrap()
    };

    // Down, from the beginning on.
    let mut served = serve(dir.path(), &collector, &token);
    ask(&served, 60);
    let begin = Instant::now();
    while failures(&served) < 4 {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    // Up, then failing, then slow, with decisions all the time.
    collector.come_up();
    collector.wait_for("up", |taken| taken.batches > 2);
    collector.becomes(Mood::Failing);
    ask(&served, 40);
    collector.wait_for("failing", |taken| taken.failures > 2);
    collector.becomes(Mood::Slow);
    ask(&served, 40);
    collector.wait_for("slow", |taken| taken.repeats > 4);
    // The daemon is stopped and started anew meanwhile, and the collector goes and comes back.
    served.ask_to_stop();
    served.join().unwrap();
    collector.go_down();
    let mut served = serve(dir.path(), &collector, &token);
    ask(&served, 40);
    collector.becomes(Mood::Well);
    std::thread::sleep(Duration::from_millis(300));
    collector.come_up();
    let written = || whole(dir.path()).len();
    collector.wait_for("caught up", |taken| taken.text.len() >= written());
    ask(&served, 5);
    served.ask_to_stop();
    served.join().unwrap();

    // What the last daemon wrote at its end is delivered by the next.
    let mut served = serve(dir.path(), &collector, &token);
    collector.wait_for("the end", |taken| taken.text.len() >= written());
    let begin = Instant::now();
    while served.metric("pdp_decision_log_undelivered_bytes ") != "0" {
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(10));
    }
    served.ask_to_stop();
    served.join().unwrap();
    collector.go_down();
    let taken = collector.taken.lock().unwrap();
    let all = whole(dir.path());
    assert!(all.starts_with(&taken.text));
    assert_eq!(taken.text.matches(CLIENT).count(), 60 + 40 + 40 + 40 + 5);
    assert!(taken.last.0 > 4, "{:?}", taken.last);
    assert_eq!(verify(dir.path(), 1).unwrap().findings, []);
}
