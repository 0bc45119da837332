-- Mailboxes and messages. Ids carry their account in the high part (core/ids.ts), so every key starts with the account.
-- No triggers, sequences or stored procedures: a second engine must be able to follow.

-- Counters of an account: one row that every change of its mail updates.
CREATE TABLE account_state (
  account       INTEGER PRIMARY KEY,
  modseq        INTEGER NOT NULL DEFAULT 1,
  next_email    INTEGER NOT NULL DEFAULT 1,
  next_mailbox  INTEGER NOT NULL DEFAULT 1,
  uidvalidity   INTEGER NOT NULL,             -- of the mailbox made last; grows
  used_bytes    INTEGER NOT NULL DEFAULT 0,   -- sizes of all entries
  used_messages INTEGER NOT NULL DEFAULT 0,
  log_floor     INTEGER NOT NULL DEFAULT 0,   -- changes up to this modseq may have been pruned
  stale_threads INTEGER NOT NULL DEFAULT 0    -- 1: messages were destroyed since the thread keys were last swept
);

CREATE TABLE mailbox (
  mailbox        INTEGER PRIMARY KEY,
  account        INTEGER NOT NULL,
  name           TEXT NOT NULL,               -- full path, UTF-8 NFC, separator '/'; INBOX in capitals
  special_use    TEXT NOT NULL DEFAULT '',    -- '\Sent' ...
  selectable     INTEGER NOT NULL DEFAULT 1,
  uidvalidity    INTEGER NOT NULL,
  uidnext        INTEGER NOT NULL DEFAULT 1,
  recent_uid     INTEGER NOT NULL DEFAULT 1,  -- messages from here on are \Recent to the next session that selects
  highest_modseq INTEGER NOT NULL DEFAULT 1,
  messages       INTEGER NOT NULL DEFAULT 0,
  unseen         INTEGER NOT NULL DEFAULT 0,
  deleted        INTEGER NOT NULL DEFAULT 0,
  bytes          INTEGER NOT NULL DEFAULT 0,
  created_at     INTEGER NOT NULL
);
CREATE UNIQUE INDEX mailbox_by_name ON mailbox (account, name);

-- Mailboxes that were deleted while they held messages: gone for everybody, their entries are taken away in slices.
CREATE TABLE deleted_mailbox (
  mailbox    INTEGER PRIMARY KEY,
  deleted_at INTEGER NOT NULL
);

-- IMAP keeps a subscription when the mailbox is gone (RFC 9051 §6.3.7).
CREATE TABLE subscription (
  account INTEGER NOT NULL,
  name    TEXT NOT NULL,
  PRIMARY KEY (account, name)
) WITHOUT ROWID;

CREATE TABLE keyword (
  account INTEGER NOT NULL,
  bit     INTEGER NOT NULL,                   -- 5 to 51
  name    TEXT NOT NULL,                      -- as first written; compared without case
  uses    INTEGER NOT NULL DEFAULT 0,         -- entries that have it
  PRIMARY KEY (account, bit)
) WITHOUT ROWID;

-- A message of an account, immutable once written. Small rows: those of an account lie together, each delivery rewrites the page that its row falls on.
CREATE TABLE message (
  email          INTEGER PRIMARY KEY,
  thread         INTEGER NOT NULL,
  blob           INTEGER NOT NULL,
  size           INTEGER NOT NULL,            -- prefix + body, as a client downloads it
  received_at    INTEGER NOT NULL,            -- ms; IMAP INTERNALDATE
  sent_at        INTEGER,                     -- ms; the Date field, null where there is none
  header_size    INTEGER NOT NULL,            -- of the body's header with its empty line, without the prefix
  has_attachment INTEGER NOT NULL DEFAULT 0,
  prefix         BLOB NOT NULL                -- what the server put before the body for this recipient (Return-Path, Delivered-To)
);
-- The message that began a conversation is found by its own id: only the others need an index.
CREATE INDEX message_by_thread ON message (thread) WHERE thread <> email;

