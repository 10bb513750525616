//! The client's side: logging in on a backend.

use mysql_common::scramble::{scramble_native, scramble_sha256};

use super::keys::encrypt;
use super::{
    AUTH_MORE_DATA, AUTH_SWITCH, AuthPlugin, FAST_AUTH_SUCCESS, KeyError, PERFORM_FULL_AUTH, REQUEST_PUBLIC_KEY,
};
use crate::wire::error_code::ErrorCode;
use crate::wire::handshake::{Handshake, SCRAMBLE_LEN};
use crate::wire::reader::Reader;
use crate::wire::response::{ERR, ErrPacket, OK};
use crate::wire::{Secret, WireError};

/// Why a login on a backend failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginError {
    /// The backend's own words.
    #[error("{message} ({})", code.number)]
    Refused { code: ErrorCode, message: String },
    #[error("the server asks for the authentication method {0}, which is not supported")]
    Method(String),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientStep {
    /// Send this payload, then give the backend's next one to [`ClientAuth::on_packet`].
    Send(Vec<u8>),
    /// Send nothing; another packet comes.
    Wait,
    /// Logged in: the payload was the OK.
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Verdict,
    PublicKey,
}

/// One login in progress.
///
/// On a plain connection a full authentication encrypts the password with whatever key the other side sends, as MySQL's
/// own clients do when asked to: only TLS with verification proves who the other side is.
#[derive(Debug)]
pub struct ClientAuth {
    password: Secret,
    is_secure: bool,
    plugin: AuthPlugin,
    scramble: [u8; SCRAMBLE_LEN],
    awaits: Awaits,
}

impl ClientAuth {
    /// `is_secure`: the password may pass over this connection: it is encrypted, or a local socket.
    pub fn new(handshake: &Handshake<'_>, password: Secret, is_secure: bool) -> Self {
        // A method that we do not know is answered with ours: the server then asks for the one that the account needs.
        let plugin = AuthPlugin::from_name(handshake.plugin).unwrap_or(AuthPlugin::NativePassword);
        Self { password, is_secure, plugin, scramble: handshake.scramble, awaits: Awaits::Verdict }
    }

    /// The method, and the response to the scramble, for the handshake response.
    pub fn first_response(&self) -> (AuthPlugin, Vec<u8>) {
        (self.plugin, self.response())
    }

    /// The backend's next payload.
    pub fn on_packet(&mut self, payload: &[u8]) -> Result<ClientStep, LoginError> {
        match payload.first() {
            Some(&OK) => Ok(ClientStep::Done),
            Some(&ERR) => {
                let err = ErrPacket::parse(payload)?;
                let message = String::from_utf8_lossy(err.message).into_owned();
                Err(LoginError::Refused { code: err.code, message })
            }
            Some(&AUTH_SWITCH) => self.switch(payload),
            Some(&AUTH_MORE_DATA) => self.more_data(&payload[1..]),
            _ => Err(WireError::Malformed("authentication packet").into()),
        }
    }

    fn switch(&mut self, payload: &[u8]) -> Result<ClientStep, LoginError> {
        let mut reader = Reader::new(payload);
        reader.skip(1, "authentication switch")?;
        if reader.is_empty() {
            return Err(LoginError::Method("mysql_old_password".to_owned()));
        }
        let name = reader.nul_bytes("plugin name")?;
        let unknown = || LoginError::Method(String::from_utf8_lossy(name).into_owned());
        self.plugin = AuthPlugin::from_name(name).ok_or_else(unknown)?;
        self.scramble.copy_from_slice(reader.bytes(SCRAMBLE_LEN, "scramble")?);
        self.awaits = Awaits::Verdict;
        Ok(ClientStep::Send(self.response()))
    }

    fn more_data(&mut self, data: &[u8]) -> Result<ClientStep, LoginError> {
        if self.plugin != AuthPlugin::CachingSha2Password {
            return Err(WireError::Malformed("authentication packet").into());
        }
        match (self.awaits, data) {
            (Awaits::Verdict, [FAST_AUTH_SUCCESS]) => Ok(ClientStep::Wait),
            (Awaits::Verdict, [PERFORM_FULL_AUTH]) if self.is_secure => {
                Ok(ClientStep::Send([self.password.expose().as_bytes(), b"\0"].concat()))
            }
            (Awaits::Verdict, [PERFORM_FULL_AUTH]) => {
                self.awaits = Awaits::PublicKey;
                Ok(ClientStep::Send(vec![REQUEST_PUBLIC_KEY]))
            }
            (Awaits::PublicKey, pem) => {
                self.awaits = Awaits::Verdict;
                Ok(ClientStep::Send(encrypt(self.password.expose(), &self.scramble, pem)?))
            }
            (Awaits::Verdict, _) => Err(WireError::Malformed("authentication packet").into()),
        }
    }

    fn response(&self) -> Vec<u8> {
        let password = self.password.expose().as_bytes();
        match self.plugin {
            AuthPlugin::NativePassword => scramble_native(&self.scramble, password).map(Vec::from),
            AuthPlugin::CachingSha2Password => scramble_sha256(&self.scramble, password).map(Vec::from),
        }
        .unwrap_or_default()
    }
}
