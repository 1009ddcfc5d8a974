//! The contract of the store, on the engines that need nothing. `tests/it/store.rs` has it on all of them.

use super::{Kind, MemoryEngine, SqliteEngine, StoreError, Tables};
use crate::store::engine::Engine;

fn engines() -> (tempfile::TempDir, Vec<Box<dyn Engine>>) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = SqliteEngine::open(&folder.path().join("store.db")).unwrap();
    (folder, vec![Box::new(MemoryEngine::default()), Box::new(sqlite)])
}

fn put_all(tables: &mut dyn Tables) -> super::Result<()> {
    for key in ["b/2", "a", "b/1", "c", "b/3"] {
        tables.put(Kind::Audit, key, &format!("document {key}"))?;
    }
    tables.put(Kind::Counter, "b/9", "of another table")
}

#[test]
fn an_act_that_fails_leaves_nothing_behind() {
    let (_folder, engines) = engines();
    for engine in engines {
        engine.change(&mut |tables| tables.put(Kind::Counter, "a", "1")).unwrap();
        let failed = engine.change(&mut |tables| {
            tables.put(Kind::Counter, "a", "2")?;
            tables.put(Kind::Counter, "b", "1")?;
            tables.remove(Kind::Counter, "a")?;
            Err(StoreError::Engine { engine: "test", detail: "on purpose".to_owned() })
        });
        assert!(failed.unwrap_err().to_string().contains("on purpose"));
        engine
            .look(&mut |tables| {
                assert_eq!(tables.document(Kind::Counter, "a")?.as_deref(), Some("1"), "{engine:?}");
                assert_eq!(tables.document(Kind::Counter, "b")?, None, "{engine:?}");
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_range_has_the_names_of_its_prefix_in_order() {
    let (_folder, engines) = engines();
    for engine in engines {
        engine.change(&mut put_all).unwrap();
        engine
            .look(&mut |tables| {
                let mut names = |prefix, after, limit| {
                    let found = tables.range(Kind::Audit, prefix, after, limit).unwrap();
                    found.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
                };
                assert_eq!(names("", "", 99), ["a", "b/1", "b/2", "b/3", "c"], "{engine:?}");
                assert_eq!(names("b/", "", 2), ["b/1", "b/2"], "{engine:?}");
                assert_eq!(names("b/", "b/2", 2), ["b/3"], "{engine:?}");
                assert_eq!(names("b/", "c", 2), [""; 0], "{engine:?}");
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn a_sqlite_file_that_is_none_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mock-ca.db");
    std::fs::write(&path, "this is no database, whatever its name says; it is a text, and long enough")
        .unwrap();
    let error = SqliteEngine::open(&path).unwrap_err().to_string();
    assert!(error.contains("mock-ca.db") && error.contains("not a database"), "{error}");
}

#[test]
fn a_sqlite_store_without_a_file_is_refused() {
    let error = SqliteEngine::open(std::path::Path::new(":memory:")).unwrap_err().to_string();
    assert!(error.contains("expected the name of a file, got `:memory:`"), "{error}");
}
