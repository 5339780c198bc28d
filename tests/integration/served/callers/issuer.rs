//! An issuer of tokens: its keys and signatures by the `openssl` command, its key set over real sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::{Value, json};

use super::authority::{Issued, openssl};

/// A key that signs tokens.
pub(super) struct Key {
    dir: tempfile::TempDir,
    pub(super) id: String,
    pub(super) algorithm: &'static str,
}

impl Key {
    pub(super) fn new(id: &str, algorithm: &'static str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let kind: &[&str] = match algorithm {
            "ES256" => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "ES384" => &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            "EdDSA" => &["-algorithm", "ED25519"],
            _ => &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        };
        openssl(
            dir.path(),
            &[&["genpkey", "-out", "key.pem"], kind].concat(),
        );
        let public = [
            "pkey", "-in", "key.pem", "-pubout", "-outform", "DER", "-out", "key.der",
        ];
        openssl(dir.path(), &public);
        Self {
            dir,
            id: id.to_owned(),
            algorithm,
        }
    }

    /// The public half, as a key set has it.
    pub(super) fn public(&self) -> Value {
        let der = std::fs::read(self.dir.path().join("key.der")).unwrap();
        let last = |length: usize| &der[der.len() - length..];
        let point = |curve: &str, half: usize| {
            let (x, y) = last(2 * half).split_at(half);
            json!({ "kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y) })
        };
        let mut key = match self.algorithm {
            "ES256" => point("P-256", 32),
            "ES384" => point("P-384", 48),
            "EdDSA" => json!({ "kty": "OKP", "crv": "Ed25519", "x": base64url(last(32)) }),
            // The end of it: the modulus of 256 bytes, and 65537 as a number of three.
            _ => json!({ "kty": "RSA", "n": base64url(&last(256 + 5)[..256]), "e": "AQAB" }),
        };
        key["use"] = json!("sig");
        key["kid"] = json!(self.id);
        key["alg"] = json!(self.algorithm);
        key
    }

    /// A token with these claims, which says what it is signed with.
    pub(super) fn token(&self, claims: &Value) -> String {
        self.token_as(
            &json!({ "alg": self.algorithm, "kid": self.id, "typ": "JWT" }),
            claims,
        )
    }

    /// A token with this header, whatever it is signed with.
    pub(super) fn token_as(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature = self.sign(&signed);
        format!("{signed}.{}", base64url(&signature))
    }

    fn sign(&self, message: &str) -> Vec<u8> {
        let dir = self.dir.path();
        std::fs::write(dir.join("message"), message).unwrap();
        let digest = format!("-sha{}", self.algorithm.get(2..).unwrap());
        let mut command = vec!["dgst", &digest, "-sign", "key.pem", "-out", "signature"];
        match self.algorithm {
            "EdDSA" => {
                command = vec![
                    "pkeyutl", "-sign", "-inkey", "key.pem", "-rawin", "-in", "message",
                ];
                command.extend(["-out", "signature"]);
            }
            "PS256" => command.extend([
                "-sigopt",
                "rsa_padding_mode:pss",
                "-sigopt",
                "rsa_pss_saltlen:digest",
                "message",
            ]),
            _ => command.push("message"),
        }
        openssl(dir, &command);
        let signature = std::fs::read(dir.join("signature")).unwrap();
        match self.algorithm {
            "ES256" => two_numbers(&signature, 32),
            "ES384" => two_numbers(&signature, 48),
            _ => signature,
        }
    }
}

/// The two numbers of a signature in DER, each of so many bytes.
fn two_numbers(der: &[u8], length: usize) -> Vec<u8> {
    let mut rest = &der[2..];
    let mut numbers = Vec::new();
    for _ in 0..2 {
        assert_eq!(rest[0], 2, "no number in {der:?}");
        let (number, after) = rest[2..].split_at(usize::from(rest[1]));
        let digits: Vec<u8> = number
            .iter()
            .copied()
            .skip_while(|digit| *digit == 0)
            .collect();
        numbers.resize(numbers.len() + length - digits.len(), 0);
        numbers.extend(digits);
        rest = after;
    }
    numbers
}

/// RFC 4648, section 5, without padding.
pub(super) fn base64url(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let all = three
            .iter()
            .fold(0, |all, byte| all << 8 | usize::from(*byte));
        let all = all << (8 * (3 - three.len()));
        for digit in 0..=three.len() {
            text.push(char::from(DIGITS[all >> (18 - 6 * digit) & 63]));
        }
    }
    text
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}

