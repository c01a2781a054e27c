//! The header from W3C's recommendation, and what only looks like it.

use std::str::FromStr;

use crate::TraceContext;

const VALID: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_header_survives_a_round_trip() {
    let context = TraceContext::from_str(VALID).unwrap();
    assert_eq!(context.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    assert_eq!(context.span_id, 0x00f0_67aa_0ba9_02b7);
    assert!(context.sampled);
    assert_eq!(context.to_string(), VALID);
    assert_eq!(context.trace_id_hex(), "4bf92f3577b34da6a3ce929d0e0e4736");
}

#[test]
fn only_the_sampled_flag_is_understood() {
    let with_flags = |flags: &str| VALID.replace("-01", &format!("-{flags}"));
    for (flags, sampled) in [("00", false), ("02", false), ("03", true), ("ff", true)] {
        let context = TraceContext::from_str(&with_flags(flags)).unwrap();
        assert_eq!(context.sampled, sampled, "{flags}");
    }
}

#[test]
fn later_versions_are_read_as_far_as_known() {
    let later = VALID.replacen("00", "01", 1);
    for text in [later.clone(), format!("{later}-more"), format!("{later}-")] {
        assert!(TraceContext::from_str(&text).is_ok(), "{text}");
    }
    assert!(TraceContext::from_str(&format!("{later}more")).is_err());
}

#[test]
fn garbage_is_refused() {
    let cases = [
        "".to_owned(),
        "00".to_owned(),
        "-".repeat(55),
        "0".repeat(55),
        "ü".repeat(40),
        format!("{}ü", "0".repeat(54)),
        VALID.to_uppercase(),
        VALID.replacen("00", "ff", 1),
        VALID.replace('-', "_"),
        format!("{VALID}-more"),
        format!("{VALID} "),
        format!(" {VALID}"),
        VALID.replace("4bf9", "+bf9"),
        VALID.replace("4bf9", "4bg9"),
        VALID.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
        VALID.replace("00f067aa0ba902b7", &"0".repeat(16)),
        VALID.replace("-01", "-1-"),
        VALID.replace("00-4bf9", "004-bf9"),
    ];
    for text in cases {
        assert!(TraceContext::from_str(&text).is_err(), "{text:?}");
    }
}

#[test]
fn new_contexts_are_valid_and_children_stay_in_the_trace() {
    let root = TraceContext::root(true);
    let child = root.child();
    assert_eq!((child.trace_id, child.sampled), (root.trace_id, true));
    assert_ne!(child.span_id, root.span_id);
    assert_ne!(TraceContext::root(false).trace_id, root.trace_id);
    assert_eq!(TraceContext::from_str(&child.to_string()), Ok(child));
}
