-- Mail for elsewhere. One message and one body however many recipients; each recipient has a schedule of its own.

CREATE TABLE queue_message (
  queue_id    TEXT PRIMARY KEY,                 -- the id of the reply that took the message
  account     INTEGER,                          -- whose mail it is; null for the server's own
  sender      TEXT NOT NULL,                    -- reverse-path; empty for the null one
  blob        INTEGER NOT NULL,
  body_size   INTEGER NOT NULL,
  eight_bit   INTEGER NOT NULL,
  smtp_utf8   INTEGER NOT NULL,
  ret         TEXT,                             -- FULL | HDRS
  envelope_id TEXT,
  created_at  INTEGER NOT NULL,                 -- ms
  recipients  INTEGER NOT NULL,                 -- rows of queue_recipient; with the last one this row goes
  prefix      BLOB NOT NULL                     -- octets that go before the body
) WITHOUT ROWID;

CREATE TABLE queue_recipient (
  queue_id      TEXT NOT NULL,
  n             INTEGER NOT NULL,
  domain        TEXT NOT NULL,                  -- lower-case A-labels, or an address literal
  local_part    TEXT NOT NULL,
  notify        TEXT,                           -- words of NOTIFY apart by commas; null: not given
  original      TEXT,                           -- ORCPT
  attempts      INTEGER NOT NULL DEFAULT 0,
  due_at        INTEGER,                        -- when to try next; 0: at once whatever went before; while leased, when the lease ends; null: held
  lease_owner   TEXT,                           -- who is trying now
  held          INTEGER NOT NULL DEFAULT 0,
  delay_told    INTEGER NOT NULL DEFAULT 0,     -- the sender has had a notice of the delay
  tried_at      INTEGER,
  last_status   TEXT,                           -- RFC 3463
  last_host     TEXT,                           -- who said it; null: ourselves
  last_reply    TEXT,
  PRIMARY KEY (queue_id, n)
) WITHOUT ROWID;
-- What is due is found without looking at what is not.
CREATE INDEX queue_due ON queue_recipient (due_at) WHERE due_at IS NOT NULL;
