-- Bounces that come back after the target's server had accepted a message (directory/forward-bounces.ts).
ALTER TABLE forward ADD COLUMN bounces TEXT NOT NULL DEFAULT '[]';  -- JSON: [[message, ms, 1 for a bad address, taken], ...] of the last week
ALTER TABLE forward ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;    -- messages accepted by the target's server, counted while there are bounces
