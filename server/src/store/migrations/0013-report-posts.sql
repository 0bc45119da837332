-- TLS reports that wait for the HTTPS servers of other domains (queue/reports/https).
CREATE TABLE report_post (
  id         TEXT NOT NULL,                     -- of the report
  uri        TEXT NOT NULL,
  day        TEXT NOT NULL,                     -- 2026-11-23, UTC
  domain     TEXT NOT NULL,
  report     BLOB NOT NULL,                     -- as it is sent: gzip
  created_at INTEGER NOT NULL,                  -- ms
  attempts   INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  PRIMARY KEY (id, uri)
) WITHOUT ROWID;
CREATE INDEX report_post_due ON report_post (due_at);
