//! The folder that the program carries: in force where no other is named.

use once_cell::sync::Lazy;

use crate::model::policy::{PolicyFile, PolicyFolder};

macro_rules! files {
    ($($path:literal),+ $(,)?) => {
        &[$(($path, include_str!(concat!("../../policies/", $path)))),+]
    };
}

/// Every file of the folder that takes part in decisions.
const FILES: &[(&str, &str)] = files![
    "admin.cedar",
    "admin.cedarschema",
    "catalogue.json",
    "core.cedar",
    "entities.json",
    "resources/mva-melding-innsending.cedar",
    "resources/ske-innrapportering-boligsameie.cedar",
    "resources/ske-krav-og-betalinger.cedar",
    "schema.cedarschema",
    "templates.cedar",
];

static SHIPPED: Lazy<PolicyFolder> = Lazy::new(|| {
    let files = FILES.iter().map(|(path, text)| PolicyFile {
        path: (*path).into(),
        text: (*text).into(),
    });
    PolicyFolder::new(files.collect())
});

/// The policy folder that is compiled in: the project's own `policies/`.
pub fn shipped() -> &'static PolicyFolder {
    &SHIPPED
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::shipped;
    use crate::policies::read;

    #[test]
    fn the_compiled_in_folder_is_the_folder_on_disk() {
        let on_disk = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")).unwrap();

        let paths = |folder: &crate::model::policy::PolicyFolder| -> Vec<String> {
            let paths = folder.files().iter().map(|file| file.path.to_string());
            paths.collect()
        };
        assert_eq!(paths(shipped()), paths(&on_disk));
        assert_eq!(shipped().hash(), on_disk.hash());
    }
}