-- What was worked out from a body when it came: one row however many recipients. Bodies come in the order of their ids, so new rows fill the table's last
-- page. Goes with its body. The columns that lists need come first: a reader decodes a row up to the column it wants.
CREATE TABLE prepared (
  body           INTEGER PRIMARY KEY,         -- its first place, as in message.blob
  envelope       BLOB NOT NULL,               -- ready to send
  body_structure BLOB NOT NULL,               -- ready to send, extended form
  fields         BLOB NOT NULL,               -- raw header fields that clients list by, see message/prepared.ts
  structure      BLOB NOT NULL,               -- part tree with byte ranges over the body
  subject_key    TEXT NOT NULL DEFAULT '',    -- base subject, folded
  preview        TEXT NOT NULL DEFAULT ''
);

-- A message in a mailbox.
CREATE TABLE entry (
  mailbox  INTEGER NOT NULL,
  uid      INTEGER NOT NULL,
  email    INTEGER NOT NULL,
  flags    INTEGER NOT NULL,
  modseq   INTEGER NOT NULL,
  size     INTEGER NOT NULL,
  saved_at INTEGER NOT NULL,                  -- ms; SAVEDATE
  uidl     INTEGER NOT NULL DEFAULT 0,        -- 0: the UIDL is the email id; 1: email id and uid
  PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
CREATE INDEX entry_by_email ON entry (email, mailbox, uid);

-- Where conversations are found at delivery: hashes of Message-IDs. Swept when messages were destroyed (housekeeping).
CREATE TABLE thread_key (
  account INTEGER NOT NULL,
  hash    INTEGER NOT NULL,                   -- 53 bits of a hash of message id and base subject
  thread  INTEGER NOT NULL,
  PRIMARY KEY (account, hash)
) WITHOUT ROWID;

-- The change log: one row for a mutation's effect on one mailbox.
CREATE TABLE change (
  account INTEGER NOT NULL,
  modseq  INTEGER NOT NULL,
  mailbox INTEGER NOT NULL,
  kind    TEXT NOT NULL,                      -- append | flags | expunge | mailbox-created | mailbox-changed | mailbox-deleted
  uids    TEXT NOT NULL DEFAULT '',           -- sequence-set form
  emails  BLOB,                               -- expunge: the email ids, float64 little endian, in the order of uids
  at      INTEGER NOT NULL,
  PRIMARY KEY (account, modseq, mailbox, kind)
) WITHOUT ROWID;

-- Emails that have lost an entry: destroyed after the grace time if none is left.
CREATE TABLE orphan (
  email INTEGER PRIMARY KEY,
  since INTEGER NOT NULL
);
CREATE INDEX orphan_by_since ON orphan (since);

-- Bodies: who still refers to them, and where they are now.
CREATE TABLE blob (
  blob     INTEGER PRIMARY KEY,               -- first place: segment * 2^28 + offset
  length   INTEGER NOT NULL,
  refs     INTEGER NOT NULL,                  -- message rows and queue entries
  freed_at INTEGER,                           -- when refs became 0
  segment  INTEGER,                           -- where compaction has put it; null: still at the first place
  place    INTEGER
);
CREATE INDEX blob_moved ON blob (segment, place) WHERE segment IS NOT NULL;
CREATE INDEX blob_freed ON blob (freed_at) WHERE freed_at IS NOT NULL;

-- Rows stay when the file is gone: numbers are never used again.
CREATE TABLE segment (
  segment    INTEGER PRIMARY KEY,
  owner      TEXT NOT NULL,                   -- writer, or the thread that streams into it
  size       INTEGER NOT NULL DEFAULT 0,      -- end of the last body that a committed change has named
  state      TEXT NOT NULL DEFAULT 'open',    -- open | sealed | emptied | removed
  live       INTEGER,                         -- octets of bodies still referred to, when last measured; null: something was freed since
  changed_at INTEGER NOT NULL DEFAULT 0       -- ms of the last change of state
);
