//! A certificate authority, run by the `openssl` command.

use std::path::{Path, PathBuf};
use std::process::Command;

const CONFIG: &str = "[ca]\ndefault_ca = here\n[here]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes\n\
    default_md = sha256\npolicy = any\ncopy_extensions = copy\nx509_extensions = leaf\ndefault_crl_days = 2\n\
    default_days = 2\nunique_subject = no\n\
    crlnumber = crlnumber\ncrl_extensions = list\n[leaf]\nbasicConstraints = CA:FALSE\n[list]\n\
    authorityKeyIdentifier = keyid:always\n[any]\norganizationName = optional\ncommonName = supplied\n";

/// An authority with a folder of its own.
pub(crate) struct Authority {
    pub(crate) dir: tempfile::TempDir,
}

/// A certificate and its key.
#[derive(Debug, Clone)]
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("ca.cnf"), CONFIG).unwrap();
        std::fs::write(dir.path().join("index.txt"), "").unwrap();
        std::fs::write(dir.path().join("crlnumber"), "01\n").unwrap();
        let authority = Self { dir };
        let subject = format!("/CN={name}");
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "2",
            "-subj",
            &subject,
        ]);
        authority
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.path("ca.pem")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A certificate for a subject with an alternative name, good today.
    pub(crate) fn issue(&self, name: &str, subject: &str, also: &str) -> Issued {
        self.issue_for(name, subject, also, &[])
    }

    /// One that is over since long.
    pub(crate) fn issue_expired(&self, name: &str, subject: &str, also: &str) -> Issued {
        self.issue_for(
            name,
            subject,
            also,
            &[
                "-startdate",
                "20250101000000Z",
                "-enddate",
                "20250102000000Z",
            ],
        )
    }

    /// One that is over in so many seconds.
    pub(crate) fn issue_until(&self, name: &str, subject: &str, seconds: u32) -> Issued {
        let then = format!("+{seconds} seconds");
        let date = Command::new("date")
            .args(["-u", "-d", &then, "+%Y%m%d%H%M%SZ"])
            .output();
        let end = String::from_utf8(date.unwrap().stdout).unwrap();
        self.issue_for(
            name,
            subject,
            "DNS:passing.example",
            &["-enddate", end.trim()],
        )
    }

    fn issue_for(&self, name: &str, subject: &str, also: &str, more: &[&str]) -> Issued {
        let (key, request, certificate) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.pem"),
        );
        let also = format!("subjectAltName={also}");
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &request,
            "-subj",
            subject,
            "-addext",
            &also,
        ]);
        let sign = [
            "ca",
            "-batch",
            "-config",
            "ca.cnf",
            "-cert",
            "ca.pem",
            "-keyfile",
            "ca.key",
            "-notext",
            "-in",
            &request,
            "-out",
            &certificate,
        ];
        self.openssl(&[&sign[..], more].concat());
        Issued {
            certificate: self.path(&certificate),
            key: self.path(&key),
        }
    }

    /// A list of what is revoked, with this certificate on it if there is one.
    pub(crate) fn revocations(&self, revoked: Option<&Issued>) -> PathBuf {
        let base = [
            "ca", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
        ];
        if let Some(revoked) = revoked {
            self.openssl(
                &[
                    &base[..],
                    &["-revoke", revoked.certificate.to_str().unwrap()],
                ]
                .concat(),
            );
        }
        self.openssl(&[&base[..], &["-gencrl", "-out", "crl.pem"]].concat());
        self.path("crl.pem")
    }

    fn openssl(&self, args: &[&str]) -> String {
        openssl(self.dir.path(), args)
    }
}

impl Issued {
    /// The SHA-256 of the certificate, as the configuration has it.
    pub(crate) fn sha256(&self) -> String {
        let said = openssl(
            Path::new("."),
            &[
                "x509",
                "-in",
                self.certificate.to_str().unwrap(),
                "-noout",
                "-fingerprint",
                "-sha256",
            ],
        );
        let digits = said.trim().split('=').nth(1).unwrap().replace(':', "");
        digits.to_lowercase()
    }
}

/// A command of openssl that has to succeed: its standard output.
pub(crate) fn openssl(dir: &Path, args: &[&str]) -> String {
    let done = Command::new("openssl").args(args).current_dir(dir).output();
    let done = done.expect("the package `openssl` is needed; `.ci/test` installs it");
    assert!(
        done.status.success(),
        "openssl {args:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).unwrap()
}
