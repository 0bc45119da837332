-- Domains, accounts, logins, addresses, credentials (directory/). These are reference tables: small, read by key, unique on the whole server.

-- One row. The secret makes stable fake salts for logins that do not exist or have no SCRAM keys.
CREATE TABLE directory_state (
  id           INTEGER PRIMARY KEY CHECK (id = 1),
  next_account INTEGER NOT NULL,
  secret       BLOB NOT NULL
);
INSERT INTO directory_state (id, next_account, secret) VALUES (1, 1, randomblob(32));

CREATE TABLE domain (
  domain          TEXT PRIMARY KEY,             -- A-labels, lower case
  catch_all       INTEGER,                      -- account that gets what nobody else has
  separator       TEXT NOT NULL DEFAULT '+',    -- between local part and detail; '' for none
  address_sign_in INTEGER NOT NULL DEFAULT 1,   -- whether an address of this domain is a sign-in name
  created_at      INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE account (
  account            INTEGER PRIMARY KEY,       -- 1 to 2^23 - 1, never used again
  login              TEXT NOT NULL,
  name               TEXT NOT NULL DEFAULT '',
  language           TEXT NOT NULL DEFAULT '',
  is_admin           INTEGER NOT NULL DEFAULT 0,
  state              TEXT NOT NULL DEFAULT 'active',   -- active | disabled
  quota_bytes        INTEGER NOT NULL DEFAULT 0,       -- 0: none
  primary_address    TEXT NOT NULL DEFAULT '',
  password           TEXT NOT NULL DEFAULT '',         -- PHC string; '' for none: nobody signs in
  has_scram          INTEGER NOT NULL DEFAULT 0,       -- whether scram_key has keys of the password
  credential_version INTEGER NOT NULL DEFAULT 1,       -- grows with every change of a credential or of the state
  created_at         INTEGER NOT NULL
);
CREATE UNIQUE INDEX account_by_login ON account (login);
CREATE INDEX account_admin ON account (account) WHERE is_admin = 1;
CREATE INDEX account_without_scram ON account (account) WHERE has_scram = 0;

-- SCRAM-SHA-256 keys, kept only for passwords that the server itself has made (RFC 5802 §3).
CREATE TABLE scram_key (
  account    INTEGER PRIMARY KEY,
  salt       BLOB NOT NULL,
  iterations INTEGER NOT NULL,
  stored_key BLOB NOT NULL,
  server_key BLOB NOT NULL
);

CREATE TABLE address (
  domain     TEXT NOT NULL,
  local_part TEXT NOT NULL,                     -- NFC, lower case
  account    INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (domain, local_part)
) WITHOUT ROWID;
CREATE INDEX address_by_account ON address (account);

-- Names given up, which nobody else may take before the time is over.
CREATE TABLE reserved_name (
  name    TEXT PRIMARY KEY,                     -- a login, or an address (with '@')
  account INTEGER NOT NULL,                     -- who had it, and may have it again
  until   INTEGER NOT NULL
) WITHOUT ROWID;

-- Accounts that are gone and whose mail is still being destroyed, slice by slice.
CREATE TABLE account_removal (
  account    INTEGER PRIMARY KEY,
  login      TEXT NOT NULL,
  removed_at INTEGER NOT NULL
);

-- Where an account has signed in from: such networks are not delayed when strangers try the account's name.
CREATE TABLE known_network (
  account INTEGER NOT NULL,
  network TEXT NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (account, network)
) WITHOUT ROWID;

-- The account's own list of sign-ins, accepted and refused, with the true cause; equal ones of one hour are one row.
CREATE TABLE sign_in (
  account  INTEGER NOT NULL,
  hour     INTEGER NOT NULL,                    -- hours since 1970
  address  TEXT NOT NULL,
  listener TEXT NOT NULL,
  outcome  TEXT NOT NULL,                       -- accepted, or the cause of the refusal
  count    INTEGER NOT NULL,
  first_at INTEGER NOT NULL,
  last_at  INTEGER NOT NULL,
  PRIMARY KEY (account, hour, address, listener, outcome)
) WITHOUT ROWID;
