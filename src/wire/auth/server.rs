//! The server's side: is this client who it says it is?

use zeroize::Zeroizing;

use super::crypt::Stored;
use super::scramble::{is_native, is_sha2, native_hash, sha2_digest};
use super::{
    AUTH_MORE_DATA, AUTH_SWITCH, AuthPlugin, Credential, FAST_AUTH_SUCCESS, MAX_PASSWORD, PERFORM_FULL_AUTH,
    REQUEST_PUBLIC_KEY, ServerKeys,
};
use crate::wire::handshake::SCRAMBLE_LEN;
use crate::wire::writer::Put;

/// Whom the client claims to be.
#[derive(Debug, Clone)]
pub struct Account {
    pub credential: Credential,
    /// False: there is no such user. Give a `credential` of the kind that the other users have: the login then takes
    /// the same steps and time as theirs, and is rejected at the end.
    pub known: bool,
    /// SHA256(SHA256(password)) as an earlier [`ServerStep::Accept`] returned it for this very credential. Only of use
    /// for [`Credential::Sha256Crypt`], which without it needs a full authentication.
    pub cached_digest: Option<[u8; 32]>,
}

/// What the client sent, and over what.
#[derive(Debug, Clone, Copy)]
pub struct Login<'a> {
    /// What the client's response was made from.
    pub scramble: [u8; SCRAMBLE_LEN],
    /// The client's method; None if it knows no plugins (it cannot be asked to use another then).
    pub plugin: Option<&'a [u8]>,
    pub response: &'a [u8],
    /// The connection is encrypted: the password itself may pass.
    pub is_secure: bool,
    /// For a user whose credential fits both methods and a client that proposes neither.
    pub default_plugin: AuthPlugin,
}

/// What to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerStep {
    /// Send this payload, then give the client's next one to [`ServerAuth::on_packet`].
    Send(Vec<u8>),
    /// Send this payload, if there is one, then OK. Keep `digest` for the account's next login.
    Accept { send: Option<Vec<u8>>, digest: Option<[u8; 32]> },
    /// Send an ERR and close. `using_password`: the client sent one, as the message of error 1045 says.
    Reject { reason: RejectReason, using_password: bool },
}

/// Why a login failed. The client is told no more than this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RejectReason {
    /// Error 1045.
    Denied,
    /// Error 1251: the account's credential needs a method that the client cannot use.
    ClientTooOld,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Awaits {
    /// The response to a switch to this method.
    Response(AuthPlugin),
    /// The password, or the request for our public key.
    Password,
    /// The encrypted password.
    Cipher,
}

/// One login in progress.
#[derive(Debug)]
pub struct ServerAuth {
    account: Account,
    scramble: [u8; SCRAMBLE_LEN],
    is_secure: bool,
    awaits: Awaits,
    using_password: bool,
}

impl ServerAuth {
    /// Looks at the response that came with the login.
    pub fn start(account: Account, login: Login<'_>) -> (Self, ServerStep) {
        let proposed = match login.plugin {
            Some(name) => AuthPlugin::from_name(name),
            None => Some(AuthPlugin::NativePassword),
        };
        let plugin = fitting(&account.credential, proposed, login.default_plugin);
        let mut auth = Self {
            account,
            scramble: login.scramble,
            is_secure: login.is_secure,
            awaits: Awaits::Response(plugin),
            using_password: !login.response.is_empty(),
        };
        // Where the greeting named another plugin, a client may wait for a request to begin with its own.
        let waits = login.response.is_empty() && plugin != login.default_plugin;
        let step = if proposed == Some(plugin) && !waits {
            auth.response(plugin, login.response)
        } else if login.plugin.is_some() {
            ServerStep::Send(auth.switch(plugin))
        } else {
            auth.reject(RejectReason::ClientTooOld)
        };
        (auth, step)
    }

