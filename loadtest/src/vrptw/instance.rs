//! Files in Solomon's format, which Homberger's use as well. Never here: anything computed.

use std::path::Path;

use super::VrptwError;

/// A row of the customer table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Node {
    pub(crate) x: f64,
    pub(crate) y: f64,
    pub(crate) demand: u64,
    /// Service starts within `ready..=due`.
    pub(crate) ready: f64,
    pub(crate) due: f64,
    pub(crate) service: f64,
}

/// One file. Stop number i of the file is `stops[i - 1]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    pub(crate) name: String,
    pub(crate) vehicles: usize,
    pub(crate) capacity: u64,
    pub(crate) depot: Node,
    pub(crate) stops: Vec<Node>,
}

impl Instance {
    /// Reads a file.
    pub(crate) fn load(path: &Path) -> Result<Self, VrptwError> {
        let text = std::fs::read_to_string(path)
            .map_err(|reason| VrptwError::Read { path: path.to_owned(), reason })?;
        Self::parse(&text).map_err(|problem| VrptwError::Format { path: path.to_owned(), problem })
    }

    /// The name is the first line; the fleet is the row of two numbers, nodes the rows of seven.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let name =
            text.lines().map(str::trim).find(|line| !line.is_empty()).ok_or("it is empty")?;
        let mut fleet = None;
        let mut nodes = Vec::new();
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [vehicles, capacity] => {
                    if let (Ok(vehicles), Ok(capacity)) = (vehicles.parse(), capacity.parse()) {
                        fleet = Some((vehicles, capacity));
                    }
                }
                [number, x, y, demand, ready, due, service] => {
                    let Ok(number) = number.parse::<usize>() else { continue };
                    if number != nodes.len() {
                        return Err(format!("customer {number} is out of order"));
                    }
                    let node = parse_node([x, y, ready, due, service], demand);
                    nodes.push(
                        node.ok_or(format!("customer {number} has a value that is no number"))?,
                    );
                }
                _ => {}
            }
        }
        let (vehicles, capacity) = fleet.ok_or("it has no row with vehicles and capacity")?;
        let mut nodes = nodes.into_iter();
        let depot = nodes.next().ok_or("it has no customer rows")?;
        Ok(Self { name: name.to_owned(), vehicles, capacity, depot, stops: nodes.collect() })
    }
}

fn parse_node(measures: [&str; 5], demand: &str) -> Option<Node> {
    let [x, y, ready, due, service] = measures.map(|word| word.parse::<f64>().ok());
    Some(Node {
        x: x?,
        y: y?,
        demand: demand.parse().ok()?,
        ready: ready?,
        due: due?,
        service: service?,
    })
}
