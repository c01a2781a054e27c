//! Deleting what a stage made, also when its test panics.

use uuid::Uuid;

use crate::management::Management;
use crate::{schema, sweep};

/// Runs once: when it is told to, or when it is dropped.
#[derive(Debug)]
pub(crate) struct Cleanup {
    management: Management,
    vhost: String,
    schema: String,
    armed: bool,
}

impl Cleanup {
    pub(crate) fn of(stage: Uuid, management: &Management) -> Self {
        Self {
            management: management.clone(),
            vhost: sweep::vhost(stage),
            schema: sweep::schema_name(stage),
            armed: true,
        }
    }

    /// Deletes the virtual host and the schema. Blocks: never call it on an executor's thread.
    pub(crate) fn run(&mut self) -> Result<(), String> {
        self.armed = false;
        self.management.delete(&format!("vhosts/{}", self.vhost))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let schemas = [self.schema.clone()];
        runtime.block_on(schema::drop_all(&schemas)).map_err(|error| error.to_string())
    }
}

/// For tests that end early. A panic here would hide the test's own, so a failure is only told; the
/// sweep of a later test deletes what stays.
impl Drop for Cleanup {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        // a thread of its own: this one may be an executor's, and no runtime starts inside another
        let done = std::thread::scope(|scope| scope.spawn(|| self.run()).join());
        match done {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("testkit: a stage stays behind: {error}"),
            Err(_panic) => eprintln!("testkit: a stage stays behind"),
        }
    }
}
