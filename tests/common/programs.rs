//! Other people's programs for tests: found on this machine, or installed below the build folder; missing ones are said aloud.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where programs are installed; `cargo clean` removes them.
fn folder() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("programs");
    std::fs::create_dir_all(&folder).expect("the build folder can be written to");
    folder
}

fn runs(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|out| out.status.success())
}

/// A Python that has `modules`, given by `variable`, found as `python3` or made with `packages` of PyPI.
pub fn python(variable: &str, modules: &str, packages: &[&str]) -> Option<String> {
    let has = |python: &str| runs(python, &["-c", &format!("import {modules}")]);
    if let Some(python) = std::env::var(variable).ok().filter(|python| has(python)) {
        return Some(python);
    }
    if has("python3") {
        return Some("python3".into());
    }
    let place = folder().join(packages.join("-").replace(['=', '<', '>', '.'], "_"));
    let python = place.join("bin/python").display().to_string();
    if !has(&python) {
        eprintln!("installing {} into {}", packages.join(", "), place.display());
        let made = runs("python3", &["-m", "venv", &place.display().to_string()]);
        let pip = ["-m", "pip", "install", "-q", "--retries", "1", "--timeout", "20"];
        let _ = made && runs(&python, &[&pip, packages].concat());
    }
    if has(&python) {
        return Some(python);
    }
    eprintln!("SKIPPED: no Python has {modules}, and pip could not install {}; install it, or name one in {variable}", packages.join(", "));
    None
}

/// A folder whose `node_modules` has what these tests need.
pub fn node_modules() -> Option<PathBuf> {
    const PACKAGES: [&str; 5] = [
        "gltf-validator@2.0.0-dev.3.10",
        "three@0.187.0",
        "@pixiv/three-vrm@3.5.5",
        "@pixiv/three-vrm-animation@3.5.5",
        "puppeteer-core@24.43.1",
    ];
    static READY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let ready = READY.get_or_init(|| {
        let place = folder().join("node");
        let stamp = place.join("installed");
        if std::fs::read_to_string(&stamp).is_ok_and(|text| text == PACKAGES.join(" ")) {
            return Some(place);
        }
        std::fs::create_dir_all(&place).expect("room");
        eprintln!("installing {} into {}", PACKAGES.join(", "), place.display());
        let options = ["install", "--silent", "--no-audit", "--no-fund", "--fetch-retries=1", "--prefix"];
        let arguments = [&options[..], &[place.to_str()?], &PACKAGES].concat();
        if !runs("node", &["--version"]) || !runs("npm", &arguments) {
            eprintln!("SKIPPED: Node is not there, or npm could not install {}", PACKAGES.join(", "));
            return None;
        }
        std::fs::write(stamp, PACKAGES.join(" ")).expect("room");
        Some(place)
    });
    ready.clone()
}

/// A Chromium, given by `GESTUS_CHROMIUM` or found.
pub fn chromium() -> Option<String> {
    let given = std::env::var("GESTUS_CHROMIUM").ok();
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let there = std::env::split_paths(&folders).flat_map(|folder| usual.map(|name| folder.join(name).display().to_string()));
    let found = given.into_iter().chain(there).find(|path| Path::new(path).is_file() && runs(path, &["--version"]));
    if found.is_none() {
        eprintln!("SKIPPED: no Chromium; apt install chromium, or name one in GESTUS_CHROMIUM");
    }
    found
}

/// Runs a script and reads the JSON behind `RESULT ` on its output.
pub fn result(command: &mut Command) -> serde_json::Value {
    let run = command.output().expect("it starts");
    let text = String::from_utf8_lossy(&run.stdout);
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT "));
    let line = line.unwrap_or_else(|| panic!("{text}\n{}", String::from_utf8_lossy(&run.stderr)));
    serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))
}
