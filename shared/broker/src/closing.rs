//! Saying goodbye to the broker. What was closed is over whether or not the broker heard of it, so nobody
//! waits longer than a moment: the client library was seen never to answer when the socket went first.

use std::time::Duration;

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

/// Closes a channel or a connection; gives up after [`GOODBYE`].
pub(crate) async fn close<E>(closing: impl Future<Output = Result<(), E>>) {
    // told, refused or unheard: it is over
    let _ = tokio::time::timeout(GOODBYE, closing).await;
}
