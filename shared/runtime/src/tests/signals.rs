//! The one signal.

use crate::Shutdown;

#[tokio::test]
async fn it_is_given_once_and_heard_by_all() {
    let signal = Shutdown::new();
    let clone = signal.clone();
    assert!(!clone.has_begun());
    tokio::join!(clone.begun(), async { signal.begin() });
    let begun_at = clone.begun_at();
    assert!(begun_at.is_some());
    signal.begin();
    assert_eq!(clone.begun_at(), begun_at, "the first one counts");
    clone.begun().await;
}
