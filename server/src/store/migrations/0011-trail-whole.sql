-- Events about mail that lies in mailboxes here (moved, deleted): one row for a mutation's effect on one mailbox, however many messages.
ALTER TABLE trail ADD COLUMN account INTEGER NOT NULL DEFAULT 0;   -- whose mail; 0: the event is about recipients
ALTER TABLE trail ADD COLUMN emails TEXT NOT NULL DEFAULT '';      -- sequence-set form of the low parts of the email ids
