//! The workbench as a user has it: the real window on a display of its own, or a tab of a real browser.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use kitbench_protocol::{Answer, Call, ClientFrame, decode, encode};
use serde_json::{Value, json};

use crate::display::Display;
use crate::driver::Driver;
use crate::home::Home;
use crate::mirror::{Mirror, field};
use crate::process::Process;
use crate::programs;
use crate::wait;
use crate::webdriver::{Session, keys};

/// How a workbench is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// Arguments of the program, e.g. `--example`.
    pub arguments: Vec<String>,
    /// Size of the page in logical pixels.
    pub size: (u32, u32),
}

impl Default for Options {
    fn default() -> Self {
        Self {
            arguments: Vec::new(),
            size: (1440, 900),
        }
    }
}

/// An open workbench. Everything it started ends when this is dropped.
#[derive(Debug)]
pub struct Workbench {
    // Dropped in this order: the page, then what shows it, then the display.
    session: Session,
    driver: Driver,
    _server: Option<Process>,
    display: Option<Display>,
}

impl Workbench {
    /// Opens the real window, with this home.
    pub fn window(home: &Home, options: &Options) -> Result<Self> {
        let program = programs::built("kitbench-desktop")?;
        let (width, height) = options.size;
        let display = Display::start(width.max(1280) + 80, height.max(800) + 80)?;
        let driver = Driver::start("WebKitWebDriver", &log(home, "window"), |command| {
            home.apply(command);
            command
                .env("DISPLAY", display.name())
                .env("GDK_BACKEND", "x11")
                .env("LIBGL_ALWAYS_SOFTWARE", "1")
                // Root may not use the sandbox that WebKit puts around its processes in a container.
                .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
                .env("TAURI_AUTOMATION", "true")
                .env("TAURI_WEBVIEW_AUTOMATION", "true");
        })?;
        let capabilities = json!({
            "browserName": "wry",
            "webkitgtk:browserOptions": {"binary": program, "args": options.arguments},
        });
        let session = Session::open(driver.url(), &capabilities)
            .with_context(|| format!("the window does not open{}", driver.log_tail()))?;
        let workbench = Self {
            session,
            driver,
            _server: None,
            display: Some(display),
        };
        workbench.get_ready(options.size)?;
        Ok(workbench)
    }

