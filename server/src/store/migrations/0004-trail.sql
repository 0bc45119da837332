-- What happened to each message (trail/): append-only.

-- Rows of one account lie together in the order of time; account 0 is the server's own view: what it accepted and what the queue did.
CREATE TABLE trail (
  account    INTEGER NOT NULL,
  at         INTEGER NOT NULL,                  -- ms
  serial     INTEGER NOT NULL,                  -- among rows of the same millisecond
  event      TEXT NOT NULL,
  queue_id   TEXT NOT NULL DEFAULT '',          -- the id of the SMTP reply: the same in every row about one accepted message
  email      INTEGER NOT NULL DEFAULT 0,
  message_id TEXT NOT NULL DEFAULT '',
  details    TEXT NOT NULL DEFAULT '{}',        -- JSON object
  PRIMARY KEY (account, at, serial)
) WITHOUT ROWID;

-- Look-up by Message-ID, remote address and queue id: 52-bit hashes. The period comes first, so that new rows fall into a small, warm part of the tree.
CREATE TABLE trail_key (
  period  INTEGER NOT NULL,                     -- at / 2^24: about 4 hours 40 minutes
  hash    INTEGER NOT NULL,
  account INTEGER NOT NULL,
  at      INTEGER NOT NULL,
  serial  INTEGER NOT NULL,
  PRIMARY KEY (period, hash, account, at, serial)
) WITHOUT ROWID;
