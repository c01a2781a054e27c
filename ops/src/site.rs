//! Where everything is: the addresses in the environment, the passwords derived from the secret, and
//! the directory that holds what this program keeps between two runs.
//!
//! Never here: a connection. Nothing is read before it is needed, so that each command asks only for
//! what it uses.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use queue_topology::WorkerKind;
use settings::Secret;
use sha2::{Digest as _, Sha256};

use crate::error::{CommandError, Exit, Result};

/// Who the CLI logs in as where it steers the fleet.
pub(crate) const OPERATOR: &str = "dray-operator";
/// Where the portal answers unless `DRAY_PORTAL_LISTEN` says otherwise.
const PORTAL_LISTENS: &str = "127.0.0.1:8480";
/// The directory in a checkout that holds everything private.
const STATE_DIRECTORY: &str = ".dray";

/// The surroundings of this run.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    state: PathBuf,
}

impl Site {
    /// Finds the state directory: `DRAY_STATE_DIR`, else the `.dray` that holds the secret, else
    /// `.dray` in the working directory.
    pub(crate) fn find() -> Result<Self> {
        let stated = settings::var("DRAY_STATE_DIR")?.map(PathBuf::from);
        let beside_secret = settings::var("DRAY_SECRET_FILE")?
            .and_then(|file| Path::new(&file).parent().map(Path::to_path_buf))
            .filter(|parent| parent.ends_with(STATE_DIRECTORY));
        let state = stated.or(beside_secret).unwrap_or_else(|| PathBuf::from(STATE_DIRECTORY));
        let state = std::path::absolute(&state)
            .map_err(|error| CommandError::file("find", &state, &error))?;
        Ok(Self { state })
    }

    /// A directory below the state directory, made when it is missing.
    pub(crate) fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.state.join(name);
        std::fs::create_dir_all(&path)
            .map_err(|error| CommandError::file("create", &path, &error))?;
        Ok(path)
    }

    /// The hot folder: `DRAY_HOTFOLDER`, else `hotfolder` in the state directory.
    pub(crate) fn hotfolder(&self) -> Result<PathBuf> {
        let stated = settings::var("DRAY_HOTFOLDER")?.map(PathBuf::from);
        let path = stated.unwrap_or_else(|| self.state.join("hotfolder"));
        std::path::absolute(&path).map_err(|error| CommandError::file("find", &path, &error))
    }

    /// True when broker and database are the private ones that `ops/services` keeps for this checkout:
    /// their data lies beside the secret, on loopback.
    pub(crate) fn is_private(&self) -> Result<bool> {
        let ours = self.state.join("mode").is_file() && self.state.join("secret").is_file();
        let address = Amqp::parse(&required("AMQP_URL")?)?;
        let own_password = address.password == self.derive("broker-admin")?;
        Ok(ours && address.is_loopback() && own_password)
    }

    /// The broker as its administrator.
    pub(crate) fn admin(&self) -> Result<Amqp> {
        Amqp::parse(&required("AMQP_URL")?)
    }

    /// The broker as the operator, or as whoever `AMQP_URL` names when there is no secret.
    pub(crate) fn operator(&self) -> Result<Amqp> {
        let admin = self.admin()?;
        match settings::var("DRAY_SECRET_FILE")? {
            Some(_) => Ok(admin.logged_in_as(OPERATOR, &self.broker_password(OPERATOR)?)),
            None => Ok(admin),
        }
    }

    /// The broker as one worker kind.
    pub(crate) fn worker(&self, kind: WorkerKind) -> Result<Amqp> {
        let user = kind.user();
        Ok(self.admin()?.logged_in_as(&user, &self.broker_password(&user)?))
    }

    /// The password of a broker user of ours.
    pub(crate) fn broker_password(&self, user: &str) -> Result<String> {
        self.derive(&format!("broker-{user}"))
    }

    /// What identity seals its private keys with.
    pub(crate) fn identity_secret(&self) -> Result<String> {
        self.derive("identity")
    }

    /// Where the `number`-th instance (from 1) of portal-shim answers: `DRAY_PORTAL_LISTEN`, each further
    /// one a port higher.
    pub(crate) fn portal_address(&self, number: u16) -> Result<SocketAddr> {
        let stated = settings::var("DRAY_PORTAL_LISTEN")?;
        let stated = stated.unwrap_or_else(|| PORTAL_LISTENS.to_owned());
        portal_address(&stated, number).ok_or_else(|| {
            let message = format!(
                "DRAY_PORTAL_LISTEN is {stated}, and instance {number} is to have an address of its own: \
                 write it like {PORTAL_LISTENS}"
            );
            CommandError::new(Exit::Config, message)
        })
    }

    /// The first 40 hexadecimal digits of SHA-256 over `<secret>:<label>`, as `ops/services` derives it.
    fn derive(&self, label: &str) -> Result<String> {
        let path = PathBuf::from(required("DRAY_SECRET_FILE")?);
        let secret = std::fs::read_to_string(&path)
            .map_err(|error| CommandError::file("read the secret", &path, &error))?;
        let mut digits =
            store::hex_bytes(&Sha256::digest(format!("{}:{label}", secret.trim_end())));
        digits.truncate(40);
        Ok(digits)
    }

    /// The management API of the broker.
    pub(crate) fn management_url(&self) -> Result<Secret> {
        required("AMQP_MANAGEMENT_URL").map(Secret::new)
    }

    /// The database as a worker.
    pub(crate) fn database_url(&self) -> Result<Secret> {
        required("DATABASE_URL").map(Secret::new)
    }

    /// The database as the one who may change the schema.
    pub(crate) fn owner_url(&self) -> Result<Secret> {
        required("DATABASE_OWNER_URL").map(Secret::new)
    }

    /// The database as a worker, with a pool of a few connections.
    pub(crate) async fn database(&self) -> Result<store::Database> {
        Ok(store::Database::connect(self.database_url()?.expose(), 4).await?)
    }
}

