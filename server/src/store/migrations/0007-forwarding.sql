-- Forwarding (directory/forwards.ts, delivery/forwarding/): mail for an account, or for one of its addresses, that goes on to somebody else's address.
CREATE TABLE forward (
  account      INTEGER NOT NULL,
  source       TEXT NOT NULL,                   -- the address whose mail is forwarded; '' for all of the account's
  target_key   TEXT NOT NULL,                   -- the target as it is compared: NFC, lower case, A-labels
  target       TEXT NOT NULL,                   -- the target as mail is sent to it
  keep         INTEGER NOT NULL,                -- 1: a copy stays in the mailbox
  state        TEXT NOT NULL,                   -- pending (not yet confirmed) | active | paused
  code_hash    BLOB,                            -- keyed hash of the code that confirms it; null once it is confirmed
  code_until   INTEGER,                         -- ms
  created_at   INTEGER NOT NULL,
  confirmed_at INTEGER,
  failures     INTEGER NOT NULL DEFAULT 0,      -- messages in a row that the target refused for good
  paused_at    INTEGER,
  pause_told   INTEGER NOT NULL DEFAULT 0,      -- the user has had the mail about the pause
  last_host    TEXT,                            -- who refused last, and in which words
  last_reply   TEXT,
  PRIMARY KEY (account, source, target_key)
) WITHOUT ROWID;
CREATE INDEX forward_by_code ON forward (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX forward_untold ON forward (account) WHERE state = 'paused' AND pause_told = 0;

-- What was kept here because the target would have refused it: the user is told once a day for each domain that writes so.
CREATE TABLE forward_kept (
  account       INTEGER NOT NULL,
  source        TEXT NOT NULL,
  target_key    TEXT NOT NULL,
  author_domain TEXT NOT NULL,
  at            INTEGER NOT NULL,
  queue_id      TEXT NOT NULL,                  -- of the first such message of the day
  author        TEXT NOT NULL,
  subject       TEXT NOT NULL,
  told          INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, source, target_key, author_domain)
) WITHOUT ROWID;
CREATE INDEX forward_kept_untold ON forward_kept (at) WHERE told = 0;
CREATE INDEX forward_kept_by_age ON forward_kept (at);

-- Keys of the hashes in rewritten senders (SRS): the newest makes them, the older ones are still taken for a time.
CREATE TABLE forward_secret (
  created_at INTEGER PRIMARY KEY,
  secret     BLOB NOT NULL
);
INSERT INTO forward_secret (created_at, secret) VALUES (CAST(strftime('%s', 'now') AS INTEGER) * 1000, randomblob(32));

-- Whether what is forwarded for addresses of this domain is sealed (ARC, RFC 8617).
ALTER TABLE domain ADD COLUMN arc_seal INTEGER NOT NULL DEFAULT 0;

-- Which forward a message in the queue belongs to: JSON [account, source, target_key]. Its outcome is counted there.
ALTER TABLE queue_message ADD COLUMN forward TEXT;
