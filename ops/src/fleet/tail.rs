//! Copies what is appended to a log to standard error, each line behind a prefix.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::fs::File;
use tokio::io::{AsyncBufReadExt as _, AsyncSeekExt as _, BufReader};

const POLL_EVERY: Duration = Duration::from_millis(100);

/// Follows a file from its present end; ends with the task that runs it.
pub(super) async fn follow(path: PathBuf, prefix: String) {
    let start = tokio::fs::metadata(&path).await.map_or(0, |file| file.len());
    loop {
        if let Ok(mut file) = File::open(&path).await
            && file.seek(std::io::SeekFrom::Start(start)).await.is_ok()
        {
            return copy(BufReader::new(file), &prefix).await;
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

async fn copy(mut lines: BufReader<File>, prefix: &str) {
    let mut line = Vec::new();
    loop {
        match lines.read_until(b'\n', &mut line).await {
            Ok(0) => tokio::time::sleep(POLL_EVERY).await,
            // the rest of this line is still being written
            Ok(_) if !line.ends_with(b"\n") => {}
            Ok(_) => {
                let mut console = std::io::stderr().lock();
                // a console that went away is no reason to stop a fleet
                let _gone =
                    console.write_all(prefix.as_bytes()).and_then(|()| console.write_all(&line));
                drop(console);
                line.clear();
            }
            Err(error) => {
                tracing::warn!(%error, "a log cannot be followed any more");
                return;
            }
        }
    }
}
