-- The group of changes that the database has last (store/journal/): what the journal has beyond it was lost in a power cut, and is done again. One row.
CREATE TABLE journal (
  id      INTEGER PRIMARY KEY CHECK (id = 1),
  applied INTEGER NOT NULL
);
INSERT INTO journal (id, applied) VALUES (1, 0);
