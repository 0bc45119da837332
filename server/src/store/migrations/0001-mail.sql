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
  log_floor     INTEGER NOT NULL DEFAULT 0    -- changes up to this modseq may have been pruned
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
  PRIMARY KEY (account, bit)
) WITHOUT ROWID;

-- Immutable once written.
CREATE TABLE message (
  email          INTEGER PRIMARY KEY,
  thread         INTEGER NOT NULL,
  blob           INTEGER NOT NULL,
  size           INTEGER NOT NULL,            -- prefix + body, as a client downloads it
  received_at    INTEGER NOT NULL,            -- ms; IMAP INTERNALDATE
  sent_at        INTEGER,                     -- ms; the Date field, null where there is none
  header_size    INTEGER NOT NULL,            -- of the body's header with its empty line, without the prefix
  subject_key    TEXT NOT NULL DEFAULT '',    -- base subject, folded
  prefix         BLOB NOT NULL,               -- what the server put before the body for this recipient (Return-Path, Delivered-To)
  envelope       BLOB NOT NULL,               -- ready to send
  body_structure BLOB NOT NULL,               -- ready to send, extended form
  structure      BLOB NOT NULL,               -- part tree with byte ranges over the body
  fields         BLOB NOT NULL,               -- raw header fields that clients list by, see message/prepare.ts
  preview        TEXT NOT NULL DEFAULT '',
  has_attachment INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX message_by_thread ON message (thread);

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

-- Where conversations are found at delivery: hashes of Message-IDs.
CREATE TABLE thread_key (
  account INTEGER NOT NULL,
  hash    INTEGER NOT NULL,                   -- 53 bits of a hash of message id and base subject
  thread  INTEGER NOT NULL,
  PRIMARY KEY (account, hash)
) WITHOUT ROWID;
CREATE INDEX thread_key_by_thread ON thread_key (thread);

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

-- Bodies: who still refers to them, and where they are now.
CREATE TABLE blob (
  blob     INTEGER PRIMARY KEY,               -- first place: segment * 2^28 + offset
  segment  INTEGER NOT NULL,
  place    INTEGER NOT NULL,                  -- offset in the segment
  length   INTEGER NOT NULL,
  refs     INTEGER NOT NULL,                  -- message rows and queue entries
  freed_at INTEGER                            -- when refs became 0
);
CREATE INDEX blob_by_segment ON blob (segment, place);
CREATE INDEX blob_freed ON blob (freed_at) WHERE freed_at IS NOT NULL;

CREATE TABLE segment (
  segment     INTEGER PRIMARY KEY,
  owner       TEXT NOT NULL,                  -- writer, or the protocol thread that streams into it
  size        INTEGER NOT NULL DEFAULT 0,
  dead        INTEGER NOT NULL DEFAULT 0,
  sealed      INTEGER NOT NULL DEFAULT 0
);
