//! How deep a policy or schema may be.
//!
//! Cedar's parser, validator and the dropping of what they make call themselves once a level, without a limit of their
//! own, and a stack that is used up ends the whole process: a broken edit would take the daemon down. So depth is
//! measured on the text, before Cedar sees it. The limits are far below what the smallest stack here holds, and far
//! above what anybody writes.

use super::located::line_and_column;
use crate::model::finding::{Finding, FindingCode};
use crate::model::policy::PolicyFile;

/// How deep brackets may lie in brackets.
pub(super) const MOST_NESTED: usize = 50;

/// How many operators that nest without brackets one policy may have: `a && b && c` is a tree of two levels.
pub(super) const MOST_OPERATORS: usize = 400;

/// How many types of its own a schema may name: a name that stands for a name that stands for a name nests as well.
pub(super) const MOST_TYPES: usize = 1_000;

/// What a text is written in: `<` opens a bracket in `Set<Long>`, and compares in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Policy,
    Schema,
}

/// Where a text is deeper than is read, if it is.
pub(super) fn check(file: &PolicyFile, language: Language) -> Result<(), Finding> {
    let mut depth = 0_usize;
    let mut operators = 0_usize;
    let mut types = 0_usize;
    for (offset, token) in Tokens::of(&file.text, language) {
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Operator => operators += 1,
            Token::Type => types += 1,
            Token::End if depth == 0 => operators = 0,
            Token::End => {}
        }
        let refused = if depth > MOST_NESTED {
            Some(format!("brackets lie more than {MOST_NESTED} deep"))
        } else if operators > MOST_OPERATORS {
            Some(format!("a policy has more than {MOST_OPERATORS} operators"))
        } else if types > MOST_TYPES {
            Some(format!(
                "there are more than {MOST_TYPES} `type` declarations"
            ))
        } else {
            None
        };
        if let Some(message) = refused {
            return Err(Finding {
                file: file.path.clone(),
                at: Some(line_and_column(&file.text, offset)),
                code: FindingCode::TooDeep,
                message,
                help: "say it in several policies, or with a set: `[…].contains(…)`".to_owned(),
            });
        }
    }
    Ok(())
}

/// The comments of a policy file, in their order.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let mut tokens = Tokens::of(text, Language::Policy);
    while tokens.next().is_some() {}
    let comments = tokens.comments.iter();
    comments
        .filter_map(|range| text.get(range.clone()))
        .map(str::trim_end)
        .collect()
}

#[derive(Debug, Clone, Copy)]
enum Token {
    Open,
    Close,
    /// Whatever takes an expression on its left or right: `&&`, `+`, `.`, `if`, ….
    Operator,
    /// The word `type`.
    Type,
    /// `;`
    End,
}

/// The tokens of a text that matter for depth; strings and comments are passed over.
struct Tokens<'a> {
    bytes: &'a [u8],
    language: Language,
    at: usize,
    comments: Vec<std::ops::Range<usize>>,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str, language: Language) -> Self {
        Self {
            bytes: text.as_bytes(),
            language,
            at: 0,
            comments: Vec::new(),
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// To the end of the line.
    fn pass_comment(&mut self) {
        let begin = self.at;
        while self.byte(0).is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
        self.comments.push(begin..self.at);
    }

    /// Past the closing quote.
    fn pass_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte(0) {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
    }

    /// Past `&&`, `<=`, `.` and the like.
    fn pass_operator(&mut self) {
        self.at += 1;
        while self
            .byte(0)
            .is_some_and(|byte| matches!(byte, b'&' | b'|' | b'='))
        {
            self.at += 1;
        }
    }

    /// Past a word, which is returned.
    fn word(&mut self) -> &'a [u8] {
        let begin = self.at;
        while self.byte(0).is_some_and(is_of_word) {
            self.at += 1;
        }
        self.bytes.get(begin..self.at).unwrap_or_default()
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_of_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'&' | b'|' | b'+' | b'-' | b'*' | b'.' | b'!' | b'=' | b'<' | b'>'
    )
}

impl Iterator for Tokens<'_> {
    type Item = (usize, Token);

    fn next(&mut self) -> Option<(usize, Token)> {
        loop {
            let begin = self.at;
            let token = match self.byte(0)? {
                b'/' if self.byte(1) == Some(b'/') => {
                    self.pass_comment();
                    continue;
                }
                b'"' => {
                    self.pass_string();
                    continue;
                }
                byte if is_of_word(byte) => match self.word() {
                    b"if" | b"has" | b"in" | b"is" | b"like" => {
                        return Some((begin, Token::Operator));
                    }
                    b"type" => return Some((begin, Token::Type)),
                    _ => continue,
                },
                b'(' | b'[' | b'{' => Token::Open,
                b')' | b']' | b'}' => Token::Close,
                b'<' if self.language == Language::Schema => Token::Open,
                b'>' if self.language == Language::Schema => Token::Close,
                byte if is_of_operator(byte) => {
                    self.pass_operator();
                    return Some((begin, Token::Operator));
                }
                b';' => Token::End,
                _ => {
                    self.at += 1;
                    continue;
                }
            };
            self.at += 1;
            return Some((begin, token));
        }
    }
}
