//! Object stores: files of jobs as `s3://bucket/key`, `gs://bucket/key`, `az://container/key` or `file:///path`.
//!
//! Credentials, region and endpoint come from the environment alone, by the names that each store's own tools use (`AWS_ACCESS_KEY_ID`,
//! `AWS_ENDPOINT_URL`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_KEY`, ...). Every request has a time-out and is tried again
//! with growing pauses. An object appears whole or not at all, as stores promise.

use crate::once::once;
use crate::{Error, Result, interrupt};
use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientOptions, Error as Trouble, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
};
use std::collections::HashMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

/// Larger objects are refused: as much as is read from a pipe.
const LARGEST: u64 = 4 << 30;
/// Bytes of one request.
const PIECE: u64 = 8 << 20;
const CONNECT: Duration = Duration::from_secs(10);
const REQUEST: Duration = Duration::from_secs(60);
/// How often a wait looks at the clock.
const TICK: Duration = Duration::from_millis(100);
/// Tries of one request after the first, within this time.
const RETRIES: usize = 5;
/// Also the longest wait for what a store knows of one object.
const PATIENCE: Duration = Duration::from_secs(60);
const SCHEMES: [&str; 3] = ["s3", "gs", "az"];

/// Connections by scheme and bucket.
type Connections = HashMap<(&'static str, String), Arc<dyn ObjectStore>>;

/// A place in an object store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    scheme: &'static str,
    bucket: String,
    key: Key,
    /// Whether a folder of files is meant: the key ends with `/`.
    folder: bool,
}

impl Address {
    /// The address that a path is, if it is one; fails where it cannot be one.
    pub fn of(path: &Path) -> Result<Option<Address>> {
        let Some((scheme, rest)) = path.to_str().and_then(|text| text.split_once("://")) else { return Ok(None) };
        let Some(scheme) = SCHEMES.into_iter().find(|known| *known == scheme) else { return Ok(None) };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let named = !bucket.is_empty() && bucket.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
        let wrong = || Error::usage(format!("{}: not an address", path.display()), "write it as s3://bucket/folder/name.wav, without ..");
        let folder = key.ends_with('/');
        // One slash in front would be dropped.
        let key = Key::parse(key).ok().filter(|_| named && !key.starts_with('/')).ok_or_else(wrong)?;
        Ok(Some(Address { scheme, bucket: bucket.into(), key, folder }))
    }

    /// The same in one spelling.
    pub fn path(&self) -> PathBuf {
        format!("{}://{}/{}{}", self.scheme, self.bucket, self.key, if self.folder { "/" } else { "" }).into()
    }

    /// Whether this is below `root`.
    pub fn is_in(&self, root: &Address) -> bool {
        (self.scheme, &self.bucket) == (root.scheme, &root.bucket) && self.key.prefix_matches(&root.key)
    }

    /// Whether it names an object and not a whole bucket.
    pub fn is_object(&self) -> bool {
        self.key.filename().is_some()
    }

    /// Size of the object and what its store marks its content with. Fails with [`Error::Io`] where there is none.
    pub fn state(&self) -> Result<(u64, String)> {
        let found = self.ask(Instant::now() + PATIENCE, |store, key| async move { store.head(&key).await })?;
        Ok((found.size, mark(&found)))
    }

    /// Copies the object into the file `to`. Fails with [`Error::Limit`] where that would take until after `end`.
    pub fn fetch(&self, to: &Path, end: Instant) -> Result<()> {
        let mut file = File::create(to).map_err(Error::io(to))?;
        self.copy(&mut |bytes: &[u8]| file.write_all(bytes).map_err(Error::io(to)), LARGEST, end)
    }

