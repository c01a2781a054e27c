//! The codes by which people name things: depots, zones, timeslots, truck types, templates.
//!
//! Each kind has a type of its own, so that a zone cannot stand where a depot belongs. A clone
//! shares the text. Never here: a check of a code's spelling; the network decides what is known.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! code {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The code as it is written in files and messages.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &self.0)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }
    };
}

code!(
    /// A depot: where trucks start.
    DepotCode
);
code!(
    /// A delivery zone: the ground that one route serves.
    ZoneCode
);
code!(
    /// A district: the part of an address that decides the zone.
    DistrictCode
);
code!(
    /// A timeslot of the day in which the customer expects the delivery.
    TimeslotCode
);
code!(
    /// A truck type: weight, stops, cost and compartment profiles.
    TruckTypeCode
);
code!(
    /// A route template: what a route of a zone and slot looks like before it has a date.
    TemplateCode
);
code!(
    /// A waybill's number.
    WaybillNo
);
code!(
    /// The route number that people read; unique, but never used to look a route up here.
    RouteReference
);
