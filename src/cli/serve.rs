//! `fullmakt serve`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use fullmakt::engine::{Engine, OpenEngineError, Settings};
use fullmakt::http::{Callers, ServerConfig, run};
use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::policies;

use super::args::{LogFormat, Serve};
use super::ask::now;
use super::config::{self, Config};
use super::output::say;
use super::{Failure, Outcome, demo};

const LISTEN: &str = "127.0.0.1:8180";
const DATA: &str = "data";
const POLICIES: &str = "policies";
const CONFIG: &str = "fullmakt.toml";

const CALLERS_NEEDED: &str = "add at least one to the configuration, for example:\n  [[caller]]\n  id = \"skatteetaten\"\n  \
    kind = \"resource-api\"\n  sha256 = \"<printf %s \"$TOKEN\" | sha256sum>\"\n  resources = [\"ske-krav-og-betalinger\"]\n\
    or try `fullmakt serve --demo`";

pub(crate) fn serve(command: Serve) -> Outcome {
    start_log(command.log_format);
    let config = read_config(&command)?;
    let address = match (&command.listen, config.listen) {
        (Some(flag), _) => config::address(flag, "--listen")?,
        (None, Some(address)) => address,
        (None, None) => config::address(LISTEN, "--listen")?,
    };
    let folder = read_policies(&command, &config)?;
    if command.demo {
        serve_demo(&command, &config, address, folder)
    } else {
        serve_real(&command, config, address, folder)
    }
}

fn start_log(format: LogFormat) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("FULLMAKT_LOG");
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}

fn read_config(command: &Serve) -> Result<Config, Failure> {
    match &command.config {
        Some(path) => config::read(path),
        None if !command.demo && Path::new(CONFIG).exists() => config::read(Path::new(CONFIG)),
        None => Ok(Config::default()),
    }
}

/// The policy folder that is named, or `policies` here; the demo runs anywhere, with the one that is compiled in.
fn read_policies(command: &Serve, config: &Config) -> Result<PolicyFolder, Failure> {
    let named = command.policies.as_ref().or(config.policies.as_ref());
    let here = PathBuf::from(POLICIES);
    if named.is_none() && command.demo && !here.join(PolicyFolder::SCHEMA).exists() {
        return Ok(policies::shipped().clone());
    }
    policies::read(named.unwrap_or(&here)).map_err(|error| Failure::new(error.to_string()))
}

fn open(data: &Path, folder: PolicyFolder, config: &Config) -> Result<Engine, Failure> {
    let mut settings = Settings::default();
    if let Some(days) = config.request_expiry_days {
        settings.days_to_expiry = days;
    }
    Engine::open(data, folder, settings, now()).map_err(|error| {
        let failure = Failure::new(error.to_string());
        if matches!(error, OpenEngineError::Policies(_)) {
            failure.help("`fullmakt policy check` lists all findings")
        } else {
            failure
        }
    })
}

fn serve_real(
    command: &Serve,
    config: Config,
    address: SocketAddr,
    folder: PolicyFolder,
) -> Outcome {
    if config.callers.is_empty() {
        return Err(
            Failure::new("no callers are configured, so nobody could ask anything")
                .help(CALLERS_NEEDED),
        );
    }
    let data = command
        .data
        .clone()
        .or_else(|| config.data.clone())
        .unwrap_or_else(|| PathBuf::from(DATA));
    let callers = callers(&config, &folder)?;
    let engine = open(&data, folder, &config)?;
    let public_url = config.public_url.clone().unwrap_or_default();
    let server = ServerConfig {
        callers,
        limits: config.limits.clone(),
        public_url,
    };
    let store = data.display().to_string();
    listen(address, engine, server, |at, revision| {
        say(&format!("fullmakt listens on http://{at}"));
        say(&format!("  store {store}, at revision {revision}"));
    })
}

/// The callers, before anything is opened: a configuration that is refused leaves no store behind.
fn callers(config: &Config, folder: &PolicyFolder) -> Result<Callers, Failure> {
    let text = folder.text(PolicyFolder::CATALOGUE).unwrap_or_default();
    match Catalogue::parse(text, None) {
        Ok(catalogue) => config.callers(&catalogue),
        // The engine says what is wrong with the folder, and opens no store either.
        Err(_) => Ok(Callers::default()),
    }
}

fn serve_demo(
    command: &Serve,
    config: &Config,
    address: SocketAddr,
    folder: PolicyFolder,
) -> Outcome {
    if !address.ip().is_loopback() {
        return Err(Failure::new(format!(
            "the demo's tokens are known to everybody, so it does not listen on `{address}`"
        ))
        .help(
            "choose a loopback address, such as 127.0.0.1:8180, or configure callers of your own",
        ));
    }
    let own_folder = tempfile::Builder::new().prefix("fullmakt-demo-").tempdir();
    let (data, _kept) = if let Some(data) = &command.data {
        (data.clone(), None)
    } else {
        let dir = own_folder
            .map_err(|error| Failure::new(format!("no temporary folder for the demo: {error}")))?;
        (dir.path().to_owned(), Some(dir))
    };
    demo::check_folder(&data)?;
    let engine = open(&data, folder, config)?;
    demo::build(&engine, &data, now())?;
    let server = ServerConfig {
        callers: demo::callers()?,
        limits: config.limits.clone(),
        public_url: String::new(),
    };
    listen(address, engine, server, |at, _| say(&demo::what_to_try(at)))
}

fn listen(
    address: SocketAddr,
    engine: Engine,
    server: ServerConfig,
    tell: impl FnOnce(SocketAddr, u64),
) -> Outcome {
    let engine = Arc::new(engine);
    let revision = engine.snapshot().revision().0;
    run(address, engine, server, |at| tell(at, revision))
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}
