//! Tests of reading network tables and packing them.

use std::path::Path;

use contracts::{Contract as _, NetworkRows};

use super::commands::pack;
use super::rows::read_directory;
use super::tsv::Tsv;

fn write(directory: &Path, file: &str, text: &str) {
    std::fs::write(directory.join(file), text).unwrap();
}

/// The error that a table with this text gives, without the directory's name.
fn error_of(file: &str, text: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), file, text);
    let error = read_directory(directory.path()).unwrap_err().to_string();
    error.replace(&format!("{}/", directory.path().display()), "")
}

#[test]
fn columns_come_in_any_order_with_others_between_them() {
    let directory = tempfile::tempdir().unwrap();
    let text = "\u{feff}name\tcolour\tdepot\ttimezone\r\nNorth\tred\tN\tEurope/Istanbul\r\n\r\n";
    write(directory.path(), "depots.tsv", text);
    write(directory.path(), "districts.tsv", "district\tzone\nD1\tZ1\nD2\tZ2\n");
    write(
        directory.path(),
        "pick_flow.tsv",
        "priority\tsku_class\tmin_lines\tmax_lines\tpick_flow\n1\tdry\t1\t\tX\n",
    );
    let pieces = read_directory(directory.path()).unwrap();
    let [depots, districts, flow] = pieces.as_slice() else { panic!("{} pieces", pieces.len()) };
    let NetworkRows::Depots(depots) = &depots.rows else { panic!("depots first") };
    assert_eq!((depots[0].depot.as_str(), depots[0].name.as_str()), ("N", "North"));
    assert_eq!(districts.lines, [2, 3]);
    let NetworkRows::PickFlow(rows) = &flow.rows else { panic!("pick flow last") };
    assert_eq!(rows[0].max_lines, None);
}

#[test]
fn every_error_of_a_file_is_told_with_line_and_column() {
    let text = "zone\tdepot\tname\tneighbours\nZ 1\tN\ta\t\nZ2\t\tb\tZ1\nZ3\tN\tc\tZ1,Z!\n";
    let places = [
        "zones.tsv:2: zone: \"Z 1\": ",
        "zones.tsv:3: depot: \"\": ",
        "zones.tsv:4: neighbours: \"Z1,Z!\": ",
    ];
    let error = error_of("zones.tsv", text);
    assert_eq!(error.lines().count(), places.len(), "{error}");
    for (line, place) in error.lines().zip(places) {
        assert!(line.starts_with(place), "{line}");
    }
}

#[test]
fn broken_tables_have_clear_errors() {
    let cases = [
        (
            "depots.tsv",
            "depot\tname\nN\tx\n",
            "depots.tsv:1: the header has no column timezone: add it",
        ),
        (
            "districts.tsv",
            "district\tzone\nD1\n",
            "districts.tsv:2: 1 fields where the header has 2: check the tabs",
        ),
        (
            "truck_pool.tsv",
            "depot\ttimeslot\ttruck_type\tcount\nN\tT\tV\t-1\n",
            "truck_pool.tsv:2: count: \"-1\": invalid digit found in string",
        ),
        (
            "warehouses.tsv",
            "warehouse\tdepot\tname\tkeeps\nW\tN\tx\tdry,warm\n",
            "warehouses.tsv:2: keeps: \"dry,warm\": use dry, frozen or mixed",
        ),
    ];
    for (file, text, expected) in cases {
        assert_eq!(error_of(file, text), expected, "{file}");
    }
    let not_utf8 = Tsv::parse(Path::new("zones.tsv"), b"zone\tdepot\n\xff\tx\n").unwrap_err();
    assert_eq!(not_utf8.to_string(), "zones.tsv:2: not UTF-8: save the file as UTF-8");
}

#[test]
fn an_empty_directory_is_no_network() {
    let directory = tempfile::tempdir().unwrap();
    let error = read_directory(directory.path()).unwrap_err();
    assert_eq!(error.exit(), crate::error::Exit::NoInput);
}

