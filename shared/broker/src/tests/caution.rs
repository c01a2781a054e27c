//! What comes again is fetched step by step.

use futures_util::FutureExt;
use tokio::sync::watch;

use crate::caution::Caution;

/// What it says at once when so many have ended; `None`: it waits.
fn may_fetch(caution: &mut Caution, settled: u64) -> Option<bool> {
    caution.may_fetch(&watch::Sender::new(settled)).now_or_never()
}

#[tokio::test]
async fn without_anything_that_comes_again_it_is_over_at_once() {
    let mut empty = Caution::new(100);
    empty.through();
    assert!(empty.is_needless());
    let mut new = Caution::new(100);
    new.fetched(false);
    assert!(new.is_needless());
}

#[tokio::test]
async fn each_step_waits_for_the_one_before_and_is_twice_as_large() {
    for (prefetch, expected) in
        [(1_000, vec![1, 2, 4, 8, 16, 32]), (5, vec![1, 2, 4, 5]), (1, vec![1])]
    {
        let mut caution = Caution::new(prefetch);
        let (mut fetched, mut steps) = (0, Vec::new());
        while may_fetch(&mut caution, fetched) == Some(true) {
            let before = fetched;
            loop {
                caution.fetched(true);
                fetched += 1;
                if may_fetch(&mut caution, before) != Some(true) {
                    break;
                }
            }
            assert_eq!(may_fetch(&mut caution, fetched - 1), None, "one has not ended");
            steps.push(fetched - before);
        }
        assert!(!caution.is_needless());
        assert_eq!(steps, expected, "prefetch {prefetch}");
    }
}

#[tokio::test]
async fn the_first_new_one_ends_it_when_those_before_have_ended() {
    let mut caution = Caution::new(100);
    caution.fetched(true);
    assert_eq!(may_fetch(&mut caution, 1), Some(true));
    caution.fetched(false);
    assert!(!caution.is_needless());
    assert_eq!(may_fetch(&mut caution, 1), None);
    assert_eq!(may_fetch(&mut caution, 2), Some(false));
}
