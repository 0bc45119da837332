-- The queue whole: order by priority, leases found without a search, pages by domain and account, mail on hold with a reason, and recipients nobody shall write to.

ALTER TABLE queue_message ADD COLUMN priority INTEGER;                    -- MT-PRIORITY, -9 to 9; null: not given
ALTER TABLE queue_message ADD COLUMN deliver_by INTEGER;                  -- ms; when DELIVERBY ends
ALTER TABLE queue_message ADD COLUMN deliver_mode TEXT;                   -- N | R, with T behind it where each hop is to be told of
ALTER TABLE queue_message ADD COLUMN release_at INTEGER;                  -- ms; not before: its age counts from here
ALTER TABLE queue_message ADD COLUMN hold_kind TEXT;                      -- administrator | account | ...: why its recipients are held
ALTER TABLE queue_message ADD COLUMN hold_reason TEXT;                    -- in words
-- Mail of one account: hold, release, list.
CREATE INDEX queue_account ON queue_message (account, queue_id) WHERE account IS NOT NULL;

ALTER TABLE queue_recipient ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;   -- the priority turned round: smaller is sooner
ALTER TABLE queue_recipient ADD COLUMN parked TEXT;                       -- the full lane that it waits for behind the others; due_at is when it comes back by itself
DROP INDEX queue_due;
-- What is due is found without looking at what is not: for each rank that occurs, those that have waited longest.
CREATE INDEX queue_due ON queue_recipient (rank, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX queue_lease ON queue_recipient (lease_owner) WHERE lease_owner IS NOT NULL;
CREATE INDEX queue_domain ON queue_recipient (domain, queue_id, n);
CREATE INDEX queue_held ON queue_recipient (queue_id, n) WHERE held = 1;
CREATE INDEX queue_parked ON queue_recipient (parked, rank, due_at) WHERE parked IS NOT NULL;

-- Accounts whose mail is kept until somebody has looked at it.
CREATE TABLE queue_account_hold (
  account INTEGER PRIMARY KEY,
  reason  TEXT NOT NULL,                        -- in words
  actor   TEXT NOT NULL,                        -- who has put it on hold
  held_at INTEGER NOT NULL                      -- ms
);

-- Addresses elsewhere that are not written to.
CREATE TABLE queue_suppression (
  account    INTEGER NOT NULL,                  -- whose mail; 0: everybody's
  address    TEXT NOT NULL,                     -- lower case
  reason     TEXT NOT NULL,                     -- bounces | complaint | administrator
  detail     TEXT NOT NULL,                     -- the last reply, who complained, a note
  created_at INTEGER NOT NULL,                  -- ms
  expires_at INTEGER,                           -- ms; null: never
  PRIMARY KEY (account, address)
) WITHOUT ROWID;
CREATE INDEX queue_suppression_end ON queue_suppression (expires_at) WHERE expires_at IS NOT NULL;

-- Addresses that refused for good, on their way to the list.
CREATE TABLE queue_bounce (
  account INTEGER NOT NULL,
  address TEXT NOT NULL,
  bounces INTEGER NOT NULL,
  last_at INTEGER NOT NULL,                     -- ms
  PRIMARY KEY (account, address)
) WITHOUT ROWID;
CREATE INDEX queue_bounce_age ON queue_bounce (last_at);
