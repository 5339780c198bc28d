//! What a source file names: every path in it, in code, in the arguments of macros and in attributes, as seen from the crate's
//! root. Comments and ordinary strings name nothing.

mod scope;
mod tokens;

use std::collections::HashSet;

use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, Meta, UseTree, Visibility};

use scope::{bound_by, is_for_tests};

/// How a path stands in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum As {
    /// Used on the spot.
    Path,
    /// Brought into scope for the module alone.
    Import,
    /// Brought into scope and handed on (`pub use`, `pub(crate) use`).
    Export,
    /// Everything beneath it is brought into scope (`use …::*`).
    Glob,
}

/// One path, resolved as far as the file itself can tell.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) in_test: bool,
    pub(super) stands: As,
    /// Begins with `crate` for our own, with the crate's name for others.
    pub(super) path: Vec<String>,
}

/// A module that the file declares without a body.
#[derive(Debug, Clone)]
pub(super) struct Declared {
    pub(super) line: usize,
    pub(super) in_test: bool,
    pub(super) name: String,
    /// From the crate's root.
    pub(super) path: Vec<String>,
}

/// All that the rules want to know of a file.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) paths: Vec<Named>,
    pub(super) modules: Vec<Declared>,
    /// Macros called by a bare name, and the process's own streams: line, in a test, name.
    pub(super) macros: Vec<(usize, bool, String)>,
    /// What brings in code that is not in the file tree: line, what.
    pub(super) hidden: Vec<(usize, &'static str)>,
    /// Top-level items other than `mod x;` and `use`: line.
    pub(super) items: Vec<usize>,
}

/// Reads a file whose module path from the crate's root is `module`; `in_test` if the whole file is test code.
pub(super) fn names(module: &[String], text: &str, in_test: bool) -> Result<Names, syn::Error> {
    let file = syn::parse_file(text)?;
    let mut reader = Reader {
        module: module.to_vec(),
        scope: bound_by(&file.items),
        in_test: in_test || file.attrs.iter().any(is_for_tests),
        found: Names::default(),
    };
    for item in &file.items {
        let lists = matches!(item, Item::Use(_))
            || matches!(item, Item::Mod(declared) if declared.content.is_none());
        if !lists {
            reader.found.items.push(line(item));
        }
    }
    reader.visit_file(&file);
    Ok(reader.found)
}

struct Reader {
    module: Vec<String>,
    /// Names that a `use` or a `mod` of the current module binds; a path that begins with one names no outside crate.
    scope: HashSet<String>,
    in_test: bool,
    found: Names,
}

impl Reader {
    fn name(&mut self, line: usize, stands: As, leading_colons: bool, segments: &[String]) {
        if let [.., io, stream] = segments
            && io == "io"
            && matches!(stream.as_str(), "stdout" | "stderr")
        {
            self.found
                .macros
                .push((line, self.in_test, format!("io::{stream}")));
        }
        if let Some(path) = self.in_crate(leading_colons, segments) {
            self.found.paths.push(Named {
                line,
                in_test: self.in_test,
                stands,
                path,
            });
        }
    }

    /// The path from the crate's root; nothing if it begins with a name that the module itself binds.
    fn in_crate(&self, leading_colons: bool, segments: &[String]) -> Option<Vec<String>> {
        let ours = |module: &[String], rest: &[String]| {
            let root = std::iter::once("crate".to_owned());
            root.chain(module.iter().cloned())
                .chain(rest.iter().cloned())
                .collect()
        };
        let first = segments.first()?;
        match first.as_str() {
            _ if leading_colons => Some(segments.to_vec()),
            "crate" => Some(ours(&[], &segments[1..])),
            "self" | "super" => {
                let steps = segments
                    .iter()
                    .take_while(|step| *step == "self" || *step == "super")
                    .count();
                let up = segments[..steps]
                    .iter()
                    .filter(|step| *step == "super")
                    .count();
                let kept = self.module.len().saturating_sub(up);
                Some(ours(&self.module[..kept], &segments[steps..]))
            }
            local if self.scope.contains(local) => None,
            _ => Some(segments.to_vec()),
        }
    }

    fn tree(&mut self, tree: &UseTree, prefix: &[String], leading_colons: bool, stands: As) {
        let with = |name: String| prefix.iter().cloned().chain([name]).collect::<Vec<_>>();
        match tree {
            UseTree::Path(path) => {
                let prefix = with(path.ident.to_string());
                self.tree(&path.tree, &prefix, leading_colons, stands);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.tree(tree, prefix, leading_colons, stands);
                }
            }
            UseTree::Name(name) => {
                let path = if name.ident == "self" {
                    prefix.to_vec()
                } else {
                    with(name.ident.to_string())
                };
                self.name(line(name), stands, leading_colons, &path);
            }
            UseTree::Rename(name) => {
                let path = if name.ident == "self" {
                    prefix.to_vec()
                } else {
                    with(name.ident.to_string())
                };
                self.name(line(name), stands, leading_colons, &path);
            }
            UseTree::Glob(glob) => self.name(line(glob), As::Glob, leading_colons, prefix),
        }
    }

    fn path(&mut self, path: &syn::Path, at_line: usize) {
        let segments: Vec<String> = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string())
            .collect();
        // A single name is a local one: outside crates and other floors need a `::` or a `use`.
        if segments.len() > 1 || path.leading_colon.is_some() {
            self.name(at_line, As::Path, path.leading_colon.is_some(), &segments);
        }
    }

    /// Visits what carries `attributes`, as test code if they say so.
    fn under(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        let before = self.in_test;
        self.in_test |= attributes.iter().any(is_for_tests);
        visit(self);
        self.in_test = before;
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item_mod(&mut self, item: &'ast ItemMod) {
        self.under(&item.attrs, |reader| {
            let name = item.ident.to_string();
            let path: Vec<String> = reader
                .module
                .iter()
                .cloned()
                .chain([name.clone()])
                .collect();
            if item
                .attrs
                .iter()
                .any(|attribute| attribute.path().is_ident("path"))
            {
                reader.found.hidden.push((line(item), "`#[path]`"));
            }
            match &item.content {
                None => {
                    let in_test = reader.in_test;
                    reader.found.modules.push(Declared {
                        line: line(item),
                        in_test,
                        name,
                        path,
                    });
                }
                Some((_, items)) => {
                    let outer = std::mem::replace(&mut reader.module, path);
                    let scope = std::mem::replace(&mut reader.scope, bound_by(items));
                    visit::visit_item_mod(reader, item);
                    reader.module = outer;
                    reader.scope = scope;
                }
            }
        });
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let stands = if matches!(item.vis, Visibility::Inherited) {
            As::Import
        } else {
            As::Export
        };
        self.under(&item.attrs, |reader| {
            reader.tree(&item.tree, &[], item.leading_colon.is_some(), stands);
        });
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.under(&item.attrs, |reader| visit::visit_item_fn(reader, item));
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        self.under(&item.attrs, |reader| visit::visit_item_impl(reader, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.under(&item.attrs, |reader| {
            visit::visit_impl_item_fn(reader, item);
        });
    }

    fn visit_item_extern_crate(&mut self, item: &'ast syn::ItemExternCrate) {
        self.found.hidden.push((line(item), "`extern crate`"));
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path, line(path));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        if let Some(name) = call.path.get_ident() {
            self.found
                .macros
                .push((line(call), self.in_test, name.to_string()));
        }
        self.tokens(call.tokens.clone(), &[]);
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), &[]);
            self.strings(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

fn line(of: &impl syn::spanned::Spanned) -> usize {
    of.span().start().line
}
