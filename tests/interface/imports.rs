//! Imports within a crate run one way: no module needs, through others, itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Which modules of the first level a module of the first level imports.
type Imports = BTreeMap<String, BTreeSet<String>>;

/// The files of a folder and of those below it. The simulation is a test.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_product = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        name != "sim" && name != "bin" && name != "lib" && !name.ends_with("_tests")
    };
    entries
        .filter(is_product)
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] })
        .collect()
}

fn imports(source: &Path) -> Imports {
    let mut imports = Imports::new();
    for file in files(source) {
        let place = file.strip_prefix(source).unwrap().iter().next().unwrap().to_str().unwrap();
        let module = place.trim_end_matches(".rs").to_string();
        let text = std::fs::read_to_string(&file).unwrap();
        let lines = text.lines().take_while(|line| !line.ends_with("mod tests {"));
        let product: String = lines.filter(|line| !line.trim_start().starts_with("//")).collect();
        let named = product.split("crate::").skip(1).map(|rest| {
            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_string()
        });
        let others = named.filter(|name| *name != module && name.starts_with(char::is_lowercase));
        imports.entry(module.clone()).or_default().extend(others);
    }
    imports
}

/// Modules that need each other: what is left when modules that need none of the rest are taken away again and again.
fn circles(mut imports: Imports) -> Imports {
    loop {
        let left: BTreeSet<String> = imports.keys().cloned().collect();
        imports.values_mut().for_each(|others| others.retain(|other| left.contains(other)));
        let count = imports.len();
        imports.retain(|_, others| !others.is_empty());
        if imports.len() == count {
            return imports;
        }
    }
}

#[test]
fn no_module_needs_itself_through_others() {
    for name in ["unix", "tai64tools", "multilog", "mlog", "mlog-ship", "supervise-min"] {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name).join("src");
        let imports = imports(&source);
        assert!(imports.len() > 5, "{name}");
        assert_eq!(circles(imports), Imports::new(), "{name}");
    }
}

#[test]
fn a_circle_would_be_found() {
    let imports = |rows: &[(&str, &[&str])]| -> Imports {
        rows.iter()
            .map(|(name, others)| (name.to_string(), others.iter().map(|o| o.to_string()).collect()))
            .collect()
    };
    let line = imports(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &[])]);
    assert_eq!(circles(line), Imports::new());
    let circle = circles(imports(&[("a", &["b"]), ("b", &["c"]), ("c", &["b", "d"]), ("d", &[])]));
    assert!(circle["b"].contains("c") && circle["c"].contains("b") && !circle.contains_key("d"));
}