    /// The client's next payload.
    pub fn on_packet(&mut self, payload: &[u8], keys: &ServerKeys) -> ServerStep {
        match self.awaits {
            Awaits::Response(plugin) => {
                self.using_password = !payload.is_empty();
                self.response(plugin, payload)
            }
            Awaits::Password if self.is_secure => self.password(payload),
            Awaits::Password if payload == [REQUEST_PUBLIC_KEY] => {
                self.awaits = Awaits::Cipher;
                ServerStep::Send([&[AUTH_MORE_DATA], keys.public_pem()].concat())
            }
            // A client may have the key from an earlier connection. Anything else, a password in clear above all, is
            // not looked at.
            Awaits::Password | Awaits::Cipher if payload.len() != keys.cipher_len() => {
                self.reject(RejectReason::Denied)
            }
            Awaits::Password | Awaits::Cipher => match keys.decrypt(payload, &self.scramble) {
                Some(password) => self.password(&password),
                None => self.reject(RejectReason::Denied),
            },
        }
    }

    fn switch(&self, plugin: AuthPlugin) -> Vec<u8> {
        let mut out = vec![AUTH_SWITCH];
        out.put_nul_bytes(plugin.name().as_bytes());
        out.put_nul_bytes(&self.scramble);
        out
    }

    fn response(&mut self, plugin: AuthPlugin, response: &[u8]) -> ServerStep {
        // Some clients send an empty password as a string with its NUL.
        let response = if response == [0] { &b""[..] } else { response };
        if response.is_empty() || self.account.credential == Credential::Empty {
            let both_empty = response.is_empty() && self.account.credential == Credential::Empty;
            return self.verdict(both_empty, None, None);
        }
        match plugin {
            AuthPlugin::NativePassword => {
                let stored = match &self.account.credential {
                    Credential::Plain(password) => native_hash(password.expose().as_bytes()),
                    Credential::NativeHash(hash) => *hash,
                    Credential::Empty | Credential::Sha256Crypt(_) => {
                        return self.reject(RejectReason::Denied);
                    }
                };
                self.verdict(is_native(response, &self.scramble, &stored), None, None)
            }
            AuthPlugin::CachingSha2Password => self.sha2_response(response),
        }
    }

    fn sha2_response(&mut self, response: &[u8]) -> ServerStep {
        let digest = match &self.account.credential {
            Credential::Plain(password) => Some(sha2_digest(password.expose().as_bytes())),
            Credential::Sha256Crypt(_) => self.account.cached_digest,
            Credential::Empty | Credential::NativeHash(_) => {
                return self.reject(RejectReason::Denied);
            }
        };
        let matches = digest.is_some_and(|digest| is_sha2(response, &self.scramble, &digest));
        if matches && self.account.known {
            return self.verdict(true, Some(vec![AUTH_MORE_DATA, FAST_AUTH_SUCCESS]), None);
        }
        // A full authentication cannot do better where the password itself is known. But a cached digest may be stale.
        if matches!(self.account.credential, Credential::Plain(_)) {
            return self.reject(RejectReason::Denied);
        }
        self.awaits = Awaits::Password;
        ServerStep::Send(vec![AUTH_MORE_DATA, PERFORM_FULL_AUTH])
    }

    /// The password itself, with a NUL after it.
    fn password(&mut self, payload: &[u8]) -> ServerStep {
        let password = match payload.strip_suffix(&[0]) {
            Some(password) if password.len() <= MAX_PASSWORD => Zeroizing::new(password.to_vec()),
            _ => return self.reject(RejectReason::Denied),
        };
        let matches = match &self.account.credential {
            Credential::Sha256Crypt(stored) => Stored::parse(stored).is_some_and(|stored| stored.is_of(&password)),
            Credential::Empty | Credential::Plain(_) | Credential::NativeHash(_) => false,
        };
        self.verdict(matches, None, Some(sha2_digest(&password)))
    }

    fn verdict(&self, matches: bool, send: Option<Vec<u8>>, digest: Option<[u8; 32]>) -> ServerStep {
        if matches & self.account.known {
            return ServerStep::Accept { send, digest };
        }
        self.reject(RejectReason::Denied)
    }

    fn reject(&self, reason: RejectReason) -> ServerStep {
        ServerStep::Reject { reason, using_password: self.using_password }
    }
}

/// The method to use: the client's, if it fits the credential.
fn fitting(credential: &Credential, proposed: Option<AuthPlugin>, default: AuthPlugin) -> AuthPlugin {
    match credential {
        Credential::Empty | Credential::Plain(_) => proposed.unwrap_or(default),
        Credential::NativeHash(_) => AuthPlugin::NativePassword,
        Credential::Sha256Crypt(_) => AuthPlugin::CachingSha2Password,
    }
}