/// A key set as a document.
pub(super) fn key_set(keys: &[&Key]) -> String {
    let keys: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": keys }).to_string()
}

/// A server of one document. It may go down, and come up again at the same address.
pub(super) struct Issuer {
    pub(super) address: SocketAddr,
    served: Arc<Served>,
    serving: Option<JoinHandle<()>>,
}

struct Served {
    document: Mutex<String>,
    /// How often it was asked.
    asked: AtomicUsize,
    /// How long it takes to answer.
    delay: Mutex<Duration>,
    is_down: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
}

impl Issuer {
    pub(super) fn new(keys: &[&Key]) -> Self {
        Self::start(keys, None)
    }

    /// One with TLS, by this certificate.
    pub(super) fn secure(keys: &[&Key], by: &Issued) -> Self {
        let certificate = CertificateDer::from_pem_file(&by.certificate).unwrap();
        let key = PrivateKeyDer::from_pem_file(&by.key).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let config = config
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key);
        Self::start(keys, Some(Arc::new(config.unwrap())))
    }

    fn start(keys: &[&Key], tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut issuer = Self {
            address: listener.local_addr().unwrap(),
            served: Arc::new(Served {
                document: Mutex::new(key_set(keys)),
                asked: AtomicUsize::new(0),
                delay: Mutex::default(),
                is_down: AtomicBool::new(false),
                tls,
            }),
            serving: None,
        };
        issuer.serve(listener);
        issuer
    }

    fn serve(&mut self, listener: TcpListener) {
        let served = Arc::clone(&self.served);
        self.serving = Some(std::thread::spawn(move || {
            for stream in listener.incoming() {
                if served.is_down.load(Ordering::SeqCst) {
                    return;
                }
                // Who hangs up has answered itself.
                let _ = served.answer(stream.unwrap());
            }
        }));
    }

    /// Has other keys from now on.
    pub(super) fn publish(&self, keys: &[&Key]) {
        *self.served.document.lock().unwrap() = key_set(keys);
    }

    pub(super) fn take_its_time(&self, delay: Duration) {
        *self.served.delay.lock().unwrap() = delay;
    }

    pub(super) fn asked(&self) -> usize {
        self.served.asked.load(Ordering::SeqCst)
    }

    /// Nobody listens at its address any more.
    pub(super) fn go_down(&mut self) {
        self.served.is_down.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(serving) = self.serving.take() {
            serving.join().unwrap();
        }
    }

    pub(super) fn come_up(&mut self) {
        self.served.is_down.store(false, Ordering::SeqCst);
        self.serve(TcpListener::bind(self.address).unwrap());
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.go_down();
    }
}

impl Served {
    fn answer(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        match &self.tls {
            None => self.answer_on(stream),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                self.answer_on(StreamOwned::new(connection, stream))
            }
        }
    }

    fn answer_on(&self, mut stream: impl Read + Write) -> std::io::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend(byte);
        }
        self.asked.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(*self.delay.lock().unwrap());
        let body = self.document.lock().unwrap().clone();
        let length = body.len();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body.as_bytes()].concat())?;
        stream.flush()
    }
}

/// A file with a key set.
pub(super) fn key_file(dir: &std::path::Path, keys: &[&Key]) -> PathBuf {
    let file = dir.join("keys.json");
    std::fs::write(&file, key_set(keys)).unwrap();
    file
}
