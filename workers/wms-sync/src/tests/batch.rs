//! Whole batches on the real broker and database, with the fleet's real users and rights.

use broker_words::*;
