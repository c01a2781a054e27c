//! The fleet's real broker users, with their real rights, on a stage's virtual host.

use std::fs::File;

use queue_topology::{User, WorkerKind, users};
use serde_json::json;

use crate::environment::derived_password;
use crate::management::Management;

/// Makes the users of these kinds, the operator and the partners, and gives them their rights on
/// `vhost`.
///
/// Users are the broker's, not a virtual host's: each has the one name and password that it has in
/// the running checkout too, so that no test takes them from another or from the fleet. A lock file
/// lets one process at a time make them.
pub(crate) fn grant(management: &Management, vhost: &str, kinds: &[WorkerKind]) {
    let lock = File::create(std::env::temp_dir().join("dray-testkit.lock"))
        .unwrap_or_else(|error| panic!("the lock file of the test users: {error}"));
    lock.lock().unwrap_or_else(|error| panic!("the lock file of the test users: {error}"));
    let is_wanted = |user: &User| {
        let of_other_kind = WorkerKind::ALL.into_iter().filter(|kind| !kinds.contains(kind));
        !of_other_kind.map(WorkerKind::user).any(|name| name == user.name)
    };
    for user in users().into_iter().filter(is_wanted) {
        grant_one(management, vhost, &user);
    }
}

fn grant_one(management: &Management, vhost: &str, user: &User) {
    let name = &user.name;
    let account = json!({"password": password(name), "tags": ""});
    management.put(&format!("users/{name}"), &account);
    let rights = json!({"configure": user.configure, "write": user.write, "read": user.read});
    management.put(&format!("permissions/{vhost}/{name}"), &rights);
    for topic in &user.topics {
        let rights = json!({"exchange": topic.exchange, "write": topic.write, "read": topic.read});
        management.put(&format!("topic-permissions/{vhost}/{name}"), &rights);
    }
}

/// The password of a fleet user, as `dray topology apply` and `ops/services` derive it.
pub(crate) fn password(user: &str) -> String {
    derived_password(&format!("broker-{user}"))
}
