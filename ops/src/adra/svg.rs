//! A tour as a drawing: depot, doors and the way between them, as SVG of a fixed size that reads without
//! colours and aloud. Pure: positions and texts in, one text out. Never here: a map, a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use contracts::Position;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 600.0;
const MARGIN: f64 = 60.0;
/// Most doors that are drawn.
const DOORS_MAX: usize = 500;
/// Most characters of a text.
const TEXT_MAX: usize = 120;
/// Most numbers at one mark.
const NUMBERS_MAX: usize = 6;

/// A door, in the order of driving.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) position: Position,
    /// Said of it, for example its district.
    pub(crate) label: String,
}

/// What is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Drawing {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) depot: Position,
    pub(crate) depot_label: String,
    pub(crate) doors: Vec<Door>,
    /// The doors stand in the order of driving: the way is drawn.
    pub(crate) is_sequenced: bool,
}

/// Doors at one place: several of a district lie on one point.
#[derive(Debug)]
struct Mark<'a> {
    numbers: Vec<usize>,
    label: &'a str,
}

/// Where positions come to lie on the sheet.
#[derive(Debug, Clone, Copy)]
struct Projection {
    west: f64,
    north: f64,
    /// Degrees of longitude are shorter than those of latitude.
    narrowing: f64,
    scale: f64,
    left: f64,
    top: f64,
}

/// Draws a tour.
pub(crate) fn draw(drawing: &Drawing) -> String {
    let doors: Vec<&Door> = drawing.doors.iter().take(DOORS_MAX).collect();
    let all = doors.iter().map(|door| door.position).chain([drawing.depot]);
    let projection = Projection::of(&all.collect::<Vec<_>>());
    let mut text = head(drawing);
    if drawing.is_sequenced && !doors.is_empty() {
        way(&mut text, &projection, drawing.depot, &doors);
    }
    let mut marks: BTreeMap<(i32, i32), Mark<'_>> = BTreeMap::new();
    for (number, door) in (1_usize..).zip(&doors) {
        let at = (door.position.lat_e6, door.position.lon_e6);
        let mark = Mark { numbers: Vec::new(), label: &door.label };
        marks.entry(at).or_insert(mark).numbers.push(number);
    }
    for ((lat_e6, lon_e6), mark) in &marks {
        let position = Position { lat_e6: *lat_e6, lon_e6: *lon_e6 };
        place(&mut text, projection.at(position), mark, drawing.is_sequenced);
    }
    depot(&mut text, projection.at(drawing.depot), &drawing.depot_label);
    text.push_str("</svg>\n");
    text
}

fn head(drawing: &Drawing) -> String {
    let left_out = drawing.doors.len().saturating_sub(DOORS_MAX);
    let mut description = drawing.description.clone();
    if left_out > 0 {
        description = format!("{left_out} doors are not drawn. {description}");
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" \
         height=\"{HEIGHT}\" role=\"img\" aria-labelledby=\"title description\" font-family=\"sans-serif\">\n\
         <title id=\"title\">{}</title>\n<desc id=\"description\">{}</desc>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#ffffff\"/>\n\
         <text x=\"20\" y=\"30\" font-size=\"18\">{}</text>\n",
        escaped(&drawing.title),
        escaped(&description),
        escaped(&drawing.title)
    )
}

/// From the depot from door to door and back.
fn way(text: &mut String, projection: &Projection, depot: Position, doors: &[&Door]) {
    let stations = [depot].into_iter().chain(doors.iter().map(|door| door.position)).chain([depot]);
    let points: Vec<String> = stations
        .map(|position| {
            let (x, y) = projection.at(position);
            format!("{x:.1},{y:.1}")
        })
        .collect();
    // writing to a String cannot fail
    let _ = writeln!(
        text,
        "<polyline points=\"{}\" fill=\"none\" stroke=\"#335588\" stroke-width=\"2\"/>",
        points.join(" ")
    );
}

fn place(text: &mut String, (x, y): (f64, f64), mark: &Mark<'_>, is_sequenced: bool) {
    let shown: Vec<String> = mark.numbers.iter().take(NUMBERS_MAX).map(usize::to_string).collect();
    let more = if mark.numbers.len() > NUMBERS_MAX { ", …" } else { "" };
    let numbers = format!("{}{more}", shown.join(", "));
    let count = mark.numbers.len();
    let said = if is_sequenced {
        format!("{}: stop {numbers}", mark.label)
    } else {
        format!("{}: {count} stops", mark.label)
    };
    let shown = if is_sequenced { numbers } else { mark.label.to_owned() };
    let _ = writeln!(
        text,
        "<g><title>{}</title><circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"7\" fill=\"#ffcc66\" \
         stroke=\"#333333\"/><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"12\">{}</text></g>",
        escaped(&said),
        x + 10.0,
        y + 4.0,
        escaped(&shown)
    );
}

fn depot(text: &mut String, (x, y): (f64, f64), label: &str) {
    let _ = writeln!(
        text,
        "<g><title>Depot {label}</title><rect x=\"{:.1}\" y=\"{:.1}\" width=\"16\" height=\"16\" \
         fill=\"#335588\"/><text x=\"{:.1}\" y=\"{:.1}\" font-size=\"14\">{label}</text></g>",
        x - 8.0,
        y - 8.0,
        x + 12.0,
        y + 5.0,
        label = escaped(label)
    );
}

impl Projection {
    /// Everything within the margins, in its own proportions.
    fn of(positions: &[Position]) -> Self {
        let least = |of: fn(&Position) -> f64| positions.iter().map(of).fold(f64::MAX, f64::min);
        let most = |of: fn(&Position) -> f64| positions.iter().map(of).fold(f64::MIN, f64::max);
        let (south, north) = (least(lat), most(lat));
        let (west, east) = (least(lon), most(lon));
        let narrowing = f64::midpoint(south, north).to_radians().cos().max(0.01);
        // a single place has no extent: any scale will do
        let (wide, high) = (((east - west) * narrowing).max(1e-6), (north - south).max(1e-6));
        let (room_x, room_y) = (WIDTH - 2.0 * MARGIN, HEIGHT - 2.0 * MARGIN);
        let scale = (room_x / wide).min(room_y / high);
        let left = MARGIN + (room_x - (east - west) * narrowing * scale) / 2.0;
        let top = MARGIN + (room_y - (north - south) * scale) / 2.0;
        Self { west, north, narrowing, scale, left, top }
    }

    fn at(&self, position: Position) -> (f64, f64) {
        let x = (lon(&position) - self.west) * self.narrowing * self.scale + self.left;
        let y = (self.north - lat(&position)) * self.scale + self.top;
        (x, y)
    }
}

fn lat(position: &Position) -> f64 {
    f64::from(position.lat_e6) / 1e6
}

fn lon(position: &Position) -> f64 {
    f64::from(position.lon_e6) / 1e6
}

/// A text as XML takes it, cut where it is too long; what XML forbids is left out.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let is_text = |c: &char| !c.is_control() && !matches!(c, '\u{fffe}' | '\u{ffff}');
    for character in text.chars().filter(is_text).take(TEXT_MAX) {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests;
