//! What clients were answered, and whether a server still knows all of it.

use super::place::{Door, SignedIn};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};
use std::path::Path;
use vestibule_testkit::Cluster;

/// What the clients remember.
#[derive(Clone, Default)]
pub struct Ledger {
    /// Addresses whose registration was answered 201, with the user's id.
    pub registered: Vec<(String, String)>,
    /// Addresses whose registration was sent and never answered.
    pub perhaps: Vec<String>,
    /// One refresh family each.
    pub families: Vec<Family>,
    /// Sessions whose logout was answered.
    pub ended: Vec<SignedIn>,
}

/// Where rows can be looked at beside the server.
pub trait Rows {
    /// The user of an address, and how many credentials, verification secrets and audit rows of its registration it
    /// has.
    fn account(&self, email: &str) -> (Option<String>, [i64; 3]);

    /// The live leaf of a session; none when it has ended.
    fn leaf(&self, session: &[u8]) -> Option<i64>;
}

/// A refresh family as its owner knows it.
#[derive(Clone, Debug)]
pub struct Family {
    /// Whose it is.
    pub email: String,
    /// Every refresh token that was answered, the newest last.
    pub tokens: Vec<String>,
    /// Whether the newest was presented and never answered.
    pub pending: bool,
}

impl Family {
    pub fn of(email: &str, signed_in: SignedIn) -> Self {
        Self {
            email: email.to_owned(),
            tokens: vec![signed_in.refresh],
            pending: false,
        }
    }

    pub fn newest(&self) -> &str {
        self.tokens.last().unwrap()
    }

    /// Presents the newest token once more and goes on from the answer.
    ///
    /// It must be answered whatever became of a refresh that was under way; and when the same token is presented
    /// again, the same successor must come back: there is one live leaf and no second one.
    pub fn go_on(&mut self, door: &Door) -> Result<(), String> {
        let presented = self.newest().to_owned();
        let answers = [(); 2].map(|()| door.send(door.refresh(&presented)).unwrap());
        let [first, again] = answers
            .each_ref()
            .map(|answer| (answer.status, answer.text("refresh_token")));
        if first.0 != 200 || first != again {
            return Err(format!(
                "{}: a live refresh token was answered {answers:?}",
                self.email
            ));
        }
        self.tokens.push(first.1);
        self.pending = false;
        Ok(())
    }

    /// Presents a token from long ago: the whole family must die of it.
    pub fn is_revoked_by_a_thief(&self, door: &Door) -> Result<(), String> {
        let old = &self.tokens[self.tokens.len() - 3];
        let codes = [old, self.newest()].map(|token| door.send(door.refresh(token)).unwrap().code());
        if codes == ["auth/refresh_token_reused", "auth/session_revoked"] {
            return Ok(());
        }
        Err(format!("{}: reuse was answered {codes:?}", self.email))
    }
}

/// The generation that a refresh token is of, and the session.
pub fn generation(token: &str) -> (Vec<u8>, i64) {
    let (session, secret) = token.trim_start_matches("rt_").split_once('.').unwrap();
    let digits: Vec<_> = session.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let secret = BASE64_URL_SAFE_NO_PAD.decode(secret).unwrap();
    let generation = u32::from_be_bytes(secret[..4].try_into().unwrap());
    (digits.chunks(2).map(byte).collect(), generation.into())
}

impl Ledger {
    /// Adds what another client remembers.
    pub fn add(&mut self, other: Self) {
        self.registered.extend(other.registered);
        self.perhaps.extend(other.perhaps);
        self.families.extend(other.families);
        self.ended.extend(other.ended);
    }

    /// [`missing`](Self::missing) in a file.
    pub fn missing_in(&self, database: &Path) -> Vec<String> {
        self.missing(&Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap())
    }

    /// Everything that was answered and is not in the database, and everything unanswered that is there in part.
    pub fn missing(&self, database: &impl Rows) -> Vec<String> {
        let rows = |email: &str| database.account(email);
        let answered = self
            .registered
            .iter()
            .filter_map(|(email, id)| match rows(email) {
                (Some(found), [1, 1, 1]) if found == *id => None,
                other => Some(format!("{email}: registered as {id}, but there is {other:?}")),
            });
        let unanswered = self.perhaps.iter().filter_map(|email| match rows(email) {
            (None, _) | (Some(_), [1, 1, 1]) => None,
            other => Some(format!("{email}: half registered: {other:?}")),
        });
        let leaves = self.families.iter().filter_map(|family| {
            let (session, newest) = generation(family.newest());
            let leaf = database.leaf(&session);
            let possible = [Some(newest), Some(newest + 1)];
            let possible = if family.pending {
                &possible[..]
            } else {
                &possible[..1]
            };
            let wrong = !possible.contains(&leaf);
            wrong.then(|| {
                format!(
                    "{}: generation {newest} was answered, the leaf is {leaf:?}",
                    family.email
                )
            })
        });
        answered.chain(unanswered).chain(leaves).collect()
    }

