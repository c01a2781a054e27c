//! Drawings as text: what is in them, and that no input breaks them.

use contracts::Position;

use super::{Door, Drawing, draw};

fn at(lat_e6: i32, lon_e6: i32) -> Position {
    Position { lat_e6, lon_e6 }
}

fn door(lat_e6: i32, lon_e6: i32, label: &str) -> Door {
    Door { position: at(lat_e6, lon_e6), label: label.to_owned() }
}

fn drawing(doors: Vec<Door>) -> Drawing {
    Drawing {
        title: "NORTH-001".to_owned(),
        description: "3 stops".to_owned(),
        depot: at(41_000_000, 29_000_000),
        depot_label: "NORTH".to_owned(),
        doors,
        is_sequenced: true,
    }
}

/// Every number of these attributes.
fn coordinates(svg: &str, attributes: &[&str]) -> Vec<f64> {
    let of = |attribute: &&str| {
        let opening = format!(" {attribute}=\"");
        let pieces = svg.split(opening.as_str()).skip(1);
        pieces.map(|piece| piece.split('"').next().unwrap().parse().unwrap()).collect::<Vec<f64>>()
    };
    attributes.iter().flat_map(of).collect()
}

/// Every element that is opened is closed, in order.
fn is_well_formed(svg: &str) -> bool {
    let mut open = Vec::new();
    for tag in svg.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.to_owned()) {
                return false;
            }
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap().to_owned());
        }
    }
    open.is_empty()
}

#[test]
fn a_tour_goes_from_the_depot_to_every_door_and_back() {
    let doors = vec![door(41_010_000, 29_010_000, "D1"), door(41_020_000, 28_990_000, "D2")];
    let svg = draw(&drawing(doors));
    assert!(is_well_formed(&svg), "{svg}");
    let points = svg.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
    let points: Vec<&str> = points.split(' ').collect();
    assert_eq!((points.len(), points[0]), (4, points[3]));
    assert!(svg.contains("D1: stop 1") && svg.contains("D2: stop 2") && svg.contains(">NORTH<"));
    // north is up, east is right
    let xs = coordinates(&svg, &["cx"]);
    let ys = coordinates(&svg, &["cy"]);
    assert!(xs[0] > xs[1] && ys[0] > ys[1], "{xs:?} {ys:?}");
}

#[test]
fn it_can_be_read_aloud() {
    let svg = draw(&drawing(Vec::new()));
    assert!(svg.contains("role=\"img\" aria-labelledby=\"title description\""));
    assert!(svg.contains("<title id=\"title\">NORTH-001</title>"));
    assert!(svg.contains("<desc id=\"description\">3 stops</desc>"));
}

#[test]
fn no_text_breaks_out_of_its_place() {
    let evil = "</title><script>alert(\"1\")&'\u{0}\u{8}";
    let mut evil_drawing = drawing(vec![door(1, 1, evil)]);
    evil_drawing.title = evil.to_owned();
    evil_drawing.depot_label = evil.to_owned();
    evil_drawing.description = "x".repeat(100_000);
    let svg = draw(&evil_drawing);
    assert!(is_well_formed(&svg), "{svg}");
    assert!(!svg.contains("<script") && !svg.contains('\u{0}') && !svg.contains('\u{8}'));
    assert!(svg.contains("&lt;script&gt;") && svg.len() < 5_000, "{}", svg.len());
}

#[test]
fn it_has_a_bounded_size_and_stays_on_the_sheet() {
    let spread =
        |number: i32| door(number * 170_000 % 89_000_000, number * 7_919 % 179_000_000, "D");
    let svg = draw(&drawing((0..5_000).map(spread).collect()));
    assert!(svg.len() < 150_000, "{}", svg.len());
    assert!(svg.contains("4500 doors are not drawn"));
    for (attribute, most) in [("cx", 800.0), ("cy", 600.0)] {
        let all = coordinates(&svg, &[attribute]);
        assert!(all.iter().all(|at| (0.0..=most).contains(at)), "{attribute}");
    }
}

#[test]
fn one_place_and_the_ends_of_the_earth_are_drawn() {
    for doors in [
        vec![door(41_000_000, 29_000_000, "here")],
        vec![door(90_000_000, 180_000_000, "pole"), door(-90_000_000, -180_000_000, "other")],
    ] {
        let svg = draw(&drawing(doors));
        assert!(is_well_formed(&svg) && !svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    }
}

#[test]
fn doors_of_one_district_share_a_mark_and_without_an_order_there_is_no_way() {
    let doors: Vec<Door> = (0..9).map(|_| door(41_010_000, 29_010_000, "D1")).collect();
    let svg = draw(&drawing(doors.clone()));
    assert_eq!(svg.matches("<circle").count(), 1);
    assert!(svg.contains("1, 2, 3, 4, 5, 6, …"));
    let unordered = Drawing { is_sequenced: false, ..drawing(doors) };
    let svg = draw(&unordered);
    assert!(!svg.contains("polyline") && svg.contains("D1: 9 stops"), "{svg}");
}
