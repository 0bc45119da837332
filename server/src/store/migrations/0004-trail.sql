-- What happened to each message (trail/): append-only, one row an event, at the end of the table, so that a delivery pays for one small insert.
CREATE TABLE trail (
  trail      INTEGER PRIMARY KEY,               -- in the order of recording
  at         INTEGER NOT NULL,                  -- ms
  event      TEXT NOT NULL,
  queue_id   TEXT NOT NULL,                     -- the id of the SMTP reply: the same in every row about one accepted message
  message_id TEXT NOT NULL DEFAULT '',
  by_account INTEGER NOT NULL DEFAULT 0,        -- whose act it was; 0: somebody outside, or the server
  sender     TEXT NOT NULL DEFAULT '',
  recipients TEXT NOT NULL DEFAULT '[]',        -- JSON: [[address, account or 0, email or 0], ...]
  details    TEXT NOT NULL DEFAULT '{}'         -- JSON object
);

-- Look-up by Message-ID, queue id, address and account: 48-bit hashes, made behind the deliveries, many rows at a time and in order.
CREATE TABLE trail_key (
  period INTEGER NOT NULL,                      -- trail / 2^14: new keys fall into a small part of the tree
  hash   INTEGER NOT NULL,
  trail  INTEGER NOT NULL,
  PRIMARY KEY (period, hash, trail)
) WITHOUT ROWID;

-- One row: up to where keys have been made. What is newer is looked through.
CREATE TABLE trail_state (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  indexed INTEGER NOT NULL
);
INSERT INTO trail_state (id, indexed) VALUES (1, 0);
