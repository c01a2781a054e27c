//! Tests of arguments, of telling processes apart and of reading metrics.

use queue_topology::WorkerKind;

use super::fronts::total;
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

#[test]
fn the_series_of_a_metric_are_added_up_and_others_left_out() {
    let metrics = "# TYPE dray_http_requests counter\n\
         dray_http_requests_total{route=\"/track\",status=\"200\"} 3\n\
         dray_http_requests_total{route=\"a b\",status=\"503\"} 4\n\
         dray_http_requests_total_else 9\ndray_http_in_flight 2\n";
    assert_eq!(total(metrics, "dray_http_requests_total"), Some(7));
    assert_eq!(total(metrics, "dray_http_in_flight"), Some(2));
    assert_eq!(total(metrics, "dray_http"), None);
}
