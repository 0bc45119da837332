-- What each account sends, and the brake on a stolen one (queue/limits/). Every key starts with the account; nothing here is a row for a message.

-- What differs from the configuration, and what led to the last hold (the hold itself: queue_account_hold). Accounts without either have no row.
CREATE TABLE sending_account (
  account       INTEGER PRIMARY KEY,
  per_hour      INTEGER,                        -- recipients; null: as configured, 0: no limit
  per_day       INTEGER,
  findings      TEXT NOT NULL DEFAULT '[]',     -- JSON, see score.ts
  trusted_until INTEGER NOT NULL DEFAULT 0,     -- after a release: no other hold before
  releasing     INTEGER NOT NULL DEFAULT 0      -- 1: what was held is being released
);
CREATE INDEX sending_releasing ON sending_account (account) WHERE releasing = 1;

-- Counts of one clock hour.
CREATE TABLE sending_hour (
  account        INTEGER NOT NULL,
  hour           INTEGER NOT NULL,              -- hours since 1970
  recipients     INTEGER NOT NULL DEFAULT 0,    -- accepted, here and elsewhere
  new_recipients INTEGER NOT NULL DEFAULT 0,    -- elsewhere, and not written to before
  delivered      INTEGER NOT NULL DEFAULT 0,    -- to other servers
  refused        INTEGER NOT NULL DEFAULT 0,    -- by other servers, for good
  complaints     INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, hour)
) WITHOUT ROWID;

-- Whom an account has written to: at most 4,096 hashes, each in the one place that it falls on.
CREATE TABLE sending_known (
  account INTEGER NOT NULL,
  place   INTEGER NOT NULL,
  hash    INTEGER NOT NULL,
  PRIMARY KEY (account, place)
) WITHOUT ROWID;

-- Accounts whose counts have grown enough to be looked at.
CREATE TABLE sending_suspect (
  account INTEGER PRIMARY KEY,
  notes   INTEGER NOT NULL                      -- how often since they were last looked at
);

-- When a network was first signed in from; 0: before this was kept.
ALTER TABLE known_network ADD COLUMN first_at INTEGER NOT NULL DEFAULT 0;
