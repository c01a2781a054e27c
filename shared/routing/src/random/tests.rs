use super::Random;

#[test]
fn a_seed_gives_the_same_numbers_every_time() {
    let draw = |seed| {
        let mut random = Random::new(seed);
        (0..8).map(|_| random.bits()).collect::<Vec<_>>()
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
}

#[test]
fn numbers_stay_within_their_bounds_and_reach_all_of_them() {
    let mut random = Random::new(1);
    let mut seen = [0_u32; 6];
    for _ in 0..6_000 {
        seen[random.below(6)] += 1;
        assert!((0.0..1.0).contains(&random.unit()));
    }
    assert!(seen.iter().all(|count| (800..1_200).contains(count)), "{seen:?}");
    assert_eq!(random.below(0), 0);
}

#[test]
fn shuffling_keeps_every_item() {
    let mut items: Vec<u32> = (0..50).collect();
    Random::new(3).shuffle(&mut items);
    assert_ne!(items, (0..50).collect::<Vec<_>>());
    items.sort_unstable();
    assert_eq!(items, (0..50).collect::<Vec<_>>());
}