    /// Starts `kitbench serve` and opens its address in a headless Chromium.
    pub fn browser(home: &Home, options: &Options) -> Result<Self> {
        let program = programs::built("kitbench")?;
        let mut command = Command::new(program);
        home.apply(&mut command);
        command
            .args(["serve", "--port", "0"])
            .args(&options.arguments);
        let (server, address) = Process::start_and_read("kitbench serve", &mut command, address)?;
        let driver = Driver::start("chromedriver", &log(home, "browser"), |command| {
            home.apply(command);
        })?;
        let (width, height) = options.size;
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader",
            "--hide-scrollbars",
        ]
        .map(str::to_owned)
        .into_iter()
        .chain([
            format!("--window-size={width},{height}"),
            format!("--user-data-dir={}", home.path().join("chromium").display()),
        ])
        .collect::<Vec<_>>();
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {"binary": programs::chromium()?, "args": arguments, "prefs": {
                "download.default_directory": home.downloads(),
                "download.prompt_for_download": false,
            }},
        });
        let session = Session::open(driver.url(), &capabilities)
            .with_context(|| format!("the browser does not open{}", driver.log_tail()))?;
        session.go(&address)?;
        let workbench = Self {
            session,
            driver,
            _server: Some(server),
            display: None,
        };
        workbench.get_ready(options.size)?;
        Ok(workbench)
    }

    /// The page's controls.
    pub fn mirror(&self) -> Mirror<'_> {
        Mirror::of(&self.session)
    }

    /// The display the window is on; a headless browser has none.
    pub fn display(&self) -> Option<&str> {
        self.display.as_ref().map(Display::name)
    }

    /// Keyboard, pointer and scripts.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Runs a command by its name, through the palette.
    pub fn command(&self, name: &str) -> Result<()> {
        let palette = field("Search, open or run a command");
        self.step(name, |mirror| {
            self.session.chord(&[keys::CONTROL, "k"])?;
            mirror.find(&palette)?;
            self.session.type_text(name)?;
            mirror.when(&palette, "hold the command's name", |node| {
                node.value == name
            })?;
            self.session.chord(&[keys::ENTER])?;
            mirror.gone(&palette)
        })
    }

    /// Waits until the page says the same for a second: for pictures, where there is no one thing to
    /// wait for.
    pub fn come_to_rest(&self) -> Result<()> {
        let mut last = (String::new(), Instant::now());
        wait::until("the page to come to rest", wait::STEP, || {
            let now = self.mirror().outline();
            if now != last.0 {
                last = (now, Instant::now());
            }
            Ok((last.1.elapsed() >= Duration::from_secs(1)).then_some(()))
        })?;
        self.session.next_frame()
    }

    /// Makes a call through the window's bridge, as the page does.
    pub fn call<C: Call>(&self, call: C) -> Result<C::Reply> {
        let frame = encode(&ClientFrame {
            id: 0,
            request: call.into(),
        });
        let answer = self.session.promise(
            "const answer = await window.__TAURI__.core.invoke('bridge', new Uint8Array(arguments[0])); \
             return Array.from(new Uint8Array(answer))",
            &[json!(frame)],
        )?;
        let bytes: Vec<u8> = answer
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|byte| u8::try_from(byte.as_u64()?).ok())
            .collect();
        Ok(decode::<Answer<C::Reply>>(&bytes)??)
    }

    /// The process whose descendants are the window or the browser.
    pub fn root_process(&self) -> u32 {
        self.driver.id()
    }

    /// Saves the picture of the page.
    pub fn save_screenshot(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        std::fs::write(path, self.session.screenshot()?)
            .with_context(|| format!("cannot write {}", path.display()))
    }

    /// Does one part of a walk. When it fails, the picture and the outline of the page at that moment
    /// are saved and named in the error.
    pub fn step<T>(&self, title: &str, work: impl FnOnce(Mirror<'_>) -> Result<T>) -> Result<T> {
        work(self.mirror()).map_err(|error| {
            let picture = failures().join(format!("{}.png", title.replace([' ', '/'], "-")));
            let saved = match self.save_screenshot(&picture) {
                Ok(()) => format!("picture: {}", picture.display()),
                Err(error) => format!("no picture: {error:#}"),
            };
            let outline = self.mirror().outline();
            error.context(format!(
                "{title}\n{saved}\nthe page says:\n{outline}{}",
                self.driver.log_tail()
            ))
        })
    }

    /// Waits for the first frame: keys pressed before it go nowhere.
    fn get_ready(&self, size: (u32, u32)) -> Result<()> {
        self.fit(size)?;
        self.step("first frame", |_| {
            wait::until("the page to draw", wait::STEP, || {
                let ready = self
                    .session
                    .script("return document.body.dataset.ready === 'true'", &[])?;
                Ok((ready == Value::Bool(true)).then_some(()))
            })
        })?;
        self.session.next_frame()
    }

    /// Gives the page exactly this size, whatever the window has around it.
    fn fit(&self, (width, height): (u32, u32)) -> Result<()> {
        self.session.resize(width, height)?;
        let inner = || -> Result<(u32, u32)> {
            let size = self
                .session
                .script("return [window.innerWidth, window.innerHeight]", &[])?;
            let number = |index: usize| {
                size.get(index)
                    .and_then(Value::as_u64)
                    .and_then(|number| u32::try_from(number).ok())
                    .context("a page has a size")
            };
            Ok((number(0)?, number(1)?))
        };
        let (is_width, is_height) = inner()?;
        if (is_width, is_height) != (width, height) {
            self.session.resize(
                (2 * width).saturating_sub(is_width),
                (2 * height).saturating_sub(is_height),
            )?;
        }
        Ok(())
    }
}

/// The address that `kitbench serve` prints, with its token.
fn address(line: &str) -> Option<String> {
    line.split_whitespace()
        .find(|word| word.starts_with("http://127.0.0.1:"))
        .map(str::to_owned)
}

fn log(home: &Home, name: &str) -> PathBuf {
    home.path().join(format!("{name}.log"))
}

/// Where pictures of failures go: `target/e2e/`.
fn failures() -> PathBuf {
    let target = std::env::current_exe()
        .ok()
        .and_then(|own| {
            // Cargo marks its target folder so that backups leave it out.
            own.ancestors()
                .find(|folder| folder.join("CACHEDIR.TAG").is_file())
                .map(Path::to_path_buf)
        })
        .unwrap_or_else(std::env::temp_dir);
    target.join("e2e")
}
