//! How reasons, rules and steps of the search are told to people. Never here: what follows from them.

use routing::Reason;
use routing::explain::{Rule, Step};

/// Why there is no place.
pub(super) const fn reason_words(reason: Reason) -> &'static str {
    match reason {
        Reason::DatePast => "Its delivery date lies in the past at the depot.",
        Reason::CutOffPassed => "It came after the cut-off of its window.",
        Reason::NoTemplate => {
            "Its zone has no route template for its window and class of goods (or no zone serves it)."
        }
        Reason::ExceedsLargestTruck => {
            "It is too much for an empty truck of every type that could come."
        }
        Reason::ZoneQuota => {
            "The quota of its zone, and of each neighbour that could help, is used up."
        }
        Reason::RouteQuota => "Trucks have room, but the waybill quota of their routes is used up.",
        Reason::PoolExhausted => "No truck that could take it is left in the pool of this window.",
        Reason::ReleasedAfterCutoff => {
            "Its hold was released after its route was locked, and there was no place left."
        }
        Reason::Missed => "Its route left without it.",
    }
}

/// What it takes to be rid of a reason.
pub(super) const fn limit_words(limit: Reason) -> &'static str {
    match limit {
        Reason::DatePast => "another date (DATE_PAST)",
        Reason::CutOffPassed => "a later cut-off or an override (CUT_OFF_PASSED)",
        Reason::Missed => "another window before its cut-off (MISSED)",
        Reason::NoTemplate => "a route template for its zone, window and class (NO_TEMPLATE)",
        Reason::ExceedsLargestTruck => {
            "a larger truck type on the ladder, with a truck of it (EXCEEDS_LARGEST_TRUCK)"
        }
        Reason::ZoneQuota => "more quota of its zone or of a neighbour (ZONE_QUOTA)",
        Reason::RouteQuota => "a higher waybill quota of a route template (ROUTE_QUOTA)",
        Reason::PoolExhausted => "one more truck in the pool (POOL_EXHAUSTED)",
        Reason::ReleasedAfterCutoff => "an earlier release (RELEASED_AFTER_CUTOFF)",
    }
}

/// What ruled a candidate out.
pub(super) const fn rule_words(rule: Rule) -> &'static str {
    match rule {
        Rule::NotOpen => "no: not open",
        Rule::Excluded => "no: excluded",
        Rule::ZoneQuota => "no: zone quota used up",
        Rule::WaybillQuota => "no: takes no more waybills",
        Rule::Stops => "no: too many doors",
        Rule::Weight => "no: too heavy",
        Rule::Compartments => "no: no compartment profile holds it",
        Rule::Pool => "no: none left in the pool",
        Rule::ForeignZone => "no: of a zone that may not help",
        Rule::RouteClass => "no: not for this class of goods",
    }
}

/// The part of the search.
pub(super) const fn step_words(step: Step) -> &'static str {
    match step {
        Step::Zone => "zone",
        Step::Sticky => "same door",
        Step::BestFit => "best fit",
        Step::Upgrade => "larger truck",
        Step::Open => "new route",
        Step::Named => "by name",
    }
}

/// How the place was found.
pub(super) const fn chosen_words(step: Step) -> &'static str {
    match step {
        Step::Zone => "Its zone has room.",
        Step::Sticky => "It joins a route that drives to the same door or carries the same order.",
        Step::BestFit => "It joins the open route that it fills best.",
        Step::Upgrade => "An open route gets a larger truck: that was the cheapest room to be had.",
        Step::Open => "A new route is opened: that was the cheapest room to be had.",
        Step::Named => "The route was named by a person.",
    }
}
