//! Log lines as they are written.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use crate::log::subscriber;

/// Collects what a log writes.
#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(filter: &str, json: bool) -> String {
    let page = Page::default();
    let writer = page.clone();
    let log = subscriber(filter, json, "order-intake", "host-1", move || writer.clone()).unwrap();
    tracing::subscriber::with_default(log, || {
        let _span = tracing::info_span!("batch", size = 3).entered();
        tracing::info!(order = "O-1", "accepted");
        tracing::debug!("a detail");
    });
    let bytes = page.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn a_text_line_begins_with_who_wrote_it() {
    let text = logged("info", false);
    assert!(text.starts_with("order-intake host-1 "), "{text}");
    assert!(text.contains("accepted") && text.contains("order=\"O-1\""), "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
}

#[test]
fn a_json_line_is_one_object_with_who_wrote_it() {
    let text = logged("info", true);
    let expected = r#"{"worker":"order-intake","instance":"host-1","#;
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains(r#""message":"accepted","order":"O-1""#), "{text}");
    assert!(text.contains(r#""size":3"#), "{text}");
    assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
}

#[test]
fn the_filter_decides_what_is_kept() {
    assert!(logged("debug", false).contains("a detail"));
    assert_eq!(logged("warn", false), "");
}

#[test]
fn a_filter_that_is_not_understood_is_quoted() {
    let error = subscriber("info,=;=", false, "w", "i", io::sink).err().unwrap().to_string();
    assert!(error.contains("info,=;=") && error.contains("info,runtime=debug"), "{error}");
}
