//! How a connection begins: the server's greeting, the client's answer, and the change of user later on.

mod client;
mod greeting;
mod version;

pub use client::{Attributes, ChangeUser, ClientHello, HandshakeResponse, write_ssl_request};
pub use greeting::{Greeting, Handshake, SCRAMBLE_LEN, new_scramble};
pub use version::ServerVersion;
