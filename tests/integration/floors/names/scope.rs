//! What a module binds by itself, and what is for tests alone.

use std::collections::HashSet;

use syn::{Attribute, Item, Meta, UseTree};

/// Names that a module's own `mod` and `use` bind, save those that bind a crate under its own name.
pub(super) fn bound_by(items: &[Item]) -> HashSet<String> {
    fn tree_of(tree: &UseTree, prefix: &[String], bound: &mut HashSet<String>) {
        match tree {
            UseTree::Path(path) => {
                let prefix: Vec<String> = prefix
                    .iter()
                    .cloned()
                    .chain([path.ident.to_string()])
                    .collect();
                tree_of(&path.tree, &prefix, bound);
            }
            UseTree::Group(group) => group
                .items
                .iter()
                .for_each(|item| tree_of(item, prefix, bound)),
            UseTree::Name(name) if name.ident == "self" && prefix.len() > 1 => {
                bound.extend(prefix.last().cloned());
            }
            UseTree::Name(name) if !prefix.is_empty() && name.ident != "self" => {
                bound.insert(name.ident.to_string());
            }
            UseTree::Rename(name) => {
                bound.insert(name.rename.to_string());
            }
            UseTree::Name(_) | UseTree::Glob(_) => {}
        }
    }
    let mut bound = HashSet::new();
    for item in items {
        if let Item::Mod(item) = item {
            bound.insert(item.ident.to_string());
        } else if let Item::Use(item) = item {
            tree_of(&item.tree, &[], &mut bound);
        }
    }
    bound
}

pub(super) fn is_for_tests(attribute: &Attribute) -> bool {
    let says_test = |path: &syn::Path| {
        path.segments
            .last()
            .is_some_and(|last| last.ident == "test")
    };
    match &attribute.meta {
        Meta::Path(path) => says_test(path),
        Meta::List(list) if list.path.is_ident("cfg") => list
            .parse_args::<syn::Path>()
            .is_ok_and(|path| says_test(&path)),
        Meta::List(_) | Meta::NameValue(_) => false,
    }
}
