//! Paths where the parser sees only tokens.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::{As, Reader};

impl Reader {
    /// The paths among tokens that nothing has parsed: the arguments of macros and attributes.
    pub(super) fn tokens(&mut self, tokens: TokenStream, prefix: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: usize, sign: char| matches!(tokens.get(at), Some(TokenTree::Punct(p)) if p.as_char() == sign);
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream(), &[]),
                TokenTree::Ident(first) => {
                    let start = at;
                    let mut path: Vec<String> =
                        prefix.iter().cloned().chain([first.to_string()]).collect();
                    while is(at + 1, ':') && is(at + 2, ':') {
                        match tokens.get(at + 3) {
                            Some(TokenTree::Ident(next)) => path.push(next.to_string()),
                            Some(TokenTree::Group(group))
                                if group.delimiter() == Delimiter::Brace =>
                            {
                                self.tokens(group.stream(), &path);
                                at += 3;
                                break;
                            }
                            _ => break,
                        }
                        at += 3;
                    }
                    let at_line = first.span().start().line;
                    if path.len() > 1 {
                        let leading_colons = start > 1 && is(start - 1, ':') && is(start - 2, ':');
                        self.name(
                            at_line,
                            As::Path,
                            leading_colons && prefix.is_empty(),
                            &path,
                        );
                    } else if is(at + 1, '!') {
                        self.found
                            .macros
                            .push((at_line, self.in_test, first.to_string()));
                    }
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }

    /// Strings in attributes can be paths (`#[serde(with = "…")]`); prose is none.
    pub(super) fn strings(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.strings(group.stream()),
                TokenTree::Literal(literal) => {
                    let at_line = literal.span().start().line;
                    let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) else {
                        continue;
                    };
                    let Ok(path) = text.parse::<syn::Path>() else {
                        continue;
                    };
                    self.path(&path, at_line);
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}