/// `None` for what is no address, or has no port for this instance.
fn portal_address(stated: &str, number: u16) -> Option<SocketAddr> {
    let first: SocketAddr = stated.parse().ok().filter(|first: &SocketAddr| first.port() > 0)?;
    let port = first.port().checked_add(number.checked_sub(1)?)?;
    Some(SocketAddr::new(first.ip(), port))
}

/// The value of a variable that must be there.
pub(crate) fn required(name: &str) -> Result<String> {
    settings::var(name)?.ok_or_else(|| {
        let advice = "for the private services of a checkout: eval \"$(ops/services env)\"";
        CommandError::new(Exit::Config, format!("{name} is not set: set it; {advice}"))
    })
}

/// An AMQP address taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Amqp {
    scheme: String,
    /// Who logs in.
    pub(crate) user: String,
    password: String,
    /// Host, port and what follows, as given.
    place: String,
    /// The virtual host, decoded.
    pub(crate) vhost: String,
}

impl std::fmt::Debug for Amqp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}@{}", self.scheme, self.user, self.place)
    }
}

impl Amqp {
    /// Takes `amqp(s)://user:password@host:port/vhost` apart.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let wrong = || {
            let message =
                "AMQP_URL does not look like amqp://user:password@host:5672/vhost: correct it";
            CommandError::new(Exit::Config, message)
        };
        let (scheme, rest) = url.split_once("://").ok_or_else(wrong)?;
        if !matches!(scheme, "amqp" | "amqps") {
            return Err(wrong());
        }
        let (login, place) = rest.rsplit_once('@').unwrap_or(("guest:guest", rest));
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let path = place.split_once('/').map_or("", |(_, path)| path);
        let vhost = decoded(path.split('?').next().unwrap_or_default());
        Ok(Self {
            scheme: scheme.to_owned(),
            user: decoded(user),
            password: decoded(password),
            place: place.to_owned(),
            vhost: if vhost.is_empty() { "/".to_owned() } else { vhost },
        })
    }

    /// The same broker and virtual host as somebody else.
    pub(crate) fn logged_in_as(&self, user: &str, password: &str) -> Self {
        Self { user: user.to_owned(), password: password.to_owned(), ..self.clone() }
    }

    /// The address as a client wants it.
    pub(crate) fn url(&self) -> String {
        let (user, password) = (encoded(&self.user), encoded(&self.password));
        format!("{}://{user}:{password}@{}", self.scheme, self.place)
    }

    fn is_loopback(&self) -> bool {
        let authority = self.place.split(['/', '?']).next().unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        matches!(host, "127.0.0.1" | "localhost" | "[::1]")
    }
}

/// Percent-encodes everything that is not unreserved in a URL.
pub(crate) fn encoded(text: &str) -> String {
    let unreserved =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    text.bytes()
        .map(
            |byte| {
                if unreserved(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
            },
        )
        .collect()
}

/// Decodes `%XX`; what is no such escape stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match (byte, hex_ahead(&rest)) {
            (b'%', Some(value)) => {
                bytes.push(value);
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The value of the two hexadecimal digits that come next, if they do.
fn hex_ahead(rest: &std::str::Bytes<'_>) -> Option<u8> {
    let mut ahead = rest.clone();
    let digits = [ahead.next()?, ahead.next()?];
    u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{Amqp, decoded, encoded, portal_address};

    #[test]
    fn each_portal_has_a_port_of_its_own() {
        let address = |stated, number| portal_address(stated, number).map(|it| it.to_string());
        assert_eq!(address("127.0.0.1:8480", 1).as_deref(), Some("127.0.0.1:8480"));
        assert_eq!(address("[::1]:8480", 3).as_deref(), Some("[::1]:8482"));
        for (stated, number) in [("localhost:8480", 1), ("127.0.0.1:0", 1), ("127.0.0.1:65535", 2)]
        {
            assert_eq!(address(stated, number), None, "{stated}");
        }
    }

    #[test]
    fn an_address_is_taken_apart_and_put_together() {
        let admin = Amqp::parse("amqp://a%40b:p%2Fw@host:5672/my%2Fvhost?heartbeat=5").unwrap();
        assert_eq!((admin.user.as_str(), admin.vhost.as_str()), ("a@b", "my/vhost"));
        let other = admin.logged_in_as("dray-x", "1:2");
        assert_eq!(other.url(), "amqp://dray-x:1%3A2@host:5672/my%2Fvhost?heartbeat=5");
        assert_eq!(format!("{other:?}"), "amqp://dray-x@host:5672/my%2Fvhost?heartbeat=5");
        assert_eq!(Amqp::parse("amqp://h").unwrap().vhost, "/");
        assert!(Amqp::parse("http://h").is_err());
    }

    #[test]
    fn encoding_is_undone_by_decoding() {
        for text in ["plain", "a b/c:d@e%f", "\u{fc}mlaut", "%", "%zz", "%4"] {
            assert_eq!(decoded(&encoded(text)), text);
        }
        assert_eq!(decoded("100%"), "100%");
    }
}