#[test]
fn a_large_table_becomes_several_commands_that_fit_a_message() {
    let directory = tempfile::tempdir().unwrap();
    let rows: String = (0..5_000).map(|n| format!("D{n:05}\tZ{}\n", n % 40)).collect();
    write(directory.path(), "districts.tsv", &format!("district\tzone\n{rows}"));
    write(directory.path(), "depots.tsv", "depot\tname\ttimezone\nN\tNorth\tUTC\n");
    let chunks = pack(read_directory(directory.path()).unwrap()).unwrap();
    let mut districts = 0;
    for chunk in &chunks {
        let command = chunk.command();
        command.validate().unwrap();
        assert!(serde_json::to_vec(&command).unwrap().len() < contracts::MAX_MESSAGE_BYTES);
        districts += command
            .tables
            .iter()
            .filter(|t| t.table() == "districts")
            .map(NetworkRows::len)
            .sum::<usize>();
    }
    assert_eq!(districts, 5_000);
    assert_eq!(chunks.len(), 4);
}

#[test]
fn the_workers_row_number_leads_back_to_the_line() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "districts.tsv", "district\tzone\n\nD1\tZ1\n\nD2\tZ2\n");
    let chunks = pack(read_directory(directory.path()).unwrap()).unwrap();
    assert_eq!(chunks[0].line("districts", 2), Some(5));
    assert_eq!(chunks[0].line("districts", 3), None);
    assert_eq!(chunks[0].line("zones", 1), None);
}

#[test]
fn places_may_say_where_they_lie() {
    let directory = tempfile::tempdir().unwrap();
    let text = "depot\tname\ttimezone\tlat\tlon\nN\tx\tUTC\t41.0082\t-28.97840049\nS\ty\tUTC\t\t\n";
    write(directory.path(), "depots.tsv", text);
    let pieces = read_directory(directory.path()).unwrap();
    let NetworkRows::Depots(depots) = &pieces[0].rows else { panic!("depots") };
    let north = depots[0].coordinates.unwrap();
    assert_eq!((north.lat_e6, north.lon_e6), (41_008_200, -28_978_400));
    assert_eq!(depots[1].coordinates, None);

    let header = "district\tzone\tlat\tlon\nD1\tZ1\t";
    let cases = [
        ("41\t", "districts.tsv:2: lon: \"\": lat and lon come together: give both or neither"),
        ("41,5\t2", "districts.tsv:2: lat: \"41,5\": write degrees with a point"),
        ("41\t1e2", "districts.tsv:2: lon: \"1e2\": write degrees with a point"),
        ("4100\t2", "districts.tsv:2: lat: \"4100\": write degrees with a point"),
    ];
    for (values, expected) in cases {
        let error = error_of("districts.tsv", &format!("{header}{values}\n"));
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn driving_times_go_from_place_to_place() {
    let directory = tempfile::tempdir().unwrap();
    let text = "to\tfrom\tminutes\nD2\tdepot:N\t12\ndepot:N\tD2\t15\nzone:Z1\tzone:Z1\t0\n";
    write(directory.path(), "travel.tsv", text);
    let pieces = read_directory(directory.path()).unwrap();
    let NetworkRows::Travel(rows) = &pieces[0].rows else { panic!("driving times") };
    let ways: Vec<String> =
        rows.iter().map(|row| format!("{} {} {}", row.from, row.to, row.minutes)).collect();
    assert_eq!(ways, ["depot:N D2 12", "D2 depot:N 15", "zone:Z1 zone:Z1 0"]);

    let error = error_of(
        "travel.tsv",
        "from\tto\tminutes\nD1\ttruck:V\t5\n\tD1\t5\nD1\tD2\t2.5\nD1\tD2\t-1\n",
    );
    let places = [
        "travel.tsv:2: to: \"truck:V\": ",
        "travel.tsv:3: from: \"\": ",
        "travel.tsv:4: minutes: \"2.5\": ",
        "travel.tsv:5: minutes: \"-1\": ",
    ];
    assert_eq!(error.lines().count(), places.len(), "{error}");
    for (line, place) in error.lines().zip(places) {
        assert!(line.starts_with(place), "{line}");
    }
}