    /// Everything that a node does not know any more of what was answered.
    pub fn forgotten_by(&mut self, door: &Door) -> Vec<String> {
        let sign_in = |(email, id): &(String, String)| {
            let answer = door.send(door.login(email)).unwrap();
            let me = door.send(door.me(&answer.text("access_token"))).unwrap();
            let known = (answer.status, me.status, &me.text("user_id")) == (200, 200, id);
            (!known).then(|| format!("{email} was registered, and now: {answer:?}, {me:?}"))
        };
        let alive = |session: &SignedIn| {
            let refreshed = door.send(door.refresh(&session.refresh)).unwrap().status;
            let statuses = (door.status_of(&session.access), refreshed);
            (statuses != (401, 401)).then(|| format!("a session that was ended is answered {statuses:?}"))
        };
        let users = self.registered.iter().rev().take(3).filter_map(sign_in);
        let mut wrong: Vec<_> = users.chain(self.ended.iter().filter_map(alive)).collect();
        wrong.extend(
            self.families
                .iter_mut()
                .filter_map(|family| family.go_on(door).err()),
        );
        wrong
    }
}

impl Rows for Connection {
    fn account(&self, email: &str) -> (Option<String>, [i64; 3]) {
        let user = "SELECT id, lower(hex(id)) FROM users WHERE email = ?1";
        let found = self.query_row(user, [email], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        });
        let Some((id, digits)) = found.optional().unwrap() else {
            return (None, [0; 3]);
        };
        let count = |sql: &str| self.query_row(sql, [&id], |row| row.get(0)).unwrap();
        let parts = [
            "SELECT count(*) FROM credentials WHERE user_id = ?1",
            "SELECT count(*) FROM mailed_secrets WHERE user_id = ?1",
            "SELECT count(*) FROM audit WHERE user_id = ?1 AND act LIKE '%regist%'",
        ];
        (Some(hyphenated(&digits)), parts.map(count))
    }

    fn leaf(&self, session: &[u8]) -> Option<i64> {
        let sql = "SELECT leaf FROM sessions WHERE id = ?1 AND revoked_at IS NULL";
        self.query_row(sql, [session], |row| row.get(0))
            .optional()
            .unwrap()
    }
}

/// A database of a cluster.
pub struct House<'c>(pub &'c Cluster, pub &'c str);

impl Rows for House<'_> {
    fn account(&self, email: &str) -> (Option<String>, [i64; 3]) {
        let found = self.0.run_in(
            self.1,
            &format!(
                "SELECT string_agg(concat_ws(' ', encode(id, 'hex'),
                    (SELECT count(*) FROM credentials WHERE user_id = users.id),
                    (SELECT count(*) FROM mailed_secrets WHERE user_id = users.id),
                    (SELECT count(*) FROM audit WHERE user_id = users.id AND act LIKE '%regist%')), ' and ')
                FROM users WHERE email = '{email}'"
            ),
        );
        let words: Vec<_> = found.split_whitespace().collect();
        match words[..] {
            [] => (None, [0; 3]),
            [digits, ref counts @ ..] if counts.len() == 3 => {
                let count = |place: usize| counts[place].parse().unwrap();
                (Some(hyphenated(digits)), [count(0), count(1), count(2)])
            }
            _ => (Some(format!("several: {found}")), [0; 3]),
        }
    }

    fn leaf(&self, session: &[u8]) -> Option<i64> {
        use std::fmt::Write as _;
        let mut digits = String::new();
        for byte in session {
            write!(digits, "{byte:02x}").unwrap();
        }
        let sql =
            format!("SELECT leaf FROM sessions WHERE id = decode('{digits}', 'hex') AND revoked_at IS NULL");
        self.0.run_in(self.1, &sql).parse().ok()
    }
}

fn hyphenated(digits: &str) -> String {
    [0..8, 8..12, 12..16, 16..20, 20..32]
        .map(|group| &digits[group])
        .join("-")
}