    /// The object, which may be `most` bytes long and has to be there by `end`.
    pub fn read(&self, most: u64, end: Instant) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        let mut sink = |bytes: &[u8]| {
            all.extend_from_slice(bytes);
            Ok(())
        };
        self.copy(&mut sink, most, end)?;
        Ok(all)
    }

    fn copy(&self, sink: &mut dyn FnMut(&[u8]) -> Result<()>, most: u64, end: Instant) -> Result<()> {
        let found = self.ask(end, |store, key| async move { store.head(&key).await })?;
        if found.size > most {
            let what = format!("{}: larger than {} MiB", self.path().display(), most >> 20);
            return Err(Error::Limit { what, hint: "cut it into parts".into() });
        }
        for start in (0..found.size).step_by(PIECE as usize) {
            // Pieces of one object, not of two that followed each other.
            let range = Some(GetRange::Bounded(start..(start + PIECE).min(found.size)));
            let options = GetOptions { range, if_match: found.e_tag.clone(), ..GetOptions::default() };
            sink(&self.ask(end, |store, key| async move { store.get_opts(&key, options).await?.bytes().await })?)?;
        }
        Ok(())
    }

    /// Names of the objects in this folder, without those in folders below it, if they are told by `end`.
    pub fn names(&self, end: Instant) -> Result<Vec<String>> {
        let found = self.ask(end, |store, key| async move { store.list_with_delimiter(Some(&key)).await })?;
        Ok(found.objects.iter().filter_map(|object| object.location.filename()).map(str::to_string).collect())
    }

    /// Whether a folder is meant.
    pub fn is_folder(&self) -> bool {
        self.folder || !self.is_object()
    }

    /// The folder that holds this; a folder itself.
    pub fn home(&self) -> Address {
        let key = if self.folder { self.key.clone() } else { self.key.parent().unwrap_or(Key::ROOT) };
        Address { key, folder: true, ..self.clone() }
    }

    /// What `path` means in a manifest in this folder: relative paths lie beside it.
    pub fn beside(&self, path: &str) -> String {
        let elsewhere = path.contains("://") || Path::new(path).is_absolute();
        let Address { scheme, bucket, key, .. } = self;
        if elsewhere { path.into() } else { format!("{scheme}://{bucket}/{key}{}{path}", if self.is_object() { "/" } else { "" }) }
    }

    /// Where what was made for this address goes, and what it is: the object itself, the files of its folder, or files numbered by a
    /// pattern beside it.
    pub fn places(&self, made: &Path) -> Result<Vec<(Address, PathBuf)>> {
        let name = made.file_name().unwrap_or_default().to_string_lossy();
        if !made.is_dir() {
            let key = self.key.parent().unwrap_or(Key::ROOT).join(name.as_ref());
            return Ok(vec![(Address { key, folder: false, ..self.clone() }, made.to_owned())]);
        }
        let files = std::fs::read_dir(made).and_then(|all| all.map(|entry| entry.map(|e| e.path())).collect::<std::io::Result<Vec<_>>>());
        let below = |file: PathBuf| {
            let key = self.key.clone().join(file.file_name().unwrap_or_default().to_string_lossy().as_ref());
            (Address { key, folder: false, ..self.clone() }, file)
        };
        Ok(files.map_err(Error::io(made))?.into_iter().map(below).collect())
    }

    /// Copies a file into the store before `end`.
    pub fn send(&self, from: &Path, end: Instant) -> Result<()> {
        let mut file = File::open(from).map_err(Error::io(from))?;
        let mut piece = || {
            let mut bytes = Vec::new();
            Read::by_ref(&mut file).take(PIECE).read_to_end(&mut bytes).map_err(Error::io(from)).map(|_| bytes)
        };
        let first = piece()?;
        if (first.len() as u64) < PIECE {
            return self.ask(end, |store, key| async move { store.put(&key, first.into()).await }).map(drop);
        }
        let mut upload = self.ask(end, |store, key| async move { store.put_multipart(&key).await })?;
        let mut next = Ok(first);
        let sent = loop {
            match next {
                Ok(bytes) if bytes.is_empty() => break Ok(()),
                Ok(bytes) => {
                    next = self.wait(end, upload.put_part(bytes.into())).and_then(|()| piece());
                }
                Err(error) => break Err(error),
            }
        };
        match sent {
            Ok(()) => self.wait(end, upload.complete()).map(drop),
            Err(error) => {
                // What was sent would be paid for.
                let _ = runtime()?.block_on(async { tokio::time::timeout(CONNECT, upload.abort()).await });
                Err(error)
            }
        }
    }

    fn ask<T, F: Future<Output = object_store::Result<T>>>(
        &self,
        end: Instant,
        request: impl FnOnce(Arc<dyn ObjectStore>, Key) -> F,
    ) -> Result<T> {
        let store = self.store()?;
        self.wait(end, request(store, self.key.clone()))
    }

    /// Waits for a store until `end`, or until the user interrupts the run.
    fn wait<T>(&self, end: Instant, request: impl Future<Output = object_store::Result<T>>) -> Result<T> {
        let late = || Error::Limit {
            what: format!("{}: the store is too slow", self.path().display()),
            hint: "is it there? See --time-limit".into(),
        };
        runtime()?.block_on(async {
            let mut request = std::pin::pin!(request);
            loop {
                match tokio::time::timeout(TICK, &mut request).await {
                    Ok(answer) => return answer.map_err(|e| self.failed(e)),
                    Err(_) if Instant::now() >= end => return Err(late()),
                    Err(_) => interrupt::check()?,
                }
            }
        })
    }

    /// The connection to the bucket, made once.
    fn store(&self) -> Result<Arc<dyn ObjectStore>> {
        static KNOWN: Mutex<Option<Connections>> = Mutex::new(None);
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get_or_insert_default();
        let place = (self.scheme, self.bucket.clone());
        if let Some(store) = known.get(&place) {
            return Ok(store.clone());
        }
        let store = connect(self.scheme, &self.bucket).map_err(|e| self.failed(e))?;
        known.insert(place, store.clone());
        Ok(store)
    }

    /// A store's complaint, which may fill a page, as one line.
    fn failed(&self, trouble: Trouble) -> Error {
        const LONGEST: usize = 200;
        let place = self.path();
        match trouble {
            Trouble::NotFound { .. } => Error::io(place)(ErrorKind::NotFound.into()),
            Trouble::PermissionDenied { .. } | Trouble::Unauthenticated { .. } => Error::Unsupported {
                what: format!("{}: the store does not allow it", place.display()),
                hint: "credentials come from the environment: see `gestus batch --help`".into(),
            },
            Trouble::Precondition { .. } => Error::Unsupported {
                what: format!("{}: changed while it was read", place.display()),
                hint: "try again, or see --retry".into(),
            },
            other => {
                let mut text = other.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                if let Some((at, _)) = text.char_indices().nth(LONGEST) {
                    text.truncate(at);
                    text.push_str("...");
                }
                Error::Unsupported { what: format!("{}: {text}", place.display()), hint: "is the store there? See --retry".into() }
            }
        }
    }
}

