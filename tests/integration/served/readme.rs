//! The README's `console` blocks, run in order against the demo, their answers compared. `…` stands for anything.

use std::process::Command;

use super::{Daemon, FULLMAKT};

/// One command of the README and what it prints there.
#[derive(Debug, PartialEq, Eq)]
struct Shown {
    command: String,
    output: String,
}

fn blocks(text: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        match (inside, line) {
            (false, "```console") => inside = true,
            (true, "```") => inside = false,
            (true, line) => {
                if let Some(command) = line.strip_prefix("$ ") {
                    let command = command.to_owned();
                    shown.push(Shown {
                        command,
                        output: String::new(),
                    });
                } else {
                    let last = shown.last_mut().expect("a block begins with a command");
                    last.output.push_str(line);
                    last.output.push('\n');
                }
            }
            (false, _) => {}
        }
    }
    shown
}

/// Whether a text is what is shown, with `…` for anything, over lines too.
pub(super) fn matches(shown: &str, text: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let parts: Vec<_> = parts.collect();
    for (nth, part) in parts.iter().enumerate() {
        if nth + 1 == parts.len() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.is_empty()
}

#[test]
fn the_readmes_commands_print_what_it_says() {
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    assert!(readme.contains("```sh\ncargo run --release -- serve --demo\n```"));
    let daemon = Daemon::demo();
    let commands = blocks(&readme);
    assert!(commands.len() >= 16, "{}", commands.len());
    // What the administrators' chapter copies and edits goes with this folder.
    let dir = tempfile::tempdir().unwrap();
    let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
    let copied = Command::new("cp")
        .args(["-r", policies, "policies"])
        .current_dir(dir.path())
        .status();
    assert!(copied.unwrap().success());
    for Shown { command, output } in commands {
        let here = command
            .replace("127.0.0.1:8180", &daemon.address)
            .replace("./target/release/fullmakt", FULLMAKT);
        let url = format!("http://{}", daemon.address);
        let done = Command::new("sh")
            .args(["-c", &here])
            .env("FULLMAKT_URL", url)
            .current_dir(dir.path())
            .output()
            .unwrap();
        let mut said = String::from_utf8(done.stdout).unwrap();
        if !said.is_empty() && !said.ends_with('\n') {
            said.push('\n');
        }
        assert!(
            matches(&output, &said),
            "$ {command}\nshown:\n{output}said:\n{said}{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }
}

#[test]
fn a_block_is_commands_with_their_outputs() {
    let text = "```sh\n$ no\n```\n```console\n$ a b\n1\n2\n$ c\n```\n";
    let shown = |command: &str, output: &str| Shown {
        command: command.to_owned(),
        output: output.to_owned(),
    };
    assert_eq!(blocks(text), [shown("a b", "1\n2\n"), shown("c", "")]);
    assert!(matches("a…c\n", "abc\n") && matches("…", "") && matches("a\n…\n", "a\nb\nc\n"));
    assert!(!matches("a…c\n", "abd\n") && !matches("ab", "abc") && !matches("b…", "ab"));
}
