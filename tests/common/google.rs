//! As much of a Google Cloud Storage as one bucket needs: PUT, HEAD, GET and listing of its XML API
//! (<https://cloud.google.com/storage/docs/xml-api/reference-methods>), on this machine.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What is in the bucket, by key.
pub type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Starts it; it ends with the test. Returns its address and what it holds.
pub fn start() -> (String, Objects) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, objects) = (format!("http://{}", listener.local_addr().unwrap()), Objects::default());
    let held = objects.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let held = held.clone();
            std::thread::spawn(move || answer(stream, &held));
        }
    });
    (address, objects)
}

/// One request a connection.
fn answer(mut stream: TcpStream, objects: &Objects) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().into());
    }
    let header = |name: &str| headers.get(name).cloned();
    let mut body = vec![0; header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
    reader.read_exact(&mut body)?;
    let (method, target) = first.trim_end_matches(" HTTP/1.1\r\n").split_once(' ').unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let key = path.trim_start_matches("/lines").trim_start_matches('/').replace("%2F", "/").replace("%2E", ".");
    let mut objects = objects.lock().unwrap();
    let (status, told, bytes) = match (method, objects.get(&key)) {
        ("PUT", _) => {
            objects.insert(key, body.clone());
            ("200 OK", tag(&body), Vec::new())
        }
        ("GET", _) if query.contains("list-type=2") => ("200 OK", String::new(), listed(&objects, query)),
        ("HEAD" | "GET", None) => ("404 Not Found", String::new(), Vec::new()),
        (_, Some(all)) if header("if-match").is_some_and(|wanted| !tag(all).contains(&wanted)) => {
            ("412 Precondition Failed", String::new(), Vec::new())
        }
        (_, Some(all)) => match header("range").and_then(|range| span(&range)) {
            Some((from, to)) => {
                let range = format!("Content-Range: bytes {from}-{}/{}\r\n", to - 1, all.len());
                ("206 Partial Content", tag(all) + &range, all[from..to].to_vec())
            }
            None => ("200 OK", tag(all), all.clone()),
        },
        _ => ("405 Method Not Allowed", String::new(), Vec::new()),
    };
    write!(stream, "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{told}\r\n", bytes.len())?;
    if method == "HEAD" { Ok(()) } else { stream.write_all(&bytes) }
}

/// Headers that tell content from other content.
fn tag(bytes: &[u8]) -> String {
    let sum = bytes.iter().fold(bytes.len() as u64, |sum, byte| sum.wrapping_mul(0x100_0000_01b3) ^ u64::from(*byte));
    format!("ETag: \"{sum:x}\"\r\nLast-Modified: Sun, 01 Nov 2026 00:00:00 GMT\r\n")
}

/// First byte and the one after the last of `bytes=0-9`.
fn span(range: &str) -> Option<(usize, usize)> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some((from.parse().ok()?, to.parse::<usize>().ok()? + 1))
}

/// The objects of a folder.
fn listed(objects: &BTreeMap<String, Vec<u8>>, query: &str) -> Vec<u8> {
    let prefix = query.split('&').find_map(|part| part.strip_prefix("prefix=")).unwrap_or("").replace("%2F", "/");
    let inside = objects.iter().filter(|(key, _)| key.strip_prefix(&prefix).is_some_and(|rest| !rest.contains('/')));
    let one = |(key, bytes): (&String, &Vec<u8>)| {
        let (size, date) = (bytes.len(), "2026-11-01T00:00:00.000Z");
        format!("<Contents><Key>{key}</Key><Size>{size}</Size><LastModified>{date}</LastModified><ETag>\"x\"</ETag></Contents>")
    };
    format!("<ListBucketResult>{}</ListBucketResult>", inside.map(one).collect::<String>()).into_bytes()
}
