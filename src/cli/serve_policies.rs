//! The policies that `serve` begins with: the folder's, or those that were last in force if it is broken.

use std::path::{Path, PathBuf};

use fullmakt::engine::{Engine, OpenEngineError, Settings, Staged};
use fullmakt::http::{Callers, PolicyWatch};
use fullmakt::model::catalogue::Catalogue;
use fullmakt::model::policy::PolicyFolder;
use fullmakt::model::time::Timestamp;
use fullmakt::policies::{self, ReadFolderError};
use fullmakt::scenario::run_staged;
use tempfile::TempDir;

use super::Failure;
use super::args::Serve;
use super::config::Config;

const POLICIES: &str = "policies";

/// The policy folder, read.
pub(crate) struct Chosen {
    folder: Result<PolicyFolder, ReadFolderError>,
    /// Where it is, if it is not the one that is compiled in.
    at: Option<PathBuf>,
}

/// An engine with its callers; and what is wrong with the folder, if the policies are not the folder's.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) callers: Callers,
    pub(crate) refused: Option<String>,
}

impl Chosen {
    /// The folder that is named, or `policies` here; the demo runs anywhere, with the one that is compiled in.
    pub(crate) fn read(command: &Serve, config: &Config) -> Self {
        let named = command.policies.as_ref().or(config.policies.as_ref());
        let here = Path::new(POLICIES);
        if named.is_none() && command.demo && !looks_like_ours(here) {
            return Self {
                folder: Ok(policies::shipped().clone()),
                at: None,
            };
        }
        let folder = named.map_or(here, PathBuf::as_path);
        Self {
            folder: policies::read(folder),
            at: Some(folder.to_owned()),
        }
    }

    /// The folder, which has to be readable.
    pub(crate) fn folder(&self) -> Result<&PolicyFolder, Failure> {
        let unread = |error: &ReadFolderError| Failure::new(error.to_string());
        self.folder.as_ref().map_err(unread)
    }

    /// What is to be watched, and the folder for the stores of its tests, which goes away when it is dropped.
    pub(crate) fn watched(&self) -> Result<(Option<PolicyWatch>, Option<TempDir>), Failure> {
        let Some(folder) = &self.at else {
            return Ok((None, None));
        };
        let scratch = tempfile::Builder::new()
            .prefix("fullmakt-policies-")
            .tempdir()
            .map_err(|error| {
                Failure::new(format!("no temporary folder for policy tests: {error}"))
            })?;
        let watch = PolicyWatch {
            folder: folder.clone(),
            scratch: scratch.path().to_owned(),
        };
        Ok((Some(watch), Some(scratch)))
    }

    /// The engine and the callers. A configuration or a folder that is refused leaves no store behind; a folder that is
    /// broken is no reason to stop where policies were in force before.
    pub(crate) fn open(
        &self,
        data: &Path,
        config: &Config,
        at: Timestamp,
    ) -> Result<Opened, Failure> {
        let (refused, failure) = match &self.folder {
            Err(error) => (error.to_string(), Failure::new(error.to_string())),
            Ok(folder) => {
                let callers = callers(config, folder)?;
                let tested = |staged: &Staged| self.tested(staged);
                match Engine::open_if(data, folder.clone(), settings(config), at, tested) {
                    Ok(engine) => {
                        return Ok(Opened {
                            engine,
                            callers,
                            refused: None,
                        });
                    }
                    Err(error @ (OpenEngineError::Policies(_) | OpenEngineError::Refused(_))) => {
                        (error.to_string(), failed(&error))
                    }
                    Err(error) => return Err(failed(&error)),
                }
            }
        };
        match Engine::open_as_it_was(data, settings(config), at) {
            Ok(engine) => Ok(Opened {
                callers: config.callers(engine.snapshot().catalogue())?,
                engine,
                refused: Some(refused),
            }),
            Err(OpenEngineError::NoPolicies) => Err(failure),
            Err(error) => Err(failed(&error)),
        }
    }
}

impl Chosen {
    /// That the folder's own tests come out as expected.
    fn tested(&self, staged: &Staged) -> Result<(), String> {
        let Some(at) = &self.at else {
            return Ok(());
        };
        let tests = policies::read_tests(at).map_err(|error| error.to_string())?;
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let (ran, _) = run_staged(staged, &tests, scratch.path(), &|_| true);
        let failed = ran.iter().filter(|file| !file.is_green());
        let failed: Vec<_> = failed.map(|file| file.file.as_str()).collect();
        if failed.is_empty() {
            return Ok(());
        }
        Err(format!(
            "tests of the policy folder do not come out as expected, in {}",
            failed.join(", ")
        ))
    }
}

/// An engine under a folder that has to be right.
pub(crate) fn open(
    data: &Path,
    folder: PolicyFolder,
    config: &Config,
    at: Timestamp,
) -> Result<Engine, Failure> {
    Engine::open(data, folder, settings(config), at).map_err(|error| failed(&error))
}

fn settings(config: &Config) -> Settings {
    let mut settings = Settings::default();
    if let Some(days) = config.request_expiry_days {
        settings.days_to_expiry = days;
    }
    settings
}

fn failed(error: &OpenEngineError) -> Failure {
    let failure = Failure::new(error.to_string());
    if matches!(error, OpenEngineError::Policies(_)) {
        return failure.help("`fullmakt policy check` lists all findings");
    }
    if matches!(error, OpenEngineError::Refused(_)) {
        return failure.help("`fullmakt policy test` says how they do");
    }
    failure
}

/// Whether a folder is meant for this program, whole or not: another project's `policies` has none of these.
fn looks_like_ours(folder: &Path) -> bool {
    let ours = [
        PolicyFolder::SCHEMA,
        PolicyFolder::CATALOGUE,
        PolicyFolder::ADMIN_SCHEMA,
        PolicyFolder::CORE,
    ];
    ours.iter().any(|file| folder.join(file).exists())
}

/// The callers, before anything is opened: a configuration that is refused leaves no store behind.
fn callers(config: &Config, folder: &PolicyFolder) -> Result<Callers, Failure> {
    let of = if folder.is_plain() {
        policies::shipped()
    } else {
        folder
    };
    let text = of.text(PolicyFolder::CATALOGUE).unwrap_or_default();
    match Catalogue::parse(text, None) {
        Ok(catalogue) => config.callers(&catalogue),
        // The engine says what is wrong with the folder, and opens no store either.
        Err(_) => Ok(Callers::default()),
    }
}
