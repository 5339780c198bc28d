//! `fullmakt serve`.

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use fullmakt::engine::Engine;
use fullmakt::http::{Listener, ServerConfig, run};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

use super::args::Serve;
use super::ask::now;
use super::config::{self, Config};
use super::output::say;
use super::serve_policies::{Chosen, open};
use super::{Failure, Outcome, config_listener, demo};

const LISTEN: &str = "127.0.0.1:8180";
const DATA: &str = "data";
const CONFIG: &str = "fullmakt.toml";
const LOG: &str = "FULLMAKT_LOG";

const CALLERS_NEEDED: &str = "add at least one to the configuration, for example:\n  [[caller]]\n  id = \"skatteetaten\"\n  \
    kind = \"resource-api\"\n  sha256 = \"<printf %s \"$TOKEN\" | sha256sum>\"\n  resources = [\"ske-krav-og-betalinger\"]\n\
    or try `fullmakt serve --demo`";

pub(crate) fn serve(command: Serve) -> Outcome {
    start_log(&command)?;
    let config = read_config(&command)?;
    let address = match (&command.listen, config.listen) {
        (Some(given), _) => Some(address(given, command.giver("listen"))?),
        (None, Some(address)) => Some(address),
        (None, None) if config.listeners.is_empty() => Some(address(LISTEN, "the default")?),
        (None, None) => None,
    };
    let folder = Chosen::read(&command, &config);
    if command.demo {
        let address = address.map_or_else(|| self::address(LISTEN, "the default"), Ok)?;
        serve_demo(&command, &config, address, folder)
    } else {
        let listeners = listeners(address, &config)?;
        serve_real(&command, config, listeners, folder)
    }
}

fn address(text: &str, giver: &str) -> Result<SocketAddr, Failure> {
    config::address(text).map_err(|error| Failure::new(format!("{giver}: {error}")))
}

/// Where to listen, the plain address first.
fn listeners(address: Option<SocketAddr>, config: &Config) -> Result<Vec<Listener>, Failure> {
    if let Some(address) = address {
        config_listener::plain(address, config.plain_http).map_err(Failure::new)?;
    }
    let plain = address.map(Listener::plain);
    Ok(plain
        .into_iter()
        .chain(config.listeners.iter().cloned())
        .collect())
}

fn start_log(command: &Serve) -> Result<(), Failure> {
    let said = std::env::var_os(LOG).unwrap_or_default();
    let filter = log_filter(&said.to_string_lossy())?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false);
    match command.log_format.as_str() {
        "text" => log.with_ansi(std::io::stderr().is_terminal()).init(),
        "json" => log.json().init(),
        other => {
            let giver = command.giver("log_format");
            let message = format!("{giver}: `{other}` is not a form of the log: text or json");
            return Err(Failure::new(message));
        }
    }
    Ok(())
}

/// What is logged. A bare word that is no level is refused: the filter would take it for the name of a module, and log
/// nothing else.
fn log_filter(said: &str) -> Result<EnvFilter, Failure> {
    let said = if said.trim().is_empty() { "info" } else { said };
    let is_level =
        |part: &str| part.contains(['=', '[']) || part.trim().parse::<LevelFilter>().is_ok();
    let wrong = said.split(',').find(|part| !is_level(part));
    let parsed = EnvFilter::builder().parse(said);
    match (wrong, parsed) {
        (None, Ok(filter)) => Ok(filter),
        (wrong, _) => Err(Failure::new(format!(
            "{LOG}: `{}` is not a level: error, warn, info, debug, trace or off, or `module=level` between commas",
            wrong.unwrap_or(said)
        ))),
    }
}

fn read_config(command: &Serve) -> Result<Config, Failure> {
    match &command.config {
        Some(path) if command.demo => Err(Failure::new(format!(
            "`--demo` has callers of its own, and {} names a configuration, `{}`, whose callers it would not know",
            command.giver("config"),
            path.display()
        ))
        .help("leave one of the two out")),
        Some(path) => config::read(path),
        None if !command.demo && Path::new(CONFIG).exists() => config::read(Path::new(CONFIG)),
        None => Ok(Config::default()),
    }
}

fn serve_real(
    command: &Serve,
    config: Config,
    listeners: Vec<Listener>,
    chosen: Chosen,
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
    let opened = chosen.open(&data, &config, now())?;
    let (watched, scratch) = chosen.watched()?;
    let public_url = config.public_url.clone().unwrap_or_default();
    let server = ServerConfig {
        callers: opened.callers,
        limits: config.limits.clone(),
        public_url,
        decision_log: config.decision_log.clone(),
        policies: watched,
    };
    let store = data.display().to_string();
    let refused = opened.refused;
    let outcome = listen(listeners, opened.engine, server, |urls, revision| {
        say(&format!("fullmakt listens on {}", urls.join(" and on ")));
        say(&format!("  store {store}, at revision {revision}"));
        if let Some(refused) = refused {
            say(&format!(
                "  policies as they were last in force, for the folder is refused: {refused}"
            ));
        }
    });
    drop(scratch);
    outcome
}

fn serve_demo(command: &Serve, config: &Config, address: SocketAddr, chosen: Chosen) -> Outcome {
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
    let folder = chosen.folder()?;
    let engine = demo::open(&data, now(), |at| open(&data, folder.clone(), config, at))?;
    let (watched, scratch) = chosen.watched()?;
    let server = ServerConfig {
        callers: demo::callers()?,
        limits: config.limits.clone(),
        public_url: String::new(),
        decision_log: None,
        policies: watched,
    };
    let listeners = vec![Listener::plain(address)];
    let outcome = listen(listeners, engine, server, |urls, _| {
        for url in urls {
            say(&demo::what_to_try(url));
        }
    });
    drop(scratch);
    outcome
}

fn listen(
    listeners: Vec<Listener>,
    engine: Engine,
    server: ServerConfig,
    tell: impl FnOnce(&[String], u64),
) -> Outcome {
    let engine = Arc::new(engine);
    let revision = engine.snapshot().revision().0;
    run(listeners, engine, server, |urls| tell(urls, revision))
        .map_err(|error| Failure::new(error.to_string()))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::log_filter;

    #[test]
    fn a_log_filter_is_levels_and_nothing_that_would_silence_it() {
        for said in ["", " ", "warn", "INFO", "off", "warn,fullmakt::store=debug"] {
            assert!(log_filter(said).is_ok(), "{said}");
        }
        let cases = [
            ("verbose", "verbose"),
            ("info,fullmakt=loud", "info,fullmakt=loud"),
            ("fullmakt", "fullmakt"),
        ];
        for (said, blamed) in cases {
            let failure = log_filter(said).unwrap_err();
            let expected = format!("FULLMAKT_LOG: `{blamed}` is not a level: ");
            assert!(
                failure.messages[0].starts_with(&expected),
                "{said}: {failure:?}"
            );
        }
    }
}
