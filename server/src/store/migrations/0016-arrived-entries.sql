-- The entry with which a message came is found through the message: an index row of each would be one more page of its account to write for every delivery, and most
-- messages have no other entry. Entries from before this migration stay in the index.
ALTER TABLE entry ADD COLUMN arrived INTEGER NOT NULL DEFAULT 0;   -- 1: the message names this entry
ALTER TABLE message ADD COLUMN home_mailbox INTEGER;               -- where it was filed when it came; may be gone
ALTER TABLE message ADD COLUMN home_uid INTEGER;
DROP INDEX entry_by_email;
CREATE INDEX entry_by_email ON entry (email, mailbox, uid) WHERE arrived = 0;

-- Every entry of a message, for look-ups by email.
CREATE VIEW entry_of_message AS
  SELECT email, mailbox, uid FROM entry INDEXED BY entry_by_email WHERE arrived = 0
  UNION ALL
  SELECT message.email, home.mailbox, home.uid FROM message CROSS JOIN entry AS home ON home.mailbox = message.home_mailbox AND home.uid = message.home_uid
    AND home.email = message.email AND home.arrived = 1;
