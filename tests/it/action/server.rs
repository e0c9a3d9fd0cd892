//! A release server on loopback, with every way in which one goes wrong. It stops when it is dropped.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What it says to one request.
pub(crate) enum Answer {
    /// This, whole.
    Bytes(Vec<u8>),
    /// Less than it promises.
    Cut(Vec<u8>),
    /// A status without content.
    Status(u16),
    /// A byte now and then, without end.
    Slow,
}

pub(crate) struct Server {
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// `answer` gets the path and how many requests came before.
    pub(crate) fn new(answer: impl Fn(&str, usize) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, end) = (Arc::clone(&asked), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => serve(stream, &log, &end, &answer),
                    Err(_) => thread::sleep(Duration::from_millis(5)),
                }
            }
        });
        Self { address, asked, stop, thread: Some(thread) }
    }

    /// The paths that were asked for.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn serve(stream: TcpStream, log: &Mutex<Vec<String>>, end: &AtomicBool, answer: &impl Fn(&str, usize) -> Answer) {
    stream.set_nonblocking(false).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return };
    let _ = lines.take_while(|line| !line.is_empty()).count();
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let before = {
        let mut log = log.lock().unwrap();
        log.push(path.clone());
        log.len() - 1
    };
    // A client that has had enough closes, which is no matter here.
    let _ = respond(&stream, answer(&path, before), end);
}

fn respond(mut stream: &TcpStream, answer: Answer, end: &AtomicBool) -> std::io::Result<()> {
    let mut head = |status: u16, length: usize| {
        write!(stream, "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")
    };
    match answer {
        Answer::Status(status) => head(status, 0),
        Answer::Bytes(bytes) => {
            head(200, bytes.len())?;
            stream.write_all(&bytes)
        }
        Answer::Cut(bytes) => {
            head(200, bytes.len() * 2)?;
            stream.write_all(&bytes)
        }
        Answer::Slow => {
            head(200, 1_000_000)?;
            while !end.load(Ordering::Relaxed) {
                stream.write_all(b"\x1f")?;
                thread::sleep(Duration::from_millis(100));
            }
            Ok(())
        }
    }
}
