-- Of each hour's recipients how many came in which five minutes, so that the limits look at the last 60 minutes and not at hours of the clock.
-- JSON: {"0": 3, "11": 1}; what it does not account for (rows of before) counts as if it had come at the end of its hour.
ALTER TABLE sending_hour ADD COLUMN slots TEXT NOT NULL DEFAULT '{}';
