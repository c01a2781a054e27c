//! The numbers and lists that decisions go by.

use chrono::TimeDelta;

/// The shortest password, in characters.
pub(crate) const PASSWORD_MIN: usize = 12;
/// The longest password, in bytes.
pub(crate) const PASSWORD_MAX_BYTES: usize = 256;
/// So many different characters a password has at least.
pub(crate) const PASSWORD_VARIETY_MIN: usize = 5;

/// Passwords of twelve characters and more that everybody tries first, in lower case.
pub(crate) const COMMON: [&str; 24] = [
    "123456789012",
    "1234567890123",
    "administrator",
    "adminadminadmin",
    "changemeplease",
    "changeme1234",
    "correcthorsebatterystaple",
    "iloveyou1234",
    "letmeinletmein",
    "letmein12345",
    "password1234",
    "password12345",
    "password123456",
    "passwordpassword",
    "passw0rdpassw0rd",
    "p@ssw0rd1234",
    "qwerty123456",
    "qwertyuiop12",
    "qwertyuiop123",
    "qwertyuiopasdf",
    "secretsecret",
    "superadministrator",
    "welcome12345",
    "1q2w3e4r5t6y",
];

/// Failed attempts are forgotten after this.
pub(crate) const ATTEMPT_WINDOW: TimeDelta = TimeDelta::minutes(15);
/// Failed attempts at one name within the window.
pub(crate) const ATTEMPTS_A_NAME: u64 = 10;
/// Failed attempts from one source within the window.
pub(crate) const ATTEMPTS_A_SOURCE: u64 = 50;

/// A refresh token is good for so long.
pub(crate) const REFRESH_LIFE: TimeDelta = TimeDelta::days(7);
/// A session ends after this, however often it is refreshed.
pub(crate) const SESSION_LIFE: TimeDelta = TimeDelta::days(30);
/// A refresh that is resent within this time, as the same message, gets the same token again.
pub(crate) const RESEND_WINDOW: TimeDelta = TimeDelta::seconds(30);

/// How long a key verifies after it has signed for the last time: a token's life, and what clocks and
/// processes lag behind.
pub(crate) const KEY_AFTERLIFE: TimeDelta = TimeDelta::minutes(17);
