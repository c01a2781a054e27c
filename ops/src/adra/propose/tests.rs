//! Files of steps.

use contracts::ProposedStep;

use super::parse;

#[test]
fn lines_become_steps_in_their_order() {
    let text =
        "# one truck less\nunpin shop-1-1\nmove  shop-1-1\tR-7 upgrade # tight\n\npin shop-2-1\n";
    let steps = parse(text).unwrap();
    let routes: Vec<Option<&str>> = steps.iter().map(ProposedStep::route_ref).collect();
    assert_eq!(routes, [None, Some("R-7"), None]);
    assert!(matches!(&steps[1], ProposedStep::Move { upgrade: true, .. }));
    assert_eq!(steps[2].waybill_no().as_str(), "shop-2-1");
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let errors =
        parse("move shop-1-1\npin\nmove shop-1-1 R-7 now\npin shop-1-1\nswap a b").unwrap_err();
    let lines: Vec<&str> = errors.iter().map(|error| error.split(':').next().unwrap()).collect();
    assert_eq!(lines, ["1", "2", "3", "5"]);
    let many = "pin shop-1-1\n".repeat(501);
    assert!(parse(&many).unwrap_err()[0].contains("501 steps"));
}