/// What tells an object from another under its name.
fn mark(found: &ObjectMeta) -> String {
    found.e_tag.clone().unwrap_or_else(|| found.last_modified.to_rfc3339())
}

fn connect(scheme: &str, bucket: &str) -> object_store::Result<Arc<dyn ObjectStore>> {
    // Where another is installed it does as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let plain = std::env::var("AWS_ALLOW_HTTP").is_ok_and(|v| v == "true");
    let client = ClientOptions::new().with_connect_timeout(CONNECT).with_timeout(REQUEST).with_allow_http(plain);
    let retry = RetryConfig { max_retries: RETRIES, retry_timeout: PATIENCE, backoff: BackoffConfig::default() };
    Ok(match scheme {
        "s3" => Arc::new(AmazonS3Builder::from_env().with_bucket_name(bucket).with_client_options(client).with_retry(retry).build()?),
        "gs" => {
            Arc::new(GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket).with_client_options(client).with_retry(retry).build()?)
        }
        _ => Arc::new(MicrosoftAzureBuilder::from_env().with_container_name(bucket).with_client_options(client).with_retry(retry).build()?),
    })
}

/// What waits for the network, started with the first request.
fn runtime() -> Result<&'static Runtime> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    let start = || Builder::new_multi_thread().worker_threads(1).thread_name("stores").enable_all().build();
    once(&RUNTIME, || start().map_err(Error::io("network")))
}

/// A `file://` address as the path it is; anything else as it is.
pub fn here(text: String) -> String {
    let path =
        text.strip_prefix("file://").and_then(|_| url::Url::parse(&text).ok()?.to_file_path().ok()?.into_os_string().into_string().ok());
    path.unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::of(Path::new(text)).unwrap().unwrap()
    }

    #[test]
    fn addresses_are_told_from_paths() {
        for path in ["a.wav", "/a/b.wav", "file:///a.wav", "http://x/a.wav", "C:/a.wav"] {
            assert_eq!(Address::of(Path::new(path)).unwrap(), None, "{path}");
        }
        assert_eq!(address("s3://lines/a b/c.wav").path(), Path::new("s3://lines/a b/c.wav"));
        assert_eq!(address("gs://lines/frames/").path(), Path::new("gs://lines/frames/"));
        for wrong in ["s3://", "s3:///a.wav", "s3://b/../a.wav", "s3://b/x/./a.wav", "s3://b//a.wav", "s3://b@evil/a.wav", "s3://b:1/a"] {
            assert!(Address::of(Path::new(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn roots_are_whole_folders() {
        let root = address("s3://lines/in");
        assert!(address("s3://lines/in/a.wav").is_in(&root) && address("s3://lines/in/x/a.wav").is_in(&root));
        for outside in ["s3://lines/inner/a.wav", "s3://lines/a.wav", "s3://other/in/a.wav", "gs://lines/in/a.wav"] {
            assert!(!address(outside).is_in(&root), "{outside}");
        }
        assert!(address("s3://lines/a.wav").is_in(&address("s3://lines")));
        assert!(!address("s3://lines").is_object());
    }
}
