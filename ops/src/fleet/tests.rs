//! Tests of arguments and of telling processes apart.

use queue_topology::WorkerKind;

use super::process::Identity;
use super::{instances, worker};

#[test]
fn workers_are_named_as_their_folders() {
    assert_eq!(worker("waybill-status"), Ok(WorkerKind::WaybillStatus));
    let error = worker("waybills").unwrap_err();
    assert!(error.contains("use one of") && error.contains("waybill-status"), "{error}");
}

#[test]
fn instances_are_counted_from_one() {
    let (kind, count) = instances("sales-order=3").unwrap();
    assert_eq!((kind, count.get()), (WorkerKind::SalesOrder, 3));
    for wrong in ["sales-order", "sales-order=0", "sales-order=x", "nobody=1"] {
        assert!(instances(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_process_is_itself_as_long_as_it_lives() {
    let this = Identity::of(std::process::id()).unwrap();
    assert!(this.is_alive());
    let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
    let other = Identity::of(child.id()).unwrap();
    assert_ne!(this, other);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!other.is_alive());
    // a signal to a process that is gone reaches nobody, and is no error
    other.signal(rustix::process::Signal::TERM).unwrap();
}
